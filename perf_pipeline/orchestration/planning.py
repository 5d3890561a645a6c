"""What is built next. One pure function decides from what the warehouse holds; the commands, a sensor and `status` ask it.

No source is opened: an extraction has recorded what changed (docs/decisions/0011). Dagster's own marks play no part: they
are lost when a run dies.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from perf_pipeline.catalogue.datasets import DATASETS, Stage, datasets_of
from perf_pipeline.catalogue.methods import method_in_force
from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, joined
from perf_pipeline.flow.built_periods import needed_sources
from perf_pipeline.flow.code_version import code_version
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import connected
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_SQL = Path(__file__).parent / "sql"
MOST_RUNS = 4
"""Of one night: changed days are built together with those between them rather than in more runs."""
NOT_RELEASED = "built, but in no release yet"


@dataclass(frozen=True)
class DayState:
    """What the warehouse holds of a day of one daily table and subject, and what it would be built from now."""

    current: Mapping[str, int | None]
    """Revision by source: None for one that is not set, no key for one that has not delivered the day."""
    built: Mapping[str, int | None] | None = None
    """What it was last built from; None for a day that was never built."""
    has_passed: bool | None = None
    has_crashed: bool = False
    """Whether one of its checks could not run, such as after a lost connection."""
    is_released: bool = False
    is_same_code: bool = True
    """Whether the code and the catalogue are those that built it."""
    has_other_method: bool = False
    """Whether its headline was made by another method than the one in force now."""
    is_final_now: bool = False
    """Whether it is still provisional, and would not be if it were built now."""


def reason_to_build(state: DayState) -> str | None:
    """Why a day is built again; None where nothing that it rests on has changed."""
    if state.built is None:
        return "not built yet" if state.current else None
    if state.current != state.built:
        changed = {name for name, _ in state.built.items() ^ state.current.items()}
        return f"changed by {' and '.join(sorted(changed))} since it was built"
    is_delivered = any(revision is not None for revision in state.built.values())
    reasons = {
        "nothing has checked it since it was built": is_delivered and state.has_passed is None,
        "one of its checks could not run": state.has_crashed,
        "a check failed on it, and the code or the catalogue has changed since": state.has_passed is False
        and not state.is_same_code,
        "its method has changed": state.has_other_method,
        "its figures become final": state.is_final_now,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


@dataclass(frozen=True)
class Plan:
    """The days to build, each with its reason, and the days that only wait for a release."""

    reasons: Mapping[date, str]
    unreleased: frozenset[date] = frozenset()

    @property
    def runs(self) -> list[DayRange]:
        """The ranges to build, in order; the last one publishes them all."""
        ranges = joined(as_ranges(self.reasons), MOST_RUNS)
        return ranges or as_ranges(self.unreleased)[-1:]

    def why(self, days: DayRange) -> str:
        """Why a range is built: each reason with the number of its days."""
        counts = Counter(reason for day, reason in self.reasons.items() if day in days)
        said = [f"{count:,} day{'s' if count > 1 else ''}: {reason}" for reason, count in counts.most_common()]
        return "; ".join(said) or NOT_RELEASED


def plan(systems: Systems, days: DayRange) -> Plan:
    """What is built next of `days`."""
    reasons: dict[date, str] = {}
    unreleased: set[date] = set()
    with connected(systems.warehouse) as connection:
        for day, state in _states(connection, systems, days):
            reason = reason_to_build(state)
            if reason:
                reasons.setdefault(day, reason)
            elif state.built is not None and not state.is_released:
                unreleased.add(day)
        for day in _months_to_build(connection, systems, days):
            reasons.setdefault(day, "its month has to be summed and checked again")
    return Plan(dict(sorted(reasons.items())), frozenset(unreleased - set(reasons)))


def _states(connection: Connection, systems: Systems, days: DayRange) -> Iterable[tuple[date, DayState]]:
    """The state of each day that is not settled for good, by daily table and subject."""
    other_method, final_now = _of_another_method(connection, days), _final_now(connection, days)
    needed = [source for name in datasets_of(Stage.DAILY_METRICS) for source in needed_sources(DATASETS[name], systems)]
    rows = run_sql(
        connection,
        _SQL / "day_states.sql",
        needed=json.dumps(needed),
        first_day=days.first,
        last_day=days.last,
        code_version=code_version(systems.services),
        other_method=[f"{dataset} {day}" for dataset, day in other_method],
        final_now=[f"{dataset} {day}" for dataset, day in final_now],
    )
    for row in rows:
        key = (row.dataset, row.period_start)
        yield (
            row.period_start,
            DayState(
                row.current_revisions,
                row.built_revisions,
                has_passed=row.has_passed,
                has_crashed=row.has_crashed,
                is_released=row.is_released,
                is_same_code=row.is_same_code,
                has_other_method=key in other_method,
                is_final_now=key in final_now,
            ),
        )


def _of_another_method(connection: Connection, days: DayRange) -> set[tuple[str, date]]:
    """Days whose headline was made by another method than the one in force."""
    found: set[tuple[str, date]] = set()
    for name, entry in datasets_of(Stage.DAILY_METRICS).items():
        if "headline_method" in entry.column_names:
            table = TABLES[name]
            day, method = table.c[entry.day_column], table.c.headline_method
            statement = select(day, method).where(day.between(days.first, days.last)).distinct()
            found |= {(name, on) for on, used in connection.execute(statement) if used != method_in_force(on).id}
    return found


def _final_now(connection: Connection, days: DayRange) -> set[tuple[str, date]]:
    """Days that are still provisional although their time to change is over."""
    found: set[tuple[str, date]] = set()
    for name, entry in datasets_of(Stage.DAILY_METRICS).items():
        if entry.final_after_days is not None:
            table = TABLES[name]
            day = table.c[entry.day_column]
            last = days.last - timedelta(days=entry.final_after_days)
            statement = select(day).where(table.c.is_provisional, day.between(days.first, last)).distinct()
            found |= {(name, on) for on in connection.execute(statement).scalars()}
    return found


def _months_to_build(connection: Connection, systems: Systems, days: DayRange) -> set[date]:
    """For each month that is not checked since its days were built, or that failed, a day whose run sums it again."""
    rows = run_sql(
        connection,
        _SQL / "months_to_build.sql",
        datasets=list(datasets_of(Stage.MONTHLY_METRICS)),
        subjects=[service.slug for service in systems.services],
        first_day=days.first,
        last_day=days.last,
        code_version=code_version(systems.services),
    )
    return {row.day for row in rows}
