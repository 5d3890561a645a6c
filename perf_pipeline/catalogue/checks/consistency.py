"""Figures that follow from their own counts, parts that add up to their total, months that add up from their days."""

from collections.abc import Sequence

from perf_pipeline.catalogue.checks.rule import Kind, Rule, each_row
from perf_pipeline.catalogue.columns import CHANNEL_COUNTS, RATING_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_COUNTS, STATE_COUNTS, TAKE_UP_COUNTS
from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.methods import SATISFACTION_METHODS
from perf_pipeline.catalogue.severity import Severity

OUR_FAULT = (
    "the sources can't cause this: build the days again, and if it fails again report it with the run; until then the"
    " last good figures stay"
)


def _rule(name: str, protects_from: str, query: str) -> Rule:
    return Rule(name, Kind.CONSISTENCY, Severity.BLOCKING, protects_from, OUR_FAULT, query)


def _share(name: str, period: str, column: str, numerator: str, denominator: str, *, decimals: int = 2) -> Rule:
    """A percentage that is what its own counts give, computed again by the database."""
    expected = f"CASE WHEN {denominator} > 0 THEN round(100.0 * ({numerator}) / ({denominator}), {decimals}) END"
    query = each_row(
        f"{column} IS NOT DISTINCT FROM ({expected})",
        f"'{column} ' || coalesce({column}::text, 'empty')",
        f"coalesce(({expected})::text, 'empty')",
        period,
    )
    return _rule(name, "a percentage that its own counts do not give", query)


def _total_of_types(name: str, period: str, columns: Sequence[str]) -> Rule:
    """Periods whose `all` row is the sum of the rows by type."""
    parts = [f"sum({column}) FILTER (WHERE lpa_type <> '{ALL}')" for column in columns]
    totals = [f"sum({column}) FILTER (WHERE lpa_type = '{ALL}')" for column in columns]
    query = (
        f"SELECT service, {period} AS report_date, {_listed(columns, totals)} AS observed,"
        f" {_listed(columns, parts)} AS expected,"
        f" ({', '.join(totals)}) IS DISTINCT FROM ({', '.join(parts)}) AS is_broken"
        f" FROM batch GROUP BY service, {period}"
    )
    return _rule(name, "applications lost between the types and the total", query)


def _listed(names: Sequence[str], values: Sequence[str]) -> str:
    """SQL for `started_count 4, created_count 6`."""
    named = (f"'{name} ' || {value}" for name, value in zip(names, values, strict=True))
    return f"concat_ws(', ', {', '.join(named)})"


def _satisfaction(period: str) -> tuple[Rule, ...]:
    responses = " + ".join(RATING_COUNTS)
    adds_up = each_row(
        f"{responses} = responses_count", "'responses_count ' || responses_count", f"{responses}", period
    )
    rules = [_rule("counts_add_up_to_responses", "ratings lost or counted twice", adds_up)]
    headlines = []
    for method in SATISFACTION_METHODS.values():
        weighted = " + ".join(f"{weight} * {name}" for name, weight in zip(RATING_COUNTS, method.weights, strict=True))
        highest = f"{max(method.weights)} * responses_count"
        rules.append(_share(f"{method.column}_follows_from_counts", period, method.column, weighted, highest))
        headlines.append(f"WHEN '{method.id}' THEN round(100.0 * ({weighted}) / nullif({highest}, 0))")
    expected = f"CASE headline_method {' '.join(headlines)} END"
    headline = each_row(
        f"headline_percent IS NOT DISTINCT FROM ({expected})",
        "'headline_percent ' || coalesce(headline_percent::text, 'empty') || ' by ' || headline_method",
        f"coalesce(({expected})::text, 'empty')",
        period,
    )
    rules.append(
        _rule("headline_percent_follows_from_counts", "a headline under another method than the one it names", headline)
    )
    return tuple(rules)


def _events(period: str) -> tuple[Rule, ...]:
    same_day = each_row(
        "created_same_day_count <= created_count",
        "'created_same_day_count ' || created_same_day_count",
        "'at most ' || created_count",
        period,
    )
    return (
        _rule("same_day_creations_are_part_of_created", "a state counted on the wrong day", same_day),
        _share(
            "created_per_started_percent_follows_from_counts",
            period,
            "created_per_started_percent",
            "created_count",
            "started_count",
        ),
        _total_of_types("states_of_all_types_add_up", period, STATE_COUNTS),
    )


