"""What looks wrong though it adds up: volumes, levels, jumps, rows in quarantine. Warnings, by each service's limits."""

from pathlib import Path

import pytest

from perf_pipeline.catalogue.checks import RULES, Kind
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.datasets import STATE_COUNTS, TAKE_UP_COUNTS
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.systems import Systems
from perf_pipeline_tests.good_months import OTHER, SPOILED
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
    with_services,
)

pytest_plugins = "perf_pipeline_tests.judged_fixtures"

WHOLE_WEEK = "service = :service AND report_date BETWEEN :day - 6 AND :day"


def times(factor: str, *columns: str) -> str:
    """SQL that multiplies columns."""
    return ", ".join(f"{column} = {column} * {factor}" for column in columns)


def as_given(columns: tuple[str, ...], *values: int) -> str:
    """SQL that sets columns to values."""
    return ", ".join(f"{column} = {value}" for column, value in zip(columns, values, strict=True))


def in_quarantine(source: str) -> Spoiling:
    """Four of a day's ten rows can't be used."""
    return spoiling(
        "UPDATE perf.source_deliveries SET rows_kept_count = 5, rows_quarantined_count = 4"
        f" WHERE {{here}} AND source_name = '{source}'",
        observed=f"{source}: 4 of 10 rows",
        expected="at most 5 % of them",
    )


AS_BEFORE = "as on the weeks before"
SPOILINGS = {
    ("extracted_feedback", "few_rows_are_in_quarantine"): in_quarantine("done-page"),
    ("extracted_application_states", "few_rows_are_in_quarantine"): in_quarantine("applications"),
    ("extracted_channel_counts", "few_rows_are_in_quarantine"): in_quarantine("sirius"),
    ("daily_user_satisfaction", "volume_is_like_the_same_weekdays"): spoiling(
        f"UPDATE perf.daily_user_satisfaction SET {times('3', *RATING_COUNTS, 'responses_count')}"
        " WHERE {here} AND source = 'done-page'",
        observed="done-page: responses_count 108",
        expected=f"about 36 {AS_BEFORE}",
    ),
    ("daily_user_satisfaction", "level_of_the_week_has_not_shifted"): spoiling(
        f"UPDATE perf.daily_user_satisfaction SET {as_given(RATING_COUNTS, 39, 19, 10, 4, 6)}, responses_count = 78,"
        " satisfied_percent = 74.36, satisfaction_score_percent = 75.96, headline_percent = 74"
        f" WHERE {WHOLE_WEEK} AND source = 'done-page'",
        observed="done-page: responses_count 78 a day in a week",
        expected="about 36 as in the four weeks before",
        day=SUNDAY,
    ),
    ("daily_user_satisfaction", "headline_does_not_jump"): spoiling(
        f"UPDATE perf.daily_user_satisfaction SET {as_given(RATING_COUNTS, 2, 3, 4, 9, 18)},"
        " satisfied_percent = 13.89, satisfaction_score_percent = 23.61, headline_percent = 14"
        " WHERE {here} AND source = 'done-page'",
        observed="done-page: 13.9 %",
        expected="about 75.0 % as on the four weekdays before",
    ),
    ("daily_application_events", "volume_is_like_the_same_weekdays"): spoiling(
        f"UPDATE perf.daily_application_events SET {times('3', *STATE_COUNTS)} WHERE {{here}}",
        observed="all: started_count 108",
        expected=f"about 36 {AS_BEFORE}",
    ),
    ("daily_application_events", "level_of_the_week_has_not_shifted"): spoiling(
        f"UPDATE perf.daily_application_events SET {times('13 / 6', 'started_count', 'created_count')} WHERE {WHOLE_WEEK}",
        observed="all: started_count 78 a day in a week",
        expected="about 36 as in the four weeks before",
        day=SUNDAY,
    ),
    ("daily_completion_rate", "headline_does_not_jump"): spoiling(
        "UPDATE perf.daily_completion_rate SET cohort_created_count = cohort_started_count,"
        " cohort_completion_percent = 100 WHERE {here}",
        observed="all: 100.0 %",
        expected="about 50.0 % as on the four weekdays before",
    ),
    ("daily_digital_take_up", "volume_is_like_the_same_weekdays"): spoiling(
        f"UPDATE perf.daily_digital_take_up SET {times('3', *TAKE_UP_COUNTS)} WHERE {{here}}",
        observed="all: total_count 108",
        expected=f"about 36 {AS_BEFORE}",
    ),
    ("daily_digital_take_up", "level_of_the_week_has_not_shifted"): spoiling(
        "UPDATE perf.daily_digital_take_up SET online_count = total_count / 4, assisted_count = total_count / 12,"
        " paper_count = total_count / 12, phone_count = 0, total_count = total_count * 5 / 12,"
        f" digital_take_up_percent = 80 WHERE {WHOLE_WEEK}",
        observed="all: total_count 15 a day in a week",
        expected="about 36 as in the four weeks before",
        day=SUNDAY,
    ),
    ("daily_digital_take_up", "headline_does_not_jump"): spoiling(
        "UPDATE perf.daily_digital_take_up SET online_count = 0, paper_count = paper_count + online_count,"
        " digital_take_up_percent = 25 WHERE {here}",
        observed="all: 25.0 %",
        expected="about 75.0 % as on the four weekdays before",
    ),
    ("daily_digital_take_up", "online_applications_are_like_completions"): spoiling(
        "UPDATE perf.daily_application_events SET completed_count = completed_count + 500 WHERE {here} AND lpa_type = 'all'",
        observed="online 504 in four weeks",
        expected="about 1172 completed in Make an LPA",
        day=SUNDAY,
    ),
}


