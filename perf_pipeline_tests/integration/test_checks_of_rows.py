"""What must be true of the figures of a day: contracts, keys, and percentages that follow from their counts."""

import pytest
from sqlalchemy import text

from perf_pipeline.catalogue.checks import CHECKED, CONTRACT_CHECK, KEY_CHECK, RULES, Kind
from perf_pipeline.systems import Systems
from perf_pipeline_tests.good_months import OTHER, SPOILED
from perf_pipeline_tests.judged import (
    Spoiling,
    cases_of,
    days_judged,
    failing,
    judged,
    not_passed,
    spoil,
    spoiling,
    told,
)

pytest_plugins = "perf_pipeline_tests.judged_fixtures"

ONE_TYPE = "lpa_type = 'unknown'"
TYPE_AND_TOTAL = "lpa_type IN ('unknown', 'all')"

USER_SATISFACTION = {
    CONTRACT_CHECK: spoiling(
        "UPDATE perf.daily_user_satisfaction SET is_estimated = NULL WHERE {here} AND source = 'done-page'",
        observed="is_estimated is empty",
        expected="a value",
    ),
    KEY_CHECK: spoiling(
        "UPDATE perf.daily_user_satisfaction SET source = 'done-page' WHERE {here}",
        observed="2 rows of one key",
        expected="1",
        also="every_delivered_day_has_its_rows",
    ),
    "counts_add_up_to_responses": spoiling(
        "UPDATE perf.daily_user_satisfaction SET responses_count = 40, satisfied_percent = 67.5,"
        " satisfaction_score_percent = 68.13, headline_percent = 68 WHERE {here} AND source = 'done-page'",
        observed="responses_count 40",
        expected="36",
    ),
    "satisfied_percent_follows_from_counts": spoiling(
        "UPDATE perf.daily_user_satisfaction SET satisfied_percent = 80.01 WHERE {here} AND source = 'done-page'",
        observed="satisfied_percent 80.01",
        expected="75.00",
    ),
    "satisfaction_score_percent_follows_from_counts": spoiling(
        "UPDATE perf.daily_user_satisfaction SET satisfaction_score_percent = 75.7 WHERE {here} AND source = 'done-page'",
        observed="satisfaction_score_percent 75.70",
        expected="75.69",
    ),
    "headline_percent_follows_from_counts": spoiling(
        "UPDATE perf.daily_user_satisfaction SET headline_percent = 76 WHERE {here} AND source = 'done-page'",
        observed="headline_percent 76 by top_two_box",
        expected="75",
    ),
}
COMPLETION_RATE = {
    CONTRACT_CHECK: spoiling(
        f"UPDATE perf.daily_application_events SET is_provisional = NULL WHERE {{here}} AND {ONE_TYPE}",
        observed="is_provisional is empty",
        expected="a value",
    ),
    KEY_CHECK: spoiling(
        f"UPDATE perf.daily_application_events SET lpa_type = 'health-and-welfare' WHERE {{here}} AND {ONE_TYPE}",
        observed="2 rows of one key",
        expected="1",
    ),
    "same_day_creations_are_part_of_created": spoiling(
        "UPDATE perf.daily_application_events SET created_same_day_count = created_same_day_count + 5"
        f" WHERE {{here}} AND {TYPE_AND_TOTAL}",
        observed="created_same_day_count 7",
        expected="at most 6",
    ),
    "created_per_started_percent_follows_from_counts": spoiling(
        f"UPDATE perf.daily_application_events SET created_per_started_percent = 1 WHERE {{here}} AND {ONE_TYPE}",
        observed="created_per_started_percent 1.00",
        expected="100.00",
    ),
    "states_of_all_types_add_up": spoiling(
        f"UPDATE perf.daily_application_events SET completed_count = 5 WHERE {{here}} AND {ONE_TYPE}",
        observed="started_count 36, created_count 36, completed_count 24, created_same_day_count 12",
        expected="started_count 36, created_count 36, completed_count 25, created_same_day_count 12",
    ),
}
COMPLETION_COHORT = {
    CONTRACT_CHECK: spoiling(
        f"UPDATE perf.daily_completion_rate SET is_provisional = NULL WHERE {{here}} AND {ONE_TYPE}",
        observed="is_provisional is empty",
        expected="a value",
    ),
    KEY_CHECK: spoiling(
        f"UPDATE perf.daily_completion_rate SET lpa_type = 'health-and-welfare' WHERE {{here}} AND {ONE_TYPE}",
        observed="2 rows of one key",
        expected="1",
    ),
    "no_more_reach_a_state_than_started": spoiling(
        "UPDATE perf.daily_completion_rate SET cohort_completed_count = cohort_completed_count + 5"
        f" WHERE {{here}} AND {TYPE_AND_TOTAL}",
        observed="cohort_created_count 3, cohort_completed_count 7",
        expected="at most 6",
    ),
    "cohort_completion_percent_follows_from_counts": spoiling(
        f"UPDATE perf.daily_completion_rate SET cohort_completion_percent = 0.5 WHERE {{here}} AND {ONE_TYPE}",
        observed="cohort_completion_percent 0.50",
        expected="50.00",
    ),
    "cohorts_of_all_types_add_up": spoiling(
        "UPDATE perf.daily_completion_rate SET cohort_completed_count = 13 WHERE {here} AND lpa_type = 'all'",
        observed="cohort_started_count 36, cohort_created_count 18, cohort_completed_count 13",
        expected="cohort_started_count 36, cohort_created_count 18, cohort_completed_count 12",
    ),
}
TAKE_UP = {
    CONTRACT_CHECK: spoiling(
        "UPDATE perf.daily_digital_take_up SET is_estimated = NULL WHERE {here} AND lpa_type = 'all'",
        observed="is_estimated is empty",
        expected="a value",
    ),
    KEY_CHECK: spoiling(
        "UPDATE perf.daily_digital_take_up SET lpa_type = 'health-and-welfare' WHERE {here} AND lpa_type <> 'all'",
        observed="2 rows of one key",
        expected="1",
    ),
    "channels_add_up_to_total": spoiling(
        "UPDATE perf.daily_digital_take_up SET total_count = total_count + 6,"
        " digital_take_up_percent = CASE lpa_type WHEN 'all' THEN 64.29 ELSE 50 END"
        " WHERE {here} AND lpa_type IN ('health-and-welfare', 'all')",
        observed="total_count 18 (and 1 more)",
        expected="12",
    ),
    "digital_take_up_percent_follows_from_counts": spoiling(
        "UPDATE perf.daily_digital_take_up SET digital_take_up_percent = 50 WHERE {here} AND lpa_type = 'all'",
        observed="digital_take_up_percent 50.00",
        expected="75.00",
    ),
    "channels_of_all_types_add_up": spoiling(
        "UPDATE perf.daily_digital_take_up SET paper_count = 5, phone_count = 4 WHERE {here} AND lpa_type = 'all'",
        observed="online_count 18, assisted_count 9, paper_count 5, phone_count 4, other_count 0, unknown_count 0,"
        " total_count 36",
        expected="online_count 18, assisted_count 9, paper_count 6, phone_count 3, other_count 0, unknown_count 0,"
        " total_count 36",
    ),
}
SPOILINGS: dict[tuple[str, str], Spoiling] = {
    (dataset, check): case
    for dataset, cases in {
        "daily_user_satisfaction": USER_SATISFACTION,
        "daily_application_events": COMPLETION_RATE,
        "daily_completion_rate": COMPLETION_COHORT,
        "daily_digital_take_up": TAKE_UP,
    }.items()
    for check, case in cases.items()
}