def _cohort(period: str) -> tuple[Rule, ...]:
    reached = each_row(
        "greatest(cohort_created_count, cohort_completed_count) <= cohort_started_count",
        "'cohort_created_count ' || cohort_created_count || ', cohort_completed_count ' || cohort_completed_count",
        "'at most ' || cohort_started_count",
        period,
    )
    return (
        _rule("no_more_reach_a_state_than_started", "a completion rate above 100 %", reached),
        _share(
            "cohort_completion_percent_follows_from_counts",
            period,
            "cohort_completion_percent",
            "cohort_created_count",
            "cohort_started_count",
        ),
        _total_of_types("cohorts_of_all_types_add_up", period, COHORT_COUNTS),
    )


def channels_add_up(period: str) -> Rule:
    """Sirius's own total is the sum of its channels."""
    channels = " + ".join(CHANNEL_COUNTS)
    query = each_row(f"{channels} = total_count", "'total_count ' || total_count", channels, period)
    return _rule("channels_add_up_to_total", "a channel lost or counted twice", query)


def _take_up(period: str) -> tuple[Rule, ...]:
    return (
        channels_add_up(period),
        _share(
            "digital_take_up_percent_follows_from_counts",
            period,
            "digital_take_up_percent",
            "online_count + assisted_count",
            "total_count",
        ),
        _total_of_types("channels_of_all_types_add_up", period, TAKE_UP_COUNTS),
    )


_DAYS_RULE = _rule(
    "days_included_are_no_more_than_expected",
    "a day counted twice in its month",
    each_row(
        "days_included_count BETWEEN 1 AND days_expected_count",
        "'days_included_count ' || days_included_count",
        "'1 to ' || days_expected_count",
        "month_start",
    ),
)


def _sum_of_days(name: str, daily: str, dimension: str, columns: Sequence[str], than: str = "its days") -> Rule:
    """The month's counts are those of its good days, summed by the database."""
    sums = [f"days.{column}" for column in columns]
    held = [f"months.{column}" for column in columns]
    query = (
        f"SELECT months.service AS service, months.month_start AS report_date, {_listed(columns, held)} AS observed,"
        f" {_listed(columns, sums)} AS expected, ({', '.join(held)}) IS DISTINCT FROM ({', '.join(sums)}) AS is_broken"
        f" FROM batch AS months LEFT JOIN (SELECT service, {dimension},"
        f" date_trunc('month', report_date)::date AS month_start,"
        f" {', '.join(f'sum({column}) AS {column}' for column in columns)}"
        f" FROM :good_periods_of_{daily} AS good"
        " WHERE report_date BETWEEN :first_day AND :last_day GROUP BY 1, 2, 3) AS days"
        f" USING (service, month_start, {dimension})"
    )
    return _rule(name, f"a month that says something else than {than}", query)


_states_in_order = Rule(
    "states_come_in_order",
    Kind.CONSISTENCY,
    Severity.WARNING,
    "stamps that the service sets in another order than people act",
    "ask the service's team which release changed its stamps; the figures count each stamp on its own day all the same",
    "SELECT service, report_date, count(*) FILTER (WHERE is_disordered) || ' of ' || count(*) || ' applications'"
    " AS observed, 'at most ' || :limit_disordered_percent || ' %' AS expected,"
    " count(*) FILTER (WHERE is_disordered) * 100 > count(*) * :limit_disordered_percent AS is_broken"
    " FROM (SELECT service, coalesce(completed_date, created_date, started_date) AS report_date,"
    " created_at < started_at OR completed_at < coalesce(created_at, started_at) AS is_disordered FROM batch) AS reached"
    " WHERE report_date BETWEEN :first_day AND :last_day GROUP BY service, report_date",
    shows_observed=True,
    thresholds=("disordered_percent",),
)

CONSISTENCY: dict[str, tuple[Rule, ...]] = {
    "extracted_application_states": (_states_in_order,),
    "extracted_channel_counts": (channels_add_up("report_date"),),
    "daily_user_satisfaction": _satisfaction("report_date"),
    "daily_application_events": _events("report_date"),
    "daily_completion_rate": _cohort("report_date"),
    "daily_digital_take_up": _take_up("report_date"),
    "monthly_user_satisfaction": (
        *_satisfaction("month_start"),
        _DAYS_RULE,
        _sum_of_days("month_is_the_sum_of_its_days", "daily_user_satisfaction", "source", RATING_COUNTS),
    ),
    "monthly_completion_rate": (
        *_events("month_start"),
        *_cohort("month_start"),
        _DAYS_RULE,
        _sum_of_days("month_is_the_sum_of_its_days", "daily_application_events", "lpa_type", STATE_COUNTS),
        _sum_of_days(
            "month_is_the_sum_of_its_cohorts", "daily_completion_rate", "lpa_type", COHORT_COUNTS, "its cohorts"
        ),
    ),
    "monthly_digital_take_up": (
        *_take_up("month_start"),
        _DAYS_RULE,
        _sum_of_days("month_is_the_sum_of_its_days", "daily_digital_take_up", "lpa_type", TAKE_UP_COUNTS),
    ),
}
