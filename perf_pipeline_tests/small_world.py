"""Configured systems with few rows, which stand still unless a test moves them: for commands one night after the other."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.demo.sirius_behaviour import SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.warehouse.engine import transaction, warehouse_engine
from perf_pipeline.warehouse.migrating import migrate
from perf_pipeline_tests.commands import Called, Place
from perf_pipeline_tests.conftest import connect
from perf_pipeline_tests.extracting import query

PAGES = ("lasting-power-of-attorney", "use-lasting-power-of-attorney")
_SHARE = 0.01


@dataclass
class SmallWorld:
    """A warehouse, a Make an LPA database with a hundredth of its volume, a Sirius, a folder of exports, and a clock."""

    place: Place
    warehouse: Engine
    lpa_database_url: str
    exports: Path
    behaviour: SiriusBehaviour
    today: date
    revised: dict[date, int] = field(default_factory=dict)
    """How many more applications Sirius counts on paper than at first, by day."""

    def command(self, *arguments: str, **variables: str) -> Called:
        """Run a command at three in the morning of `today`."""
        now = datetime.combine(self.today, time(3), UTC)
        return self.place.call(*arguments, **{"PERF_NOW": now.isoformat()} | variables)

    def night(self, **variables: str) -> Called:
        """Run `perf-pipeline nightly`."""
        return self.command("nightly", **variables)

    def advance(self, today: date) -> None:
        """Let the days up to the given one pass, with what happens in the Make an LPA database on them."""
        self.today = today
        build_lpa_database(self.lpa_database_url, self.place.first_day, today - ONE_DAY, share=_SHARE)

    def query(self, statement: str, **values: object) -> list[Any]:
        """The rows that a statement finds in the warehouse."""
        return query(self.warehouse, statement, **values)

    def execute(self, statements: str) -> None:
        """Run statements on the warehouse."""
        with transaction(self.warehouse) as connection:
            connection.execute(text(statements))

    @contextmanager
    def lpa_database(self) -> Iterator[Cursor]:
        """A cursor in the Make an LPA database, whose changes are committed at the end of the block."""
        connection = connect(self.lpa_database_url)
        with connection, connection.cursor() as cursor:
            yield cursor
        connection.close()

    def export(self, name: str, days: DayRange, counts: Mapping[date, int] | None = None, *, saved_on: date) -> None:
        """Put an export into the folder: five ratings of 5 on each day and page, where `counts` has no others."""
        header = "creation date,path or service name,feedback,service satisfaction rating,type"
        rows = [
            f"{day} 00:10:00,/done/{page},Rating of 5: {(counts or {}).get(day, 5)},,aggregated-service-feedback"
            for day in days
            for page in PAGES
        ]
        file = self.exports / f"feedex_{days.first}_{days.last}_{name}.csv"
        file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        saved = datetime.combine(saved_on, time(9), UTC).timestamp()
        os.utime(file, (saved, saved))

    def answer(self, answer: dict[str, Any]) -> None:
        """Let Sirius count the same on every day, for good, but where it has revised one."""
        for row in answer.get("data", []):
            paper = 58 + self.revised.get(date.fromisoformat(row["period"]), 0)
            row["channels"] = {"online": 40, "paper": paper, "phone": 1, "assisted": 1, "other": 0, "unknown": 0}
            row["total"], row["status"] = sum(row["channels"].values()), "final"


@contextmanager
def small_world(postgres: EmbeddedPostgres, folder: Path, name: str, days: DayRange) -> Iterator[SmallWorld]:
    """A world of databases called after `name`, on the day after the last of `days`; there is no export yet."""
    exports, behaviour = folder / "exports", SiriusBehaviour(hiccup_every=0)
    exports.mkdir()
    warehouse_url, lpa_url = (postgres.ensure_database(f"{name}_{what}") for what in ("warehouse", "lpa"))
    warehouse = warehouse_engine(warehouse_url)
    migrate(warehouse)
    build_lpa_database(lpa_url, days.first, days.last, share=_SHARE)
    with sirius_server(today=lambda: made.today, behaviour=behaviour) as sirius_url:
        variables = {
            "PERF_DATABASE_URL": warehouse_url,
            "PERF_LPA_DATABASE_URL": lpa_url,
            "PERF_SIRIUS_URL": sirius_url,
            "PERF_FEEDBACK_EXPORTS_DIR": str(exports),
        }
        place = Place(folder, days.first, variables)
        made = SmallWorld(place, warehouse, lpa_url, exports, behaviour, days.last + ONE_DAY)
        behaviour.edit_answer = made.answer
        yield made
    warehouse.dispose()


def days_before(day: date, count: int) -> DayRange:
    """So many days that end with the given one."""
    return DayRange(day - timedelta(days=count - 1), day)
