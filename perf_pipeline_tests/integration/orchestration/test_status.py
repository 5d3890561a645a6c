"""What `perf-pipeline status` reports, for people and for programs, on warehouses of which a test decides what they hold."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from perf_pipeline.catalogue.checks import RULES
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.cli.status import status_lines
from perf_pipeline.extracted.attempting import read_source
from perf_pipeline.orchestration.overview import WARNED_DAYS, overview
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.published.withdrawing import Withdrawal, record_withdrawal
from perf_pipeline.settings import load_settings
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.commands import Call
from perf_pipeline_tests.conftest import connect
from perf_pipeline_tests.ledgers import DAYS, NIGHT, Ledgers
from perf_pipeline_tests.lpa_rows import insert_feedback
from perf_pipeline_tests.systems import systems_with

DAY = date(2026, 5, 4)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 5, 5, 3, tzinfo=UTC)
WARNING = Severity.WARNING
STATUS_KEYS = {
    *("reporting_days", "is_built", "last_run", "next_run", "daemon_heartbeats", "waiting", "failed", "warnings"),
    *("sources", "quarantine", "gone_files", "withdrawn", "release"),
}
WARNINGS = "Warnings in the last 30 days; they hold nothing back"


@pytest.fixture
def configured(
    monkeypatch: pytest.MonkeyPatch, emptied_warehouse: Engine, emptied_lpa_database_url: str, tmp_path: Path
) -> Engine:
    """The test's warehouse and Make an LPA database by variables, two reporting days, no other source."""
    variables = {
        "PERF_DATABASE_URL": emptied_warehouse.url.render_as_string(hide_password=False),
        "PERF_LPA_DATABASE_URL": emptied_lpa_database_url,
        "PERF_FIRST_DAY": "2026-05-03",
        "PERF_HOME": str(tmp_path / "home"),
        "PERF_PUBLISH_DIR": str(tmp_path / "published"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return emptied_warehouse


def judge(warehouse: Engine, dataset: str, check: str, severity: str, days: int, **found: str) -> None:
    """Write verdicts on so many days up to DAY: failed, unless `found` says otherwise."""
    verdict = {"dataset": dataset, "subject": "make-a-lpa", "check_name": check, "severity": severity}
    rest = {"result": "failed", "run_id": "a run", "decided_at": NEXT_MORNING}
    rows = [{**verdict, **rest, **found, "period_start": DAY - timedelta(days=age)} for age in range(days)]
    with transaction(warehouse) as connection:
        connection.execute(insert(TABLES["verdicts"]), rows)


def lines(now: datetime = NEXT_MORNING) -> list[str]:
    return list(status_lines(overview(load_settings(), now), warned_days=WARNED_DAYS))


def section(heading: str, now: datetime = NEXT_MORNING) -> list[str]:
    shown = lines(now)
    below = [*shown[shown.index(heading) + 1 :], ""]
    return [line.strip() for line in below[: below.index("")]]


@pytest.mark.usefixtures("configured")
def test_the_status_shows_readings_failures_quarantine_and_what_comes_next(
    configured: Engine, emptied_lpa_database_url: str, tmp_path: Path
) -> None:
    lpa_database = connect(emptied_lpa_database_url)
    with lpa_database, lpa_database.cursor() as cursor:
        insert_feedback(cursor, NOON, "delighted")
    lpa_database.close()
    addresses = {"in-service": emptied_lpa_database_url, "sirius": "no web address"}
    systems = systems_with(configured, tmp_path, addresses=addresses, first_day=DAY, clock=lambda: NEXT_MORNING)
    for source in addresses:
        read_source(systems, systems.services["make-a-lpa"], SOURCES[source], None, "a run")
    with transaction(configured) as connection:
        removed = {
            "subject": "a-removed-service",
            "source_name": "sirius",
            "outcome": "failed",
            "failure": "it is down",
        }
        rest = {"attempted_at": NOON, "run_id": "a run", "asked_from": DAY}
        connection.execute(insert(TABLES["source_readings"]), removed | rest)
    assert lines(NEXT_MORNING)[0] == "Reporting days: 2026-05-03 to 2026-05-04 (2 days)"
    read, failed = section("Sources")
    assert read == "make-a-lpa, in-service: read at 2026-05-05 04:00, 1 day delivered, newest 2026-05-04"
    assert failed.startswith(
        "make-a-lpa, sirius: failed at 2026-05-05 04:00, 0 days delivered: PERF_SIRIUS_URL is no web address;"
    )
    assert section("In quarantine") == ["make-a-lpa, in-service: 1 row, rating_outside_scale: 2026-05-04 (1)"]
    # Sirius and the exports are not set.
    assert section("A run now builds 2 days") == ["2026-05-03 to 2026-05-04: not built yet"]


def test_the_status_names_each_planned_day_with_its_reason(
    ledgers: Ledgers, configured: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PERF_SIRIUS_URL", "PERF_FEEDBACK_EXPORTS_DIR"):
        monkeypatch.setenv(name, "http://sirius.example" if "URL" in name else "exports")
    monkeypatch.setenv("PERF_FIRST_DAY", str(DAYS.first))
    ledgers.deliver_everything()
    ledgers.settle()
    ledgers.deliver("make-a-lpa", "sirius", [date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 9)])
    with transaction(configured) as connection:
        connection.execute(
            TABLES["built_periods"].update().where(TABLES["built_periods"].c.period_start == DAYS.last),
            {"released_at": None},
        )
    assert section("A run now builds 3 days", NIGHT) == [
        "2026-06-01 to 2026-06-02, 2026-06-09: changed by sirius since it was built",
        "2026-06-14: built, but in no release yet",
    ]


def test_the_status_shows_what_failed_with_what_was_found_on_the_newest_day_and_no_consequences(
    configured: Engine,
) -> None:
    judge(configured, "daily_digital_take_up", "channels_add_up_to_total", "blocking", 3, observed="12", expected="10")
    judge(configured, "daily_digital_take_up", "key_is_unique", "blocking", 3, result="passed")
    judge(configured, "extracted_feedback", "key_is_unique", "blocking", 1)
    judge(configured, "daily_user_satisfaction", "made_from_a_day_that_passed", "blocking", 1)
    # Of a version of the code before this one.
    judge(configured, "daily_digital_take_up", "a_check_of_old", "blocking", 1, observed="this", expected="that")
    of_old, take_up, feedback = section("What failed")
    assert of_old.endswith(
        "2026-05-04: the check a_check_of_old failed. Found: this. Expected: that. Next step: build the days again."
    )
    assert take_up.startswith(
        "make-a-lpa, daily_digital_take_up, 2026-05-02 to 2026-05-04: the channels do not add up to the total."
        " Found: 12. Expected: 10. Next step: "
    )
    assert feedback.startswith(
        "make-a-lpa, extracted_feedback, 2026-05-04: several rows have the same key. Next step: "
    )


def test_a_warning_names_its_fault_and_days_what_was_found_and_the_next_step(configured: Engine) -> None:
    found = {"observed": "all: 61.0 %", "expected": "about 42.0 % as on the four weekdays before"}
    judge(configured, "daily_digital_take_up", "headline_does_not_jump", "warning", 40, **found)
    judge(configured, "daily_application_events", "volume_is_like_the_same_weekdays", "warning", 1, result="crashed")
    crashed, jumping = section(WARNINGS)
    assert jumping == (
        "make-a-lpa, daily_digital_take_up, 2026-04-05 to 2026-05-04 (30 days): the headline jumps: all: 61.0 %, expected"
        " about 42.0 % as on the four weekdays before (the newest). Next step: compare the day with the source; if it is"
        " right leave it as it is, otherwise have the source corrected and run perf-pipeline backfill of the day."
    )
    assert crashed == (
        "make-a-lpa, daily_application_events, 2026-05-04: the check could not run. Next step: build the days again."
    )
    assert section("What failed") == ["nothing"]


def test_every_check_that_warns_says_what_is_wrong_when_it_does() -> None:
    warning = {rule.name: rule.fault for rules in RULES.values() for rule in rules.values() if rule.severity is WARNING}
    assert [name for name, fault in warning.items() if not fault] == []


def all_set(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"FIRST_DAY": str(DAYS.first), "SIRIUS_URL": "http://sirius.example", "FEEDBACK_EXPORTS_DIR": "exports"}
    for name, value in variables.items():
        monkeypatch.setenv(f"PERF_{name}", value)


@pytest.mark.usefixtures("configured")
def test_the_status_shows_exactly_the_days_that_a_run_would_build(
    ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_set(monkeypatch)
    ledgers.deliver_everything()
    ledgers.settle()
    scattered = [day for day in DAYS if day.day % 4 == 0]
    ledgers.deliver("make-a-lpa", "sirius", scattered)
    planned = plan(ledgers.systems, DAYS).runs
    assert overview(load_settings(), NIGHT).next_run.days == planned
    days = sum(map(len, planned))
    assert len(scattered) < days
    shown = section(f"A run now builds {days} days", NIGHT)
    between = days - len(scattered)
    assert shown[-1] == f"{between} days between them, in the same runs: {', '.join(map(str, planned))}"


@pytest.mark.usefixtures("configured")
def test_the_status_shows_what_waits_for_a_source_that_still_has_time(
    ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_set(monkeypatch)
    ledgers.deliver("make-a-lpa", "sirius", [day for day in DAYS if day <= date(2026, 6, 12)])
    sirius, use = (line for line in section("Waiting", NIGHT) if "sirius" in line or "use-an-lpa" in line)
    assert sirius == "make-a-lpa, sirius, 2026-06-13 to 2026-06-14: not delivered yet; a day is due within 3 nights"
    # The export of May is late by then, and is among what failed.
    assert use == (
        "use-an-lpa, done-page, 2026-06-01 to 2026-06-14: not delivered yet; a month is due by the 5th of the month after it"
    )


def test_the_status_lists_withdrawn_figures_with_their_reason(configured: Engine) -> None:
    with transaction(configured) as connection:
        figure = Withdrawal("make-a-lpa", "user-satisfaction", date(2026, 5, 1), "month")
        record_withdrawal(connection, figure, "The page was under test.", NEXT_MORNING)
    assert section("Withdrawn figures") == [
        "user-satisfaction of make-a-lpa, month of 2026-05-01, on 2026-05-05 04:00: The page was under test."
    ]


def test_status_as_json_has_the_same_in_a_form_that_programs_read(call: Call, configured: Engine) -> None:
    judge(configured, "daily_digital_take_up", "channels_add_up_to_total", "blocking", 3, observed="12", expected="10")
    judge(configured, "daily_digital_take_up", "headline_does_not_jump", "warning", 2, observed="this", expected="that")
    variables = {"PERF_DATABASE_URL": configured.url.render_as_string(hide_password=False)}
    called = call("status", "--json", PERF_FIRST_DAY="2026-05-03", PERF_NOW=NEXT_MORNING.isoformat(), **variables)
    found = json.loads(called.out)
    assert (called.status, called.err) == (0, "")
    assert set(found) == STATUS_KEYS
    assert found["reporting_days"] == {"first": "2026-05-03", "last": "2026-05-04"}
    assert (found["is_built"], found["release"]) == (True, None)
    assert found["next_run"]["scheduled_at"] == "2026-05-06T01:30:00+00:00"
    assert found["next_run"]["days"] == [{"first": "2026-05-03", "last": "2026-05-04"}]
    (failed,), (warned,) = found["failed"], found["warnings"]
    assert failed["days"] == ["2026-05-02", "2026-05-03", "2026-05-04"]
    assert (warned["days"], warned["fault"]) == ([{"first": "2026-05-03", "last": "2026-05-04"}], "the headline jumps")


def test_status_where_nothing_is_built_says_so_and_makes_nothing(call: Call, tmp_path: Path) -> None:
    called = call("status")
    assert called.status == 0
    assert "Nothing is built yet" in called.out
    found = json.loads(call("status", "--json").out)
    assert (set(found), found["is_built"], found["failed"]) == (STATUS_KEYS, False, [])
    assert list(tmp_path.iterdir()) == []
