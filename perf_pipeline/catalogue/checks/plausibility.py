"""Figures that are right by their counts and yet look wrong. All of these warn and hold nothing back: they may be true."""

from collections.abc import Mapping

from perf_pipeline.catalogue.checks.consistency import numerator_and_denominator, satisfaction_numerators
from perf_pipeline.catalogue.checks.rule import Kind, Parameters, Rule, on_each
from perf_pipeline.catalogue.columns import COLUMNS, ColumnType
from perf_pipeline.catalogue.datasets import Stage, datasets_of
from perf_pipeline.catalogue.indicators import INDICATORS
from perf_pipeline.catalogue.severity import Severity

_LOOK = (
    "compare the day with the source; if it is right leave it as it is, otherwise have the source corrected and run"
    " perf-pipeline backfill of the day"
)
_VOLUMES: dict[str, Parameters] = {
    "daily_user_satisfaction": {"volume": "responses_count", "counted": "responses"},
    "daily_application_events": {"volume": "started_count", "counted": "applications started"},
    "daily_digital_take_up": {"volume": "total_count", "counted": "applications received"},
}
"""The column that counts how much happened on a day, in one daily dataset of what a source delivers."""


def _shares() -> dict[str, Parameters]:
    """The daily datasets whose headline is a share of counts."""
    found: dict[str, Parameters] = {}
    for name, daily in datasets_of(Stage.DAILY_METRICS).items():
        headline = COLUMNS[INDICATORS[daily.indicator].headline_column] if daily.indicator else None
        if headline in daily.columns and headline.type is ColumnType.PERCENT:
            numerator, denominator = numerator_and_denominator(headline)
            found[name] = {
                "volume": denominator,
                "numerators": f"('', {numerator})",
                "method_in_force": "''",
                # A cohort that still grows is not compared with whole ones.
                "is_compared": "NOT is_provisional" if daily.reach_back_days else "true",
            }
    return found


_HEADLINES: dict[str, Parameters] = {
    "daily_user_satisfaction": {
        "volume": "responses_count",
        "numerators": satisfaction_numerators(),
        "method_in_force": "headline_method",
        "is_compared": "true",
    },
    **_shares(),
}
"""Numerators of the headline as a share of the volume, by method; which method is in force; which rows are compared."""


def _warning(
    name: str, protects_from: str, on: Mapping[str, Parameters], *thresholds: str, fault: str, next_step: str = _LOOK
) -> Rule:
    return Rule(
        name,
        Kind.PLAUSIBILITY,
        Severity.WARNING,
        protects_from,
        next_step,
        on=on,
        shows_observed=True,
        thresholds=thresholds,
        fault=fault,
    )


PLAUSIBILITY = (
    _warning(
        "few_rows_are_in_quarantine",
        "a source that has changed its form",
        on_each(datasets_of(Stage.EXTRACTED)),
        "quarantined_percent",
        "quarantined_rows",
        fault="too many rows are in quarantine",
        next_step="read the reasons in perf-pipeline status; once the source or the rule is corrected, run"
        " perf-pipeline backfill of the day to let its rows in",
    ),
    _warning(
        "volume_is_like_the_same_weekdays",
        "half a day's rows, or a day's rows twice",
        _VOLUMES,
        "compared_weeks",
        "weekday_deviations",
        fault="the volume is unlike that of the same weekdays before",
    ),
    _warning(
        "level_of_the_week_has_not_shifted",
        "a source that counts less, or more, from a day on",
        _VOLUMES,
        "level_factor",
        "compared_count",
        fault="the level of the week has shifted",
    ),
    _warning(
        "newest_row_is_recent",
        "a source that answers but has nothing new",
        _VOLUMES,
        "quiet_days",
        fault="there was no new row for many days",
        next_step="ask the source's team whether the service was closed, or whether its rows are now written elsewhere",
    ),
    _warning(
        "headline_does_not_jump",
        "ratings of another page, or a channel counted as another",
        _HEADLINES,
        "headline_jump_points",
        "compared_count",
        fault="the headline jumps",
    ),
    _warning(
        "online_applications_are_like_completions",
        "applications that reach only one of the two systems",
        on_each(("daily_digital_take_up",)),
        "channel_factor",
        "compared_count",
        fault="online applications are unlike completions",
        next_step="compare Sirius's online applications with those completed in the service, day by day",
    ),
)
