"""What `doctor` and `status` report, on systems that are right and on some that are not."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.extracted.attempting import read_source
from perf_pipeline.orchestration.doctor import examine
from perf_pipeline.orchestration.overview import overview
from perf_pipeline.settings import load_settings
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.conftest import connect
from perf_pipeline_tests.ledgers import DAYS, NIGHT, Ledgers
from perf_pipeline_tests.lpa_rows import insert_feedback
from perf_pipeline_tests.systems import systems_with

DAY = date(2026, 5, 4)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 5, 5, 3, tzinfo=UTC)
NOT_PASSED = "Verdicts: what did not pass"


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


def found_wrong() -> dict[str, str]:
    return {finding.subject: finding.says for finding in examine() if not finding.is_right}


def judge(warehouse: Engine, dataset: str, check: str, severity: str, days: int, **found: str) -> None:
    """Write verdicts on so many days up to DAY: failed, unless `found` says otherwise."""
    verdict = {"dataset": dataset, "subject": "make-a-lpa", "check_name": check, "severity": severity}
    rest = {"result": "failed", "run_id": "a run", "decided_at": NEXT_MORNING}
    rows = [{**verdict, **rest, **found, "period_start": DAY - timedelta(days=age)} for age in range(days)]
    with transaction(warehouse) as connection:
        connection.execute(insert(TABLES["verdicts"]), rows)


def section(heading: str, now: datetime = NEXT_MORNING) -> list[str]:
    lines = list(overview(load_settings(), now))
    below = [*lines[lines.index(heading) + 1 :], ""]
    return [line.strip() for line in below[: below.index("")]]


@pytest.mark.usefixtures("configured")
def test_the_doctor_finds_nothing_wrong_where_nothing_is() -> None:
    findings = {finding.subject: finding for finding in examine()}
    assert [finding for finding in findings.values() if not finding.is_right] == []
    assert findings["make-a-lpa, sirius"].says == "not set: the figures from it are not available [x]"
    assert "make-a-lpa, in-service" in findings


@pytest.mark.usefixtures("configured")
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


@pytest.mark.usefixtures("configured")
def test_the_doctor_stops_at_settings_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", "mysql://somewhere/perf")
    (says,) = found_wrong().values()
    assert says.startswith("PERF_DATABASE_URL names the driver mysql")


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
    assert next(overview(load_settings(), NEXT_MORNING)) == "Reporting days: 2026-05-03 to 2026-05-04 (2)"
    read, failed = section("Sources")
    assert read == "make-a-lpa, in-service: read, 1 days delivered, newest 2026-05-04"
    assert failed.startswith("make-a-lpa, sirius: failed, 0 days delivered: PERF_SIRIUS_URL is no web address;")
    assert section("In quarantine") == ["make-a-lpa, in-service: 1 row, rating_outside_scale: 2026-05-04 (1)"]
    # Sirius and the exports are not set.
    assert section("The next run builds 2 days") == ["2026-05-03 to 2026-05-04: not built yet"]


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
    assert section("The next run builds 3 days", NIGHT) == [
        "2026-06-01 to 2026-06-02: changed by sirius since it was built",
        "2026-06-09: changed by sirius since it was built",
        "2026-06-14: it is built and in no release yet",
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
    of_old, take_up, feedback = section(NOT_PASSED)
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


def test_the_status_counts_the_warnings_of_the_last_thirty_days_by_check(configured: Engine) -> None:
    judge(configured, "daily_digital_take_up", "headline_does_not_jump", "warning", 40)
    judge(configured, "daily_completion_rate", "headline_does_not_jump", "warning", 2)
    judge(configured, "daily_application_events", "volume_is_like_the_same_weekdays", "warning", 1, result="crashed")
    assert section("Warnings in the last 30 days") == [
        "make-a-lpa, headline does not jump: 32",
        "make-a-lpa, volume is like the same weekdays: 1",
    ]
    assert section(NOT_PASSED) == ["nothing"]
