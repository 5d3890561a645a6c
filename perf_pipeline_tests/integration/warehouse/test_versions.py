"""What is said now is merged into what was said before, and every version is kept."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.columns import CHANNEL_COUNTS
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.versions import Versioning, merge_versions

VERSIONING = Versioning(
    "extracted_channel_counts",
    identity=("service", "report_date", "lpa_type"),
    compared=(*CHANNEL_COUNTS, "total_count"),
    born=("first_seen_at",),
    seen=("last_seen_at",),
    refreshed=("is_final",),
)
DAY = date(2026, 5, 1)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def hour(number: int) -> datetime:
    return NOON + timedelta(hours=number)


def merge(warehouse: Engine, counts: dict[date, int], now: datetime, *, is_final: bool = False) -> int:
    rows = [
        ("make-a-lpa", day, "unknown", count, *[0] * (len(CHANNEL_COUNTS) - 1), count, is_final)
        for day, count in counts.items()
    ]
    columns = [*VERSIONING.identity, *VERSIONING.compared, *VERSIONING.refreshed]
    with transaction(warehouse) as connection:
        return merge_versions(connection, VERSIONING, pd.DataFrame(rows, columns=columns), now)


def versions(warehouse: Engine) -> list[tuple[object, ...]]:
    """Day, count, and the hours at which the version was first seen, last seen and superseded."""
    query = text(
        "SELECT report_date, total_count, first_seen_at, last_seen_at, superseded_at FROM perf.extracted_channel_counts"
        " ORDER BY report_date, first_seen_at"
    )
    with transaction(warehouse) as connection:
        return [
            (row[0], row[1], *(None if at is None else (at - NOON) // timedelta(hours=1) for at in row[2:]))
            for row in connection.execute(query)
        ]


NEXT = DAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("deliveries", "new", "expected"),
    [
        ([{DAY: 5}], [1], [(DAY, 5, 0, 0, None)]),
        # An unchanged row is only seen again.
        ([{DAY: 5}, {DAY: 5}], [1, 0], [(DAY, 5, 0, 1, None)]),
        ([{DAY: 5}, {DAY: 6}, {DAY: 5}], [1, 1, 1], [(DAY, 5, 0, 0, 1), (DAY, 6, 1, 1, 2), (DAY, 5, 2, 2, None)]),
        # A row that is not there any more stays as it is.
        ([{DAY: 5, NEXT: 7}, {NEXT: 8}], [2, 1], [(DAY, 5, 0, 0, None), (NEXT, 7, 0, 0, 1), (NEXT, 8, 1, 1, None)]),
        ([{DAY: 5}, {}], [1, 0], [(DAY, 5, 0, 0, None)]),
    ],
)
def test_a_changed_row_supersedes_the_earlier_one_which_stays(
    emptied_warehouse: Engine,
    deliveries: list[dict[date, int]],
    new: list[int],
    expected: list[tuple[object, ...]],
) -> None:
    merged = [merge(emptied_warehouse, counts, hour(number)) for number, counts in enumerate(deliveries)]
    assert merged == new
    assert versions(emptied_warehouse) == expected


def test_what_only_follows_the_source_makes_no_version(emptied_warehouse: Engine) -> None:
    merge(emptied_warehouse, {DAY: 5}, hour(0))
    assert merge(emptied_warehouse, {DAY: 5}, hour(1), is_final=True) == 0
    with transaction(emptied_warehouse) as connection:
        assert connection.execute(text("SELECT is_final FROM perf.extracted_channel_counts")).scalar_one() is True


def test_two_merges_fit_into_one_transaction(emptied_warehouse: Engine) -> None:
    frame = pd.DataFrame(
        [("make-a-lpa", DAY, "unknown", 5, 0, 0, 0, 0, 0, 5, False)],
        columns=[*VERSIONING.identity, *VERSIONING.compared, *VERSIONING.refreshed],
    )
    with transaction(emptied_warehouse) as connection:
        counts = [merge_versions(connection, VERSIONING, frame, hour(number)) for number in range(2)]
    assert counts == [1, 0]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.sampled_from([DAY, NEXT]), st.integers(0, 2)), max_size=6))
def test_the_versions_tell_what_was_said_at_every_instant(
    emptied_warehouse: Engine, deliveries: list[dict[date, int]]
) -> None:
    with transaction(emptied_warehouse) as connection:
        connection.execute(text("TRUNCATE perf.extracted_channel_counts"))
    said: dict[date, int] = {}
    history = []
    for number, delivery in enumerate(deliveries):
        merge(emptied_warehouse, delivery, hour(number))
        said |= delivery
        history.append(dict(said))
    query = text(
        "SELECT report_date, total_count FROM perf.extracted_channel_counts"
        " WHERE first_seen_at <= :instant AND coalesce(superseded_at > :instant, true)"
    )
    with transaction(emptied_warehouse) as connection:
        told = [
            {row.report_date: row.total_count for row in connection.execute(query, {"instant": hour(number)})}
            for number in range(len(deliveries))
        ]
    assert told == history
