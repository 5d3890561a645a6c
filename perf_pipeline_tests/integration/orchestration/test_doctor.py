"""What `perf-pipeline doctor` reports, on systems that are right and on some that are not."""

import json
import shutil
import socket
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from dagster._daemon.types import DaemonHeartbeat
from dagster_postgres import PostgresRunStorage
from sqlalchemy import Engine

from perf_pipeline.orchestration.doctor import examine
from perf_pipeline.orchestration.findings import Finding
from perf_pipeline.orchestration.overview import overview
from perf_pipeline.orchestration.recorded_runs import NEEDED_DAEMONS
from perf_pipeline.orchestration.storage import dagster_url
from perf_pipeline.settings import load_settings
from perf_pipeline_tests.commands import Call
from perf_pipeline_tests.conftest import connect
from perf_pipeline_tests.integration.alerts.receivers import HOST, mail_server, webhook_server

ROOT = Path(__file__).parents[3]
HOME_VARIABLE = "DAGSTER_HOME"


@pytest.fixture(autouse=True)
def configured(
    monkeypatch: pytest.MonkeyPatch, emptied_warehouse: Engine, emptied_lpa_database_url: str, tmp_path: Path
) -> str:
    """The test's warehouse and Make an LPA database by variables, two reporting days, no other source."""
    variables = {
        "PERF_DATABASE_URL": emptied_warehouse.url.render_as_string(hide_password=False),
        "PERF_LPA_DATABASE_URL": emptied_lpa_database_url,
        "PERF_FIRST_DAY": "2026-05-03",
        "PERF_HOME": str(tmp_path / "home"),
        "PERF_PUBLISH_DIR": str(tmp_path / "published"),
        HOME_VARIABLE: "",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables["PERF_DATABASE_URL"]


def findings() -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine()}


def found_wrong() -> dict[str, str]:
    return {finding.subject: finding.says for finding in examine() if not finding.is_right}


def test_the_doctor_finds_nothing_wrong_where_nothing_is_and_makes_nothing(tmp_path: Path) -> None:
    found = findings()
    assert [finding for finding in found.values() if not finding.is_right] == []
    assert found["make-a-lpa, sirius"].says == "not set: the figures from it are not available [x]"
    assert "0 ratings on" in found["make-a-lpa, in-service"].says
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_names_each_thing_that_is_wrong_with_the_next_step(
    emptied_lpa_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "published").write_text("in the way")
    monkeypatch.setenv("PERF_SIRUIS_URL", "https://sirius.example")
    lpa_database = connect(emptied_lpa_database_url)
    lpa_database.autocommit = True
    with lpa_database.cursor() as cursor:
        cursor.execute("ALTER TABLE feedback RENAME TO feedback_away")
        found = found_wrong()
        cursor.execute("ALTER TABLE feedback_away RENAME TO feedback")
    lpa_database.close()
    assert set(found) == {"PERF_SIRUIS_URL", "make-a-lpa, in-service", "PERF_PUBLISH_DIR"}
    assert found["PERF_SIRUIS_URL"] == "nothing reads it. Next step: correct its name, or unset it."
    assert 'relation "feedback" does not exist' in found["make-a-lpa, in-service"]
    assert all("Next step: " in says for says in found.values())


def test_the_doctor_goes_on_after_settings_that_are_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "published").write_text("in the way")
    monkeypatch.setenv("PERF_DATABASE_URL", "mysql://somewhere/perf")
    monkeypatch.setenv("PERF_SIRIUS_AUTH", "basic")
    found = findings()
    wrong = {subject: finding.says for subject, finding in found.items() if not finding.is_right}
    assert set(wrong) == {"PERF_DATABASE_URL", "PERF_SIRIUS_AUTH", "PERF_PUBLISH_DIR"}
    assert wrong["PERF_DATABASE_URL"].startswith("names the driver mysql")
    assert wrong["PERF_SIRIUS_AUTH"].startswith("must be 'none' or 'sigv4'")
    assert found["warehouse"].says == "not examined: correct what is wrong above first"
    # The sources can be asked without a warehouse.
    assert "0 ratings on" in found["make-a-lpa, in-service"].says


def test_a_warehouse_that_does_not_answer_hides_no_fault_of_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", "postgresql://perf@127.0.0.1:1/perf")
    monkeypatch.setenv("PERF_SIRIUS_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PERF_SOURCE_READING_SECONDS", "1")
    assert set(found_wrong()) == {"warehouse", "make-a-lpa, sirius"}


