"""What must be true of a table before anything is made from it. A check is a sentence that is true when it passes.

The first two hold for every table and follow from its columns and key. The others are rules about rows, as
queries for the rows of `{batch}` that break them.
"""

from dataclasses import dataclass

from perf_pipeline.catalogue.columns import ALL, CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_COUNTS, DATASETS, STATE_COUNTS, TAKE_UP_COUNTS, Stage
from perf_pipeline.catalogue.methods import SATISFACTION_METHODS

CONTRACT_CHECK = "rows_keep_their_contract"
KEY_CHECK = "key_is_unique"


@dataclass(frozen=True)
class Rule:
    """A check on rows: its sentence, what it protects from, and the rows that break it, as a query on `{batch}`."""

    name: str
    protects_from: str
    broken_rows: str


def _rows_where_not(condition: str) -> str:
    return f"SELECT * FROM {{batch}} WHERE NOT coalesce({condition}, false)"


def _rounded(numerator: str, denominator: str, percent: str) -> str:
    """Rows whose percentage is not what their own counts give, reckoned again by the database."""
    expected = f"CASE WHEN {denominator} > 0 THEN round(100.0 * ({numerator}) / ({denominator}), 2) END"
    return f"SELECT * FROM {{batch}} WHERE {percent} IS DISTINCT FROM {expected}"


def _total_of_types(period: str, columns: tuple[str, ...]) -> str:
    """Periods whose `all` row is not the sum of the rows by type."""
    differs = " OR ".join(
        f"sum({name}) FILTER (WHERE lpa_type = '{ALL}') IS DISTINCT FROM sum({name}) FILTER (WHERE lpa_type <> '{ALL}')"
        for name in columns
    )
    return f"SELECT service, {period} FROM {{batch}} GROUP BY service, {period} HAVING {differs}"


def _satisfaction() -> tuple[Rule, ...]:
    responses = " + ".join(RATING_COUNTS)
    rules = [
        Rule(
            "counts_add_up_to_responses",
            "ratings lost or counted twice",
            _rows_where_not(f"{responses} = responses_count"),
        )
    ]
    headlines = []
    for method in SATISFACTION_METHODS.values():
        weighted = " + ".join(f"{weight} * {name}" for name, weight in zip(RATING_COUNTS, method.weights, strict=True))
        rules.append(
            Rule(
                f"{method.column}_follows_from_counts",
                "a percentage that its own counts do not give",
                _rounded(weighted, f"{max(method.weights)} * responses_count", method.column),
            )
        )
        share = f"round(100.0 * ({weighted}) / nullif({max(method.weights)} * responses_count, 0))"
        headlines.append(f"WHEN '{method.id}' THEN {share}")
    rules.append(
        Rule(
            "headline_percent_follows_from_counts",
            "a headline under another method than the one it names",
            f"SELECT * FROM {{batch}} WHERE headline_percent IS DISTINCT FROM"
            f" (CASE headline_method {' '.join(headlines)} END)",
        )
    )
    return tuple(rules)


_MONTH_RULE = Rule(
    "days_included_are_no_more_than_expected",
    "a day counted twice in its month",
    _rows_where_not("days_included_count BETWEEN 1 AND days_expected_count"),
)


def _events(period: str) -> tuple[Rule, ...]:
    return (
        Rule(
            "same_day_creations_are_part_of_created",
            "a state counted on the wrong day",
            _rows_where_not("created_same_day_count <= created_count"),
        ),
        Rule(
            "created_per_started_percent_follows_from_counts",
            "a percentage that its own counts do not give",
            _rounded("created_count", "started_count", "created_per_started_percent"),
        ),
        Rule(
            "states_of_all_types_add_up",
            "applications lost between the types and the total",
            _total_of_types(period, STATE_COUNTS),
        ),
    )


def _cohort(period: str) -> tuple[Rule, ...]:
    return (
        Rule(
            "no_more_reach_a_state_than_started",
            "a completion rate above 100 %",
            _rows_where_not("greatest(cohort_created_count, cohort_completed_count) <= cohort_started_count"),
        ),
        Rule(
            "cohort_completion_percent_follows_from_counts",
            "a percentage that its own counts do not give",
            _rounded("cohort_created_count", "cohort_started_count", "cohort_completion_percent"),
        ),
        Rule(
            "cohorts_of_all_types_add_up",
            "applications lost between the types and the total",
            _total_of_types(period, COHORT_COUNTS),
        ),
    )


def _take_up(period: str) -> tuple[Rule, ...]:
    return (
        Rule(
            "channels_add_up_to_total",
            "a channel lost or counted twice",
            _rows_where_not(f"{' + '.join(CHANNEL_COUNTS)} = total_count"),
        ),
        Rule(
            "digital_take_up_percent_follows_from_counts",
            "a percentage that its own counts do not give",
            _rounded("online_count + assisted_count", "total_count", "digital_take_up_percent"),
        ),
        Rule(
            "channels_of_all_types_add_up",
            "applications lost between the types and the total",
            _total_of_types(period, TAKE_UP_COUNTS),
        ),
    )


RULES: dict[str, tuple[Rule, ...]] = {
    "daily_user_satisfaction": _satisfaction(),
    "daily_completion_rate": _events("report_date"),
    "daily_completion_cohort": _cohort("report_date"),
    "daily_digital_take_up": _take_up("report_date"),
    "monthly_user_satisfaction": (*_satisfaction(), _MONTH_RULE),
    "monthly_completion_rate": (*_events("month_start"), *_cohort("month_start"), _MONTH_RULE),
    "monthly_digital_take_up": (*_take_up("month_start"), _MONTH_RULE),
}

CHECKED = tuple(
    name for name, dataset in DATASETS.items() if dataset.stage in (Stage.DAILY_METRICS, Stage.MONTHLY_METRICS)
)


def checks_of(dataset: str) -> dict[str, str]:
    """The checks of a table by name, each with what it protects from."""
    general = {
        CONTRACT_CHECK: "columns, types or values that readers do not expect",
        KEY_CHECK: "one period published twice",
    }
    return general | {rule.name: rule.protects_from for rule in RULES[dataset]}
