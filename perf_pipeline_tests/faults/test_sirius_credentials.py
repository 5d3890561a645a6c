"""How the Sirius client treats addresses, signatures and secrets: real server, real signatures."""

from pathlib import Path

import pytest

from perf_pipeline.demo.sirius_behaviour import ErrorAnswer, SiriusBehaviour
from perf_pipeline.errors import PermanentSourceError, SettingsError
from perf_pipeline.extracted.sirius.client import SiriusClient
from perf_pipeline_tests.sirius import ROWS_COUNT, assert_one_clear_line, read

KEY_ID, SECRET = "STANDINKEY", "no-value-outside-tests"


@pytest.fixture
def aws(no_aws: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    no_aws.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    no_aws.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return no_aws


def test_signed_requests_are_accepted_and_each_try_is_signed_anew(
    sirius_url: str, behaviour: SiriusBehaviour, aws: pytest.MonkeyPatch
) -> None:
    behaviour.credentials = (KEY_ID, SECRET)
    behaviour.play(ErrorAnswer(429, "THROTTLED", retry_after_seconds=1))
    aws.setenv("AWS_SESSION_TOKEN", "stand-in-token")
    assert len(read(sirius_url, auth="sigv4").rows) == ROWS_COUNT
    first, second = list(behaviour.received)[:2]
    assert first.query == second.query
    assert first.headers["x-amz-date"] < second.headers["x-amz-date"]
    assert first.headers["authorization"] != second.headers["authorization"]
    assert "x-amz-security-token" in second.headers["authorization"]


def test_a_wrong_secret_is_refused_without_being_printed(
    sirius_url: str, behaviour: SiriusBehaviour, aws: pytest.MonkeyPatch
) -> None:
    behaviour.credentials = (KEY_ID, SECRET)
    aws.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    with pytest.raises(PermanentSourceError, match="403 FORBIDDEN") as caught:
        read(sirius_url, auth="sigv4")
    assert "another-secret" not in str(caught.value)
    assert KEY_ID not in str(caught.value)


def test_an_unsigned_request_is_refused_where_a_signature_is_needed(
    sirius_url: str, behaviour: SiriusBehaviour
) -> None:
    behaviour.credentials = (KEY_ID, SECRET)
    with pytest.raises(PermanentSourceError, match="403 FORBIDDEN"):
        read(sirius_url)


def test_a_password_in_netrc_is_never_sent(
    sirius_url: str, behaviour: SiriusBehaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password hidden")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    read(sirius_url)
    assert all("authorization" not in asked.headers for asked in behaviour.received)


def test_a_proxy_from_the_environment_is_not_asked_for_this_machine(
    sirius_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert len(read(sirius_url).rows) == ROWS_COUNT


def test_missing_credentials_are_a_settings_error(sirius_url: str, no_aws: pytest.MonkeyPatch) -> None:
    no_aws.setenv("HOME", "/nonexistent")
    with pytest.raises(SettingsError, match="no AWS credentials") as caught:
        read(sirius_url, auth="sigv4")
    assert_one_clear_line(caught.value)


def test_half_a_pair_of_credentials_is_a_settings_error(sirius_url: str, no_aws: pytest.MonkeyPatch) -> None:
    no_aws.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    with pytest.raises(SettingsError, match="PartialCredentialsError"):
        read(sirius_url, auth="sigv4")


NONE, SECRET_INSIDE = "PERF_SIRIUS_URL is no web address", "PERF_SIRIUS_URL holds a user name, a password or a query"
ADDRESSES = {
    **dict.fromkeys(("", "sirius.example", "ftp://sirius.example", "http://", "http://[::1"), NONE),
    **dict.fromkeys(("http://sirius:port", "http://sirius:0"), NONE),
    **dict.fromkeys(("https://me:hidden@sirius.example", "https://sirius.example/?key=hidden"), SECRET_INSIDE),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_can_not_be_used_is_a_settings_error_and_not_printed(address: str) -> None:
    with pytest.raises(SettingsError, match=ADDRESSES[address]) as caught:
        SiriusClient(address)
    assert "hidden" not in str(caught.value)
    assert_one_clear_line(caught.value)


def test_signed_requests_never_leave_this_machine_over_plain_http() -> None:
    with pytest.raises(SettingsError, match="signed requests go over https only"):
        SiriusClient("http://sirius.example", auth="sigv4")
    SiriusClient("https://sirius.example", auth="sigv4")
    for host in ("localhost", "127.0.0.2", "[::1]"):
        SiriusClient(f"http://{host}:8080", auth="sigv4")