def test_without_any_variable_the_doctor_says_that_nothing_is_made_and_makes_nothing(
    call: Call, tmp_path: Path
) -> None:
    called = call("doctor")
    assert called.status == 0
    assert "note  warehouse: not made yet; perf-pipeline nightly makes it" in called.out
    assert "ok    make-a-lpa, sirius: a stand-in; the commands that build start it" in called.out
    assert list(tmp_path.iterdir()) == []


def test_alerts_are_checked_by_a_connection_and_a_login_and_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_ALERT_EMAIL_TO", "team@service.example")
    monkeypatch.setenv("PERF_ALERT_EMAIL_FROM", "perf@service.example")
    with webhook_server() as webhook, mail_server() as mail:
        monkeypatch.setenv("PERF_ALERT_WEBHOOK_URL", webhook.url)
        monkeypatch.setenv("PERF_SMTP_URL", f"smtp://{HOST}:{mail.port}")
        found = findings()
        assert found["PERF_ALERT_WEBHOOK_URL"].says == f"{HOST} answers; no alert was posted"
        assert found["PERF_SMTP_URL"].says == f"{HOST}:{mail.port} answers; nothing was mailed"
        monkeypatch.setenv("PERF_SMTP_URL", f"smtp://alerts:sekret@{HOST}:{mail.port}")
        refused = found_wrong()["PERF_SMTP_URL"]
        assert (webhook.received, mail.arrived) == ([], [])
    assert "offers no STARTTLS or no login" in refused
    down = found_wrong()
    assert "can't be reached" in down["PERF_ALERT_WEBHOOK_URL"]
    assert "can't be reached" in down["PERF_SMTP_URL"]
    assert "sekret" not in str(down)


def test_a_dagster_home_that_is_not_ours_is_refused_by_the_doctor_and_by_commands_that_build(
    call: Call, configured: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (others / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    for home, what in ((others, "dagster.yaml is not the project's"), (tmp_path, f"{tmp_path} holds no dagster.yaml")):
        monkeypatch.setenv(HOME_VARIABLE, str(home))
        says = found_wrong()[HOME_VARIABLE]
        assert (what in says, "Next step: unset DAGSTER_HOME" in says) == (True, True)
        called = call("nightly", PERF_DATABASE_URL=configured, DAGSTER_HOME=str(home))
        assert (called.status, called.out, what in called.err) == (1, "", True)
    shutil.copy(ROOT / "dagster.yaml", others)
    monkeypatch.setenv(HOME_VARIABLE, str(others))
    assert found_wrong() == {}


def test_the_findings_as_json(call: Call, configured: str) -> None:
    called = call("doctor", "--json", PERF_DATABASE_URL=configured, PERF_SIRIUS_AUTH="basic")
    found = json.loads(called.out)
    assert (called.status, found["is_right"]) == (1, False)
    assert {"subject", "state", "says"} == set(found["findings"][0])
    states = {item["subject"]: item["state"] for item in found["findings"]}
    assert (states["PERF_SIRIUS_AUTH"], states["warehouse"], states["hash key"]) == ("wrong", "right", "note")


def test_a_daemon_that_does_not_beat_is_a_note_unless_dagit_answers_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def beat(at: datetime) -> None:
        for name in NEEDED_DAEMONS:
            storage.add_daemon_heartbeat(DaemonHeartbeat(at.timestamp(), name, "a daemon", []))

    now = load_settings().now()
    storage = PostgresRunStorage(dagster_url(load_settings()))
    storage.wipe_daemon_heartbeats()
    with socket.socket() as dagit:
        dagit.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PERF_DAGIT_PORT", str(dagit.getsockname()[1]))
        never = findings()["Dagster's daemon"]
        beat(now - timedelta(hours=1))
        ended = findings()["Dagster's daemon"]
        dagit.listen()
        missing = findings()["Dagster's daemon"]
        beat(now)
        alive = findings()["Dagster's daemon"]
    assert (never.state, never.says.startswith("it has never run here.")) == ("note", True)
    assert (ended.state, f"it was last alive at {now - timedelta(hours=1):%Y-%m-%d}" in ended.says) == ("note", True)
    assert (missing.state, "Next step: start dagster-daemon run" in missing.says) == ("wrong", True)
    assert (alive.state, alive.says) == ("right", "it is alive")
    assert overview(load_settings(), now).next_run.has_daemon
    storage.wipe_daemon_heartbeats()
