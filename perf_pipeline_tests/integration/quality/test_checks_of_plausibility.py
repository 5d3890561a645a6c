"""What looks wrong though it adds up only warns, and by the limits of each service."""

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from perf_pipeline.catalogue.checks import RULES, Kind
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.catalogue.services import Services
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.systems import Systems
from perf_pipeline_tests.integration.quality.good_months import OTHER, SPOILED
from perf_pipeline_tests.integration.quality.judged import (
    SUNDAY,
    THURSDAY,
    WEEK,
    Spoiling,
    finding,
    judged,
    not_passed,
    run,
)
from perf_pipeline_tests.integration.quality.spoilings import DAYS, WEEKS

TAKE_UP = "daily_digital_take_up"


def with_thresholds(systems: Systems, **thresholds: float) -> Systems:
    """The systems when SPOILED has its own thresholds."""
    services = (
        service.model_copy(update={"thresholds": thresholds}) if service.slug == SPOILED else service
        for service in systems.services
    )
    return replace(systems, services=Services(tuple(services)))


def test_what_looks_unlikely_only_warns() -> None:
    unlikely = [rule for rules in RULES.values() for rule in rules.values() if rule.kind is Kind.PLAUSIBILITY]
    assert {rule.severity for rule in unlikely} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("dataset", "cases", "tolerant"),
    [
        (
            "extracted_channel_counts",
            DAYS,
            {"few_rows_are_in_quarantine": ({"quarantined_percent": 40}, {"quarantined_rows": 4})},
        ),
        (
            TAKE_UP,
            DAYS,
            {
                "volume_is_like_the_same_weekdays": ({"weekday_deviations": 12.5}, {"compared_weeks": 9}),
                "headline_does_not_jump": ({"headline_jump_points": 62}, {"compared_count": 37}),
            },
        ),
        (TAKE_UP, WEEKS, {"level_of_the_week_has_not_shifted": ({"level_factor": 2.5}, {"compared_count": 37})}),
        (TAKE_UP, WEEKS, {"newest_row_is_recent": ({"quiet_days": 6},)}),
        (
            TAKE_UP,
            WEEKS,
            {"online_applications_are_like_completions": ({"channel_factor": 2.5}, {"compared_count": 1200})},
        ),
    ],
)
def test_what_one_service_tolerates_another_may_not(
    good: Systems,
    dataset: str,
    cases: Mapping[str, Mapping[str, Spoiling]],
    tolerant: Mapping[str, Iterable[dict[str, float]]],
) -> None:
    days: list[date] = [SUNDAY] if cases is WEEKS else list(WEEK)
    place = dict(zip(tolerant, days, strict=False))
    for check, service in product(tolerant, (SPOILED, OTHER)):
        run(good.warehouse, dataset, *cases[dataset][check].statements, place=(service, place[check]))
    for thresholds in zip(*tolerant.values(), strict=True):
        verdicts = judged(with_thresholds(good, **ChainMap(*thresholds)), dataset)
        assert not_passed(verdicts) == {(OTHER, place[check], check): "failed" for check in tolerant}


def test_a_limit_is_shown_where_the_check_passes_too(good: Systems) -> None:
    tolerant = with_thresholds(good, disordered_percent=0.5)
    verdicts = judged(tolerant, "extracted_application_states")
    assert finding(verdicts, "states_come_in_order") == ("0 of 4 applications in another order", "at most 0.5 %")
    assert finding(verdicts, "states_come_in_order", (OTHER, THURSDAY)) == (
        "0 of 4 applications in another order",
        "at most 1 %",
    )


def test_days_without_figures_and_figures_that_are_nonsense_are_compared_without_a_crash(good: Systems) -> None:
    nothing = ", ".join(f"{column} = 0" for column in (*CHANNEL_COUNTS, "total_count"))
    run(
        good.warehouse,
        TAKE_UP,
        f"UPDATE {{table}} SET {nothing}, digital_take_up_percent = NULL WHERE service = :service",
        "UPDATE {table} SET online_count = 40, total_count = CASE WHEN report_date < :day - 20 THEN -36 ELSE 36 END"
        f" WHERE service = '{OTHER}'",
    )
    failed = not_passed(judged(good, TAKE_UP))
    assert set(failed.values()) == {"failed"}
    assert {check for service, _, check in failed if service == SPOILED} == {
        "newest_row_is_recent",
        "online_applications_are_like_completions",
    }


def test_a_series_too_short_to_compare_passes(good: Systems) -> None:
    case = DAYS["daily_application_events"]["volume_is_like_the_same_weekdays"]
    begun = "DELETE FROM {table} WHERE service = :service AND report_date < :day - 21"
    run(good.warehouse, "daily_application_events", *case.statements, begun)
    assert not_passed(judged(good, "daily_application_events")) == {}


def test_a_series_that_has_only_begun_may_be_silent(good: Systems) -> None:
    case = WEEKS["daily_application_events"]["newest_row_is_recent"]
    begun = "DELETE FROM {table} WHERE service = :service AND report_date < :day - 5"
    run(good.warehouse, "daily_application_events", *case.statements, begun, place=(SPOILED, SUNDAY))
    since = DayRange(SUNDAY - ONE_DAY * 5, SUNDAY)
    assert not_passed(judged(good, "daily_application_events", since)) == {}
