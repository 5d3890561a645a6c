"""Figures that are right by their counts, and yet look wrong. All of them warn and none holds a day back: it may be true."""

from dataclasses import dataclass

from perf_pipeline.catalogue.checks.rule import Kind, Rule
from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.datasets import Stage, datasets_of
from perf_pipeline.catalogue.dimensions import ALL, LPA_TYPE
from perf_pipeline.catalogue.methods import SATISFACTION_METHODS
from perf_pipeline.catalogue.severity import Severity

_LOOK = (
    "compare the day with the source; if it is right leave it as it is, else have the source mended and run"
    " perf-pipeline backfill of the day"
)
_COMPARED_DAYS = 28
_WEEK = 7
_LOOKED_BACK_DAYS = 60
_STANDARD_ERRORS = 4
"""A jump counts when chance can hardly be the reason: so many standard errors of a share of that many."""


@dataclass(frozen=True)
class _Series:
    """What is compared from day to day: one line for each service and, where there are several, source."""

    dataset: str
    line: str
    only: str
    volume: str
    """Column that counts how much happened."""
    numerator: str = ""
    """The headline's numerator, as SQL with `{day}` for the rows counted and `{judged}` for the row compared."""
    has_volume_checks: bool = True


def _weighted(column_of: str) -> str:
    weights = []
    for method in SATISFACTION_METHODS.values():
        terms = [f"{weight} * {column_of}.{name}" for name, weight in zip(RATING_COUNTS, method.weights, strict=True)]
        weights.append(f"WHEN '{method.id}' THEN ({' + '.join(terms)})::numeric / {max(method.weights)}")
    # Both sides under the method of the day, or a change of method would look like a jump.
    return f"CASE {{judged}}.headline_method {' '.join(weights)} END"


_SERIES = (
    _Series("daily_user_satisfaction", "source", "true", "responses_count", _weighted("{day}")),
    _Series("daily_application_events", LPA_TYPE.column, f"lpa_type = '{ALL}'", "started_count"),
    _Series(
        "daily_completion_rate",
        "lpa_type",
        f"lpa_type = '{ALL}' AND NOT is_provisional",
        "cohort_started_count",
        "{day}.cohort_created_count",
        has_volume_checks=False,
    ),
    _Series(
        "daily_digital_take_up",
        "lpa_type",
        f"lpa_type = '{ALL}'",
        "total_count",
        "{day}.online_count + {day}.assisted_count",
    ),
)


def _warning(name: str, protects_from: str, query: str, *thresholds: str, next_step: str = _LOOK) -> Rule:
    return Rule(
        name,
        Kind.PLAUSIBILITY,
        Severity.WARNING,
        protects_from,
        next_step,
        query,
        shows_observed=True,
        thresholds=thresholds,
    )


def _compared(series: _Series, columns: str, on_days: str, only: str = "true") -> str:
    """Each judged day, where `only` holds for it, with what its line did on the days before it."""
    return (
        f"SELECT judged.service AS service, judged.report_date AS report_date, judged.{series.line} AS line, {columns}"
        f" FROM (SELECT * FROM batch WHERE {series.only} AND {only}) AS judged"
        f" JOIN (SELECT * FROM perf.{series.dataset} WHERE {series.only}) AS earlier ON earlier.service = judged.service"
        f" AND earlier.{series.line} = judged.{series.line} AND {on_days} GROUP BY 1, 2, 3"
    )


def _weekdays(series: _Series) -> Rule:
    volume = series.volume
    before = (
        f"earlier.report_date BETWEEN judged.report_date - {2 * _COMPARED_DAYS} AND judged.report_date - {_WEEK}"
        f" AND (judged.report_date - earlier.report_date) % {_WEEK} = 0"
    )
    columns = (
        f"max(judged.{volume}) AS found, avg(earlier.{volume}) AS usual, count(*) AS weeks,"
        # Counts scatter by their square root at least, however steady the last weeks were.
        f" greatest(coalesce(stddev_samp(earlier.{volume}), 0), sqrt(greatest(avg(earlier.{volume}), 1))) AS spread"
    )
    query = (
        f"SELECT service, report_date, line || ': {volume} ' || found AS observed,"
        " 'about ' || round(usual) || ' as on the weeks before' AS expected,"
        " weeks >= :limit_compared_weeks AND abs(found - usual) > :limit_weekday_deviations * spread AS is_broken"
        f" FROM ({_compared(series, columns, before)}) AS compared"
    )
    return _warning(
        "volume_is_like_the_same_weekdays",
        "half a day's rows, or a day's rows twice",
        query,
        "compared_weeks",
        "weekday_deviations",
    )


def _level(series: _Series) -> Rule:
    volume = series.volume
    reach = f"earlier.report_date BETWEEN judged.report_date - {_COMPARED_DAYS + _WEEK - 1} AND judged.report_date"
    is_recent = f"earlier.report_date > judged.report_date - {_WEEK}"
    columns = (
        f"avg(earlier.{volume}) FILTER (WHERE {is_recent}) AS found,"
        f" avg(earlier.{volume}) FILTER (WHERE NOT {is_recent}) AS usual, count(*) AS days"
    )
    query = (
        f"SELECT service, report_date, line || ': {volume} ' || round(found) || ' a day in a week' AS observed,"
        " 'about ' || round(usual) || ' as in the four weeks before' AS expected,"
        f" days = {_COMPARED_DAYS + _WEEK} AND greatest(found, usual) >= :limit_compared_count"
        " AND greatest(found, usual) > least(found, usual) * :limit_level_factor AS is_broken"
        f" FROM ({_compared(series, columns, reach)}) AS compared"
    )
    return _warning(
        "level_of_the_week_has_not_shifted",
        "a source that counts less, or more, from a day on",
        query,
        "level_factor",
        "compared_count",
    )


