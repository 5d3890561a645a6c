"""What makes a row of Sirius unusable, what makes a whole page unusable."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from perf_pipeline.errors import PermanentSourceError
from perf_pipeline.extracted.sirius.rows import ChannelCountRow, Page, RejectedRow, read_page, without_duplicates

DAY = date(2026, 5, 1)


def raw_row(**changes: object) -> dict[str, Any]:
    return {
        "period": "2026-05-01",
        "granularity": "day",
        "caseSubtype": "hw",
        "channels": {"online": 812, "paper": 1190, "phone": 0, "assisted": 6, "other": 4, "unknown": 11},
        "total": 2023,
        "status": "provisional",
    } | changes


def body_of(*rows: object, **meta: object) -> dict[str, Any]:
    return {
        "data": list(rows),
        "meta": {
            "from": "2026-05-01",
            "to": "2026-05-31",
            "basis": "receiptDate",
            "timezone": "Europe/London",
            "generatedAt": "2026-06-02T05:00:11+01:00",
            "dataCompleteUpTo": "2026-05-29",
            "version": "1.4.0",
            "page": 1,
            "limit": 100,
            "total": len(rows),
        }
        | meta,
    }


def read(body: dict[str, Any]) -> Page:
    return read_page(body, first_day=DAY, last_day=date(2026, 5, 31), number=1)


def test_a_row_of_the_contract_is_read_whole() -> None:
    page = read(body_of(raw_row()))
    assert page.rows == (
        (
            "2026-05-01/hw",
            ChannelCountRow(
                report_date=DAY,
                lpa_type="health-and-welfare",
                online_count=812,
                assisted_count=6,
                paper_count=1190,
                phone_count=0,
                other_count=4,
                unknown_count=11,
                total_count=2023,
                is_final=False,
            ),
        ),
    )
    assert page.data_complete_up_to == date(2026, 5, 29)
    assert page.generated_at == datetime(2026, 6, 2, 4, 0, 11, tzinfo=UTC)


def test_a_day_without_work_is_a_row_of_zeros() -> None:
    zeros = {"online": 0, "paper": 0, "phone": 0, "assisted": 0, "other": 0, "unknown": 0}
    ((_, row),) = read(body_of(raw_row(channels=zeros, total=0, status="final"))).rows
    assert isinstance(row, ChannelCountRow)
    assert (row.total_count, row.is_final) == (0, True)


CHANNELS = raw_row()["channels"]
REF, PLACE = "2026-05-01/hw", "2026-05-01..2026-05-31 page 1 row 1"


@pytest.mark.parametrize(
    ("row", "reason", "row_ref"),
    [
        ("a text", "not_an_object", PLACE),
        (raw_row(period="01/05/2026"), "unreadable_date", PLACE),
        (raw_row(period="20260501"), "unreadable_date", PLACE),
        (raw_row(period=None), "unreadable_date", PLACE),
        (raw_row(period="2026-06-01"), "day_outside_request", PLACE),
        (raw_row(caseSubtype="lpa"), "unknown_subtype", PLACE),
        (raw_row(caseSubtype=["hw"]), "unknown_subtype", PLACE),
        (raw_row(channels=None), "missing_channel", REF),
        (raw_row(channels={"online": 2023}), "missing_channel", REF),
        (raw_row(channels=CHANNELS | {"fax": 0}), "unknown_channel", REF),
        (raw_row(channels=CHANNELS | {"online": "812"}), "unreadable_count", REF),
        (raw_row(channels=CHANNELS | {"online": 812.0}), "unreadable_count", REF),
        (raw_row(channels=CHANNELS | {"phone": False}), "unreadable_count", REF),
        (raw_row(total=None), "unreadable_count", REF),
        (raw_row(channels=CHANNELS | {"online": -812}, total=399), "negative_count", REF),
        (raw_row(total=2**31), "count_too_large", REF),
        (raw_row(total=2024), "total_is_not_sum_of_channels", REF),
        (raw_row(status="done"), "unknown_status", REF),
    ],
)
def test_an_unusable_row_is_rejected_with_its_reason(row: object, reason: str, row_ref: str) -> None:
    ((_, rejected),) = read(body_of(row)).rows
    assert isinstance(rejected, RejectedRow)
    assert (rejected.reason, rejected.row_ref) == (reason, row_ref)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, "another shape"),
        ({"data": {}, "meta": {}}, "another shape"),
        (body_of(basis="registrationDate"), "expected receiptDate as meta.basis, found 'registrationDate'"),
        (body_of(timezone="UTC"), "meta.timezone"),
        (body_of(**{"from": "2026-04-01"}), "meta.from"),
        (body_of(to="2026-04-01"), "meta.to"),
        (body_of(version="2.0.0"), "version 1 in meta.version, found '2.0.0'"),
        (body_of(version=1), "meta.version"),
        (body_of(generatedAt="2026-06-02T04:00:11"), "an instant with its offset"),
        (body_of(generatedAt="yesterday"), "meta.generatedAt"),
        (body_of(dataCompleteUpTo="29 May"), "meta.dataCompleteUpTo"),
        (body_of(dataCompleteUpTo="2026-06-02"), "ended before meta.generatedAt"),
        (body_of(page=0), "meta.page"),
        (body_of(limit="100"), "meta.limit"),
        (body_of(total=-1), "meta.total"),
        (body_of(raw_row(granularity="month")), "expected day as granularity of a row"),
    ],
)
def test_a_page_that_breaks_the_contract_is_refused_whole(body: dict[str, Any], found: str) -> None:
    with pytest.raises(PermanentSourceError, match="do not keep the contract") as caught:
        read(body)
    assert found in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "used_count", "reasons"),
    [
        pytest.param(raw_row(), 1, ["duplicate_row"], id="an equal row"),
        pytest.param(raw_row(status="final"), 0, ["duplicate_row"] * 2, id="a row that contradicts it"),
        pytest.param(raw_row(total=1), 0, ["duplicate_row", "total_is_not_sum_of_channels"], id="an unusable row"),
    ],
)
def test_a_row_beside_another_of_its_day_and_subtype(
    other: dict[str, Any], used_count: int, reasons: list[str]
) -> None:
    used, rejected = without_duplicates(read(body_of(raw_row(), other)).rows)
    assert [row.report_date for row in used] == [DAY] * used_count
    assert sorted(row.reason for row in rejected) == reasons
    assert {row.row_ref for row in rejected} == {"2026-05-01/hw"}
