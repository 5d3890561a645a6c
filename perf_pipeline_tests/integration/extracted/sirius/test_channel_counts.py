"""Channel counts of Sirius, over real HTTP into the warehouse: revisions, gaps, staleness, doubt (DOMAIN 2.3 and 3.3)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.dimensions import ALL
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.daily_metrics.digital_take_up import take_up_of_days
from perf_pipeline.demo.channel_model import ChannelCounts
from perf_pipeline.demo.sirius_behaviour import Revision
from perf_pipeline.warehouse.engine import connected
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import Sirius, lose_rows

DAY = date(2026, 9, 7)
DAYS = DayRange(DAY, DAY)
NIGHT = datetime(2026, 9, 10, 2, 30, tzinfo=UTC)
A_NIGHT = timedelta(days=1)
AROUND = DayRange(DAY - A_NIGHT, DAY + A_NIGHT)
ALWAYS = datetime(2021, 1, 1, tzinfo=UTC)


def counted(sirius: Sirius, hw: tuple[int, ...], pfa: tuple[int, ...] = (0, 0, 0, 0, 0, 0)) -> None:
    """Let Sirius count these online, assisted, paper, phone, other and unknown ones of each type."""
    sirius.behaviour.revisions += (
        Revision(DAY, "hw", ChannelCounts(*hw), ALWAYS),
        Revision(DAY, "pfa", ChannelCounts(*pfa), ALWAYS),
    )


def daily(sirius: Sirius, days: DayRange = DAYS, last_ended: date = DAY) -> pd.DataFrame:
    with connected(sirius.warehouse) as connection:
        return take_up_of_days(connection, days, last_ended=last_ended)


def total(sirius: Sirius) -> pd.Series:
    rows = daily(sirius)
    return rows[rows["lpa_type"] == ALL].iloc[0]


def delivered(sirius: Sirius) -> set[date]:
    return set(extracting.ledger(sirius.warehouse, "sirius"))


@pytest.mark.parametrize(
    ("hw", "pfa", "expected"),
    [
        pytest.param((10, 5, 20, 3, 1, 1), (30, 0, 29, 1, 0, 0), (100, Decimal("45.00"), False), id="both types"),
        pytest.param((0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0), (0, None, False), id="a day without work"),
        pytest.param((59, 0, 40, 0, 0, 1), (0, 0, 0, 0, 0, 0), (100, Decimal("59.00"), False), id="1 % unknown"),
        pytest.param((58, 0, 40, 0, 0, 2), (0, 0, 0, 0, 0, 0), (100, Decimal("58.00"), True), id="2 % unknown"),
    ],
)
def test_digital_is_online_and_assisted_of_all_channels_and_much_unknown_makes_an_estimate(
    sirius: Sirius, hw: tuple[int, ...], pfa: tuple[int, ...], expected: tuple[int, Decimal | None, bool]
) -> None:
    counted(sirius, hw, pfa)
    sirius.read(DAYS, NIGHT)
    row = total(sirius)
    assert (row["total_count"], row["digital_take_up_percent"], row["is_estimated"]) == expected


def test_a_revision_supersedes_the_earlier_counts_and_keeps_them(sirius: Sirius) -> None:
    for night, online in enumerate((60, 60, 160)):
        counted(sirius, hw=(online, 0, 40, 0, 0, 0))
        sirius.read(DAYS, NIGHT + night * A_NIGHT)
    rows = extracting.query(
        sirius.warehouse,
        "SELECT online_count, first_seen_at, superseded_at FROM perf.extracted_channel_counts"
        " WHERE lpa_type = 'health-and-welfare' ORDER BY first_seen_at",
    )
    revised_at = NIGHT + 2 * A_NIGHT
    assert [tuple(row) for row in rows] == [(60, NIGHT, revised_at), (160, revised_at, None)]
    assert total(sirius)["digital_take_up_percent"] == Decimal("80.00")


def without_pfa_of_the_day(body: dict[str, Any]) -> None:
    body["data"] = [row for row in body["data"] if (row["period"], row["caseSubtype"]) != (str(DAY), "pfa")]
    body["meta"]["total"] = len(body["data"])


@pytest.mark.parametrize(
    ("answers", "gaps"),
    [
        ({"missing_days": frozenset({DAY})}, {DAY}),
        ({"wrong_total_days": frozenset({DAY})}, {DAY}),
        ({"edit_answer": without_pfa_of_the_day}, {DAY}),
        # Sirius is then complete up to two days before the night.
        ({"staleness_hours": 48}, {DAY + A_NIGHT}),
    ],
)
def test_a_day_that_sirius_does_not_have_whole_is_not_known_yet(
    sirius: Sirius, answers: dict[str, object], gaps: set[date]
) -> None:
    sirius.answer(**answers)
    merged = sirius.read(AROUND, NIGHT)
    known = set(AROUND) - gaps
    assert delivered(sirius) == set(daily(sirius, AROUND)["report_date"]) == merged.changed == known
    assert merged.complete_up_to == (DAY if "staleness_hours" in answers else date(2026, 9, 9))


def spoil_one_type_and_change_the_other(answer: dict[str, Any]) -> None:
    for row in answer.get("data", []):
        row["channels"]["online"] += 1000
        # The total of one type follows, that of the other does not.
        row["total"] += 1000 if row["caseSubtype"] == "hw" else 0


@pytest.mark.parametrize(
    "answers", [{"missing_days": frozenset({DAY})}, {"edit_answer": spoil_one_type_and_change_the_other}]
)
def test_a_day_that_is_not_whole_any_more_keeps_its_figures(sirius: Sirius, answers: dict[str, object]) -> None:
    counted(sirius, hw=(60, 0, 40, 0, 0, 0))
    sirius.read(DAYS, NIGHT)
    before = daily(sirius)
    sirius.answer(**answers)
    assert sirius.read(DAYS, NIGHT + A_NIGHT).changed == set()
    assert daily(sirius).equals(before)
    assert delivered(sirius) == {DAY}


def test_a_wrong_total_is_set_aside_and_let_back_in_once_it_is_right(sirius: Sirius) -> None:
    sirius.behaviour.wrong_total_days = frozenset({DAY})
    sirius.read(DAYS, NIGHT)
    reason = "total_is_not_sum_of_channels"
    assert extracting.quarantine(sirius.warehouse) == {f"{DAY}/hw": reason, f"{DAY}/pfa": reason}
    sirius.behaviour.wrong_total_days = frozenset()
    sirius.read(DAYS, NIGHT + A_NIGHT)
    assert extracting.quarantine(sirius.warehouse) == {}
    assert len(daily(sirius)) == 3


def test_a_row_of_an_unknown_type_leaves_quarantine_once_its_day_is_whole(sirius: Sirius) -> None:
    sirius.behaviour.edit_answer = lambda body: body["data"][0].update(caseSubtype="hww")
    sirius.read(DAYS, NIGHT)
    assert list(extracting.quarantine(sirius.warehouse).values()) == ["unknown_subtype"]
    sirius.behaviour.edit_answer = None
    sirius.read(AROUND, NIGHT + A_NIGHT)
    assert extracting.quarantine(sirius.warehouse) == {}


def test_counts_that_sirius_calls_final_are_not_provisional(sirius: Sirius) -> None:
    old = DAY - timedelta(days=90)
    sirius.read(DayRange(old, DAY), NIGHT)
    by_day = daily(sirius, DayRange(old, DAY)).groupby("report_date")["is_provisional"].all()
    assert (by_day[old], by_day[DAY]) == (False, True)


@pytest.mark.parametrize(("age_days", "is_provisional"), [(399, True), (400, False)])
def test_counts_that_are_never_called_final_stop_being_provisional_when_their_window_closes(
    sirius: Sirius, age_days: int, is_provisional: bool
) -> None:
    sirius.read(DAYS, NIGHT)
    last_ended = DAY + timedelta(days=age_days)
    assert daily(sirius, last_ended=last_ended)["is_provisional"].tolist() == [is_provisional] * 3


def test_counts_that_another_run_overtook_do_not_supersede_the_newer_ones(sirius: Sirius) -> None:
    counted(sirius, hw=(160, 0, 40, 0, 0, 0))
    sirius.read(DAYS, NIGHT + timedelta(minutes=1))
    counted(sirius, hw=(60, 0, 40, 0, 0, 0))
    assert sirius.read(DAYS, NIGHT).changed == set()
    assert total(sirius)["online_count"] == 160


def test_counts_that_are_lost_in_merging_are_read_and_not_kept(warehouse: Engine, sirius_url: str) -> None:
    lose_rows(warehouse, "extracted_channel_counts", "NEW.lpa_type = 'health-and-welfare'")
    extracting.channel_counts(warehouse, sirius_url, DAYS, NIGHT)
    row = extracting.ledger(warehouse, "sirius")[DAY]
    assert (row.rows_read_count, row.rows_kept_count) == (2, 1)
