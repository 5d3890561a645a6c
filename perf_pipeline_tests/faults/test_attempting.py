"""Which failures of a source are tried again, and what is noted of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.errors import PermanentSourceError, SettingsError, TransientSourceError
from perf_pipeline.extracted.attempting import attempt_reading
from perf_pipeline.extracted.deliveries import Attempt, DayCounts, record_delivery
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests import extracting

DAYS = DayRange(date(2026, 5, 4), date(2026, 5, 5))
NIGHT = datetime(2026, 5, 6, 2, 30, tzinfo=UTC)
NEXT_NIGHT = datetime(2026, 5, 7, 2, 30, tzinfo=UTC)


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


def failing(error: Exception, calls: list[Attempt]) -> Callable[[Attempt], None]:
    def read(attempt: Attempt) -> None:
        calls.append(attempt)
        raise error

    return read


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (TransientSourceError("It is down.", next_step="wait."), 3),
        (PermanentSourceError("It says no.", next_step="ask."), 1),
        (SettingsError("There are no credentials.", next_step="give some."), 1),
    ],
)
def test_only_a_passing_failure_is_tried_again_and_each_is_noted(
    warehouse: Engine, error: Exception, tries: int
) -> None:
    calls: list[Attempt] = []
    attempt = extracting.attempt("applications", DAYS, NIGHT)
    assert not attempt_reading(warehouse, attempt, failing(error, calls), first_wait_seconds=0.01)
    assert len(calls) == tries
    noted = extracting.ledger(warehouse, "applications").values()
    assert [(row.outcome, row.failure, row.delivered_at) for row in noted] == [("failed", str(error), None)] * 2


def test_a_failure_does_not_take_back_what_was_delivered_before(warehouse: Engine) -> None:
    with transaction(warehouse) as connection:
        delivered = {day: DayCounts(read=5, kept=4, quarantined=1, is_short=True) for day in DAYS}
        record_delivery(connection, extracting.attempt("applications", DAYS, NIGHT), delivered)
    error = PermanentSourceError("It says no.", next_step="ask.")
    attempt_reading(warehouse, extracting.attempt("applications", DAYS, NEXT_NIGHT), failing(error, []))
    for row in extracting.ledger(warehouse, "applications").values():
        assert (row.outcome, row.attempted_at, row.delivered_at) == ("failed", NEXT_NIGHT, NIGHT)
        assert (row.rows_read_count, row.rows_kept_count, row.rows_quarantined_count, row.is_short) == (5, 4, 1, True)


def test_a_failure_that_is_no_source_s_is_not_hidden(warehouse: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        attempt_reading(warehouse, extracting.attempt("applications", DAYS, NIGHT), failing(ZeroDivisionError(), []))
    assert extracting.ledger(warehouse, "applications") == {}
