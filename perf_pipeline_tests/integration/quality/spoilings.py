"""For each check of each dataset, something that it must reject."""

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_COUNTS, STATE_COUNTS, TAKE_UP_COUNTS
from perf_pipeline_tests.integration.quality.judged import Spoiling, changed, spoiling

Cases = dict[str, Spoiling]
ONE_TYPE, HEALTH = "lpa_type = 'unknown'", "lpa_type = 'health-and-welfare'"
TYPE_AND_TOTAL, HEALTH_AND_TOTAL = "lpa_type IN ('unknown', 'all')", "lpa_type IN ('health-and-welfare', 'all')"
TOTAL, DONE_PAGE = "lpa_type = 'all'", "source = 'done-page'"
ANOTHER_CHANNEL = "paper_count = paper_count - 1, phone_count = phone_count + 1"
ONE_APPLICATION = "application_hash = (SELECT min(application_hash::text)::uuid FROM {table} WHERE {here})"


def counts(columns: tuple[str, ...], *values: int) -> str:
    """SQL that sets columns to values."""
    return ", ".join(f"{column} = {value}" for column, value in zip(columns, values, strict=True))


def empty(column: str, only: str) -> Spoiling:
    """A required column without a value."""
    return changed(f"{column} = NULL", only, observed=f"{column} is empty", expected="a value")


def doubled(values: str, only: str = "true", *also: str) -> Spoiling:
    """A key that two rows have."""
    return changed(values, only, observed="2 rows with one key", expected="one row", also=also)


def of_deliveries(source: str) -> Cases:
    """The checks of what the ledger records of a source."""
    ledger = f"UPDATE perf.source_deliveries SET {{values}} WHERE {{{{there}}}} AND source_name = '{source}'"
    return {
        "rows_read_are_accounted_for": spoiling(
            ledger.format(values="rows_kept_count = 7"),
            observed=f"{source}: 7 kept, 1 unusable, 1 repeated",
            expected="10 rows, as many as were read",
        ),
        "few_rows_are_in_quarantine": spoiling(
            ledger.format(values="rows_kept_count = 5, rows_quarantined_count = 4"),
            observed=f"{source}: 4 of 10 rows are unusable",
            expected="at most 5 %",
        ),
    }


def of_rows(extract: str, only: str, kept: str, found: int, due: int) -> Cases:
    """The checks of days that rest on an extract; `only` takes rows away, `kept` their counts out of the total."""
    return {
        "made_from_a_day_that_passed": spoiling(
            f"UPDATE perf.verdicts SET result = 'failed' WHERE {{there}} AND dataset = '{extract}'",
            observed="rows_keep_their_contract failed",
            expected=f"{extract} to have passed its checks",
        ),
        "every_delivered_day_has_its_rows": spoiling(
            f"DELETE FROM {{table}} WHERE {{here}} AND {only}",
            *([f"UPDATE {{table}} SET {kept} WHERE {{here}} AND {TOTAL}"] if kept else []),
            observed=f"{found} rows",
            expected=f"{due} rows",
        ),
    }


def of_satisfaction(days: int) -> Cases:
    """The checks of ratings on a day, or in a month of so many days."""
    total = 36 * days
    return {
        "rows_keep_their_contract": empty("is_estimated", DONE_PAGE),
        "counts_add_up_to_responses": changed(
            "responses_count = responses_count * 10 / 9, satisfied_percent = 67.5, satisfaction_score_percent = 68.13,"
            " headline_percent = 68",
            DONE_PAGE,
            observed=f"{total * 10 // 9} responses",
            expected=f"{total}, the sum of the parts",
        ),
        "satisfied_percent_follows_from_counts": changed(
            "satisfied_percent = 0.75", DONE_PAGE, observed="0.75 %", expected="75.00 %"
        ),
        "satisfaction_score_percent_follows_from_counts": changed(
            "satisfaction_score_percent = NULL",
            observed="no percentage (and 1 more)",
            expected="75.69 %",
        ),
        "headline_percent_follows_from_counts": changed(
            "headline_method = 'weighted_mean'",
            DONE_PAGE,
            observed="75 % under weighted_mean",
            expected="76 %",
        ),
    }


