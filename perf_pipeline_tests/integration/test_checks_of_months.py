"""What must be true of the rows of a month: what holds for a day's, and that they are the sum of the good days."""

import pytest

from perf_pipeline.catalogue.checks import CONTRACT_CHECK, KEY_CHECK, RULES, Kind
from perf_pipeline.systems import Systems
from perf_pipeline_tests.good_months import MAY, SPOILED
from perf_pipeline_tests.judged import THURSDAY, Spoiling, cases_of, failing, judged, not_passed, spoil, spoiling, told

pytest_plugins = "perf_pipeline_tests.judged_fixtures"

MONTH = "service = :service AND month_start = :day"
ONE_TYPE = "lpa_type = 'unknown'"
TYPE_AND_TOTAL = "lpa_type IN ('unknown', 'all')"
DAILY_COMPLETION = ("daily_application_events", "daily_completion_rate")


def of_may(*statements: str, observed: str, expected: str, also: str = "") -> Spoiling:
    """A spoiling of May, or of its first day."""
    return spoiling(*statements, observed=observed, expected=expected, day=MAY, also=also)


def of_completion(column: str, added: int, rows: str) -> tuple[str, str]:
    """Add to a count of the month and of one of its days alike, so that the month is the sum of its days still."""
    daily = DAILY_COMPLETION["cohort" in column]
    changes = f"SET {column} = {column} + {added} WHERE"
    return (
        f"UPDATE perf.monthly_completion_rate {changes} {MONTH} AND {rows}",
        f"UPDATE perf.{daily} {changes} {{here}} AND {rows}",
    )


