"""Mail goes out over a real mail server: encrypted where it is offered, a password never in the clear."""

import ssl
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from perf_pipeline.alerts.email import Mail
from perf_pipeline.alerts.messages import Message
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.quality.causes import Cause
from perf_pipeline_tests.integration.alerts.receivers import (
    HOST,
    PASSWORD,
    USER,
    MailServer,
    certificate_for_this_host,
    lets_in,
    mail_server,
)

CAUSE = Cause(subject="release", days=(date(2026, 11, 19),), found="the disk is full – 0 €", next_step="make room.")
MESSAGE = Message(CAUSE, "https://dagit.example/runs/a-run")
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return certificate_for_this_host(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server_tls(certificate: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server needs whose certificate this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    return certificate[0]


@pytest.fixture
def offering_starttls(server_tls: ssl.SSLContext) -> Iterator[MailServer]:
    """A server that lets nobody in but over TLS and with the password."""
    with mail_server(tls_context=server_tls, authenticator=lets_in, auth_required=True) as server:
        yield server


def send(server: MailServer, *, scheme: str = "smtp", login: str = "", recipients: list[str] | None = None) -> None:
    url = SecretStr(f"{scheme}://{login}{HOST}:{server.port}")
    Mail(url, "perf@service.example", recipients or ["team@service.example"]).send(MESSAGE)


def refusal(server: MailServer, *, scheme: str = "smtp", login: str = "") -> str:
    with pytest.raises(PerfPipelineError) as refused:
        send(server, scheme=scheme, login=login)
    assert PASSWORD not in str(refused.value)
    assert server.arrived == []
    return str(refused.value)


def test_a_letter_is_plain_text_from_us_that_nothing_answers_by_itself() -> None:
    with mail_server() as server:
        send(server)
    (arrived,) = server.arrived
    assert arrived.letter.get_content_type() == "text/plain"
    assert arrived.letter["From"] == "perf@service.example"
    assert arrived.letter["To"] == "team@service.example"
    assert arrived.letter["Auto-Submitted"] == "auto-generated"
    assert arrived.letter["Message-ID"].endswith("@service.example>")
    assert arrived.letter["Subject"] == "perf_pipeline: release, 2026-11-19, the disk is full – 0 €"
    assert "the disk is full – 0 €" in arrived.letter.get_content()
    assert not arrived.is_encrypted


def test_a_password_goes_by_starttls(offering_starttls: MailServer) -> None:
    send(offering_starttls, login=LOGIN)
    (arrived,) = offering_starttls.arrived
    assert (arrived.is_encrypted, arrived.is_logged_in) == (True, True)


def test_starttls_is_used_where_it_is_offered(server_tls: ssl.SSLContext) -> None:
    with mail_server(tls_context=server_tls, require_starttls=True) as server:
        send(server)
    assert server.arrived[0].is_encrypted


def test_smtps_is_encrypted_from_the_start(server_tls: ssl.SSLContext) -> None:
    # The server does not know of the TLS around it, and would ask for STARTTLS before a login.
    with mail_server(ssl_context=server_tls, authenticator=lets_in, auth_require_tls=False) as server:
        send(server, scheme="smtps", login=LOGIN)
    assert server.arrived[0].is_logged_in


def test_a_password_is_not_sent_in_the_clear() -> None:
    with mail_server(authenticator=lets_in, auth_require_tls=False) as server:
        assert "offers no STARTTLS" in refusal(server, login=LOGIN)


def test_a_wrong_password_is_said_and_not_shown(offering_starttls: MailServer) -> None:
    told = refusal(offering_starttls, login=f"{USER}:wrong-sekret@")
    assert f"The mail server {HOST}:{offering_starttls.port} refused the user or the password (535)" in told
    assert "Next step: check PERF_SMTP_URL" in told
    assert "sekret" not in told


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    certificate: tuple[ssl.SSLContext, Path], scheme: str
) -> None:
    options = {"ssl_context": certificate[0]} if scheme == "smtps" else {"tls_context": certificate[0]}
    with mail_server(**options) as server:
        assert "a certificate that is not accepted" in refusal(server, scheme=scheme, login=LOGIN)


def test_one_recipient_that_is_refused_does_not_hold_back_the_others(caplog: pytest.LogCaptureFixture) -> None:
    with mail_server() as server:
        server.refused = {"gone@service.example"}
        send(server, recipients=["gone@service.example", "team@service.example"])
    assert server.arrived[0].recipients == ["team@service.example"]
    assert "refused 1 of 2 recipients" in caplog.text


def test_when_every_recipient_is_refused_the_mail_has_failed() -> None:
    with mail_server() as server:
        server.refused = {"team@service.example"}
        assert "refused every recipient" in refusal(server)
