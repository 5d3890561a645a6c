"""What `doctor` and `status` tell, on systems that are right and on some that are not."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from psycopg2.extensions import connection as psycopg2_connection
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.lpa_traps import insert_feedback
from perf_pipeline.extracted.deliveries import Attempt, record_no_delivery
from perf_pipeline.extracted.in_service_feedback import extract_in_service_feedback
from perf_pipeline.orchestration.doctor import Finding, examine
from perf_pipeline.orchestration.overview import overview
from perf_pipeline.settings import load_settings
from perf_pipeline.warehouse.engine import transaction

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
    assert "  make-a-lpa, in-service: 1 rows, rating_is_outside_the_scale, newest 2026-05-04" in lines
    assert "  make-a-lpa, sirius: failed on 1 days, newest 2026-05-04: Sirius does not answer." in lines