USER_SATISFACTION = {
    CONTRACT_CHECK: of_may(
        f"UPDATE perf.monthly_user_satisfaction SET is_estimated = NULL WHERE {MONTH} AND source = 'done-page'",
        observed="is_estimated is empty",
        expected="a value",
    ),
    KEY_CHECK: of_may(
        f"UPDATE perf.monthly_user_satisfaction SET source = 'done-page' WHERE {MONTH}",
        observed="2 rows of one key",
        expected="1",
    ),
    "counts_add_up_to_responses": of_may(
        "UPDATE perf.monthly_user_satisfaction SET responses_count = 1120, satisfied_percent = 74.73,"
        f" satisfaction_score_percent = 75.42 WHERE {MONTH} AND source = 'done-page'",
        observed="responses_count 1120",
        expected="1116",
    ),
    "satisfied_percent_follows_from_counts": of_may(
        f"UPDATE perf.monthly_user_satisfaction SET satisfied_percent = 0.75 WHERE {MONTH} AND source = 'done-page'",
        observed="satisfied_percent 0.75",
        expected="75.00",
    ),
    "satisfaction_score_percent_follows_from_counts": of_may(
        f"UPDATE perf.monthly_user_satisfaction SET satisfaction_score_percent = NULL WHERE {MONTH}",
        observed="satisfaction_score_percent empty (and 1 more)",
        expected="75.69",
    ),
    "headline_percent_follows_from_counts": of_may(
        "UPDATE perf.monthly_user_satisfaction SET headline_method = 'weighted_mean'"
        f" WHERE {MONTH} AND source = 'done-page'",
        observed="headline_percent 75 by weighted_mean",
        expected="76",
    ),
    "days_included_are_no_more_than_expected": of_may(
        f"UPDATE perf.monthly_user_satisfaction SET days_included_count = 32 WHERE {MONTH} AND source = 'done-page'",
        observed="days_included_count 32",
        expected="1 to 31",
    ),
    "month_is_the_sum_of_its_days": of_may(
        "UPDATE perf.monthly_user_satisfaction SET very_satisfied_count = 557, satisfied_count = 280,"
        f" satisfaction_score_percent = 75.67, headline_percent = 75 WHERE {MONTH} AND source = 'done-page'",
        observed="very_satisfied_count 557, satisfied_count 280, neither_count 124, dissatisfied_count 62,"
        " very_dissatisfied_count 93",
        expected="very_satisfied_count 558, satisfied_count 279, neither_count 124, dissatisfied_count 62,"
        " very_dissatisfied_count 93",
    ),
}
COMPLETION_RATE = {
    CONTRACT_CHECK: of_may(
        f"UPDATE perf.monthly_completion_rate SET is_provisional = NULL WHERE {MONTH} AND {ONE_TYPE}",
        observed="is_provisional is empty",
        expected="a value",
    ),
    KEY_CHECK: of_may(
        f"UPDATE perf.monthly_completion_rate SET lpa_type = 'health-and-welfare' WHERE {MONTH} AND {ONE_TYPE}",
        observed="2 rows of one key",
        expected="1",
        also="month_is_the_sum_of_its_days month_is_the_sum_of_its_cohorts",
    ),
    "same_day_creations_are_part_of_created": of_may(
        *of_completion("created_same_day_count", 125, TYPE_AND_TOTAL),
        observed="created_same_day_count 187",
        expected="at most 186",
    ),
    "created_per_started_percent_follows_from_counts": of_may(
        f"UPDATE perf.monthly_completion_rate SET created_per_started_percent = 99.99 WHERE {MONTH} AND {ONE_TYPE}",
        observed="created_per_started_percent 99.99",
        expected="100.00",
    ),
    "states_of_all_types_add_up": of_may(
        *of_completion("completed_count", 1, ONE_TYPE),
        observed="started_count 1116, created_count 1116, completed_count 744, created_same_day_count 372",
        expected="started_count 1116, created_count 1116, completed_count 745, created_same_day_count 372",
    ),
    "no_more_reach_a_state_than_started": of_may(
        *of_completion("cohort_completed_count", 125, TYPE_AND_TOTAL),
        observed="cohort_created_count 93, cohort_completed_count 187",
        expected="at most 186",
    ),
    "cohort_completion_percent_follows_from_counts": of_may(
        f"UPDATE perf.monthly_completion_rate SET cohort_completion_percent = 49.99 WHERE {MONTH} AND {ONE_TYPE}",
        observed="cohort_completion_percent 49.99",
        expected="50.00",
    ),
    "cohorts_of_all_types_add_up": of_may(
        *of_completion("cohort_completed_count", 1, ONE_TYPE),
        observed="cohort_started_count 1116, cohort_created_count 558, cohort_completed_count 372",
        expected="cohort_started_count 1116, cohort_created_count 558, cohort_completed_count 373",
    ),
    "days_included_are_no_more_than_expected": of_may(
        f"UPDATE perf.monthly_completion_rate SET days_included_count = 0 WHERE {MONTH} AND {ONE_TYPE}",
        observed="days_included_count 0",
        expected="1 to 31",
    ),
    "month_is_the_sum_of_its_days": of_may(
        of_completion("completed_count", 1, TYPE_AND_TOTAL)[0],
        observed="started_count 1116, created_count 1116, completed_count 745, created_same_day_count 372 (and 1 more)",
        expected="started_count 1116, created_count 1116, completed_count 744, created_same_day_count 372",
    ),
    "month_is_the_sum_of_its_cohorts": of_may(
        of_completion("cohort_completed_count", 1, TYPE_AND_TOTAL)[0],
        observed="cohort_started_count 1116, cohort_created_count 558, cohort_completed_count 373 (and 1 more)",
        expected="cohort_started_count 1116, cohort_created_count 558, cohort_completed_count 372",
    ),
}
ONE_CHANNEL_TYPE = "lpa_type IN ('health-and-welfare', 'all')"
SIX_MORE = "SET total_count = total_count + 6"
ANOTHER_CHANNEL = "SET paper_count = paper_count - 1, phone_count = phone_count + 1"
TAKE_UP = {
    CONTRACT_CHECK: of_may(
        f"UPDATE perf.monthly_digital_take_up SET is_provisional = NULL WHERE {MONTH} AND lpa_type = 'all'",
        observed="is_provisional is empty",
        expected="a value",
    ),
    KEY_CHECK: of_may(
        "UPDATE perf.monthly_digital_take_up SET lpa_type = 'health-and-welfare'"
        f" WHERE {MONTH} AND lpa_type = 'property-and-financial'",
        observed="2 rows of one key",
        expected="1",
        also="month_is_the_sum_of_its_days",
    ),
    "channels_add_up_to_total": of_may(
        f"UPDATE perf.monthly_digital_take_up {SIX_MORE}, digital_take_up_percent ="
        f" CASE lpa_type WHEN 'all' THEN 74.6 ELSE 73.81 END WHERE {MONTH} AND {ONE_CHANNEL_TYPE}",
        f"UPDATE perf.daily_digital_take_up {SIX_MORE} WHERE {{here}} AND {ONE_CHANNEL_TYPE}",
        observed="total_count 1122 (and 1 more)",
        expected="1116",
    ),
    "digital_take_up_percent_follows_from_counts": of_may(
        f"UPDATE perf.monthly_digital_take_up SET digital_take_up_percent = 75.01 WHERE {MONTH} AND lpa_type = 'all'",
        observed="digital_take_up_percent 75.01",
        expected="75.00",
    ),
    "channels_of_all_types_add_up": of_may(
        f"UPDATE perf.monthly_digital_take_up {ANOTHER_CHANNEL} WHERE {MONTH} AND lpa_type = 'all'",
        f"UPDATE perf.daily_digital_take_up {ANOTHER_CHANNEL} WHERE {{here}} AND lpa_type = 'all'",
        observed="online_count 558, assisted_count 279, paper_count 185, phone_count 94, other_count 0, unknown_count 0,"
        " total_count 1116",
        expected="online_count 558, assisted_count 279, paper_count 186, phone_count 93, other_count 0, unknown_count 0,"
        " total_count 1116",
    ),
    "days_included_are_no_more_than_expected": of_may(
        f"UPDATE perf.monthly_digital_take_up SET days_included_count = 62 WHERE {MONTH} AND lpa_type = 'all'",
        observed="days_included_count 62",
        expected="1 to 31",
    ),
    "month_is_the_sum_of_its_days": of_may(
        f"UPDATE perf.monthly_digital_take_up {ANOTHER_CHANNEL} WHERE {MONTH} AND {ONE_CHANNEL_TYPE}",
        observed="online_count 186, assisted_count 93, paper_count 61, phone_count 32, other_count 0, unknown_count 0,"
        " total_count 372 (and 1 more)",
        expected="online_count 186, assisted_count 93, paper_count 62, phone_count 31, other_count 0, unknown_count 0,"
        " total_count 372",
    ),
}
SPOILINGS = {
    (dataset, check): case
    for dataset, cases in {
        "monthly_user_satisfaction": USER_SATISFACTION,
        "monthly_completion_rate": COMPLETION_RATE,
        "monthly_digital_take_up": TAKE_UP,
    }.items()
    for check, case in cases.items()
}


