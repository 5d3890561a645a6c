"""What must be true of the rows that were read from the sources: contracts, keys, and what the sources add up."""

import pytest

from perf_pipeline.catalogue.checks import CONTRACT_CHECK, KEY_CHECK, RULES, Kind
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.systems import Systems
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

FEEDBACK = {
    CONTRACT_CHECK: spoiling(
        "UPDATE perf.extracted_feedback SET rating = 9 WHERE {here} AND rating = 5",
        observed="rating 9",
        expected="at most 5",
    ),
    KEY_CHECK: spoiling(
        "INSERT INTO perf.extracted_feedback SELECT * FROM perf.extracted_feedback WHERE {here} AND rating = 5",
        observed="2 rows of one key",
        expected="1",
    ),
}
APPLICATION_STATES = {
    CONTRACT_CHECK: spoiling(
        "UPDATE perf.extracted_application_states SET completed_lpa_type = 'all' WHERE application_hash ="
        " (SELECT min(application_hash::text)::uuid FROM perf.extracted_application_states"
        " WHERE service = :service AND started_date = :day)",
        observed="completed_lpa_type all",
        expected="one of health-and-welfare, property-and-financial, unknown",
    ),
    KEY_CHECK: spoiling(
        "INSERT INTO perf.extracted_application_states SELECT * FROM perf.extracted_application_states"
        " WHERE service = :service AND started_date = :day LIMIT 1",
        observed="2 rows of one key",
        expected="1",
    ),
    "states_come_in_order": spoiling(
        "UPDATE perf.extracted_application_states SET created_at = started_at - interval '1 hour'"
        " WHERE application_hash = (SELECT min(application_hash::text)::uuid FROM perf.extracted_application_states"
        " WHERE service = :service AND started_date = :day)",
        observed="1 of 4 applications",
        expected="at most 1 %",
    ),
}
CHANNEL_COUNTS = {
    CONTRACT_CHECK: spoiling(
        "UPDATE perf.extracted_channel_counts SET paper_count = -1, phone_count = 4"
        " WHERE {here} AND lpa_type = 'health-and-welfare'",
        observed="paper_count -1",
        expected="at least 0",
    ),
    KEY_CHECK: spoiling(
        "UPDATE perf.extracted_channel_counts SET lpa_type = 'health-and-welfare' WHERE {here}",
        observed="2 rows of one key",
        expected="1",
    ),
    "channels_add_up_to_total": spoiling(
        "UPDATE perf.extracted_channel_counts SET total_count = 13 WHERE {here} AND lpa_type = 'health-and-welfare'",
        observed="total_count 13",
        expected="12",
    ),
}
SPOILINGS: dict[tuple[str, str], Spoiling] = {
    (dataset, check): case
    for dataset, cases in {
        "extracted_feedback": FEEDBACK,
        "extracted_application_states": APPLICATION_STATES,
        "extracted_channel_counts": CHANNEL_COUNTS,
    }.items()
    for check, case in cases.items()
}


def test_every_check_of_extracts_has_a_row_that_it_must_reject() -> None:
    cases = cases_of(Kind.CONTRACT, Kind.CONSISTENCY, months=False)
    assert set(SPOILINGS) == {case for case in cases if case[0].startswith("extracted_")}


@pytest.mark.parametrize(("dataset", "check"), SPOILINGS)
def test_a_bad_row_fails_its_check_and_no_other(good: Systems, dataset: str, check: str) -> None:
    case = SPOILINGS[dataset, check]
    spoil(good.warehouse, case)
    verdicts = judged(good, dataset)
    assert not_passed(verdicts) == failing(check, case)
    assert told(verdicts, check) == (RULES[dataset][check].severity.value, case.observed, case.expected)


def test_one_verdict_tells_how_many_rows_of_the_day_are_bad(good: Systems) -> None:
    spoil(good.warehouse, spoiling("UPDATE perf.extracted_feedback SET rating = 9 WHERE {here}"))
    (bad,) = (row for row in judged(good, "extracted_feedback") if row.result == "failed")
    assert bad.observed == "rating 9 (and 5 more)"


def test_a_bad_application_holds_back_every_day_that_it_is_counted_on(good: Systems) -> None:
    statement = (
        "UPDATE perf.extracted_application_states SET completed_lpa_type = 'all', created_date = :day + 1,"
        " completed_date = :day + 3 WHERE service = :service AND started_date = :day"
    )
    spoil(good.warehouse, spoiling(statement))
    failed = not_passed(judged(good, "extracted_application_states"))
    assert {(day.day, check) for _, day, check in failed} == {(day, CONTRACT_CHECK) for day in (28, 29, 31)}


def test_the_rows_of_other_days_are_not_looked_at(good: Systems) -> None:
    case = FEEDBACK[CONTRACT_CHECK]
    spoil(good.warehouse, case)
    assert case.day == THURSDAY
    later = DayRange(THURSDAY + ONE_DAY, SUNDAY)
    assert not_passed(judged(good, "extracted_feedback", later)) == {}