def both(values: str, only: str, daily: str, *, observed: str, expected: str) -> Spoiling:
    """A spoiling that, for a month, changes one of its days alike, so that the month is still the sum of its days."""
    day = [f"UPDATE perf.{daily} SET {values} WHERE {{that_day}} AND {only}"] if daily else []
    statement = f"UPDATE {{table}} SET {values} WHERE {{here}} AND {only}"
    return spoiling(statement, *day, observed=observed, expected=expected)


def of_events(days: int, daily: str = "") -> Cases:
    """The checks of event counts on a day, or in a month of so many days, with the table of its days."""
    return {
        "rows_keep_their_contract": empty("is_provisional", ONE_TYPE),
        "same_day_creations_are_part_of_created": both(
            f"created_same_day_count = created_same_day_count + {4 * days + 1}",
            TYPE_AND_TOTAL,
            daily,
            observed=f"{6 * days + 1} applications created on the day of their start",
            expected=f"0 to {6 * days}",
        ),
        "created_per_started_percent_follows_from_counts": changed(
            "created_per_started_percent = 1", ONE_TYPE, observed="1.00 %", expected="100.00 %"
        ),
        "states_of_all_types_add_up": both(
            "completed_count = completed_count + 1",
            ONE_TYPE,
            daily,
            observed=f"{24 * days} applications completed in total",
            expected=f"{24 * days + 1} applications completed over all types",
        ),
    }


def of_cohorts(days: int, daily: str = "") -> Cases:
    """The checks of cohorts, as `of_events`."""
    return {
        "rows_keep_their_contract": empty("is_provisional", ONE_TYPE),
        "no_more_reach_a_state_than_started": both(
            f"cohort_completed_count = cohort_completed_count + {4 * days + 1}",
            TYPE_AND_TOTAL,
            daily,
            observed=f"{6 * days + 1} applications of the cohort completed",
            expected=f"0 to {6 * days}",
        ),
        "cohort_completion_percent_follows_from_counts": changed(
            "cohort_completion_percent = 0.5", ONE_TYPE, observed="0.50 %", expected="50.00 %"
        ),
        "cohorts_of_all_types_add_up": both(
            "cohort_completed_count = cohort_completed_count + 1",
            TOTAL,
            daily,
            observed=f"{12 * days + 1} applications of the cohort completed in total",
            expected=f"{12 * days} applications of the cohort completed over all types",
        ),
    }


def of_take_up(days: int, daily: str = "") -> Cases:
    """The checks of channels, as `of_events`."""
    return {
        "rows_keep_their_contract": empty("is_provisional", TOTAL),
        "channels_add_up_to_total": both(
            "total_count = total_count + 6,"
            " digital_take_up_percent = round(100.0 * (online_count + assisted_count) / (total_count + 6), 2)",
            HEALTH_AND_TOTAL,
            daily,
            observed=f"{min(str(12 * days + 6), str(36 * days + 6))} applications received (and 1 more)",
            expected=f"{min(str(12 * days), str(36 * days))}, the sum of the parts",
        ),
        "digital_take_up_percent_follows_from_counts": changed(
            "digital_take_up_percent = 50", TOTAL, observed="50.00 %", expected="75.00 %"
        ),
        "channels_of_all_types_add_up": both(
            ANOTHER_CHANNEL,
            TOTAL,
            daily,
            observed=f"{6 * days - 1} on paper, {3 * days + 1} by telephone in total",
            expected=f"{6 * days} on paper, {3 * days} by telephone over all types",
        ),
    }


def volume(line: str, counted: str, columns: tuple[str, ...], only: str = "true") -> Cases:
    """Three times as much as usual on a day."""
    values = ", ".join(f"{name} = {name} * 3" for name in columns)
    expected = "about 36 as on the same weekdays before"
    return {
        "volume_is_like_the_same_weekdays": changed(values, only, observed=f"{line}: 108 {counted}", expected=expected)
    }


def jump(values: str, only: str, line: str, found: str, usual: str) -> Cases:
    """Another headline than on the weekdays before."""
    expected = f"about {usual} % as on the same weekday of the four weeks before"
    return {"headline_does_not_jump": changed(values, only, observed=f"{line}: {found} %", expected=expected)}


def level(values: str, only: str, observed: str) -> Cases:
    """Another level in a whole week."""
    statement = f"UPDATE {{table}} SET {values} WHERE {{week}} AND {only}"
    expected = "about 36 as in the four weeks before"
    return {
        "level_of_the_week_has_not_shifted": spoiling(
            statement, observed=f"{observed} a day on average", expected=expected
        )
    }


