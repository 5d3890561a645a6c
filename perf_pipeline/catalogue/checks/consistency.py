"""Figures that follow from their own counts, parts that add up to their total, months that are the sum of their days.

A check is on every dataset that holds its columns.
"""

from collections.abc import Iterator, Mapping

from perf_pipeline.catalogue.checks.completeness import CHECKED, OUR_FAULT
from perf_pipeline.catalogue.checks.rule import Kind, Parameters, Rule, on_each
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, COLUMNS, RATING_COUNTS, Column, ColumnType
from perf_pipeline.catalogue.datasets import (
    COHORT_COUNTS,
    DATASETS,
    MONTH_COUNTS,
    STATE_COUNTS,
    TAKE_UP_COUNTS,
    Stage,
    datasets_of,
)
from perf_pipeline.catalogue.methods import SATISFACTION_METHODS, SatisfactionMethod
from perf_pipeline.catalogue.severity import Severity


def _holding(*columns: str) -> tuple[str, ...]:
    """The checked datasets with all of the columns."""
    return tuple(name for name in CHECKED if set(columns) <= set(DATASETS[name].column_names))


_SATISFACTION = _holding(*RATING_COUNTS)
_EVENTS = _holding(*STATE_COUNTS)
_COHORTS = _holding(*COHORT_COUNTS)
_CHANNELS = _holding(*TAKE_UP_COUNTS)
_TAKE_UP = tuple(name for name in _CHANNELS if DATASETS[name].stage is not Stage.EXTRACTED)


def satisfaction_numerators() -> str:
    """SQL rows of each method with the numerator of its percentage of `responses_count`."""
    return ", ".join(
        f"('{method.id}', ({_weighted(method)}) / {max(method.weights)}.0)" for method in SATISFACTION_METHODS.values()
    )


def _weighted(method: SatisfactionMethod) -> str:
    return " + ".join(
        f"{weight} * {name}" for name, weight in zip(RATING_COUNTS, method.weights, strict=True) if weight
    )


def _rule(name: str, protects_from: str, on: Mapping[str, Parameters], sql: str = "", *, fault: str) -> Rule:
    return Rule(name, Kind.CONSISTENCY, Severity.BLOCKING, protects_from, OUR_FAULT, on, sql, fault=fault)


def _adds_up(
    name: str, protects_from: str, datasets: tuple[str, ...], parts: tuple[str, ...], whole: str, *, fault: str
) -> Rule:
    on = on_each(datasets, parts=" + ".join(parts), whole=whole, counted=COLUMNS[whole].counted)
    return _rule(name, protects_from, on, "parts_add_up", fault=fault)


def _percent(percent: str, datasets: tuple[str, ...], numerator: str, denominator: str) -> Rule:
    return _rule(
        f"{percent}_follows_from_counts",
        "a percentage that its own counts do not give",
        on_each(datasets, percent=percent, numerator=numerator, denominator=denominator),
        "percent_follows_from_counts",
        fault=f"{percent.replace('_', ' ')} does not follow from its counts",
    )


def numerator_and_denominator(share: Column) -> tuple[str, str]:
    """Pieces of SQL for a share of counts."""
    *parts, whole = share.made_from
    return " + ".join(parts), whole


def _shares() -> Iterator[Rule]:
    """A check for each percentage that no method of satisfaction weights."""
    weighted = {method.column for method in SATISFACTION_METHODS.values()}
    for column in COLUMNS.values():
        if column.type is ColumnType.PERCENT and column.name not in weighted:
            yield _percent(column.name, _holding(column.name), *numerator_and_denominator(column))


def _days_of_months() -> dict[str, Parameters]:
    """For each monthly dataset: the first daily dataset of its indicator, and the counts that both have, but for totals.

    A total follows from its parts, by a check of its own.
    """
    daily = datasets_of(Stage.DAILY_METRICS)
    return {
        name: _summed(next(day for day in daily if daily[day].indicator == monthly.indicator), name)
        for name, monthly in datasets_of(Stage.MONTHLY_METRICS).items()
    }


