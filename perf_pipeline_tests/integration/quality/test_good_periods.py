"""Which days months are made from: those that passed, and of others what was good before."""

from datetime import date

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.quality.judging import judge
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import replace_days
from perf_pipeline.warehouse.verdicts import good_periods_sql
from perf_pipeline_tests.integration.quality.good_months import OTHER, SPOILED
from perf_pipeline_tests.integration.quality.judged import THURSDAY, WEEK, run

TABLE = "daily_digital_take_up"
THIS_DAY = DayRange(THURSDAY, THURSDAY)
GOOD_ROWS = f"SELECT * FROM ({good_periods_sql(TABLE)}) AS good ORDER BY service, report_date, lpa_type"
BOTH = {SPOILED: 36, OTHER: 36}


def rows_of(warehouse: Engine, query: str) -> pd.DataFrame:
    with warehouse.connect() as connection:
        return pd.read_sql_query(text(query), connection)


def good_totals(warehouse: Engine, day: date = THURSDAY) -> dict[str, int]:
    """By service: the total of the day that months would count."""
    good = rows_of(warehouse, GOOD_ROWS)
    good = good[(good["report_date"] == day) & (good["lpa_type"] == "all")]
    return dict(good[["service", "total_count"]].itertuples(index=False))


def replaced(warehouse: Engine, rows: pd.DataFrame) -> None:
    """Build the day again, as an asset does: what is built has no verdict."""
    with transaction(warehouse) as connection:
        replace_days(connection, TABLE, THIS_DAY, rows[DATASETS[TABLE].column_names])
        connection.execute(text(f"UPDATE perf.built_periods SET has_passed = NULL WHERE period_start = '{THURSDAY}'"))


def rebuild(warehouse: Engine, total: int) -> None:
    """Build the day again, with another total in the `all` row of SPOILED: right if it is 36."""
    rows = rows_of(warehouse, f"SELECT * FROM perf.{TABLE} WHERE report_date = '{THURSDAY}'")
    rows.loc[(rows["service"] == SPOILED) & (rows["lpa_type"] == "all"), "total_count"] = total
    replaced(warehouse, rows)


def kept(warehouse: Engine) -> set[str]:
    """The services of which a last good day is kept."""
    return set(rows_of(warehouse, "SELECT subject FROM perf.last_good_periods")["subject"])


@pytest.fixture
def passed(good: Systems) -> Systems:
    """Systems whose week has passed."""
    judge(good, TABLE, WEEK, "a run")
    return good


def test_only_days_that_passed_count_or_what_they_were_when_they_last_did(good: Systems) -> None:
    run(good.warehouse, TABLE, f"UPDATE perf.built_periods SET has_passed = NULL WHERE dataset = '{TABLE}'")
    assert good_totals(good.warehouse) == {}
    rebuild(good.warehouse, 37)
    judge(good, TABLE, WEEK, "a run")
    assert good_totals(good.warehouse) == {OTHER: 36}
    assert kept(good.warehouse) == set()


def test_building_a_day_again_deletes_its_verdicts_in_the_same_transaction(passed: Systems) -> None:
    verdicts = f"SELECT 1 FROM perf.verdicts WHERE dataset = '{TABLE}' AND period_start = '{THURSDAY}'"
    frame = rows_of(passed.warehouse, f"SELECT * FROM perf.{TABLE} WHERE report_date = '{THURSDAY}'")
    with transaction(passed.warehouse) as connection:
        replace_days(connection, TABLE, THIS_DAY, frame[DATASETS[TABLE].column_names])
        assert not rows_of(passed.warehouse, verdicts).empty
    assert rows_of(passed.warehouse, verdicts).empty


def test_a_day_that_is_built_again_counts_as_it_was_until_it_passes(passed: Systems) -> None:
    before = rows_of(passed.warehouse, GOOD_ROWS)
    for wrong_total in (37, 38):
        rebuild(passed.warehouse, wrong_total)
        pd.testing.assert_frame_equal(rows_of(passed.warehouse, GOOD_ROWS), before)
        judge(passed, TABLE, THIS_DAY, "another run")
        assert good_totals(passed.warehouse) == BOTH
        assert kept(passed.warehouse) == {SPOILED}


def test_a_day_that_was_corrected_counts_anew_and_its_last_good_rows_are_dropped(passed: Systems) -> None:
    rebuild(passed.warehouse, 37)
    judge(passed, TABLE, THIS_DAY, "a run that fails")
    run(
        passed.warehouse,
        TABLE,
        "UPDATE {table} SET phone_count = phone_count + 1, total_count = 13 WHERE {here}"
        " AND lpa_type = 'health-and-welfare'",
        "UPDATE {table} SET phone_count = 4, total_count = 37 WHERE {here} AND lpa_type = 'all'",
        "UPDATE {table} SET digital_take_up_percent ="
        " round(100.0 * (online_count + assisted_count) / total_count, 2) WHERE {here}",
    )
    judge(passed, TABLE, THIS_DAY, "a run that passes")
    assert good_totals(passed.warehouse) == {SPOILED: 37, OTHER: 36}
    assert kept(passed.warehouse) == set()


def test_a_day_with_a_warning_counts_as_it_is(good: Systems) -> None:
    thrice = ("online_count", "assisted_count", "paper_count", "phone_count", "total_count")
    changes = ", ".join(f"{column} = {column} * 3" for column in thrice)
    run(good.warehouse, TABLE, f"UPDATE {{table}} SET {changes} WHERE {{here}}")
    judge(good, TABLE, WEEK, "a run")
    warned = rows_of(good.warehouse, "SELECT check_name FROM perf.verdicts WHERE result = 'failed'")
    assert list(warned["check_name"]) == ["volume_is_like_the_same_weekdays"]
    assert good_totals(good.warehouse) == {SPOILED: 108, OTHER: 36}
