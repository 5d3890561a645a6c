"""The checks of sources at the end of an extraction: read, complete as far as they say, usable, in time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.catalogue.services import Services, load_services
from perf_pipeline.quality.failing import causes_of_sources
from perf_pipeline.quality.source_verdicts import judge_sources
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.systems import systems_with

FIRST, LAST = date(2026, 5, 25), date(2026, 5, 31)
DAYS = [*DayRange(FIRST, LAST)]
NIGHT = datetime(2026, 6, 1, 2, 30, tzinfo=UTC)
"""The night after the last day: of the nightly sources the days up to the 30th are late, of Sirius those up to the 28th."""
SERVICE = "make-a-lpa"
ALL_SOURCES = dict.fromkeys(("done-page", "in-service", "applications", "sirius"), "an address")


@pytest.fixture
def systems(emptied_warehouse: Engine, tmp_path: Path) -> Systems:
    """Systems whose sources are set, as of the night after the last day."""
    return at(systems_with(emptied_warehouse, tmp_path, addresses=ALL_SOURCES, first_day=FIRST), NIGHT)


def at(systems: Systems, now: datetime) -> Systems:
    return replace(systems, clock=lambda: now)


def put(systems: Systems, table: str, *rows: dict[str, Any]) -> None:
    with transaction(systems.warehouse) as connection:
        connection.execute(insert(TABLES[table]), list(rows))


def was_read(systems: Systems, source: str, **changes: object) -> None:
    """The last reading of the source: successful unless changed."""
    reading = {"outcome": "read", "attempted_at": NIGHT, "asked_from": FIRST, "run_id": "a run"}
    put(systems, "source_readings", {"subject": SERVICE, "source_name": source, **reading, **changes})


def delivered(systems: Systems, source: str, days: Iterable[date]) -> None:
    counts = dict.fromkeys(("rows_read_count", "rows_kept_count", "rows_quarantined_count", "rows_duplicate_count"), 0)
    instants = dict.fromkeys(("changed_at", "first_delivered_at", "delivered_at"), NIGHT)
    row = {"revision_count": 1, "change": "delivered", "is_short": False, "run_id": "a run", **counts, **instants}
    key = {"subject": SERVICE, "source_name": source}
    put(systems, "source_deliveries", *({**key, "period_start": day, **row} for day in days))


def set_aside(systems: Systems, source: str, reason: str, **row: object) -> None:
    seen = {"first_seen_at": NIGHT, "last_seen_at": NIGHT}
    put(systems, "quarantined_rows", {"subject": SERVICE, "source_name": source, "reason": reason, **seen, **row})


def judged(systems: Systems) -> dict[str, tuple[list[date], str, str]]:
    """By failed check: its days, and what the verdict on the last one observed and expected."""
    judge_sources(systems, "a run")
    with transaction(systems.warehouse) as connection:
        rows = connection.execute(text("SELECT * FROM perf.verdicts ORDER BY check_name, period_start")).all()
    assert {(row.severity, row.result) for row in rows} <= {("failing", "failed")}
    days = {
        check: [row.period_start for row in rows if row.check_name == check] for check in {r.check_name for r in rows}
    }
    return {row.check_name: (days[row.check_name], row.observed, row.expected) for row in rows}


def test_a_source_that_delivers_everything_has_no_verdict(systems: Systems) -> None:
    for source in ALL_SOURCES:
        was_read(systems, source, complete_up_to=LAST)
        delivered(systems, source, DAYS)
    assert judged(systems) == {}


def test_a_source_that_could_not_be_read_fails_on_the_days_it_owes_and_on_the_newest(systems: Systems) -> None:
    owed = FIRST + ONE_DAY
    was_read(systems, "sirius", outcome="failed", failure="TimeoutError", owed_from=owed, complete_up_to=LAST)
    delivered(systems, "sirius", [day for day in DAYS if day not in (FIRST, owed)])
    assert judged(systems) == {"every_source_was_read": ([owed, LAST], "sirius: TimeoutError", "to read sirius")}
    # It is up again: the verdicts go with the next extraction.
    with transaction(systems.warehouse) as connection:
        connection.execute(text("UPDATE perf.source_readings SET outcome = 'read', owed_from = NULL"))
    delivered(systems, "sirius", [FIRST, owed])
    assert judged(systems) == {}


def test_a_day_that_a_source_calls_complete_and_has_not_delivered_fails(systems: Systems) -> None:
    complete_up_to = LAST - ONE_DAY
    was_read(systems, "sirius", complete_up_to=complete_up_to, asked_from=FIRST + ONE_DAY)
    delivered(systems, "sirius", DAYS[2:-2])
    for reason, resolved_at in (("negative_count", None), ("missing_channel", NIGHT)):
        set_aside(systems, "sirius", reason, row_ref=reason, period_start=complete_up_to, resolved_at=resolved_at)
    assert judged(systems) == {
        "sources_hold_every_day_they_call_complete": (
            # Not the first day: the source was never asked for it.
            [FIRST + ONE_DAY, complete_up_to],
            "sirius has no usable data, or only a part; unusable rows: negative count",
            f"the whole day, because the source says that it is complete up to {complete_up_to}",
        )
    }


def test_a_file_that_can_not_be_used_fails_on_the_newest_day(systems: Systems) -> None:
    was_read(systems, "done-page")
    name = "feedex_2026-05-01_2026-06-01.csv"
    set_aside(systems, "done-page", "file_cut_short", row_ref=name, file_name=name, detail="at line 7")
    set_aside(systems, "done-page", "unreadable_date", row_ref=f"{name}:3", file_name=name, period_start=FIRST)
    assert judged(systems) == {
        "every_file_can_be_used": (
            [LAST],
            f"done-page: {name}: file cut short (at line 7)",
            "files that can be used as a whole",
        )
    }


@pytest.mark.parametrize(
    ("source", "now", "late"),
    [
        ("applications", datetime(2026, 5, 29, 2, 30, tzinfo=UTC), DAYS[:3]),
        # Half past eleven in the evening is the next day in London.
        ("applications", datetime(2026, 5, 29, 23, 30, tzinfo=UTC), DAYS[:4]),
        ("sirius", datetime(2026, 5, 28, 22, 59, tzinfo=UTC), []),
        ("sirius", datetime(2026, 5, 28, 23, 1, tzinfo=UTC), DAYS[:1]),
        ("done-page", datetime(2026, 6, 5, 2, 30, tzinfo=UTC), []),
        ("done-page", datetime(2026, 6, 6, 2, 30, tzinfo=UTC), DAYS),
    ],
)
def test_a_day_may_be_missing_until_it_is_due(systems: Systems, source: str, now: datetime, late: list[date]) -> None:
    was_read(systems, source)
    found = judged(at(systems, now))
    assert found == (
        {"sources_deliver_in_time": (late, f"{source} has delivered nothing, or only a part", "the whole day by now")}
        if late
        else {}
    )


def test_a_day_counted_from_single_responses_is_late_until_its_aggregate_comes(systems: Systems) -> None:
    was_read(systems, "done-page")
    was_read(systems, "in-service")
    for source in ("done-page", "in-service"):
        delivered(systems, source, DAYS)
    response = {"service": SERVICE, "report_date": FIRST, "granularity": "response", "received_at": NIGHT}
    seen = {"rating": 5, "ratings_count": 1, "first_seen_at": NIGHT, "last_seen_at": NIGHT}
    keys = {"done-page": "0" * 32, "in-service": "1" * 32}
    for source, key in keys.items():
        put(systems, "extracted_feedback", {"source": source, "feedback_key": key, **response, **seen})
    night = datetime(2026, 6, 6, 2, 30, tzinfo=UTC)
    delivered(systems, "in-service", DayRange(LAST + ONE_DAY, LAST + ONE_DAY * 4))
    assert {check: days for check, (days, *_) in judged(at(systems, night)).items()} == {
        "sources_deliver_in_time": [FIRST]
    }


def test_days_before_a_source_begins_and_sources_that_are_not_set_are_not_late(systems: Systems) -> None:
    was_read(systems, "in-service")
    was_read(systems, "applications")
    service = load_services()[SERVICE]
    begun = service.sources["in-service"].model_copy(update={"first_day": LAST - ONE_DAY})
    later = service.model_copy(update={"sources": {**service.sources, "in-service": begun}})
    addresses = {pair: address for pair, address in systems.addresses.items() if pair[1] != "applications"}
    found = judged(replace(systems, services=Services((later,)), addresses=addresses))
    assert [(days, observed.split()[0]) for days, observed, _ in found.values()] == [([LAST - ONE_DAY], "in-service")]


def test_a_service_that_was_taken_out_leaves_nothing_failing(systems: Systems) -> None:
    was_read(systems, "sirius", outcome="failed", failure="TimeoutError")
    was_read(systems, "applications")
    assert set(judged(systems)) == {"every_source_was_read", "sources_deliver_in_time"}
    with transaction(systems.warehouse) as connection:
        found = [(cause.subject, cause.check, cause.days) for cause in causes_of_sources(connection, systems.services)]
    assert found == [
        (f"{SERVICE}, extracted_application_states", "sources_deliver_in_time", tuple(DAYS[:-1])),
        (f"{SERVICE}, extracted_channel_counts", "every_source_was_read", tuple(DAYS)),
    ]
    others = Services(tuple(service for service in systems.services if service.slug != SERVICE))
    with transaction(systems.warehouse) as connection:
        assert causes_of_sources(connection, others) == []
    assert judged(replace(systems, services=others)) == {}
