"""People are told each cause once, by every way that is set, whatever fails on the way."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, text

from perf_pipeline.alerts.alerting import tell
from perf_pipeline.quality.causes import Cause
from perf_pipeline.settings import Settings
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline_tests.integration.alerts.receivers import HOST, MailServer, Webhook, mail_server, webhook_server

TAKE_UP = Cause(
    subject="make-a-lpa, daily_digital_take_up",
    days=(date(2026, 11, 18), date(2026, 11, 19)),
    found="total 12",
    next_step="ask the data team.",
    check="counts_add_up",
    expected="total 13",
    asset="daily_digital_take_up",
)
RELEASE = Cause(subject="release", days=(), found="the disk is full.", next_step="make room.")
RUN = "a-run"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with webhook_server() as webhook:
        yield webhook


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def by_webhook(webhook: Webhook) -> Settings:
    return Settings(alert_webhook_url=SecretStr(webhook.url), dagit_url="https://dagit.example")


def with_mail(settings: Settings, port: int) -> Settings:
    mail = {
        "smtp_url": SecretStr(f"smtp://{HOST}:{port}"),
        "alert_email_to": "team@service.example, lead@service.example",
        "alert_email_from": "perf@service.example",
    }
    return settings.model_copy(update=mail)


def told_causes(warehouse: Engine) -> set[str]:
    with warehouse.connect() as connection:
        return set(connection.execute(text("SELECT cause FROM perf.alerts_told")).scalars())


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def test_the_log_has_a_line_for_each_cause(emptied_warehouse: Engine, caplog: pytest.LogCaptureFixture) -> None:
    assert tell(emptied_warehouse, Settings(dagit_port=3001), [TAKE_UP, RELEASE], RUN, run_id=RUN)
    assert caplog.messages == [
        f"{TAKE_UP} More: http://127.0.0.1:3001/assets/daily_digital_take_up?view=checks",
        f"release: the disk is full. Next step: make room. More: http://127.0.0.1:3001/runs/{RUN}",
    ]


def test_the_webhook_gets_each_cause_with_day_check_expected_found_and_link(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: Webhook
) -> None:
    tell(emptied_warehouse, by_webhook, [TAKE_UP, RELEASE], RUN, run_id=RUN)
    take_up, release = webhook.received
    words = take_up.pop("text")
    assert take_up == {
        "subject": "make-a-lpa, daily_digital_take_up",
        "check": "counts_add_up",
        "days": ["2026-11-18", "2026-11-19"],
        "expected": "total 13",
        "found": "total 12",
        "next_step": "ask the data team.",
        "link": "https://dagit.example/assets/daily_digital_take_up?view=checks",
    }
    assert all(part in words for part in ("2026-11-18 to 2026-11-19", "counts add up", "13", "12", take_up["link"]))
    assert release["link"] == f"https://dagit.example/runs/{RUN}"


def test_the_mail_holds_day_check_expected_found_and_link(emptied_warehouse: Engine, mail: MailServer) -> None:
    tell(emptied_warehouse, with_mail(Settings(), mail.port), [TAKE_UP], RUN)
    (arrived,) = mail.arrived
    assert arrived.recipients == ["team@service.example", "lead@service.example"]
    assert arrived.letter["Subject"] == (
        "perf_pipeline: make-a-lpa, daily_digital_take_up, 2026-11-18 to 2026-11-19, counts add up"
    )
    words = arrived.letter.get_content()
    for part in ("2026-11-18 to 2026-11-19", "counts add up", "total 13", "total 12", "/assets/daily_digital_take_up"):
        assert part in words


def test_a_cause_is_told_once_for_a_run_and_again_for_another(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    for run_id in (RUN, RUN, "another-run"):
        assert tell(emptied_warehouse, by_webhook, [TAKE_UP], run_id, run_id=run_id)
    assert (len(webhook.received), len(caplog.messages)) == (2, 2)


def test_two_processes_that_find_the_same_at_once_tell_it_once(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: Webhook
) -> None:
    with ThreadPoolExecutor() as pool:
        tellings = [pool.submit(tell, emptied_warehouse, by_webhook, [TAKE_UP], RUN) for _ in range(4)]
    assert all(telling.result() for telling in tellings)
    assert len(webhook.received) == 1


def test_each_check_of_a_subject_is_a_cause_of_its_own(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: Webhook
) -> None:
    tell(emptied_warehouse, by_webhook, [TAKE_UP, replace(TAKE_UP, check="counts_are_positive")], RUN)
    assert [parts["check"] for parts in webhook.received] == ["counts_add_up", "counts_are_positive"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_webhook_that_is_throttled_or_stumbles_is_tried_again(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: Webhook, status: int
) -> None:
    webhook.answers = [status]
    assert tell(emptied_warehouse, by_webhook, [TAKE_UP], RUN)
    assert (len(webhook.received), webhook.tries_count) == (1, 2)


@pytest.mark.parametrize("status", [302, 403, 404])
def test_a_webhook_that_refuses_is_not_tried_again(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: Webhook, status: int
) -> None:
    webhook.always = status
    assert not tell(emptied_warehouse, by_webhook, [TAKE_UP], RUN)
    assert webhook.tries_count == 1


def test_a_webhook_that_fails_does_not_hold_back_the_mail(
    emptied_warehouse: Engine,
    by_webhook: Settings,
    webhook: Webhook,
    mail: MailServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhook.always = 500
    assert tell(emptied_warehouse, with_mail(by_webhook, mail.port), [TAKE_UP, RELEASE], RUN)
    assert len(mail.arrived) == 2
    (failure,) = (line for line in caplog.messages if "webhook" in line)
    assert failure == (
        f"The webhook at {HOST} answered 500; the alert did not go out by it."
        " Next step: check PERF_ALERT_WEBHOOK_URL and that what it leads to is up."
    )
    assert len(told_causes(emptied_warehouse)) == 2


def test_what_could_go_by_no_way_is_told_the_next_time(
    emptied_warehouse: Engine, by_webhook: Settings, webhook: Webhook
) -> None:
    webhook.always = 500
    assert not tell(emptied_warehouse, with_mail(by_webhook, closed_port()), [TAKE_UP], RUN)
    assert told_causes(emptied_warehouse) == set()
    webhook.always = None
    assert tell(emptied_warehouse, by_webhook, [TAKE_UP], RUN)
    assert len(webhook.received) == 1


def test_a_server_that_is_down_is_a_line_in_the_log_and_no_error(
    emptied_warehouse: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    port = closed_port()
    down = with_mail(Settings(alert_webhook_url=SecretStr(f"http://{HOST}:{port}/sekret")), port)
    assert not tell(emptied_warehouse, down, [TAKE_UP], RUN)
    assert f"The webhook at {HOST} can't be reached (ConnectionError)" in caplog.text
    assert f"The mail server {HOST}:{port} can't be reached (ConnectionRefusedError)" in caplog.text


def test_without_a_warehouse_everything_is_sent(
    by_webhook: Settings, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    unreachable = warehouse_engine(f"postgresql+psycopg2://perf:sekret@{HOST}:{closed_port()}/perf")
    assert tell(unreachable, by_webhook, [TAKE_UP], RUN)
    assert tell(None, by_webhook, [RELEASE], RUN)
    assert len(webhook.received) == 2
    assert "it may come twice: The warehouse (perf on" in caplog.text
    assert "sekret" not in caplog.text


def test_in_a_warehouse_without_our_tables_everything_is_sent(
    warehouse: Engine, by_webhook: Settings, webhook: Webhook
) -> None:
    with warehouse.begin() as connection:
        connection.execute(text("DROP TABLE perf.alerts_told"))
    assert tell(warehouse, by_webhook, [TAKE_UP], RUN)
    assert len(webhook.received) == 1


@pytest.mark.parametrize("status", [200, 500])
def test_no_line_of_the_log_holds_the_address_of_the_webhook(
    emptied_warehouse: Engine,
    by_webhook: Settings,
    webhook: Webhook,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    webhook.always = status
    with caplog.at_level("DEBUG"):
        tell(emptied_warehouse, by_webhook, [TAKE_UP], RUN)
    assert "sekret" in webhook.url
    assert "sekret" not in caplog.text
