"""A webhook is posted to again when it stumbles, and its address shows nowhere."""

import ssl

import pytest
from pydantic import HttpUrl, Secret

from perf_pipeline.alerts.webhook import Webhook
from perf_pipeline.errors import PerfPipelineError
from perf_pipeline_tests.causes import MESSAGE
from perf_pipeline_tests.integration.alerts.receivers import HOST, WEBHOOK_PATH, WebhookServer, webhook_server

NEXT_STEP = "Next step: check PERF_ALERT_WEBHOOK_URL and that the service it leads to is up."


def send(url: str) -> None:
    Webhook(Secret(HttpUrl(url))).send(MESSAGE)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_webhook_that_is_throttled_or_stumbles_is_tried_again(webhook: WebhookServer, status: int) -> None:
    webhook.answers = [status]
    send(webhook.url)
    assert (webhook.received, webhook.tries_count) == ([MESSAGE.parts], 2)


@pytest.mark.parametrize("status", [302, 403, 404])
def test_a_webhook_that_refuses_is_not_tried_again(webhook: WebhookServer, status: int) -> None:
    webhook.always = status
    with pytest.raises(PerfPipelineError, match=f"answered {status}; it did not receive the alert"):
        send(webhook.url)
    assert webhook.tries_count == 1


def test_a_webhook_is_reached_over_tls(server_tls: ssl.SSLContext) -> None:
    with webhook_server(server_tls) as webhook:
        send(webhook.url)
    assert webhook.received == [MESSAGE.parts]


def test_a_webhook_is_reached_through_a_proxy(webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", webhook.url.removesuffix(WEBHOOK_PATH))
    send(f"http://hooks.example{WEBHOOK_PATH}")
    assert webhook.received == [MESSAGE.parts]


def test_the_address_shows_in_no_log_and_no_error(webhook: WebhookServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    send(webhook.url)
    webhook.always = 500
    with pytest.raises(PerfPipelineError) as failing:
        send(webhook.url)
    with pytest.raises(PerfPipelineError) as unreachable:
        send(f"http://{HOST}:1{WEBHOOK_PATH}")
    assert webhook.tries_count == 4
    assert str(failing.value) == f"The webhook at {HOST} answered 500; it did not receive the alert. {NEXT_STEP}"
    assert f"The webhook at {HOST} can't be reached (ConnectionError); it did not" in str(unreachable.value)
    assert "Retrying" in caplog.text
    assert WEBHOOK_PATH.rpartition("/")[2] not in caplog.text + str(failing.value) + str(unreachable.value)
