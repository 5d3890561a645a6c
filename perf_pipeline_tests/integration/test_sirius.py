"""The Sirius client against the stand-in over real HTTP, and the stand-in against its published contract."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from openapi_spec_validator import validate

from perf_pipeline.demo.channel_model import ChannelCounts, counts_as_seen, settled_counts
from perf_pipeline.demo.sirius_behaviour import Revision, SiriusBehaviour
from perf_pipeline.demo.sirius_contract import CONTRACT_FILE, Contract
from perf_pipeline.demo.sirius_server import FIRST_DAY, PATH, sirius_server
from perf_pipeline.errors import SettingsError
from perf_pipeline.extracted.sirius.client import ChannelCountDelivery, SiriusClient
from perf_pipeline_tests.sirius import TODAY

YESTERDAY = TODAY - timedelta(days=1)
LPA_TYPES = {"hw": "health-and-welfare", "pfa": "property-and-financial"}


def ask(sirius_url: str, **query: str | int) -> requests.Response:
    asked: dict[str, str | int] = {"from": "2026-06-01", "to": "2026-06-30", "granularity": "day"}
    return requests.get(sirius_url + PATH, params=asked | query, timeout=10)


def totals(delivery: ChannelCountDelivery) -> dict[tuple[date, str], int]:
    return {(row.report_date, row.lpa_type): row.total_count for row in delivery.rows}


def test_a_month_is_read_with_every_channel_of_every_day(sirius_url: str) -> None:
    delivery = SiriusClient(sirius_url).channel_counts(date(2026, 5, 1), date(2026, 5, 31))
    assert len(delivery.rows) == delivery.rows_read_count == 62
    assert delivery.rejected == ()
    subtypes = {lpa_type: subtype for subtype, lpa_type in LPA_TYPES.items()}
    for row in delivery.rows:
        expected = settled_counts(row.report_date)[subtypes[row.lpa_type]]
        assert (
            ChannelCounts(
                online=row.online_count,
                assisted=row.assisted_count,
                paper=row.paper_count,
                phone=row.phone_count,
                other=row.other_count,
                unknown=row.unknown_count,
            )
            == expected
        )
        assert row.is_final


def test_a_long_range_is_read_in_spans_and_pages_without_losing_a_row(
    sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    first_day = date(2024, 1, 1)
    delivery = SiriusClient(sirius_url).channel_counts(first_day, YESTERDAY)
    days_count = (YESTERDAY - first_day).days + 1
    assert len(totals(delivery)) == len(delivery.rows) == 2 * days_count
    spans = {(asked.query["from"], asked.query["to"]) for asked in behaviour.received}
    assert spans == {("2024-01-01", "2024-12-31"), ("2025-01-01", "2026-01-01"), ("2026-01-02", "2026-09-09")}
    assert max(int(asked.query["page"]) for asked in behaviour.received) == 8


def test_recent_days_are_provisional_as_scanned_so_far(sirius_url: str) -> None:
    delivery = SiriusClient(sirius_url).channel_counts(YESTERDAY, YESTERDAY)
    assert not any(row.is_final for row in delivery.rows)
    seen = counts_as_seen(YESTERDAY, TODAY).counts
    assert totals(delivery) == {(YESTERDAY, LPA_TYPES[subtype]): counts.total for subtype, counts in seen.items()}


def test_days_after_the_last_complete_one_are_not_delivered(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    behaviour.staleness_hours = 48
    delivery = SiriusClient(sirius_url).channel_counts(date(2026, 9, 1), TODAY)
    assert delivery.data_complete_up_to == date(2026, 9, 7)
    assert max(row.report_date for row in delivery.rows) == date(2026, 9, 7)
    assert delivery.generated_at == datetime(2026, 9, 8, 0, 30, tzinfo=UTC)
    assert delivery.rows_read_count == 16


def test_a_range_that_is_not_known_yet_gives_no_rows_and_no_error(sirius_url: str) -> None:
    delivery = SiriusClient(sirius_url).channel_counts(TODAY, TODAY + timedelta(days=400))
    assert delivery.rows == ()
    assert delivery.data_complete_up_to == YESTERDAY


def test_the_earliest_completeness_of_all_answers_counts(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    def older_on_page_two(body: dict[str, Any]) -> None:
        if body["meta"]["page"] == 2:
            body["meta"] |= {"dataCompleteUpTo": "2026-09-01", "generatedAt": "2026-09-02T00:30:00Z"}

    behaviour.edit_answer = older_on_page_two
    delivery = SiriusClient(sirius_url).channel_counts(date(2026, 7, 1), YESTERDAY)
    assert delivery.data_complete_up_to == date(2026, 9, 1)
    assert max(row.report_date for row in delivery.rows) == date(2026, 9, 1)
    assert delivery.generated_at == datetime(2026, 9, 2, 0, 30, tzinfo=UTC)


def test_a_missing_row_stays_missing(sirius_url: str, behaviour: SiriusBehaviour) -> None:
    behaviour.missing_days = frozenset({date(2026, 6, 3)})
    delivery = SiriusClient(sirius_url).channel_counts(date(2026, 6, 1), date(2026, 6, 5))
    assert {day.day for day, _ in totals(delivery)} == {1, 2, 4, 5}


def test_a_row_whose_total_is_not_its_sum_is_rejected_and_the_rest_used(
    sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    behaviour.wrong_total_days = frozenset({date(2026, 6, 3)})
    delivery = SiriusClient(sirius_url).channel_counts(date(2026, 6, 1), date(2026, 6, 5))
    assert len(delivery.rows) == 8
    assert [(row.report_date, row.reason, row.row_ref) for row in delivery.rejected] == [
        (date(2026, 6, 3), "total_is_not_sum_of_channels", "2026-06-03/hw"),
        (date(2026, 6, 3), "total_is_not_sum_of_channels", "2026-06-03/pfa"),
    ]


def test_a_revision_is_revised_at_its_instant_on() -> None:
    day = date(2026, 3, 2)
    counts = ChannelCounts(online=1, assisted=2, paper=3, phone=4, other=5, unknown=6)
    revised_at = datetime(2026, 9, 10, tzinfo=UTC)
    behaviour = SiriusBehaviour(hiccup_every=0, revisions=(Revision(day, "hw", counts, revised_at),))
    days = iter([date(2026, 9, 9), date(2026, 9, 10)])
    with sirius_server(today=lambda: next(days), behaviour=behaviour) as sirius_url:
        before, after = (totals(SiriusClient(sirius_url).channel_counts(day, day)) for _ in range(2))
    assert before[day, "health-and-welfare"] == settled_counts(day)["hw"].total
    assert after[day, "health-and-welfare"] == 21
    assert before[day, "property-and-financial"] == after[day, "property-and-financial"]


def test_the_demonstration_hiccups_cost_a_nightly_window_less_than_two_seconds() -> None:
    behaviour = SiriusBehaviour()
    with sirius_server(today=TODAY, behaviour=behaviour) as sirius_url:
        started = datetime.now(UTC)
        delivery = SiriusClient(sirius_url).channel_counts(TODAY - timedelta(days=400), YESTERDAY)
        took = datetime.now(UTC) - started
    assert len(delivery.rows) == 800
    assert len(behaviour.received) == 10
    assert took < timedelta(seconds=2)


def test_the_address_of_the_gateway_may_end_in_a_slash(sirius_url: str) -> None:
    assert SiriusClient(f"{sirius_url}/").channel_counts(YESTERDAY, YESTERDAY).rows


def test_the_contract_is_valid_openapi_and_handed_over_in_docs() -> None:
    handed_over = Path(__file__).parents[2] / "docs" / "sirius-endpoint.openapi.yaml"
    assert handed_over.resolve() == CONTRACT_FILE.resolve()
    validate(yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8")))


def test_a_missing_contract_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read at .*none\.yaml"):
        Contract(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "query",
    [
        {"from": ""},
        {"from": "2026-02-30"},
        {"to": "yesterday"},
        {"granularity": "month"},
        {"subtype": "lpa"},
        {"page": 0},
        {"page": "x"},
        {"limit": 0},
        {"limit": 501},
        {"from": "2026-07-01"},
        {"from": "2025-06-29"},
    ],
)
def test_a_request_outside_the_contract_is_invalid(sirius_url: str, query: dict[str, str | int]) -> None:
    answer = ask(sirius_url, **query)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    error = errors[0] if isinstance(errors, list) else errors
    assert error["code"] == "OPGDATA-API-INVALIDREQUEST"


def test_a_request_without_its_days_is_invalid(sirius_url: str) -> None:
    assert requests.get(sirius_url + PATH, timeout=10).status_code == 400


def test_exactly_366_days_may_be_asked_for(sirius_url: str) -> None:
    assert ask(sirius_url, **{"from": "2025-06-30"}).json()["meta"]["total"] == 732


def test_one_subtype_may_be_asked_for(sirius_url: str) -> None:
    body = ask(sirius_url, subtype="pfa").json()
    assert {row["caseSubtype"] for row in body["data"]} == {"pfa"}
    assert body["meta"]["total"] == 30


def test_a_page_after_the_last_is_empty(sirius_url: str) -> None:
    body = ask(sirius_url, page=3, limit=50).json()
    assert body["data"] == []
    assert body["meta"]["total"] == 60


def test_days_before_the_first_have_no_rows(sirius_url: str) -> None:
    body = ask(sirius_url, **{"from": "2020-12-30", "to": "2021-01-02"}).json()
    assert body["data"][0]["period"] == FIRST_DAY.isoformat()
    assert body["meta"]["total"] == 4


def test_any_other_path_is_a_gateway_404(sirius_url: str) -> None:
    answer = requests.get(f"{sirius_url}/v1/statistics", timeout=10)
    assert answer.status_code == 404
    assert answer.json()["body"]["error"]["code"] == "OPGDATA-API-NOTFOUND"
    assert requests.post(sirius_url + PATH, timeout=10).status_code == 404


def test_the_stand_in_refuses_to_send_what_the_contract_does_not_allow(caplog: pytest.LogCaptureFixture) -> None:
    counts = ChannelCounts(online=-1, assisted=0, paper=0, phone=0, other=0, unknown=0)
    revision = Revision(date(2026, 6, 1), "hw", counts, datetime(2026, 1, 1, tzinfo=UTC))
    with sirius_server(today=TODAY, behaviour=SiriusBehaviour(revisions=(revision,))) as sirius_url:
        assert ask(sirius_url).status_code == 500
    assert "BrokenContractError" in caplog.text


def test_the_stand_in_prints_nothing_about_requests(sirius_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    ask(sirius_url)
    ask(sirius_url, granularity="month")
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""


def test_the_stand_in_frees_its_port_at_the_end() -> None:
    with sirius_server(today=TODAY) as sirius_url:
        port = int(sirius_url.rpartition(":")[2])
    with sirius_server(today=TODAY, port=port) as again:
        assert again == sirius_url


def test_a_port_in_use_is_one_clear_error(sirius_url: str) -> None:
    port = int(sirius_url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=f"cannot listen on port {port}"), sirius_server(today=TODAY, port=port):
        pass
