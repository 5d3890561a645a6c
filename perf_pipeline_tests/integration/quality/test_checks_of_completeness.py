"""Bad rows beyond one bad value: days that rest on others, days without rows, rows that count on several days."""

from dataclasses import replace
from datetime import date

from perf_pipeline.catalogue.checks import NOT_CHECKED
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.systems import Systems
from perf_pipeline_tests.integration.quality.good_months import AUGUST, OTHER, SPOILED
from perf_pipeline_tests.integration.quality.judged import SUNDAY, THURSDAY, WEEK, finding, judged, not_passed, run

CONTRACT = "rows_keep_their_contract"
HELD_BACK = "UPDATE perf.built_periods SET has_passed = false WHERE {there} AND dataset = 'daily_digital_take_up'"
MONDAY, TUESDAY, WEDNESDAY = (WEEK.first + ONE_DAY * count for count in range(3))


def failed_days(systems: Systems, dataset: str) -> set[tuple[date, str]]:
    return {(day, check) for _, day, check in not_passed(judged(systems, dataset))}


def test_one_verdict_counts_the_bad_rows_of_its_day_and_other_days_are_not_looked_at(good: Systems) -> None:
    run(good.warehouse, "extracted_feedback", "UPDATE {table} SET rating = 9 WHERE {here}")
    assert finding(judged(good, "extracted_feedback"), CONTRACT)[0] == "rating is 9 (and 5 more)"
    later = DayRange(THURSDAY + ONE_DAY, SUNDAY)
    assert not_passed(judged(good, "extracted_feedback", later)) == {}


def test_a_bad_application_holds_back_every_day_that_it_counts_on(good: Systems) -> None:
    run(
        good.warehouse,
        "extracted_application_states",
        "UPDATE {table} SET completed_lpa_type = 'all', created_date = :day + 1, completed_date = :day + 3 WHERE {here}",
    )
    days = {THURSDAY, THURSDAY + ONE_DAY, SUNDAY}
    assert failed_days(good, "extracted_application_states") == {(day, CONTRACT) for day in days}


def test_a_day_is_made_from_an_extract_that_may_warn_and_must_have_been_checked(good: Systems) -> None:
    dataset, check = "daily_user_satisfaction", "made_from_a_day_that_passed"
    another = (
        "INSERT INTO perf.verdicts SELECT dataset, subject, period_start, 'another_check', '{}', 'failed', NULL, NULL,"
        " run_id, decided_at FROM perf.verdicts WHERE {{there}} AND dataset = 'extracted_feedback'"
    )
    for day, severity in ((MONDAY, "warning"), (TUESDAY, "failing"), (WEDNESDAY, "blocking")):
        run(good.warehouse, dataset, another.format(severity), place=(SPOILED, day))
    run(good.warehouse, dataset, "DELETE FROM perf.verdicts WHERE {there} AND dataset = 'extracted_feedback'")
    verdicts = judged(good, dataset)
    assert set(not_passed(verdicts)) == {(SPOILED, WEDNESDAY, check), (SPOILED, THURSDAY, check)}
    assert finding(verdicts, check, (SPOILED, WEDNESDAY))[0] == "another_check failed"
    assert finding(verdicts, check)[0] == NOT_CHECKED


def test_a_delivered_day_without_any_row_has_a_verdict_and_fails(good: Systems) -> None:
    run(good.warehouse, "daily_digital_take_up", "DELETE FROM {table} WHERE {here}")
    assert failed_days(good, "daily_digital_take_up") == {(THURSDAY, "every_delivered_day_has_its_rows")}


def test_a_percentage_of_nothing_is_empty_and_not_zero(good: Systems) -> None:
    nothing = (
        "UPDATE {{table}} SET started_count = 0, created_count = 0, completed_count = 0, created_same_day_count = 0,"
        " created_per_started_percent = {} WHERE {{here}}"
    )
    for day, percent in ((MONDAY, "NULL"), (TUESDAY, "0")):
        run(good.warehouse, "daily_application_events", nothing.format(percent), place=(SPOILED, day))
    failed = failed_days(good, "daily_application_events")
    assert failed == {(TUESDAY, "created_per_started_percent_follows_from_counts")}


def test_a_month_counts_a_day_that_is_held_back_as_it_was_when_it_last_passed(good: Systems) -> None:
    dataset, held_back = "monthly_digital_take_up", HELD_BACK
    run(good.warehouse, dataset, held_back)
    assert failed_days(good, dataset) == {(AUGUST, "month_is_the_sum_of_its_days")}
    kept = (
        "INSERT INTO perf.last_good_periods SELECT 'daily_digital_take_up', service, report_date,"
        " jsonb_agg(to_jsonb(good)) FROM perf.daily_digital_take_up AS good WHERE {that_day} GROUP BY 1, 2, 3"
    )
    run(good.warehouse, dataset, kept, "UPDATE perf.daily_digital_take_up SET total_count = 900 WHERE {that_day}")
    assert failed_days(good, dataset) == set()


def test_a_service_that_was_taken_out_is_not_judged(good: Systems) -> None:
    run(good.warehouse, "daily_digital_take_up", "UPDATE {table} SET total_count = 900 WHERE {here}")
    others = Services(tuple(service for service in good.services if service.slug != SPOILED))
    verdicts = judged(replace(good, services=others), "daily_digital_take_up")
    assert {(row.subject, row.result) for row in verdicts} == {(OTHER, "passed")}
