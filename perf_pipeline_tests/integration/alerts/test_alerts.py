"""People get one alert for each cause, by every channel that is set, whatever fails on the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from pydantic import AnyUrl, Secret
from sqlalchemy import Engine, text

from perf_pipeline.alerts.alerting import alert, night_is_alerted
from perf_pipeline.alerts.messages import message_of
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline_tests.causes import TAKE_UP
from perf_pipeline_tests.integration.alerts.receivers import HOST, MailServer, WebhookServer

RELEASE = Cause(subject="release", days=(), found="the disk is full.", next_step="make room.")
RUN = "a-run"
NIGHT = date(2026, 11, 19)
CLOSED_PORT = 1
Alert = Callable[..., bool]


@pytest.fixture
def alert_by_webhook(emptied_warehouse: Engine, by_webhook: Settings) -> Alert:
    return partial(alert, emptied_warehouse, by_webhook)


def with_mail(settings: Settings, port: int) -> Settings:
    mail = {
        "smtp_url": Secret(AnyUrl(f"smtp://{HOST}:{port}")),
        "alert_email_to": ("team@service.example", "lead@service.example"),
        "alert_email_from": "perf@service.example",
    }
    return settings.model_copy(update=mail)


def recorded(warehouse: Engine) -> set[tuple[object, ...]]:
    with warehouse.connect() as connection:
        rows = connection.execute(text("SELECT about, night, alert_subject, check_name FROM perf.alerts_sent"))
        return {tuple(row) for row in rows}


def test_the_log_has_a_line_for_each_cause(emptied_warehouse: Engine, caplog: pytest.LogCaptureFixture) -> None:
    assert alert(emptied_warehouse, Settings(dagit_port=3001), [TAKE_UP, RELEASE], RUN, run_id=RUN)
    assert caplog.messages == [
        f"{TAKE_UP} More: http://127.0.0.1:3001/assets/daily_digital_take_up?view=checks",
        f"release: the disk is full. Next step: make room. More: http://127.0.0.1:3001/runs/{RUN}",
    ]


def test_the_webhook_receives_each_cause_with_day_check_fault_found_expected_and_link(
    alert_by_webhook: Alert, by_webhook: Settings, webhook: WebhookServer
) -> None:
    alert_by_webhook([TAKE_UP, RELEASE], RUN, run_id=RUN)
    take_up, release = webhook.received
    assert take_up == {
        "text": message_of(TAKE_UP, by_webhook, RUN).text,
        "subject": "make-a-lpa, daily_digital_take_up",
        "check": "channels_add_up_to_total",
        "fault": "the channels do not add up to the total",
        "days": ["2026-11-18", "2026-11-19"],
        "expected": "13, the sum of the parts",
        "found": "12 applications received",
        "next_step": "ask the data team.",
        "link": "https://dagit.example/assets/daily_digital_take_up?view=checks",
    }
    assert release["link"] == f"https://dagit.example/runs/{RUN}"


def test_the_mail_holds_the_same_for_every_recipient(emptied_warehouse: Engine, mail: MailServer) -> None:
    alert(emptied_warehouse, with_mail(Settings(), mail.port), [TAKE_UP], RUN)
    (arrived,) = mail.arrived
    message = message_of(TAKE_UP, Settings(), RUN)
    assert arrived.recipients == ["team@service.example", "lead@service.example"]
    assert arrived.letter["Subject"] == message.headline
    assert arrived.letter.get_content().splitlines() == message.text.splitlines()


def test_a_cause_is_sent_once_for_a_run_and_again_for_another(
    alert_by_webhook: Alert, webhook: WebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    for run_id in (RUN, RUN, "another-run"):
        assert alert_by_webhook([TAKE_UP], run_id, run_id=run_id)
    assert (len(webhook.received), len(caplog.messages)) == (2, 2)


def test_two_processes_with_the_same_cause_send_it_once(alert_by_webhook: Alert, webhook: WebhookServer) -> None:
    with ThreadPoolExecutor() as pool:
        sending = [pool.submit(alert_by_webhook, [TAKE_UP], RUN) for _ in range(4)]
    assert all(one.result() for one in sending)
    assert len(webhook.received) == 1


def test_subject_check_and_finding_make_a_cause(alert_by_webhook: Alert, webhook: WebhookServer) -> None:
    others = [replace(TAKE_UP, subject="it"), replace(TAKE_UP, check="is_it"), replace(TAKE_UP, found="it")]
    alert_by_webhook([TAKE_UP, *others, replace(TAKE_UP, next_step="do it.")], RUN)
    assert len(webhook.received) == 4


def test_a_night_is_alerted_once_an_alert_about_it_was_sent(emptied_warehouse: Engine) -> None:
    alert(emptied_warehouse, Settings(), [RELEASE], "a command")
    assert not night_is_alerted(emptied_warehouse, NIGHT)
    alert(emptied_warehouse, Settings(), [RELEASE], "a night", night=NIGHT)
    assert night_is_alerted(emptied_warehouse, NIGHT)
    assert not night_is_alerted(emptied_warehouse, NIGHT + timedelta(days=1))
    assert recorded(emptied_warehouse) == {("a command", None, "release", ""), ("a night", NIGHT, "release", "")}


def test_a_webhook_that_fails_does_not_hold_back_the_mail(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: WebhookServer, mail: MailServer
) -> None:
    webhook.always = 403
    assert alert(emptied_warehouse, with_mail(by_webhook, mail.port), [TAKE_UP, RELEASE], RUN)
    assert len(mail.arrived) == 2
    assert webhook.tries_count == 1
    assert len(recorded(emptied_warehouse)) == 2


def test_what_no_channel_could_send_is_sent_the_next_time(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: WebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.always = 403
    assert not alert(emptied_warehouse, with_mail(by_webhook, CLOSED_PORT), [TAKE_UP], RUN)
    assert f"The webhook at {HOST} answered 403; it did not receive the alert. Next step: " in caplog.text
    assert f"The mail server {HOST}:{CLOSED_PORT} can't be reached (ConnectionRefusedError)" in caplog.text
    assert recorded(emptied_warehouse) == set()
    webhook.always = None
    assert alert(emptied_warehouse, by_webhook, [TAKE_UP], RUN)
    assert len(webhook.received) == 1


def test_without_a_warehouse_everything_is_sent(
    by_webhook: Settings, webhook: WebhookServer, caplog: pytest.LogCaptureFixture
) -> None:
    unreachable = warehouse_engine(f"postgresql+psycopg2://perf:sekret@{HOST}:{CLOSED_PORT}/perf")
    assert alert(unreachable, by_webhook, [TAKE_UP], RUN)
    assert alert(None, by_webhook, [RELEASE], RUN)
    assert len(webhook.received) == 2
    assert "it may be sent twice: The warehouse (perf on" in caplog.text
    assert "sekret" not in caplog.text


def test_in_a_database_without_our_tables_everything_is_sent(
    new_database: Callable[[str], str], by_webhook: Settings, webhook: WebhookServer
) -> None:
    assert alert(warehouse_engine(new_database("template0")), by_webhook, [TAKE_UP], RUN)
    assert len(webhook.received) == 1
