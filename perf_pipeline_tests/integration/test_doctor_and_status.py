"""What `doctor` and `status` tell, on systems that are right and on some that are not."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from psycopg2.extensions import connection as psycopg2_connection
from sqlalchemy import Engine, insert

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.lpa_traps import insert_feedback
from perf_pipeline.extracted.deliveries import Attempt, record_no_delivery
from perf_pipeline.extracted.in_service.extract import extract_in_service_feedback
from perf_pipeline.orchestration.doctor import Finding, examine
from perf_pipeline.orchestration.overview import overview
from perf_pipeline.settings import load_settings
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES

DAY = date(2026, 5, 4)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NEXT_MORNING = datetime(2026, 5, 5, 3, tzinfo=UTC)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, lpa_database_url: str, tmp_path: Path) -> Path:
    """The test's warehouse and Make an LPA database by variables, two reporting days, no other source."""
    monkeypatch.setenv("PERF_DATABASE_URL", warehouse_url)
    monkeypatch.setenv("PERF_LPA_DATABASE_URL", lpa_database_url)
    monkeypatch.setenv("PERF_FIRST_DAY", "2026-05-03")
    monkeypatch.setenv("PERF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERF_PUBLISH_DIR", str(tmp_path / "published"))
    return tmp_path


def wrong(findings: list[Finding]) -> dict[str, str]:
    return {finding.subject: finding.says for finding in findings if not finding.is_right}


def attempt(source: str) -> Attempt:
    return Attempt("make-a-lpa", source, DayRange(DAY, DAY), NEXT_MORNING, "a run")


def judge(warehouse: Engine, dataset: str, check: str, severity: str, days: int, **found: str) -> None:
    """Write verdicts on so many days up to DAY: failed, unless told otherwise."""
    verdict = {"dataset": dataset, "service": "make-a-lpa", "check_name": check, "severity": severity}
    rest = {"result": "failed", "run_id": "a run", "decided_at": NEXT_MORNING}
    rows = [{**verdict, **rest, **found, "report_date": DAY - timedelta(days=age)} for age in range(days)]
    with transaction(warehouse) as connection:
        connection.execute(insert(TABLES["verdicts"]), rows)


def section(heading: str) -> list[str]:
    lines = list(overview(load_settings(), NEXT_MORNING))
    below = lines[lines.index(heading) + 1 :]
    return [line.strip() for line in below[: below.index("")]]


@pytest.mark.usefixtures("configured")
def test_the_doctor_finds_nothing_wrong_where_nothing_is() -> None:
    findings = list(examine())
    assert wrong(findings) == {}
    said = {finding.subject: finding.says for finding in findings}
    assert said["PERF_SIRIUS_URL"] == "not set: the figures from it are not available [x]"
    assert "0 applications and 0 ratings" in said["PERF_LPA_DATABASE_URL"]


@pytest.mark.usefixtures("configured")
def test_the_doctor_names_a_variable_that_nothing_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_SIRUIS_URL", "https://sirius.example")
    assert wrong(list(examine())) == {
        "PERF_SIRUIS_URL": "nothing reads it. Next step: correct its name, or unset it.",
    }


@pytest.mark.usefixtures("configured")
def test_the_doctor_names_a_source_that_lacks_its_table(lpa_database: psycopg2_connection) -> None:
    with lpa_database.cursor() as cursor:
        cursor.execute("DROP TABLE feedback")
    (says,) = [says for subject, says in wrong(list(examine())).items() if subject == "PERF_LPA_DATABASE_URL"]
    assert 'relation "feedback" does not exist' in says
    assert "Next step:" in says


def test_the_doctor_names_a_publishing_folder_that_is_a_file(configured: Path) -> None:
    (configured / "published").write_text("in the way")
    assert list(wrong(list(examine()))) == ["PERF_PUBLISH_DIR"]


@pytest.mark.usefixtures("configured")
def test_the_doctor_stops_at_settings_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_DATABASE_URL", "mysql://somewhere/perf")
    (says,) = wrong(list(examine())).values()
    assert says.startswith("PERF_DATABASE_URL names the driver mysql")


@pytest.mark.usefixtures("configured")
def test_the_status_of_an_empty_warehouse_plans_every_day() -> None:
    lines = list(overview(load_settings(), NEXT_MORNING))
    assert lines[0] == "Reporting days: 2026-05-03 to 2026-05-04 (2)"
    assert "The next nightly run builds 2 days" in lines
    assert "  2026-05-03 to 2026-05-04: not built yet" in lines


@pytest.mark.usefixtures("configured")
def test_the_status_tells_failures_and_what_is_in_quarantine(
    warehouse: Engine, lpa_database: psycopg2_connection, lpa_database_url: str
) -> None:
    with lpa_database.cursor() as cursor:
        insert_feedback(cursor, NOON, "delighted")
    extract_in_service_feedback(warehouse, lpa_database_url, attempt("in-service"))
    with transaction(warehouse) as connection:
        record_no_delivery(connection, attempt("sirius"), "failed", "Sirius does not answer.")
    lines = list(overview(load_settings(), NEXT_MORNING))
    assert "  make-a-lpa, in-service: 1 row, rating_is_outside_the_scale: 2026-05-04 (1)" in lines
    assert "  make-a-lpa, sirius: failed on 1 days, newest 2026-05-04: Sirius does not answer." in lines


@pytest.mark.usefixtures("configured")
def test_the_status_tells_the_days_that_failed_a_check_with_what_was_found_on_the_newest(warehouse: Engine) -> None:
    check = ("daily_digital_take_up", "channels_add_up_to_total", "blocking")
    judge(warehouse, *check, 3, observed="total_count 12", expected="10")
    judge(warehouse, "daily_digital_take_up", "key_is_unique", "blocking", 3, result="passed")
    (line,) = section("Verdicts: days that did not pass")
    assert line.startswith(
        "make-a-lpa, daily_digital_take_up, 2026-05-02 to 2026-05-04, channels add up to total:"
        " found total_count 12, expected 10. Next step: "
    )


@pytest.mark.usefixtures("configured")
def test_the_status_tells_what_follows_from_another_failure_only_once(warehouse: Engine) -> None:
    judge(warehouse, "extracted_channel_counts", "channels_add_up_to_total", "blocking", 1)
    judge(warehouse, "daily_digital_take_up", "made_from_a_day_that_passed", "blocking", 1)
    (line,) = section("Verdicts: days that did not pass")
    assert "extracted_channel_counts" in line


@pytest.mark.usefixtures("configured")
def test_the_status_tells_of_a_failed_check_that_an_earlier_version_made(warehouse: Engine) -> None:
    judge(warehouse, "daily_digital_take_up", "a_check_of_old", "blocking", 1, observed="this", expected="that")
    (line,) = section("Verdicts: days that did not pass")
    assert line.endswith("2026-05-04, a check of old: found this, expected that. Next step: build the days again.")


@pytest.mark.usefixtures("configured")
def test_the_status_counts_the_warnings_of_the_last_thirty_days_by_check(warehouse: Engine) -> None:
    judge(warehouse, "daily_digital_take_up", "headline_does_not_jump", "warning", 40)
    judge(warehouse, "daily_completion_rate", "headline_does_not_jump", "warning", 2)
    judge(warehouse, "daily_application_events", "volume_is_like_the_same_weekdays", "warning", 1, result="crashed")
    assert section("Warnings in the last 30 days") == [
        "make-a-lpa, headline does not jump: 32",
        "make-a-lpa, volume is like the same weekdays: 1",
    ]
    assert section("Verdicts: days that did not pass") == ["nothing"]
