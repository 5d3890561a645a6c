"""A range of days is replaced whole, in one transaction, by one writer at a time."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from perf_pipeline.catalogue.columns import CHANNEL_COUNTS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.copying import copy_lines_into
from perf_pipeline.warehouse.engine import first_line, transaction
from perf_pipeline.warehouse.replacing import lock_for_writing, replace_days
from perf_pipeline.warehouse.tables import TABLES, WAREHOUSE_FACTS

DATASET = "daily_digital_take_up"
FIRST = date(2026, 5, 1)
WEEK = DayRange(FIRST, FIRST + timedelta(days=6))


def rows_of(counts: dict[date, int]) -> pd.DataFrame:
    """A row for each day, with everything received online."""
    rows = [
        {
            "service": "make-a-lpa",
            "report_date": day,
            "lpa_type": "all",
            **dict.fromkeys(CHANNEL_COUNTS, 0),
            "online_count": count,
            "total_count": count,
            "digital_take_up_percent": "100.00" if count else None,
            "is_provisional": False,
            "is_estimated": False,
        }
        for day, count in counts.items()
    ]
    return pd.DataFrame(rows, columns=TABLES[DATASET].columns.keys())


def replace(warehouse: Engine, days: DayRange, counts: dict[date, int]) -> None:
    with transaction(warehouse) as connection:
        replace_days(connection, DATASET, days, rows_of(counts))


def replace_impatiently(warehouse: Engine, counts: dict[date, int]) -> None:
    with transaction(warehouse) as connection:
        connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
        replace_days(connection, DATASET, WEEK, rows_of(counts))


def held(warehouse: Engine) -> dict[date, int]:
    with transaction(warehouse) as connection:
        rows = connection.execute(text(f"SELECT report_date, total_count FROM perf.{DATASET} ORDER BY report_date"))
        return {row.report_date: row.total_count for row in rows}


def test_a_missing_figure_is_null_and_a_zero_is_a_zero(emptied_warehouse: Engine) -> None:
    replace(emptied_warehouse, DayRange(FIRST, FIRST), {FIRST: 0})
    with transaction(emptied_warehouse) as connection:
        row = connection.execute(text(f"SELECT total_count, digital_take_up_percent FROM perf.{DATASET}")).one()
    assert tuple(row) == (0, None)


def test_rows_outside_the_days_or_that_the_table_refuses_leave_the_earlier_ones(emptied_warehouse: Engine) -> None:
    replace(emptied_warehouse, WEEK, {FIRST: 5})
    stray = WEEK.last + timedelta(days=1)
    with pytest.raises(ValueError, match=f"was given rows of {stray}, outside {WEEK}"):
        replace(emptied_warehouse, WEEK, {FIRST: 6, stray: 6})
    twice = pd.concat([rows_of({FIRST: 6}), rows_of({FIRST: 7})])
    with pytest.raises(IntegrityError), transaction(emptied_warehouse) as connection:
        replace_days(connection, DATASET, WEEK, twice)
    assert held(emptied_warehouse) == {FIRST: 5}


def test_two_writers_at_once_end_in_the_rows_of_one_of_them(emptied_warehouse: Engine) -> None:
    gate = threading.Barrier(4)

    def write(count: int) -> None:
        gate.wait()
        replace(emptied_warehouse, WEEK, dict.fromkeys(WEEK, count))

    writers = [threading.Thread(target=write, args=(count,)) for count in range(1, 5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    rows = held(emptied_warehouse)
    assert list(rows) == list(WEEK)
    assert len(set(rows.values())) == 1


def test_a_writer_waits_for_the_one_before_it_and_readers_wait_for_nobody(emptied_warehouse: Engine) -> None:
    replace(emptied_warehouse, WEEK, {FIRST: 5})
    with transaction(emptied_warehouse) as first:
        lock_for_writing(first, DATASET)
        replace_days(first, DATASET, WEEK, rows_of({FIRST: 6}))
        with pytest.raises(DBAPIError, match="lock timeout"):
            replace_impatiently(emptied_warehouse, {FIRST: 7})
        assert held(emptied_warehouse) == {FIRST: 5}
    assert held(emptied_warehouse) == {FIRST: 6}


def test_writers_of_different_tables_do_not_wait_for_each_other(emptied_warehouse: Engine) -> None:
    with transaction(emptied_warehouse) as first, transaction(emptied_warehouse) as second:
        second.execute(text("SET LOCAL lock_timeout = '100ms'"))
        lock_for_writing(first, "daily_digital_take_up")
        lock_for_writing(second, "daily_application_events")
        holding = second.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"))
        assert holding.scalar_one() >= 2


steps = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 9)).map(
        lambda step: (DayRange(FIRST + timedelta(days=min(step[:2])), FIRST + timedelta(days=max(step[:2]))), step[2])
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_any_sequence_of_ranges_leaves_each_day_as_it_was_written_last(
    emptied_warehouse: Engine, written: list[tuple[DayRange, int]]
) -> None:
    expected: dict[date, int] = {}
    replace(emptied_warehouse, WEEK, {})
    for days, count in written:
        replace(emptied_warehouse, days, dict.fromkeys(days, count))
        expected |= dict.fromkeys(days, count)
    assert held(emptied_warehouse) == expected


class SourceWentAwayError(Exception):
    pass


def lines(good: int) -> Iterator[str]:
    for number in range(good):
        yield f"fact {number},{'x' * 100}\r\n"
    raise SourceWentAwayError("after so many rows")


@pytest.mark.parametrize("good", [0, 1, 20_000])
def test_a_source_that_breaks_off_in_a_copy_leaves_nothing_and_its_own_error(
    emptied_warehouse: Engine, good: int
) -> None:
    with pytest.raises(SourceWentAwayError, match="after so many rows"), transaction(emptied_warehouse) as connection:
        copy_lines_into(connection, WAREHOUSE_FACTS, ["name", "value"], lines(good))
    with transaction(emptied_warehouse) as connection:
        assert connection.execute(text("SELECT count(*) FROM perf.warehouse_facts")).scalar_one() == 0


def test_a_copy_tells_how_many_rows_it_wrote_in_many_chunks(emptied_warehouse: Engine) -> None:
    with transaction(emptied_warehouse) as connection:
        count = copy_lines_into(
            connection, WAREHOUSE_FACTS, ["name", "value"], (f"fact {n},{'é' * 90}\r\n" for n in range(20_000))
        )
    with transaction(emptied_warehouse) as connection:
        found = connection.execute(text("SELECT count(*), sum(length(value)) FROM perf.warehouse_facts")).one()
    assert (count, *found) == (20_000, 20_000, 20_000 * 90)


def test_a_row_that_the_table_refuses_in_a_copy_is_the_database_s_error(emptied_warehouse: Engine) -> None:
    with pytest.raises(IntegrityError) as refused, transaction(emptied_warehouse) as connection:
        copy_lines_into(connection, WAREHOUSE_FACTS, ["name", "value"], ["good,1\r\n", "bad,\r\n"])
    assert "not-null" in first_line(refused.value)
    assert "bad" not in first_line(refused.value)


def test_a_connection_that_is_lost_in_a_copy_is_an_operational_error(emptied_warehouse: Engine) -> None:
    def cut(connection: Connection) -> Iterator[str]:
        yield "before,1\r\n"
        backend = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        with transaction(emptied_warehouse) as other:
            other.execute(text("SELECT pg_terminate_backend(:backend, 1000)"), {"backend": backend})
        yield from (f"after {number},1\r\n" for number in range(100_000))

    with pytest.raises(OperationalError), transaction(emptied_warehouse) as connection:
        copy_lines_into(connection, WAREHOUSE_FACTS, ["name", "value"], cut(connection))
    with transaction(emptied_warehouse) as connection:
        assert connection.execute(text("SELECT count(*) FROM perf.warehouse_facts")).scalar_one() == 0