def test_every_check_of_daily_figures_has_a_row_that_it_must_reject() -> None:
    cases = cases_of(Kind.CONTRACT, Kind.CONSISTENCY, months=False)
    assert set(SPOILINGS) == {case for case in cases if case[0].startswith("daily_")}


@pytest.mark.parametrize("dataset", CHECKED)
def test_good_rows_pass_every_check(good: Systems, dataset: str) -> None:
    verdicts = judged(good, dataset)
    assert not_passed(verdicts) == {}
    days = [day for day in days_judged(dataset) if not dataset.startswith("monthly_") or day.day == 1]
    expected = [
        (service, day, check) for service in (SPOILED, OTHER) for day in days for check in sorted(RULES[dataset])
    ]
    assert [(row.service, row.report_date, row.check_name) for row in verdicts] == expected


@pytest.mark.parametrize(("dataset", "check"), SPOILINGS)
def test_a_bad_row_fails_its_check_and_no_other(good: Systems, dataset: str, check: str) -> None:
    case = SPOILINGS[dataset, check]
    spoil(good.warehouse, case)
    verdicts = judged(good, dataset)
    assert not_passed(verdicts) == failing(check, case)
    assert told(verdicts, check) == (RULES[dataset][check].severity.value, case.observed, case.expected)


def test_a_percentage_of_nothing_is_empty_and_not_zero(good: Systems) -> None:
    counts = "started_count = 0, created_count = 0, completed_count = 0, created_same_day_count = 0"
    for percent, checks in (("NULL", set()), ("0", {"created_per_started_percent_follows_from_counts"})):
        with good.warehouse.begin() as connection:
            connection.execute(
                text(f"UPDATE perf.daily_application_events SET {counts}, created_per_started_percent = {percent}")
            )
        severe = {row.check_name for row in judged(good, "daily_application_events") if row.severity == "blocking"}
        failed = {check for *_, check in not_passed(judged(good, "daily_application_events"))}
        assert failed & severe == checks
