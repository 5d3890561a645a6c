"""The sensors send an alert about a run that failed and a night that was missed, and about nothing else."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import last_ended_day
from perf_pipeline.orchestration.jobs import build, night_tags
from perf_pipeline.orchestration.sensors import look_at_night, missed, night_was_missed, run_failed
from perf_pipeline.settings import load_settings
from perf_pipeline_tests.integration.alerts.receivers import HOST, WebhookServer

NIGHT = date(2026, 11, 19)
AT_SIX = datetime(2026, 11, 20, 6, tzinfo=UTC)
BEFORE_SIX = datetime(2026, 11, 20, 5, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _webhook_is_set(webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_ALERT_WEBHOOK_URL", webhook.url)


@pytest.fixture
def configured(emptied_warehouse: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The test's warehouse as the one that PERF_* variables name."""
    monkeypatch.setenv("PERF_DATABASE_URL", emptied_warehouse.url.render_as_string(hide_password=False))
    return emptied_warehouse


def ask_for(warehouse: Engine, day: date, *, is_released: bool) -> None:
    with warehouse.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO perf.built_periods (dataset, subject, period_start, source_revisions, code_version, built_at,"
                " run_id, released_at) VALUES ('daily_user_satisfaction', 'make-a-lpa', :day, '{}', 'a version', now(),"
                " 'a run', CASE WHEN :is_released THEN now() END)"
            ),
            {"day": day, "is_released": is_released},
        )


def look(now: datetime, settled: str | None = None) -> tuple[str, str | None]:
    return look_at_night(load_settings(), now, settled)


@pytest.mark.parametrize(
    ("now", "is_missed"),
    [
        (BEFORE_SIX, False),
        (AT_SIX, True),
        # The clocks go forward at one o'clock: six in London is five in UTC.
        (datetime(2026, 3, 29, 4, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 5, 0, tzinfo=UTC), True),
        # And back at two: six is six again.
        (datetime(2026, 10, 25, 5, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 25, 6, 0, tzinfo=UTC), True),
        # Midnight in London is still the day before in UTC.
        (datetime(2026, 6, 14, 23, 30, tzinfo=UTC), False),
    ],
)
def test_a_night_is_missed_from_six_in_london_on(now: datetime, is_missed: bool) -> None:
    assert missed(now, is_released=False) is is_missed
    assert not missed(now, is_released=True)


def test_a_missed_night_is_alerted_once(configured: Engine, webhook: WebhookServer) -> None:
    ask_for(configured, date(2026, 11, 18), is_released=True)
    assert look(BEFORE_SIX) == ("2026-11-19 has until 06:00 to be published.", None)
    assert webhook.received == []
    assert look(AT_SIX) == ("2026-11-19 is not published; an alert was sent.", "2026-11-19")
    assert look(AT_SIX) == ("2026-11-19 is not published; an alert about it was sent before.", "2026-11-19")
    (sent,) = webhook.received
    assert (sent["subject"], sent["days"]) == ("nightly run", ["2026-11-19"])
    assert sent["found"] == "no nightly run has published it by 06:00."
    assert "perf-pipeline nightly" in sent["next_step"]
    assert sent["link"] == "http://127.0.0.1:3000"


def test_a_night_whose_run_broke_off_is_missed(configured: Engine, webhook: WebhookServer) -> None:
    ask_for(configured, NIGHT - timedelta(days=1), is_released=True)
    ask_for(configured, NIGHT, is_released=False)
    look(AT_SIX)
    assert len(webhook.received) == 1


def test_a_published_night_is_settled_even_while_it_is_built_again(configured: Engine, webhook: WebhookServer) -> None:
    ask_for(configured, NIGHT, is_released=True)
    assert look(AT_SIX) == ("2026-11-19 is published.", "2026-11-19")
    with configured.begin() as connection:
        connection.execute(text("UPDATE perf.built_periods SET released_at = NULL"))
    assert look(AT_SIX, "2026-11-19") == ("2026-11-19 is settled.", "2026-11-19")
    assert webhook.received == []


def test_where_only_past_months_were_built_no_night_is_expected(configured: Engine, webhook: WebhookServer) -> None:
    ask_for(configured, NIGHT - timedelta(days=40), is_released=True)
    assert look(AT_SIX) == ("No night of the week before was published, so nobody expects this one.", None)
    assert webhook.received == []