def _jump(series: _Series) -> Rule:
    volume = series.volume
    before = (
        f"earlier.report_date BETWEEN judged.report_date - {_COMPARED_DAYS} AND judged.report_date - {_WEEK}"
        f" AND (judged.report_date - earlier.report_date) % {_WEEK} = 0"
    )
    today = series.numerator.format(day="judged", judged="judged")
    earlier = series.numerator.format(day="earlier", judged="judged")
    columns = (
        f"max(judged.{volume}) AS volume, max(100.0 * ({today}) / judged.{volume}) AS found,"
        f" 100.0 * sum({earlier}) / nullif(sum(earlier.{volume}), 0) AS usual, sum(earlier.{volume}) AS compared"
    )
    # Counts that do not add up can put a share above 100 %: their own checks tell it.
    chance = f"{_STANDARD_ERRORS} * sqrt(greatest(usual * (100 - usual), 0) / volume)"
    is_large = f"{volume} >= :limit_compared_count"
    query = (
        "SELECT service, report_date, line || ': ' || round(found, 1) || ' %' AS observed,"
        " 'about ' || round(usual, 1) || ' % as on the four weekdays before' AS expected,"
        " abs(found - usual) > :limit_headline_jump_points"
        f" AND abs(found - usual) > {chance} AND compared >= :limit_compared_count AS is_broken"
        f" FROM ({_compared(series, columns, before, is_large)}) AS jumps WHERE usual IS NOT NULL"
    )
    return _warning(
        "headline_does_not_jump",
        "ratings of another page, or a channel counted as another",
        query,
        "headline_jump_points",
        "compared_count",
    )


_CHANNELS = _warning(
    "online_applications_are_like_completions",
    "a system that stopped telling the other what was sent",
    "SELECT service, report_date, 'online ' || online || ' in four weeks' AS observed,"
    " 'about ' || completed || ' completed in Make an LPA' AS expected,"
    " least(online, completed) * :limit_channel_factor < greatest(online, completed)"
    " AND greatest(online, completed) >= :limit_compared_count AS is_broken FROM ("
    "SELECT judged.service AS service, judged.report_date AS report_date, sum(received.online_count) AS online,"
    " sum(reached.completed_count) AS completed"
    f" FROM (SELECT service, report_date FROM batch WHERE lpa_type = '{ALL}') AS judged"
    f" JOIN perf.daily_digital_take_up AS received ON received.service = judged.service AND received.lpa_type = '{ALL}'"
    f" AND received.report_date BETWEEN judged.report_date - {_COMPARED_DAYS - 1} AND judged.report_date"
    f" JOIN perf.daily_application_events AS reached ON reached.service = received.service AND reached.lpa_type = '{ALL}'"
    " AND reached.report_date = received.report_date GROUP BY 1, 2) AS compared",
    "channel_factor",
    "compared_count",
    next_step="compare Sirius's online applications with those completed in the service, day by day",
)

_QUARANTINED = Rule(
    "few_rows_are_in_quarantine",
    Kind.PLAUSIBILITY,
    Severity.WARNING,
    "a source that has changed its form",
    "read the reasons in perf-pipeline status; once the source or the rule is mended, perf-pipeline backfill of the day"
    " lets its rows in again",
    "SELECT subject AS service, period_start AS report_date,"
    " source_name || ': ' || rows_quarantined_count || ' of ' || rows_read_count || ' rows'"
    " AS observed, 'at most ' || :limit_quarantined_percent || ' % of them' AS expected,"
    " rows_quarantined_count > :limit_quarantined_rows"
    " AND rows_quarantined_count * 100 > rows_read_count * :limit_quarantined_percent AS is_broken FROM batch",
    batch="deliveries",
    shows_observed=True,
    thresholds=("quarantined_percent", "quarantined_rows"),
)


def _recent(series: _Series) -> Rule:
    happened = f"CASE WHEN earlier.{series.volume} > 0 THEN earlier.report_date END"
    reach = f"earlier.report_date BETWEEN judged.report_date - {_LOOKED_BACK_DAYS} AND judged.report_date"
    # A series that has only begun has no earlier days to be silent on.
    columns = f"max({happened}) AS newest, min(earlier.report_date) AS begun"
    query = (
        "SELECT service, report_date, line || coalesce(': newest row of ' || newest, ': no row') AS observed,"
        " 'a row in ' || :limit_quiet_days || ' days' AS expected,"
        " report_date - coalesce(newest, begun) > :limit_quiet_days AS is_broken"
        f" FROM ({_compared(series, columns, reach)}) AS found"
    )
    return _warning(
        "newest_row_is_recent",
        "a source that answers, and has nothing new",
        query,
        "quiet_days",
        next_step="ask the source's team whether the service was closed, or whether its rows are written elsewhere since",
    )


def _on_days(series: _Series) -> tuple[Rule, ...]:
    volume = (_weekdays(series), _level(series), _recent(series)) if series.has_volume_checks else ()
    return (*volume, _jump(series)) if series.numerator else volume


PLAUSIBILITY: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(datasets_of(Stage.EXTRACTED), (_QUARANTINED,)),
    **{series.dataset: _on_days(series) for series in _SERIES},
}
PLAUSIBILITY["daily_digital_take_up"] += (_CHANNELS,)
