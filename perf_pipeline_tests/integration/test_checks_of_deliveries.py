"""What must be true of deliveries, and of days that rest on them: read, whole, accounted for, in time, all there."""

from datetime import date

import pytest

from perf_pipeline.catalogue.checks import RULES, Kind
from perf_pipeline.systems import Systems
from perf_pipeline_tests.good_months import SPOILED
from perf_pipeline_tests.judged import (
    SUNDAY,
    THURSDAY,
    Spoiling,
    cases_of,
    failing,
    judged,
    not_passed,
    spoil,
    spoiling,
    told,
)

pytest_plugins = "perf_pipeline_tests.judged_fixtures"

SIX_DAYS = "service = :service AND report_date BETWEEN :day - 5 AND :day"
DUE = {"done-page": date(2026, 6, 5), "applications": date(2026, 5, 29), "sirius": date(2026, 5, 31)}
"""When the Thursday is due: by the fifth of June, the night after, three nights after."""
LATE = {"done-page": date(2026, 6, 6), "applications": date(2026, 5, 30), "sirius": date(2026, 6, 1)}


def ledger(source: str, changes: str) -> str:
    """The statement that changes what the ledger says of a source."""
    return f"UPDATE perf.source_deliveries SET {changes} WHERE {{here}} AND source_name = '{source}'"


def waiting(source: str, asked: date) -> Spoiling:
    """A day that its source has not delivered when it is asked at three in the night."""
    return spoiling(
        ledger(source, f"outcome = 'waiting', delivered_at = NULL, attempted_at = '{asked} 03:00 Europe/London'"),
        observed=f"{source} not delivered, or not whole, by {asked}",
        expected=f"delivered by {DUE[source]}",
    )


def of_deliveries(source: str, silent: str) -> dict[str, Spoiling]:
    """The cases of a source; `silent` makes it say nothing on six days."""
    return {
        "every_source_was_read": spoiling(
            ledger(source, "outcome = 'failed', failure = 'TimeoutError'"),
            observed=f"{source}: TimeoutError",
            expected=f"{source} read",
        ),
        "sources_hold_every_day_they_call_complete": spoiling(
            ledger(source, "outcome = 'waiting', complete_up_to = :day"),
            "INSERT INTO perf.quarantined_rows SELECT service, source_name, 'row 7', 'an extract', report_date, 'bad-day',"
            f" attempted_at, attempted_at FROM perf.source_deliveries WHERE {{here}} AND source_name = '{source}'",
            observed=f"{source} has no whole day, unusable rows: bad-day",
            expected=f"a whole day, as it is complete up to {THURSDAY}",
        ),
        "rows_read_are_accounted_for": spoiling(
            ledger(source, "rows_kept_count = 7"),
            observed=f"{source}: 7 kept, 1 unusable, 1 repeated",
            expected="10 read",
        ),
        "sources_deliver_in_time": waiting(source, LATE[source]),
        "newest_row_is_recent": spoiling(
            silent, observed=f"{source}: newest row of 2026-05-25", expected="a row in 5 days", day=SUNDAY
        ),
    }


def of_daily(table: str, extract: str, statement: str, found: int, expected: int) -> dict[str, Spoiling]:
    """The cases of a daily table; `statement` takes a row away, and its counts out of the total."""
    return {
        "made_from_a_day_that_passed": spoiling(
            f"UPDATE perf.verdicts SET result = 'failed' WHERE {{here}} AND dataset = '{extract}'",
            observed="key_is_unique failed",
            expected=f"{extract} passed",
        ),
        "every_delivered_day_has_its_rows": spoiling(
            f"DELETE FROM perf.{table} WHERE {{here}} AND {statement}",
            *(f"UPDATE perf.{table} SET {taken} WHERE {{here}} AND lpa_type = 'all'" for taken in TAKEN.get(table, ())),
            observed=f"{found} rows",
            expected=f"{expected} rows",
        ),
    }


TAKEN = {
    "daily_application_events": (
        "started_count = 30, created_count = 30, completed_count = 20, created_same_day_count = 10",
    ),
    "daily_completion_rate": ("cohort_started_count = 30, cohort_created_count = 15, cohort_completed_count = 10",),
    "daily_digital_take_up": (
        "online_count = 12, assisted_count = 6, paper_count = 4, phone_count = 2, total_count = 24",
    ),
}
"""What is left in total once one type is gone."""

