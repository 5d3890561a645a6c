"""Channel counts of Sirius, over real HTTP into the warehouse: revisions, gaps, staleness, doubt (DOMAIN 2.3 and 3.3)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.columns import ALL
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.digital_take_up import take_up_of_days
from perf_pipeline.demo.channel_model import ChannelCounts
from perf_pipeline.demo.sirius_behaviour import Revision, SiriusBehaviour
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting

DAY = date(2026, 9, 7)
DAYS = DayRange(DAY, DAY)
NIGHT = datetime(2026, 9, 10, 2, 30, tzinfo=UTC)
A_NIGHT = timedelta(days=1)
ALWAYS = datetime(2021, 1, 1, tzinfo=UTC)


@pytest.fixture
def warehouse(emptied_warehouse: Engine) -> Engine:
    return emptied_warehouse


def say(
    behaviour: SiriusBehaviour, *, day: date = DAY, online: int = 60, unknown: int = 0, pfa_online: int = 0
) -> None:
    """Let Sirius count: health and welfare as given, with 40 on paper; the other type with its own online ones."""
    behaviour.revisions += (
        Revision(day, "hw", ChannelCounts(online, 0, 40, 0, 0, unknown), ALWAYS),
        Revision(day, "pfa", ChannelCounts(pfa_online, 0, 0, 0, 0, 0), ALWAYS),
    )


def daily(warehouse: Engine, days: DayRange = DAYS) -> pd.DataFrame:
    with connected(warehouse) as connection:
        return take_up_of_days(connection, days)


def total(warehouse: Engine) -> pd.Series:
    rows = daily(warehouse)
    return rows[rows["lpa_type"] == ALL].iloc[0]


def versions(warehouse: Engine) -> list[tuple[Any, ...]]:
    rows = extracting.query(
        warehouse,
        "SELECT online_count, first_seen_at, superseded_at FROM perf.extracted_channel_counts"
        " WHERE lpa_type = 'health-and-welfare' ORDER BY first_seen_at",
    )
    return [tuple(row) for row in rows]


def test_digital_is_online_and_assisted_of_all_channels(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    behaviour.revisions = (
        Revision(DAY, "hw", ChannelCounts(10, 5, 20, 3, 1, 1), ALWAYS),
        Revision(DAY, "pfa", ChannelCounts(30, 0, 29, 1, 0, 0), ALWAYS),
    )
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    row = total(warehouse)
    assert (row["online_count"], row["assisted_count"], row["total_count"]) == (40, 5, 100)
    assert row["digital_take_up_percent"] == Decimal("45.00")


def test_a_revision_supersedes_the_earlier_counts_and_keeps_them(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    for night, online in enumerate((60, 60, 160)):
        say(behaviour, online=online)
        extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT + night * A_NIGHT)
    revised_at = NIGHT + 2 * A_NIGHT
    assert versions(warehouse) == [(60, NIGHT, revised_at), (160, revised_at, None)]
    assert total(warehouse)["digital_take_up_percent"] == Decimal("80.00")


def test_a_day_without_work_is_zero_and_has_no_percentage(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    nothing = ChannelCounts(0, 0, 0, 0, 0, 0)
    behaviour.revisions = tuple(Revision(DAY, subtype, nothing, ALWAYS) for subtype in ("hw", "pfa"))
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    row = total(warehouse)
    assert (row["total_count"], row["digital_take_up_percent"], row["is_estimated"]) == (0, None, False)


def test_a_day_of_which_a_type_is_missing_has_no_row_and_is_waiting(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    def without_pfa(body: dict[str, Any]) -> None:
        body["data"] = [row for row in body["data"] if row["caseSubtype"] == "hw"]
        body["meta"]["total"] = len(body["data"])

    behaviour.edit_answer = without_pfa
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    assert daily(warehouse).empty
    assert extracting.ledger(warehouse, "sirius")[DAY].outcome == "waiting"


def test_a_day_without_a_row_is_waiting_and_the_days_around_it_are_not(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    behaviour.missing_days = frozenset({DAY})
    around = DayRange(DAY - A_NIGHT, DAY + A_NIGHT)
    extracting.channel_counts(warehouse, sirius_url, around, NIGHT)
    outcomes = {day: row.outcome for day, row in extracting.ledger(warehouse, "sirius").items()}
    assert outcomes == {around.first: "delivered", DAY: "waiting", around.last: "delivered"}
    assert set(daily(warehouse, around)["report_date"]) == {around.first, around.last}


def test_a_day_that_went_missing_keeps_its_figures(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    say(behaviour)
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    behaviour.missing_days = frozenset({DAY})
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT + A_NIGHT)
    assert total(warehouse)["total_count"] == 100


def test_a_day_after_the_last_complete_one_is_waiting(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    behaviour.staleness_hours = 48
    extracting.channel_counts(warehouse, sirius_url, DayRange(DAY, DAY + A_NIGHT), NIGHT)
    outcomes = [row.outcome for row in extracting.ledger(warehouse, "sirius").values()]
    assert outcomes == ["delivered", "waiting"]


def test_a_wrong_total_is_set_aside_and_let_back_in_once_it_is_right(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    behaviour.wrong_total_days = frozenset({DAY})
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    assert extracting.quarantine(warehouse) == {
        f"{DAY}/hw": "total_is_not_sum_of_channels",
        f"{DAY}/pfa": "total_is_not_sum_of_channels",
    }
    assert daily(warehouse).empty
    behaviour.wrong_total_days = frozenset()
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT + A_NIGHT)
    assert extracting.quarantine(warehouse) == {}
    assert len(daily(warehouse)) == 3


def test_a_row_of_an_unknown_type_leaves_quarantine_once_its_day_is_whole(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    def misspell(body: dict[str, Any]) -> None:
        body["data"][0]["caseSubtype"] = "hww"

    behaviour.edit_answer = misspell
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    assert list(extracting.quarantine(warehouse).values()) == ["unknown_subtype"]
    behaviour.edit_answer = None
    extracting.channel_counts(warehouse, sirius_url, DayRange(DAY - A_NIGHT, DAY), NIGHT + A_NIGHT)
    assert extracting.quarantine(warehouse) == {}


@pytest.mark.parametrize(("unknown", "is_estimated"), [(1, False), (2, True)])
def test_more_than_one_in_a_hundred_of_unknown_channel_makes_an_estimate(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour, unknown: int, is_estimated: bool
) -> None:
    say(behaviour, online=60 - unknown, unknown=unknown)
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    row = total(warehouse)
    assert (row["total_count"], row["is_estimated"]) == (100, is_estimated)


def test_counts_that_sirius_calls_final_are_not_provisional(warehouse: Engine, sirius_url: str) -> None:
    old = DAY - timedelta(days=90)
    days = DayRange(old, DAY)
    extracting.channel_counts(warehouse, sirius_url, days, NIGHT)
    by_day = daily(warehouse, days).groupby("report_date")["is_provisional"].all()
    assert (by_day[old], by_day[DAY]) == (False, True)


@pytest.mark.parametrize(("age_days", "is_provisional"), [(399, True), (400, False)])
def test_counts_that_are_never_called_final_stop_being_provisional_when_their_window_closes(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour, age_days: int, is_provisional: bool
) -> None:
    def never_final(body: dict[str, Any]) -> None:
        for row in body["data"]:
            row["status"] = "provisional"

    behaviour.edit_answer = never_final
    extracting.channel_counts(
        warehouse, sirius_url, DAYS, datetime(2026, 9, 7, 12, tzinfo=UTC) + timedelta(days=age_days)
    )
    assert daily(warehouse)["is_provisional"].tolist() == [is_provisional] * 3


def test_counts_that_another_run_overtook_do_not_supersede_the_newer_ones(
    warehouse: Engine, sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    say(behaviour, online=160)
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT + timedelta(minutes=1))
    say(behaviour, online=60)
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    assert total(warehouse)["online_count"] == 160
