"""Mail goes out over a real mail server: encrypted where it is offered, a password never in the clear."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import AnyUrl, Secret

from perf_pipeline.alerts.email import Mail
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline_tests.causes import MESSAGE
from perf_pipeline_tests.integration.alerts.receivers import (
    HOST,
    PASSWORD,
    USER,
    MailServer,
    accepts,
    mail_server,
)

LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"


@pytest.fixture
def offering_starttls(server_tls: ssl.SSLContext) -> Iterator[MailServer]:
    """A server that accepts mail only over TLS and with the password."""
    with mail_server(tls_context=server_tls, authenticator=accepts, auth_required=True) as server:
        yield server


def send(server: MailServer, *recipients: str, scheme: str = "smtp", login: str = "") -> None:
    url = Secret(AnyUrl(f"{scheme}://{login}{HOST}:{server.port}"))
    Mail(url, "perf@service.example", recipients or ("team@service.example",)).send(MESSAGE)


def refusal(server: MailServer, *, scheme: str = "smtp", login: str = "") -> str:
    with pytest.raises(PerfPipelineError) as refused:
        send(server, scheme=scheme, login=login)
    assert PASSWORD not in str(refused.value)
    assert server.arrived == []
    return str(refused.value)


def test_a_letter_is_plain_text_from_us_that_nothing_answers_by_itself(mail: MailServer) -> None:
    send(mail)
    (arrived,) = mail.arrived
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
    # Without this option the server, which does not know of the TLS around it, demands STARTTLS before a login.
    with mail_server(ssl_context=server_tls, authenticator=accepts, auth_require_tls=False) as server:
        send(server, scheme="smtps", login=LOGIN)
    assert server.arrived[0].is_logged_in


def test_a_password_is_not_sent_in_the_clear() -> None:
    with mail_server(authenticator=accepts, auth_require_tls=False) as server:
        assert "offers no STARTTLS" in refusal(server, login=LOGIN)


def test_a_wrong_password_is_reported_and_not_shown(offering_starttls: MailServer) -> None:
    message = refusal(offering_starttls, login=f"{USER}:wrong-sekret@")
    assert f"The mail server {HOST}:{offering_starttls.port} refused the user or the password (535)" in message
    assert "Next step: check PERF_SMTP_URL" in message
    assert "sekret" not in message


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_of_an_unknown_authority_is_refused(
    certificate: tuple[ssl.SSLContext, Path], scheme: str
) -> None:
    options = {"ssl_context": certificate[0]} if scheme == "smtps" else {"tls_context": certificate[0]}
    with mail_server(**options) as server:
        assert "has an invalid certificate" in refusal(server, scheme=scheme, login=LOGIN)


def test_one_refused_recipient_does_not_hold_back_the_others(
    mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail.refused = {"gone@service.example"}
    send(mail, "gone@service.example", "team@service.example")
    assert mail.arrived[0].recipients == ["team@service.example"]
    assert "refused 1 of 2 recipients" in caplog.text


def test_when_every_recipient_is_refused_the_mail_has_failed(mail: MailServer) -> None:
    mail.refused = {"team@service.example"}
    assert "refused every recipient" in refusal(mail)