def _summed(daily: str, monthly: str) -> Parameters:
    columns = [column for column in DATASETS[daily].columns if column in DATASETS[monthly].columns]
    counts = tuple(column.name for column in columns if column.type is ColumnType.COUNT and not column.made_from)
    return {"daily": daily, "columns": counts}


def _part(
    name: str,
    protects_from: str,
    datasets: tuple[str, ...],
    parts: tuple[str, ...],
    whole: str,
    minimum: str = "0",
    *,
    fault: str,
) -> Rule:
    on = on_each(datasets, parts=parts, whole=whole, minimum=minimum)
    return _rule(name, protects_from, on, "parts_are_within_the_whole", fault=fault)


def _types(name: str, datasets: tuple[str, ...], columns: tuple[str, ...]) -> Rule:
    protects_from = "applications lost between the types and the total"
    fault = "the types of LPA do not add up to the total"
    return _rule(name, protects_from, on_each(datasets, columns=columns), "rows_add_up_to_their_total", fault=fault)


CONSISTENCY = (
    _adds_up(
        "counts_add_up_to_responses",
        "ratings lost or counted twice",
        _SATISFACTION,
        RATING_COUNTS,
        "responses_count",
        fault="the five ratings do not add up to the responses",
    ),
    *(
        _percent(method.column, _SATISFACTION, _weighted(method), f"({max(method.weights)} * responses_count)")
        for method in SATISFACTION_METHODS.values()
    ),
    _rule(
        "headline_percent_follows_from_counts",
        "a headline under another method than the one it names",
        on_each(_SATISFACTION, numerators=satisfaction_numerators()),
        fault="the headline does not follow from its counts under the method that it names",
    ),
    *_shares(),
    _part(
        "same_day_creations_are_part_of_created",
        "a state counted on the wrong day",
        _EVENTS,
        ("created_same_day_count",),
        "created_count",
        fault="more applications were created on the day of their start than were created at all",
    ),
    _types("states_of_all_types_add_up", _EVENTS, STATE_COUNTS),
    _part(
        "no_more_reach_a_state_than_started",
        "a completion rate above 100 %",
        _COHORTS,
        ("cohort_created_count", "cohort_completed_count"),
        "cohort_started_count",
        fault="more applications of the cohort reached a state than were started",
    ),
    _types("cohorts_of_all_types_add_up", _COHORTS, COHORT_COUNTS),
    _adds_up(
        "channels_add_up_to_total",
        "a channel lost or counted twice",
        _CHANNELS,
        CHANNEL_COUNTS,
        "total_count",
        fault="the channels do not add up to the total",
    ),
    _types("channels_of_all_types_add_up", _TAKE_UP, TAKE_UP_COUNTS),
    _part(
        "days_included_are_no_more_than_expected",
        "a day counted twice in its month",
        _holding(*MONTH_COUNTS),
        ("days_included_count",),
        "days_expected_count",
        minimum="1",
        fault="the month includes no day, or more days than it has",
    ),
    _rule(
        "month_is_the_sum_of_its_days",
        "a month that differs from its days",
        _days_of_months(),
        fault="the month is not the sum of its days",
    ),
    _rule(
        "month_is_the_sum_of_its_cohorts",
        "a month that differs from its cohorts",
        {"monthly_completion_rate": {"daily": "daily_completion_rate", "columns": COHORT_COUNTS}},
        "month_is_the_sum_of_its_days",
        fault="the month is not the sum of its cohorts",
    ),
    Rule(
        "states_come_in_order",
        Kind.CONSISTENCY,
        Severity.WARNING,
        "a release of the service that stamps its states in another order",
        "ask the service's team which release changed its stamps; the figures count each stamp on its own day all the same",
        on=on_each(("extracted_application_states",)),
        shows_observed=True,
        thresholds=("disordered_percent",),
        fault="applications reached their states in another order than usual",
    ),
)
