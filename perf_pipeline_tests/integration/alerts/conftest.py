"""Receivers of alerts that tests share one after the other, and what TLS needs."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import HttpUrl, Secret

from perf_pipeline.settings import Settings
from perf_pipeline_tests.integration.alerts.receivers import (
    MailServer,
    WebhookServer,
    certificate_for_this_host,
    mail_server,
    webhook_server,
)


@pytest.fixture(scope="session")
def _webhook_server() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def webhook(_webhook_server: WebhookServer) -> WebhookServer:
    """A webhook that accepts everything until the test says otherwise."""
    _webhook_server.reset()
    return _webhook_server


@pytest.fixture
def by_webhook(webhook: WebhookServer) -> Settings:
    return Settings(alert_webhook_url=Secret(HttpUrl(webhook.url)), dagit_url=HttpUrl("https://dagit.example"))


@pytest.fixture(scope="session")
def _mail_server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def mail(_mail_server: MailServer) -> MailServer:
    """A mail server without TLS or logins."""
    _mail_server.reset()
    return _mail_server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return certificate_for_this_host(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server_tls(certificate: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """TLS of a server whose certificate this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[1]))
    return certificate[0]
