"""Unusable rows as people meet them: counted by reason and day, in `status` and in Dagit."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.cli.status import status_lines
from perf_pipeline.extracted.assets import extracted_asset
from perf_pipeline.flow.partitions import reporting_days
from perf_pipeline.orchestration.jobs import range_tags
from perf_pipeline.orchestration.overview import WARNED_DAYS, overview
from perf_pipeline.settings import load_settings
from perf_pipeline.systems import Systems
from perf_pipeline_tests import extracting
from perf_pipeline_tests.extracting import LpaDatabase
from perf_pipeline_tests.lpa_rows import insert_feedback
from perf_pipeline_tests.systems import of_make_an_lpa, systems_with

DAYS = DayRange(date(2026, 5, 1), date(2026, 5, 7))
FIRST, SECOND = date(2026, 5, 1), date(2026, 5, 2)
NIGHT = datetime(2026, 6, 15, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch, lpa: LpaDatabase, tmp_path: Path) -> None:
    """The warehouse of the test, as `status` finds it."""
    monkeypatch.setenv("PERF_DATABASE_URL", lpa.warehouse.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PERF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERF_PUBLISH_DIR", str(tmp_path / "published"))


def rate(lpa: LpaDatabase, day: date, rating: str | None) -> None:
    insert_feedback(lpa.cursor, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), rating)


def status_of_quarantine() -> list[str]:
    lines = list(status_lines(overview(load_settings(), NIGHT), warned_days=WARNED_DAYS))
    section = lines[lines.index("In quarantine") + 1 :]
    return [line.strip() for line in section[: section.index("")]]


def extract(systems: Systems, instance: dg.DagsterInstance) -> None:
    asset = extracted_asset("extracted_feedback").declare(reporting_days(systems.first_day))
    tags = range_tags(DayRange(FIRST, SECOND))
    assert dg.materialize([asset], instance=instance, resources={"systems": systems}, tags=tags).success


def shown(instance: dg.DagsterInstance, day: date) -> dict[str, object]:
    """What Dagit shows beside the newest reading of a day's ratings."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey("extracted_feedback"), asset_partitions=[str(day)])
    (record,) = instance.fetch_materializations(wanted, limit=1).records
    assert record.asset_materialization is not None
    return {label: value.value for label, value in record.asset_materialization.metadata.items()}


def test_unusable_rows_are_counted_by_reason_and_day_in_status_and_on_the_asset_until_they_are_mended(
    lpa: LpaDatabase, tmp_path: Path
) -> None:
    systems = systems_with(lpa.warehouse, tmp_path, addresses=of_make_an_lpa(lpa.url), clock=lambda: NIGHT)
    for day, rating in [(FIRST, None), (FIRST, None), (FIRST, "delighted"), (SECOND, None), (SECOND, "satisfied")]:
        rate(lpa, day, rating)
    labels = ("in quarantine: rating_is_missing", "in quarantine: rating_outside_scale", "rows_quarantined")
    with dg.DagsterInstance.ephemeral() as instance:
        extract(systems, instance)
        assert status_of_quarantine() == [
            "make-a-lpa, in-service: 3 rows, rating_is_missing: 2026-05-02 (1), 2026-05-01 (2)",
            "make-a-lpa, in-service: 1 row, rating_outside_scale: 2026-05-01 (1)",
        ]
        assert [shown(instance, FIRST)[label] for label in labels] == [2, 1, 3]
        assert [shown(instance, SECOND)[label] for label in labels] == [1, 0, 1]
        table = shown(instance, SECOND)["quarantine"]
        assert isinstance(table, dg.TableMetadataValue)
        assert {
            "service": "make-a-lpa",
            "source": "in-service",
            "reason": "rating_is_missing",
            "meaning": "the message has no rating",
            "rows": 3,
            "days": "2026-05-02 (1), 2026-05-01 (2)",
        } in [dict(record.data) for record in table.records]
        lpa.cursor.execute("""UPDATE feedback SET message = message || '{"rating": "satisfied"}'""")
        extract(systems, instance)
        assert status_of_quarantine() == ["nothing"]
        assert shown(instance, FIRST)["rows_quarantined"] == 0


def test_status_names_five_days_and_how_many_more_there_are(lpa: LpaDatabase) -> None:
    for day in DAYS:
        rate(lpa, day, None)
    extracting.in_service(lpa.warehouse, lpa.url, DAYS, NIGHT)
    days = ", ".join(f"2026-05-0{day} (1)" for day in (7, 6, 5, 4, 3))
    assert status_of_quarantine() == [f"make-a-lpa, in-service: 7 rows, rating_is_missing: {days} and 2 more days"]


def test_rows_without_a_readable_day_are_shown_as_such(lpa: LpaDatabase, tmp_path: Path) -> None:
    page = "/done/lasting-power-of-attorney,Rating of 5: 7,,aggregated-service-feedback"
    lines = [f"{day} 00:10:00,{page}" for day in ("2026-05-32", "yesterday", FIRST)]
    header = "creation date,path or service name,feedback,service satisfaction rating,type"
    (tmp_path / "may.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    extracting.done_page(lpa.warehouse, tmp_path, DAYS, NIGHT + timedelta(days=300))
    assert status_of_quarantine() == ["make-a-lpa, done-page: 2 rows, unreadable_date: no readable day (2)"]