def test_every_check_of_months_has_a_month_that_it_must_reject() -> None:
    assert set(SPOILINGS) == cases_of(*Kind, months=True)


@pytest.mark.parametrize(("dataset", "check"), SPOILINGS)
def test_a_bad_month_fails_its_check_and_no_other(good: Systems, dataset: str, check: str) -> None:
    case = SPOILINGS[dataset, check]
    spoil(good.warehouse, case)
    verdicts = judged(good, dataset)
    assert not_passed(verdicts) == failing(check, case)
    assert told(verdicts, check) == (RULES[dataset][check].severity.value, case.observed, case.expected)


HELD_BACK = spoiling(
    "UPDATE perf.verdicts SET result = 'failed' WHERE {here} AND dataset = 'daily_digital_take_up'",
)


def test_a_month_that_counts_a_day_which_is_held_back_fails(good: Systems) -> None:
    spoil(good.warehouse, HELD_BACK)
    failed = not_passed(judged(good, "monthly_digital_take_up"))
    assert failed == {(SPOILED, MAY, "month_is_the_sum_of_its_days"): "failed"}


def test_a_month_counts_a_day_which_is_held_back_as_it_was_when_it_last_passed(good: Systems) -> None:
    kept = (
        "INSERT INTO perf.last_good_days SELECT 'daily_digital_take_up', service, report_date, jsonb_agg(to_jsonb(good))"
        " FROM perf.daily_digital_take_up AS good WHERE {here} GROUP BY 1, 2, 3"
    )
    since = "UPDATE perf.daily_digital_take_up SET total_count = 900 WHERE {here}"
    spoil(good.warehouse, spoiling(kept, since, *HELD_BACK.statements, day=THURSDAY))
    assert not_passed(judged(good, "monthly_digital_take_up")) == {}
