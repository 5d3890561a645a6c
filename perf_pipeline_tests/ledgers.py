"""The ledgers of a warehouse, filled as extractions and builds fill them, without sources and without figures."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import insert, text

from perf_pipeline.catalogue.datasets import Stage, datasets_of
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.readings import DayCounts, Delivery, Reading, record_delivery
from perf_pipeline.flow.built_periods import record_built, source_revisions, void_months
from perf_pipeline.flow.code_version import code_version
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES

DAYS = DayRange(date(2026, 5, 20), date(2026, 6, 14))
NIGHT = datetime(2026, 6, 15, 2, 30, tzinfo=UTC)
ALL_SET = dict.fromkeys(SOURCES, "somewhere")


@dataclass
class Ledgers:
    """A warehouse whose ledgers a test fills, as the extraction and the builds would."""

    systems: Systems

    def configure(self, **changes: object) -> None:
        self.systems = replace(self.systems, **changes)  # type: ignore[arg-type]

    def execute(self, *statements: str) -> None:
        with transaction(self.systems.warehouse) as connection:
            for statement in statements:
                connection.execute(text(statement))

    def insert(self, table: str, row: dict[str, object]) -> None:
        required = {column.name: 0 for column in TABLES[table].columns if not column.nullable}
        flags = {"is_provisional": False, "is_estimated": False}
        with transaction(self.systems.warehouse) as connection:
            connection.execute(insert(TABLES[table]), required | flags | {"service": "make-a-lpa"} | row)

    def deliver(self, service: str, source: str, days: Iterable[date]) -> None:
        """Let a source deliver days; a second time it has changed them."""
        systems, by = self.systems, self.systems.source_bounds.deadline()
        reading = Reading(systems, systems.services[service], SOURCES[source], "", DAYS, NIGHT, "a run", by)
        with transaction(self.systems.warehouse) as connection:
            record_delivery(connection, reading, Delivery(dict.fromkeys(days, DayCounts()), {}), is_stand_in=False)
            connection.execute(
                text(
                    "UPDATE perf.source_deliveries SET revision_count = revision_count + 1"
                    " WHERE subject = :service AND source_name = :source AND period_start = ANY(:days)"
                ),
                {"service": service, "source": source, "days": list(days)},
            )

    def deliver_everything(self) -> None:
        for service, source in self.systems.services.pairs:
            self.deliver(service.slug, source, DAYS)

    def build(self, days: DayRange, *, months_have_rows: bool = True) -> None:
        """Record what a run records that builds the days: each delivered day passes, and everything is released."""
        systems, version = self.systems, code_version(self.systems.services)
        with transaction(systems.warehouse) as connection:
            for stage in (Stage.DAILY_METRICS, Stage.MONTHLY_METRICS):
                for name, entry in datasets_of(stage).items():
                    periods = entry.touched_by(days)
                    revisions = source_revisions(connection, entry, systems, periods)
                    made = {} if entry.is_monthly and not months_have_rows else revisions
                    record_built(connection, name, periods, made, version, NIGHT, "a run")
                    if not entry.is_monthly:
                        void_months(connection, entry, periods)
                    connection.execute(text("DELETE FROM perf.verdicts"))
                    connection.execute(
                        text(
                            "UPDATE perf.built_periods SET has_passed = true WHERE dataset = :name"
                            " AND period_start BETWEEN :first AND :last AND (dataset LIKE 'monthly%'"
                            " OR jsonb_path_exists(source_revisions, '$.* ? (@ != null)'))"
                        ),
                        {"name": name, "first": periods.first, "last": periods.last},
                    )
            # A real build replaces these rows by others.
            connection.execute(text("TRUNCATE perf.daily_user_satisfaction, perf.daily_digital_take_up"))
            connection.execute(text("UPDATE perf.built_periods SET released_at = now()"))

    def planned(self, last_day: date = DAYS.last) -> dict[date, str]:
        return dict(plan(self.systems, DayRange(self.systems.first_day, last_day)).reasons)

    def settle(self, **built: bool) -> None:
        """Build what is planned, and see that nothing is planned any more."""
        for days in plan(self.systems, DayRange(self.systems.first_day, DAYS.last)).runs:
            self.build(days, **built)
        left = plan(self.systems, DayRange(self.systems.first_day, DAYS.last))
        assert (left.reasons, left.unreleased) == ({}, frozenset())