@pytest.mark.usefixtures("configured")
def test_before_the_first_use_nothing_is_missed(webhook: WebhookServer) -> None:
    assert look(AT_SIX) == ("No night of the week before was published, so nobody expects this one.", None)
    assert webhook.received == []


def test_a_warehouse_that_is_unreachable_at_six_is_alerted(
    webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", f"postgresql://perf:sekret@{HOST}:1/perf")
    assert look(BEFORE_SIX)[1] is None
    assert look(AT_SIX)[1] == "2026-11-19"
    (sent,) = webhook.received
    assert f"The warehouse (perf on {HOST}:1) can't be reached" in sent["found"]
    assert "sekret" not in str(sent)


def test_what_could_not_be_sent_is_sent_at_the_next_look(configured: Engine, webhook: WebhookServer) -> None:
    ask_for(configured, date(2026, 11, 18), is_released=True)
    webhook.always = 403
    assert look(AT_SIX) == ("2026-11-19 is not published; no alert could be sent yet.", None)
    webhook.always = None
    look(AT_SIX)
    assert len(webhook.received) == 1


def test_the_sensor_for_nights_remembers_what_is_settled(configured: Engine) -> None:
    yesterday = last_ended_day(datetime.now(UTC))
    ask_for(configured, yesterday, is_released=True)
    with dg.DagsterInstance.ephemeral() as instance:
        tick = night_was_missed.evaluate_tick(dg.build_sensor_context(instance))
        assert (tick.skip_message, tick.cursor) == (f"{yesterday} is published.", str(yesterday))
        tick = night_was_missed.evaluate_tick(dg.build_sensor_context(instance, cursor=tick.cursor))
    assert (tick.skip_message, tick.run_requests) == (f"{yesterday} is settled.", [])


@dg.op
def fails() -> None:
    raise dg.Failure("The disk is full.", allow_retries=False)


@dg.job(name=build.name)
def failing() -> None:
    fails()


def run_and_look(job: dg.JobDefinition, *, looks: int = 1, night: date | None = None) -> str:
    """Let a run of the job fail, then let the sensor look that often from the same cursor. Returns the run's id."""
    with dg.DagsterInstance.ephemeral() as instance:
        watching = run_failed.evaluate_tick(dg.build_sensor_context(instance))
        tags = night_tags(night) if night else None
        run_id = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags).run_id
        for _ in range(looks):
            run_failed.evaluate_tick(dg.build_sensor_context(instance, cursor=watching.cursor))
    return run_id


@pytest.mark.usefixtures("configured")
def test_a_failed_run_is_alerted_once_with_a_link_to_it(webhook: WebhookServer) -> None:
    run_id = run_and_look(failing, looks=2)
    (sent,) = webhook.received
    assert sent["subject"] == "fails"
    assert "The disk is full." in sent["found"]
    assert sent["link"] == f"http://127.0.0.1:3000/runs/{run_id}"


def test_a_night_whose_failed_run_was_alerted_is_not_alerted_as_missed(
    configured: Engine, webhook: WebhookServer
) -> None:
    ask_for(configured, NIGHT - timedelta(days=1), is_released=True)
    ask_for(configured, NIGHT, is_released=False)
    run_and_look(failing, night=NIGHT)
    assert look(AT_SIX) == ("2026-11-19 is not published; an alert about it was sent before.", str(NIGHT))
    assert [sent["subject"] for sent in webhook.received] == ["fails"]


@dg.job(name="__ASSET_JOB")
def backfilling() -> None:
    fails()


@pytest.mark.usefixtures("configured")
def test_a_failed_run_of_a_backfill_started_in_dagit_is_alerted_too(webhook: WebhookServer) -> None:
    run_and_look(backfilling)
    assert len(webhook.received) == 1


def test_a_failed_run_is_alerted_when_the_warehouse_is_what_failed(
    webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", f"postgresql://perf@{HOST}:1/perf")
    run_and_look(failing)
    assert len(webhook.received) == 1


def test_both_sensors_watch_unless_they_are_stopped() -> None:
    watching = dg.DefaultSensorStatus.RUNNING
    assert (run_failed.default_status, night_was_missed.default_status) == (watching, watching)
    dg.Definitions.validate_loadable(dg.Definitions(jobs=[failing], sensors=[run_failed, night_was_missed]))