NO_CHANNELS = ", ".join(f"{name}_count = 0" for name in ("online", "assisted", "paper", "phone", "total"))
SPOILINGS = {
    (dataset, check): case
    for dataset, cases in {
        "extracted_feedback": of_deliveries(
            "done-page",
            f"UPDATE perf.extracted_feedback SET ratings_count = 0 WHERE {SIX_DAYS} AND source = 'done-page'",
        ),
        "extracted_application_states": of_deliveries(
            "applications",
            "UPDATE perf.source_deliveries SET rows_kept_count = 0, rows_read_count = 2"
            f" WHERE {SIX_DAYS} AND source_name = 'applications'",
        ),
        "extracted_channel_counts": of_deliveries(
            "sirius", f"UPDATE perf.extracted_channel_counts SET {NO_CHANNELS} WHERE {SIX_DAYS}"
        ),
        "daily_user_satisfaction": of_daily(
            "daily_user_satisfaction", "extracted_feedback", "source = 'done-page'", found=0, expected=1
        ),
        "daily_application_events": of_daily(
            "daily_application_events", "extracted_application_states", "lpa_type = 'unknown'", found=3, expected=4
        ),
        "daily_completion_rate": of_daily(
            "daily_completion_rate", "extracted_application_states", "lpa_type = 'unknown'", found=3, expected=4
        ),
        "daily_digital_take_up": of_daily(
            "daily_digital_take_up", "extracted_channel_counts", "lpa_type = 'health-and-welfare'", found=2, expected=3
        ),
    }.items()
    for check, case in cases.items()
}


def test_every_check_of_deliveries_has_a_day_that_it_must_reject() -> None:
    assert set(SPOILINGS) == cases_of(Kind.COMPLETENESS, Kind.TIMELINESS, months=False)
    assert not cases_of(Kind.COMPLETENESS, Kind.TIMELINESS, months=True)


@pytest.mark.parametrize(("dataset", "check"), SPOILINGS)
def test_a_bad_day_fails_its_check_and_no_other(good: Systems, dataset: str, check: str) -> None:
    case = SPOILINGS[dataset, check]
    spoil(good.warehouse, case)
    verdicts = judged(good, dataset)
    assert not_passed(verdicts) == failing(check, case)
    assert told(verdicts, check) == (RULES[dataset][check].severity.value, case.observed, case.expected)


@pytest.mark.parametrize(
    ("dataset", "source"),
    [
        ("extracted_feedback", "done-page"),
        ("extracted_application_states", "applications"),
        ("extracted_channel_counts", "sirius"),
    ],
)
def test_a_day_may_be_lacking_until_it_is_due(good: Systems, dataset: str, source: str) -> None:
    spoil(good.warehouse, waiting(source, DUE[source]))
    assert not_passed(judged(good, dataset)) == {}


def test_a_night_in_summer_is_that_of_london(good: Systems) -> None:
    late = "outcome = 'waiting', delivered_at = NULL, attempted_at = '2026-05-29 23:30+00'"
    spoil(good.warehouse, spoiling(ledger("applications", late)))
    verdicts = judged(good, "extracted_application_states")
    assert told(verdicts, "sources_deliver_in_time")[1:] == (
        "applications not delivered, or not whole, by 2026-05-30",
        "delivered by 2026-05-29",
    )


def test_a_source_that_is_not_set_is_no_fault(good: Systems) -> None:
    unset = ledger("sirius", "outcome = 'unset', delivered_at = NULL, attempted_at = '2026-07-01 03:00+00'")
    spoil(good.warehouse, spoiling(unset))
    assert not_passed(judged(good, "extracted_channel_counts")) == {}


def test_of_two_sources_the_one_that_failed_is_named(good: Systems) -> None:
    spoil(good.warehouse, spoiling(ledger("in-service", "outcome = 'failed'")))
    assert told(judged(good, "extracted_feedback"), "every_source_was_read")[1:] == ("in-service", "in-service read")


def test_a_source_that_has_only_begun_may_be_silent(good: Systems) -> None:
    spoil(
        good.warehouse,
        spoiling(
            "DELETE FROM perf.source_deliveries WHERE service = :service AND report_date < :day - 5",
            f"UPDATE perf.source_deliveries SET rows_kept_count = 0, rows_read_count = 2 WHERE {SIX_DAYS}",
            day=SUNDAY,
        ),
    )
    assert not_passed(judged(good, "extracted_application_states")) == {}


@pytest.mark.parametrize(("severity", "result"), [("warning", "failed"), ("failing", "failed"), ("blocking", "passed")])
def test_a_day_may_be_made_from_one_that_only_warns_or_lacks(good: Systems, severity: str, result: str) -> None:
    changed = f"severity = '{severity}', result = '{result}'"
    statement = f"UPDATE perf.verdicts SET {changed} WHERE {{here}} AND dataset = 'extracted_feedback'"
    spoil(good.warehouse, spoiling(statement))
    assert not_passed(judged(good, "daily_user_satisfaction")) == {}


def test_a_day_is_not_made_from_one_that_nobody_checked(good: Systems) -> None:
    statement = "DELETE FROM perf.verdicts WHERE {here} AND dataset = 'extracted_feedback'"
    spoil(good.warehouse, spoiling(statement))
    verdicts = judged(good, "daily_user_satisfaction")
    assert set(not_passed(verdicts)) == {(SPOILED, THURSDAY, "made_from_a_day_that_passed")}
    assert told(verdicts, "made_from_a_day_that_passed")[1] == "not checked"


def test_a_delivered_day_without_any_row_has_a_verdict_and_fails(good: Systems) -> None:
    spoil(good.warehouse, spoiling("DELETE FROM perf.daily_digital_take_up WHERE {here}"))
    failed = not_passed(judged(good, "daily_digital_take_up"))
    assert failed == {(SPOILED, THURSDAY, "every_delivered_day_has_its_rows"): "failed"}