def test_every_check_of_plausibility_has_a_day_that_it_must_doubt() -> None:
    assert set(SPOILINGS) == cases_of(Kind.PLAUSIBILITY, months=False)
    assert not cases_of(Kind.PLAUSIBILITY, months=True)


@pytest.mark.parametrize(("dataset", "check"), SPOILINGS)
def test_an_unlikely_day_is_told_and_nothing_else(good: Systems, dataset: str, check: str) -> None:
    case = SPOILINGS[dataset, check]
    spoil(good.warehouse, case)
    verdicts = judged(good, dataset)
    assert not_passed(verdicts) == failing(check, case)
    assert told(verdicts, check) == ("warning", case.observed, case.expected)


@pytest.mark.parametrize(("dataset", "check"), SPOILINGS)
def test_what_looks_unlikely_only_warns(dataset: str, check: str) -> None:
    assert RULES[dataset][check].severity is Severity.WARNING


LOOSE = {
    "volume_is_like_the_same_weekdays": ("weekday_deviations = 12.5", "compared_weeks = 9"),
    "level_of_the_week_has_not_shifted": ("level_factor = 2.5", "compared_count = 79"),
    "headline_does_not_jump": ("headline_jump_points = 62", "compared_count = 37"),
    "online_applications_are_like_completions": ("channel_factor = 2.5", "compared_count = 1200"),
    "few_rows_are_in_quarantine": ("quarantined_percent = 40", "quarantined_rows = 4"),
}
"""Thresholds of a service, each of which lets the case above pass."""


@pytest.mark.parametrize(
    ("dataset", "check", "threshold"),
    [(dataset, check, loose) for dataset, check in SPOILINGS for loose in LOOSE[check] if "extracted_f" not in dataset],
)
def test_what_one_service_tolerates_another_may_not(
    good: Systems, tmp_path: Path, dataset: str, check: str, threshold: str
) -> None:
    case = SPOILINGS[dataset, check]
    for service in (SPOILED, OTHER):
        spoil(good.warehouse, case, service)
    verdicts = judged(with_services(good, tmp_path, {SPOILED: threshold}), dataset)
    assert not_passed(verdicts) == {(OTHER, case.day, check): "failed"}


@pytest.mark.parametrize(
    ("dataset", "check", "threshold"),
    [
        ("extracted_application_states", "states_come_in_order", "disordered_percent = 0.5"),
        ("extracted_application_states", "newest_row_is_recent", "quiet_days = 1.5"),
    ],
)
def test_what_one_service_tolerates_is_told_where_it_passes_too(
    good: Systems, tmp_path: Path, dataset: str, check: str, threshold: str
) -> None:
    verdicts = judged(with_services(good, tmp_path, {SPOILED: threshold}), dataset)
    expected = {row.service: row.expected for row in verdicts if row.check_name == check}
    assert threshold.split()[-1] in expected[SPOILED]
    assert threshold.split()[-1] not in expected[OTHER]


def test_days_without_figures_can_be_compared(good: Systems) -> None:
    nothing = ", ".join(f"{column} = 0" for column in (*CHANNEL_COUNTS, "total_count"))
    statement = (
        f"UPDATE perf.daily_digital_take_up SET {nothing}, digital_take_up_percent = NULL WHERE service = :service"
    )
    spoil(good.warehouse, spoiling(statement))
    failed = not_passed(judged(good, "daily_digital_take_up"))
    assert set(failed.values()) == {"failed"}
    assert {check for *_, check in failed} == {"online_applications_are_like_completions"}


def test_counts_that_are_nonsense_do_not_crash_what_compares_them(good: Systems) -> None:
    statement = (
        "UPDATE perf.daily_digital_take_up SET online_count = 40, total_count = CASE WHEN report_date < :day - 20 THEN -36"
        " ELSE 36 END WHERE service = :service"
    )
    spoil(good.warehouse, spoiling(statement))
    assert set(not_passed(judged(good, "daily_digital_take_up")).values()) == {"failed"}


def test_a_series_too_short_to_compare_passes(good: Systems) -> None:
    case = SPOILINGS["daily_application_events", "volume_is_like_the_same_weekdays"]
    begun = "DELETE FROM perf.daily_application_events WHERE service = :service AND report_date < :day - 21"
    spoil(good.warehouse, spoiling(*case.statements, begun))
    assert case.day == THURSDAY
    assert not_passed(judged(good, "daily_application_events")) == {}
