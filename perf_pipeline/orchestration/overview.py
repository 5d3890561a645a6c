"""What `perf-pipeline status` shows: what ran, what comes next, what waits, what is wrong, and what is published.

Here: the findings. Not here: how they are written (`cli.status`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from perf_pipeline.catalogue.checks import RULES, SOURCE_RULES
from perf_pipeline.catalogue.checks.rule import Rule
from perf_pipeline.catalogue.datasets import Stage, datasets_of
from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, ended_days, london_day
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.quarantine_counts import Quarantined, quarantined
from perf_pipeline.orchestration.planning import NOT_RELEASED, Plan, plan
from perf_pipeline.orchestration.recorded_runs import Recorded, recorded_runs
from perf_pipeline.orchestration.resources import open_for_planning, world_exists
from perf_pipeline.orchestration.schedules import next_night
from perf_pipeline.published.release import current_manifest
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_SQL = Path(__file__).parent / "sql"
WARNED_DAYS = 30


@dataclass(frozen=True)
class Read:
    """How the last reading of a source ended."""

    service: str
    source: str
    outcome: str
    attempted_at: datetime
    days_delivered: int
    newest_day: date | None
    failure: str | None


@dataclass(frozen=True)
class DaysWithReason:
    """Days that are built, or wait, for the same reason."""

    days: list[DayRange]
    reason: str
    subject: str = ""
    """The service and its source, where it is about one."""
    next_step: str = ""


@dataclass(frozen=True)
class NextRun:
    """What a run would do now, from what is delivered, and when the schedule starts the next one."""

    scheduled_at: datetime
    has_daemon: bool
    """Whether a Dagster daemon is alive, without which no schedule starts anything."""
    days: list[DayRange]
    """What it builds: exactly the ranges of the plan."""
    reasons: list[DaysWithReason]

    @property
    def days_count(self) -> int:
        """How many days it builds."""
        return sum(map(len, self.days))

    @property
    def days_between(self) -> int:
        """How many of them have no reason of their own: they lie between others and are built in the same runs."""
        return self.days_count - len({day for item in self.reasons for days in item.days for day in days})


@dataclass(frozen=True)
class WithdrawnFigure:
    """A figure that is published as not available until it is restored."""

    service: str
    indicator: str
    period: str
    period_start: date
    reason: str
    withdrawn_at: datetime


@dataclass(frozen=True)
class PublishedRelease:
    """The release that readers see."""

    release_id: str
    published_at: datetime
    files: int
    folder: Path


@dataclass(frozen=True)
class Warned:
    """A check that warned. Nothing is held back: the figures may be right."""

    subject: str
    days: list[DayRange]
    days_count: int
    check: str
    fault: str
    found: str
    expected: str
    next_step: str


@dataclass(frozen=True)
class Overview:
    """Everything that `status` shows. Without a warehouse only the reporting days, the schedule and the release."""

    reporting_days: DayRange
    is_built: bool
    next_run: NextRun
    recorded: Recorded = field(default_factory=Recorded)
    sources: list[Read] = field(default_factory=list)
    waiting: list[DaysWithReason] = field(default_factory=list)
    failed: list[Cause] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    gone_files: list[DaysWithReason] = field(default_factory=list)
    withdrawn: list[WithdrawnFigure] = field(default_factory=list)
    release: PublishedRelease | None = None


def overview(settings: Settings, now: datetime) -> Overview:
    """What there is to report. No source is opened and nothing is made. Raises WarehouseError for a warehouse in the way."""
    days = ended_days(settings.first_day, now)
    release = _release(Path(settings.publish_dir).resolve())
    if not world_exists(settings):
        return Overview(days, False, NextRun(next_night(now), False, [days], []), release=release)
    with open_for_planning(settings) as systems, connected(systems.warehouse) as connection:
        recorded = recorded_runs(settings)
        planned = plan(systems, days)
        return Overview(
            reporting_days=days,
            is_built=True,
            next_run=NextRun(next_night(now), recorded.daemon_beats(now), planned.runs, list(_reasons(planned))),
            recorded=recorded,
            sources=list(_readings(connection, systems.services)),
            waiting=[*_waiting(connection, systems, days, london_day(now)), *_unapproved(connection, systems.services)],
            failed=list(_failed_checks(connection, systems.services)),
            warnings=list(_warnings(connection, systems.services, days.last)),
            quarantine=quarantined(connection, list(SOURCES)),
            gone_files=list(_frozen_files(connection)),
            withdrawn=list(_withdrawn(connection)),
            release=release,
        )


def _readings(connection: Connection, services: Services) -> Iterator[Read]:
    subjects = [service.slug for service in services]
    for row in run_sql(connection, _SQL / "reading_overview.sql", subjects=subjects):
        failure = row.failure if row.outcome == "failed" else None
        yield Read(row.subject, row.source_name, row.outcome, row.attempted_at, row.days, row.newest, failure)


def _waiting(connection: Connection, systems: Systems, days: DayRange, today: date) -> Iterator[DaysWithReason]:
    """The days that a source still has time to deliver. Those that are late are among what failed."""
    needed = [
        {
            "subject": service.slug,
            "source_name": name,
            "first_day": max(days.first, service.first_day_of(name)).isoformat(),
            "late_up_to": SOURCES[name].cadence.late_up_to(today).isoformat(),
        }
        for service, name in systems.services.pairs
        if systems.address(service.slug, name) is not None
    ]
    for row in run_sql(connection, _SQL / "waiting_days.sql", needed=json.dumps(needed), last_day=days.last):
        reason = f"not delivered yet; {SOURCES[row.source_name].cadence.meaning}"
        yield DaysWithReason(as_ranges(row.days), reason, f"{row.subject}, {row.source_name}")


def _frozen_files(connection: Connection) -> Iterator[DaysWithReason]:
    for row in run_sql(connection, _SQL / "days_of_gone_files.sql"):
        yield DaysWithReason(as_ranges(row.days), row.file_name, row.service)


def _rule(dataset: str, check: str) -> Rule | None:
    """The entry of a check; None for a check of an earlier version, which holds days back all the same."""
    return SOURCE_RULES.get(check) or RULES.get(dataset, {}).get(check)


def _failed_checks(connection: Connection, services: Services) -> Iterator[Cause]:
    """One cause for each service, dataset and check, in the words of alerts and commands."""
    subjects = [service.slug for service in services]
    for row in run_sql(connection, _SQL / "failed_checks.sql", subjects=subjects):
        rule = _rule(row.dataset, row.check_name)
        if rule is not None and rule.is_consequence:
            continue
        yield Cause(
            subject=f"{row.subject}, {row.dataset}",
            days=tuple(row.days),
            found=row.observed or "",
            expected=row.expected or "",
            next_step=rule.next_step if rule else "build the days again",
            check=row.check_name,
        )


def _warnings(connection: Connection, services: Services, newest: date) -> Iterator[Warned]:
    after = newest - timedelta(days=WARNED_DAYS)
    subjects = [service.slug for service in services]
    for row in run_sql(connection, _SQL / "warnings_by_check.sql", after=after, subjects=subjects):
        rule = _rule(row.dataset, row.check_name)
        has_crashed = row.result == "crashed"
        yield Warned(
            subject=f"{row.subject}, {row.dataset}",
            days=as_ranges(row.days),
            days_count=len(row.days),
            check=row.check_name,
            fault="the check could not run" if has_crashed or rule is None else rule.fault,
            found=row.observed or "",
            expected=row.expected or "",
            next_step="build the days again" if has_crashed or rule is None else rule.next_step,
        )


def _reasons(planned: Plan) -> Iterator[DaysWithReason]:
    reasons = planned.reasons
    for reason, days in groupby(sorted(reasons, key=lambda day: (reasons[day], day)), key=reasons.__getitem__):
        yield DaysWithReason(as_ranges(days), reason)
    if planned.unreleased:
        yield DaysWithReason(as_ranges(planned.unreleased), NOT_RELEASED)


def _withdrawn(connection: Connection) -> Iterator[WithdrawnFigure]:
    table = TABLES["withdrawn_figures"]
    for row in connection.execute(select(table).order_by(*table.primary_key)):
        yield WithdrawnFigure(
            row.subject, row.indicator, row.period, row.period_start, row.withdrawal_reason, row.withdrawn_at
        )


def _unapproved(connection: Connection, services: Services) -> Iterator[DaysWithReason]:
    for service in services:
        if service.approval == "required":
            built_at = _built_since_published(connection, service.slug)
            if built_at is not None:
                yield DaysWithReason(
                    [DayRange(london_day(built_at), london_day(built_at))],
                    "its figures are built and wait for approval",
                    service.slug,
                    f"perf-pipeline approve --service {service.slug}",
                )


def _built_since_published(connection: Connection, service: str) -> datetime | None:
    """When a month of a service was built and passed since its figures were approved. None where none was."""
    built = TABLES["built_periods"].c
    versions = [
        select(func.max(TABLES[name].c.published_at)).where(TABLES[name].c.service == service).scalar_subquery()
        for name in datasets_of(Stage.PUBLISHED)
    ]
    statement = select(func.max(built.built_at)).where(
        built.dataset.in_(list(datasets_of(Stage.MONTHLY_METRICS))),
        built.subject == service,
        built.has_passed,
        built.released_at.is_(None),
        built.built_at > func.coalesce(func.greatest(*versions), text("'-infinity'::timestamptz")),
    )
    return connection.execute(statement).scalar()


def _release(publish_dir: Path) -> PublishedRelease | None:
    manifest = current_manifest(publish_dir)
    if manifest is None:
        return None
    files = manifest["files"]
    return PublishedRelease(
        release_id=str(manifest["release_id"]),
        published_at=datetime.fromisoformat(str(manifest["published_at"])),
        files=len(files) if isinstance(files, list) else 0,
        folder=publish_dir,
    )
