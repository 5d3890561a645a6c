"""The stand-in for Sirius against its published contract, over real HTTP."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests
import yaml
from openapi_spec_validator import validate

from perf_pipeline.demo.channel_model import ChannelCounts
from perf_pipeline.demo.sirius_behaviour import Revision, SiriusBehaviour
from perf_pipeline.demo.sirius_contract import CONTRACT_FILE
from perf_pipeline.demo.sirius_server import FIRST_DAY, PATH, sirius_server
from perf_pipeline_tests.sirius import TODAY

HANDED_OVER = Path(__file__).parents[3] / "docs" / "sirius-endpoint.openapi.yaml"


def ask(sirius_url: str, **query: str | int) -> requests.Response:
    asked: dict[str, str | int] = {"from": "2026-06-01", "to": "2026-06-30", "granularity": "day"}
    return requests.get(sirius_url + PATH, params=asked | query, timeout=10)


def test_the_contract_is_valid_openapi_and_handed_over_in_docs() -> None:
    assert HANDED_OVER.resolve() == CONTRACT_FILE.resolve()
    validate(yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8")))


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


@pytest.mark.parametrize(
    ("query", "total", "rows"),
    [
        pytest.param({"from": "2025-06-30"}, 732, 100, id="at most 366 days"),
        pytest.param({"subtype": "pfa"}, 30, 30, id="one subtype"),
        pytest.param({"page": 3, "limit": 50}, 60, 0, id="a page after the last"),
        pytest.param({"from": "2020-12-30", "to": "2021-01-02"}, 4, 4, id="days before the first"),
    ],
)
def test_a_request_of_the_contract_is_answered(
    sirius_url: str, query: dict[str, str | int], total: int, rows: int
) -> None:
    body = ask(sirius_url, **query).json()
    assert (body["meta"]["total"], len(body["data"])) == (total, rows)
    assert {row["caseSubtype"] for row in body["data"]} <= {str(query.get("subtype", "hw")), "pfa"}
    assert all(row["period"] >= FIRST_DAY.isoformat() for row in body["data"])


def test_any_other_path_is_a_gateway_404(sirius_url: str) -> None:
    answer = requests.get(f"{sirius_url}/v1/statistics", timeout=10)
    assert answer.status_code == 404
    assert answer.json()["body"]["error"]["code"] == "OPGDATA-API-NOTFOUND"
    assert requests.post(sirius_url + PATH, timeout=10).status_code == 404


def test_the_stand_in_refuses_to_send_what_the_contract_does_not_allow(
    sirius_url: str, behaviour: SiriusBehaviour, caplog: pytest.LogCaptureFixture
) -> None:
    counts = ChannelCounts(online=-1, assisted=0, paper=0, phone=0, other=0, unknown=0)
    behaviour.revisions = (Revision(date(2026, 6, 1), "hw", counts, datetime(2026, 1, 1, tzinfo=UTC)),)
    assert ask(sirius_url).status_code == 500
    assert "-1 is less than the minimum of 0" in caplog.text


def test_the_stand_in_prints_nothing_about_requests(sirius_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    ask(sirius_url)
    ask(sirius_url, granularity="month")
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""


def test_the_stand_in_frees_its_port_at_the_end() -> None:
    with sirius_server(today=lambda: TODAY) as sirius_url:
        assert ask(sirius_url).status_code == 200
    with pytest.raises(requests.ConnectionError):
        ask(sirius_url)
