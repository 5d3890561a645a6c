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
from perf_pipeline.warehouse.verdicts import good_days_sql
from perf_pipeline_tests.good_months import OTHER, SPOILED
from perf_pipeline_tests.judged import THURSDAY, WEEK, spoil, spoiling

pytest_plugins = "perf_pipeline_tests.judged_fixtures"

TABLE = "daily_digital_take_up"
THIS_DAY = DayRange(THURSDAY, THURSDAY)


def rows_of(warehouse: Engine, query: str) -> pd.DataFrame:
    with warehouse.connect() as connection:
        return pd.read_sql_query(text(query), connection)


def good_totals(warehouse: Engine, day: date = THURSDAY) -> dict[str, int]:
    """By service: the total of the day that months would count."""
    good = rows_of(warehouse, f"SELECT * FROM ({good_days_sql(TABLE)}) AS good WHERE lpa_type = 'all'")
    return dict(good[good["report_date"] == day][["service", "total_count"]].itertuples(index=False))


def rebuild(warehouse: Engine, total: int, service: str = SPOILED) -> None:
    """Build the day again, with another total in the `all` row: right if it is 36."""
    rows = rows_of(warehouse, f"SELECT * FROM perf.{TABLE} WHERE report_date = '{THURSDAY}'")
    rows.loc[(rows["service"] == service) & (rows["lpa_type"] == "all"), "total_count"] = total
    with transaction(warehouse) as connection:
        replace_days(connection, TABLE, THIS_DAY, rows[DATASETS[TABLE].column_names])


def verdicts(warehouse: Engine) -> int:
    return len(
        rows_of(warehouse, f"SELECT 1 FROM perf.verdicts WHERE dataset = '{TABLE}' AND report_date = '{THURSDAY}'")
    )


def kept(warehouse: Engine) -> set[str]:
    """The services of which a last good day is put by."""
    return set(rows_of(warehouse, "SELECT service FROM perf.last_good_days")["service"])


@pytest.fixture
def passed(good: Systems) -> Systems:
    """Systems whose week has passed."""
    judge(good, TABLE, WEEK, "a run")
    return good


def test_a_day_that_passed_counts(passed: Systems) -> None:
    assert good_totals(passed.warehouse) == {SPOILED: 36, OTHER: 36}
    assert kept(passed.warehouse) == set()


def test_a_day_that_was_never_judged_does_not_count(good: Systems) -> None:
    spoil(good.warehouse, spoiling(f"DELETE FROM perf.verdicts WHERE dataset = '{TABLE}'"))
    assert good_totals(good.warehouse) == {}


def test_a_day_that_never_passed_does_not_count(good: Systems) -> None:
    spoil(good.warehouse, spoiling(f"DELETE FROM perf.verdicts WHERE dataset = '{TABLE}'"))
    rebuild(good.warehouse, 37)
    judge(good, TABLE, WEEK, "a run")
    assert good_totals(good.warehouse) == {OTHER: 36}


def test_building_a_day_again_takes_its_verdict_back_in_the_same_transaction(passed: Systems) -> None:
    before = verdicts(passed.warehouse)
    frame = rows_of(passed.warehouse, f"SELECT * FROM perf.{TABLE} WHERE report_date = '{THURSDAY}'")
    with transaction(passed.warehouse) as connection:
        replace_days(connection, TABLE, THIS_DAY, frame[DATASETS[TABLE].column_names])
        assert verdicts(passed.warehouse) == before > 0
    assert verdicts(passed.warehouse) == 0


def test_a_day_that_is_built_again_counts_as_it_was_until_it_is_judged(passed: Systems) -> None:
    rebuild(passed.warehouse, 37)
    assert good_totals(passed.warehouse) == {SPOILED: 36, OTHER: 36}


def test_a_day_that_fails_counts_as_it_was_when_it_last_passed(passed: Systems) -> None:
    for wrong_total in (37, 38):
        rebuild(passed.warehouse, wrong_total)
        judge(passed, TABLE, THIS_DAY, "another run")
        assert good_totals(passed.warehouse) == {SPOILED: 36, OTHER: 36}
        assert kept(passed.warehouse) == {SPOILED}


def test_every_value_of_a_last_good_day_is_as_it_was(passed: Systems) -> None:
    good = f"SELECT * FROM ({good_days_sql(TABLE)}) AS good ORDER BY service, report_date, lpa_type"
    before = rows_of(passed.warehouse, good)
    rebuild(passed.warehouse, 37)
    pd.testing.assert_frame_equal(rows_of(passed.warehouse, good), before)


def test_a_day_that_was_mended_counts_anew_and_nothing_stays_put_by(passed: Systems) -> None:
    rebuild(passed.warehouse, 37)
    judge(passed, TABLE, THIS_DAY, "a run that fails")
    spoil(
        passed.warehouse,
        spoiling(
            f"UPDATE perf.{TABLE} SET phone_count = phone_count + 1, total_count = 13 WHERE {{here}}"
            " AND lpa_type = 'health-and-welfare'",
            f"UPDATE perf.{TABLE} SET phone_count = 4, total_count = 37 WHERE {{here}} AND lpa_type = 'all'",
            f"UPDATE perf.{TABLE} SET digital_take_up_percent ="
            " round(100.0 * (online_count + assisted_count) / total_count, 2) WHERE {here}",
        ),
    )
    judge(passed, TABLE, THIS_DAY, "a run that passes")
    assert good_totals(passed.warehouse) == {SPOILED: 37, OTHER: 36}
    assert kept(passed.warehouse) == set()


@pytest.mark.parametrize(("severity", "counts"), [("warning", True), ("failing", True), ("blocking", False)])
@pytest.mark.parametrize("result", ["failed", "crashed"])
def test_only_what_blocks_holds_a_day_back(good: Systems, severity: str, result: str, counts: bool) -> None:
    statement = (
        "INSERT INTO perf.verdicts SELECT dataset, service, report_date, 'another_check_is_made',"
        f" '{severity}', '{result}', NULL, NULL, run_id, decided_at FROM perf.verdicts WHERE {{here}}"
        f" AND dataset = '{TABLE}'"
    )
    spoil(good.warehouse, spoiling(statement))
    assert (SPOILED in good_totals(good.warehouse)) is counts


def test_a_day_with_a_warning_counts_as_it_is(good: Systems) -> None:
    thrice = ("online_count", "assisted_count", "paper_count", "phone_count", "total_count")
    changes = ", ".join(f"{column} = {column} * 3" for column in thrice)
    spoil(good.warehouse, spoiling(f"UPDATE perf.{TABLE} SET {changes} WHERE {{here}}"))
    judge(good, TABLE, WEEK, "a run")
    warned = rows_of(good.warehouse, "SELECT check_name FROM perf.verdicts WHERE result = 'failed'")
    assert list(warned["check_name"]) == ["volume_is_like_the_same_weekdays"]
    assert good_totals(good.warehouse) == {SPOILED: 108, OTHER: 36}