def silence(columns: tuple[str, ...], empty_columns: str, only: str, line: str, counted: str) -> Cases:
    """Six days without anything; earlier weeks are taken away, so that there is no level to compare with."""
    nothing = f"{counts(columns, *[0] * len(columns))}, {empty_columns}"
    return {
        "newest_row_is_recent": spoiling(
            "DELETE FROM {table} WHERE service = :service AND report_date < :day - 20",
            f"UPDATE {{table}} SET {nothing} WHERE {{week}} AND report_date > :day - 6 AND {only}",
            observed=f"{line}: the newest day with {counted} is 2025-08-25",
            expected=f"{counted} within 5 days",
        )
    }


DAYS: dict[str, Cases] = {
    "extracted_feedback": {
        "rows_keep_their_contract": changed("rating = 9", "rating = 5", observed="rating is 9", expected="at most 5"),
        "key_is_unique": spoiling(
            "INSERT INTO {table} SELECT * FROM {table} WHERE {here} AND rating = 5",
            observed="2 rows with one key",
            expected="one row",
        ),
        **of_deliveries("done-page"),
    },
    "extracted_application_states": {
        "rows_keep_their_contract": changed(
            "completed_lpa_type = 'all'",
            ONE_APPLICATION,
            observed="completed_lpa_type is all",
            expected="one of health-and-welfare, property-and-financial, unknown",
        ),
        "key_is_unique": spoiling(
            "INSERT INTO {table} SELECT * FROM {table} WHERE {here} LIMIT 1",
            observed="2 rows with one key",
            expected="one row",
        ),
        "states_come_in_order": changed(
            "created_at = started_at - interval '1 hour'",
            ONE_APPLICATION,
            observed="1 of 4 applications in another order",
            expected="at most 1 %",
        ),
        **of_deliveries("applications"),
    },
    "extracted_channel_counts": {
        "rows_keep_their_contract": changed(
            "paper_count = -1, phone_count = 4", HEALTH, observed="paper_count is -1", expected="at least 0"
        ),
        "key_is_unique": doubled("lpa_type = 'health-and-welfare'"),
        "channels_add_up_to_total": changed(
            "total_count = 13", HEALTH, observed="13 applications received", expected="12, the sum of the parts"
        ),
        **of_deliveries("sirius"),
    },
    "daily_user_satisfaction": {
        **of_satisfaction(1),
        "key_is_unique": doubled("source = 'done-page'", "true", "every_delivered_day_has_its_rows"),
        **of_rows("extracted_feedback", DONE_PAGE, "", found=0, due=1),
        **volume("done-page", "responses", (*RATING_COUNTS, "responses_count"), DONE_PAGE),
        **jump(
            f"{counts(RATING_COUNTS, 2, 3, 4, 9, 18)}, satisfied_percent = 13.89, satisfaction_score_percent = 23.61,"
            " headline_percent = 14",
            DONE_PAGE,
            "done-page",
            "13.9",
            "75.0",
        ),
    },
    "daily_application_events": {
        **of_events(1),
        "key_is_unique": doubled("lpa_type = 'health-and-welfare'", ONE_TYPE),
        **of_rows("extracted_application_states", ONE_TYPE, counts(STATE_COUNTS, 30, 30, 20, 10), found=3, due=4),
        **volume("all", "applications started", STATE_COUNTS),
    },
    "daily_completion_rate": {
        **of_cohorts(1),
        "key_is_unique": doubled("lpa_type = 'health-and-welfare'", ONE_TYPE),
        **of_rows("extracted_application_states", ONE_TYPE, counts(COHORT_COUNTS, 30, 15, 10), found=3, due=4),
        **jump(
            "cohort_created_count = cohort_started_count, cohort_completion_percent = 100",
            "true",
            "all",
            "100.0",
            "50.0",
        ),
    },
    "daily_digital_take_up": {
        **of_take_up(1),
        "key_is_unique": doubled("lpa_type = 'health-and-welfare'", "lpa_type <> 'all'"),
        **of_rows("extracted_channel_counts", HEALTH, counts(TAKE_UP_COUNTS, 12, 6, 4, 2, 0, 0, 24), found=2, due=3),
        **volume("all", "applications received", TAKE_UP_COUNTS),
        **jump(
            "online_count = 0, paper_count = paper_count + online_count, digital_take_up_percent = 25",
            "true",
            "all",
            "25.0",
            "75.0",
        ),
    },
}
"""Spoilings of one day."""
WEEKS: dict[str, Cases] = {
    "daily_user_satisfaction": {
        **level(
            f"{counts(RATING_COUNTS, 39, 19, 10, 4, 6)}, responses_count = 78, satisfied_percent = 74.36,"
            " satisfaction_score_percent = 75.96, headline_percent = 74",
            DONE_PAGE,
            "done-page: 78 responses",
        ),
        **silence(
            (*RATING_COUNTS, "responses_count"),
            "satisfied_percent = NULL, satisfaction_score_percent = NULL, headline_percent = NULL",
            DONE_PAGE,
            "done-page",
            "responses",
        ),
    },
    "daily_application_events": {
        **level(
            "started_count = started_count * 13 / 6, created_count = created_count * 13 / 6",
            "true",
            "all: 78 applications started",
        ),
        **silence(STATE_COUNTS, "created_per_started_percent = NULL", "true", "all", "applications started"),
    },
    "daily_digital_take_up": {
        **level(
            "online_count = total_count / 4, assisted_count = total_count / 12, paper_count = total_count / 12,"
            " phone_count = 0, total_count = total_count * 5 / 12, digital_take_up_percent = 80",
            "true",
            "all: 15 applications received",
        ),
        **silence(TAKE_UP_COUNTS, "digital_take_up_percent = NULL", "true", "all", "applications received"),
        "online_applications_are_like_completions": spoiling(
            "UPDATE perf.daily_application_events SET completed_count = completed_count + 500 WHERE {here} AND "
            + TOTAL,
            observed="504 online applications in four weeks",
            expected="about 1172, which were completed in the service",
        ),
    },
}
"""Spoilings that reach over several days and show on the last one."""
MONTHS: dict[str, Cases] = {
    "monthly_user_satisfaction": {
        **of_satisfaction(31),
        "key_is_unique": doubled("source = 'done-page'"),
        "days_included_are_no_more_than_expected": changed(
            "days_included_count = 32", DONE_PAGE, observed="32 days included", expected="1 to 31"
        ),
        "month_is_the_sum_of_its_days": changed(
            "very_satisfied_count = 557, satisfied_count = 280, satisfaction_score_percent = 75.67",
            DONE_PAGE,
            observed="557 very satisfied, 280 satisfied",
            expected="558 very satisfied, 279 satisfied",
        ),
    },
    "monthly_completion_rate": {
        **of_events(31, "daily_application_events"),
        **of_cohorts(31, "daily_completion_rate"),
        "key_is_unique": doubled(
            "lpa_type = 'health-and-welfare'",
            ONE_TYPE,
            "month_is_the_sum_of_its_days",
            "month_is_the_sum_of_its_cohorts",
        ),
        "days_included_are_no_more_than_expected": changed(
            "days_included_count = 0", ONE_TYPE, observed="0 days included", expected="1 to 31"
        ),
        "month_is_the_sum_of_its_days": changed(
            "completed_count = completed_count + 1",
            TYPE_AND_TOTAL,
            observed="125 applications completed (and 1 more)",
            expected="124 applications completed",
        ),
        "month_is_the_sum_of_its_cohorts": changed(
            "cohort_completed_count = cohort_completed_count + 1",
            TYPE_AND_TOTAL,
            observed="373 applications of the cohort completed (and 1 more)",
            expected="372 applications of the cohort completed",
        ),
    },
    "monthly_digital_take_up": {
        **of_take_up(31, "daily_digital_take_up"),
        "key_is_unique": doubled(
            "lpa_type = 'health-and-welfare'", "lpa_type <> 'all'", "month_is_the_sum_of_its_days"
        ),
        "days_included_are_no_more_than_expected": changed(
            "days_included_count = 62", TOTAL, observed="62 days included", expected="1 to 31"
        ),
        "month_is_the_sum_of_its_days": changed(
            ANOTHER_CHANNEL,
            HEALTH_AND_TOTAL,
            observed="185 on paper, 94 by telephone (and 1 more)",
            expected="186 on paper, 93 by telephone",
        ),
    },
}
"""Spoilings of a month of 31 days."""
