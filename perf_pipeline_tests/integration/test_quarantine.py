"""Unusable rows as people meet them: counted by reason and day, in `status` and in Dagit, let in once mended."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from psycopg2.extensions import cursor as Cursor  # noqa: N812

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.demo.lpa_traps import insert_feedback
from perf_pipeline.orchestration.overview import overview
from perf_pipeline.orchestration.running import RangeOutcome, run_range
from perf_pipeline.settings import load_settings
from perf_pipeline.systems import Systems, silent
from perf_pipeline_tests import extracting

DAYS = DayRange(date(2026, 5, 1), date(2026, 5, 7))
FIRST, SECOND = date(2026, 5, 1), date(2026, 5, 2)
NIGHT = datetime(2026, 6, 15, 3, tzinfo=UTC)
NEXT_NIGHT = NIGHT + timedelta(days=1)
HEADER = "creation date,path or service name,feedback,service satisfaction rating,type"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch, warehouse_url: str, lpa_database_url: str, tmp_path: Path) -> None:
    """The systems of the test, as `status` finds them."""
    monkeypatch.setenv("PERF_DATABASE_URL", warehouse_url)
    monkeypatch.setenv("PERF_LPA_DATABASE_URL", lpa_database_url)
    monkeypatch.setenv("PERF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERF_PUBLISH_DIR", str(tmp_path / "published"))


def build(
    systems: Systems, instance: dg.DagsterInstance, first: date, last: date, at: datetime = NIGHT
) -> RangeOutcome:
    return run_range(defs, instance, replace(systems, clock=lambda: at), DayRange(first, last), silent)


def rate(cursor: Cursor, day: date, rating: str | None) -> int:
    return insert_feedback(cursor, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), rating)


def export(folder: Path, name: str, *lines: str, modified: date) -> None:
    file = folder / name
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    instant = datetime(modified.year, modified.month, modified.day, tzinfo=UTC).timestamp()
    os.utime(file, (instant, instant))


def aggregate(day: str, rating: int, count: str) -> str:
    return f"{day} 00:10:00,/done/{extracting.PAGE},Rating of {rating}: {count},,aggregated-service-feedback"


def status_of_quarantine() -> list[str]:
    lines = list(overview(load_settings(), NEXT_NIGHT))
    section = lines[lines.index("In quarantine") + 1 :]
    return [line.strip() for line in section[: section.index("")]]


def shown(instance: dg.DagsterInstance, day: date) -> dict[str, object]:
    """What Dagit shows beside the newest reading of a day's ratings."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey("extracted_feedback"), asset_partitions=[str(day)])
    (record,) = instance.fetch_materializations(wanted, limit=1).records
    materialization = record.asset_materialization
    assert materialization is not None
    return {label: value.value for label, value in materialization.metadata.items()}


def published(systems: Systems, period: str, source: str) -> int:
    (row,) = extracting.query(
        systems.warehouse,
        "SELECT responses_count FROM perf.published_user_satisfaction WHERE service = :service AND source = :source"
        " AND period = :period AND period_start = :first AND superseded_at IS NULL",
        service=extracting.SERVICE,
        source=source,
        period=period,
        first=FIRST,
    )
    return int(row.responses_count)


def test_unusable_rows_are_counted_by_reason_and_day_in_status_and_on_the_asset(
    systems: Systems, instance: dg.DagsterInstance, cursor: Cursor
) -> None:
    for day, rating in [(FIRST, None), (FIRST, None), (FIRST, "delighted"), (SECOND, None), (SECOND, "satisfied")]:
        rate(cursor, day, rating)
    build(systems, instance, FIRST, SECOND)
    assert status_of_quarantine() == [
        "make-a-lpa, in-service: 3 rows, rating_is_missing: 2026-05-02 (1), 2026-05-01 (2)",
        "make-a-lpa, in-service: 1 row, rating_is_outside_the_scale: 2026-05-01 (1)",
    ]
    labels = ("in quarantine: rating_is_missing", "in quarantine: rating_is_outside_the_scale", "rows_quarantined")
    assert [shown(instance, FIRST)[label] for label in labels] == [2, 1, 3]
    assert [shown(instance, SECOND)[label] for label in labels] == [1, 0, 1]
    assert (
        "| make-a-lpa | in-service | rating_is_missing | the message has no rating | 3 | 2026-05-02 (1), 2026-05-01 (2) |"
        in str(shown(instance, FIRST)["quarantine"])
    )


def test_a_corrected_rating_counts_once_its_day_is_built_again(
    systems: Systems, instance: dg.DagsterInstance, cursor: Cursor
) -> None:
    bad = rate(cursor, FIRST, "very-issatisfied")
    rate(cursor, FIRST, "satisfied")
    rate(cursor, SECOND, None)
    build(systems, instance, FIRST, SECOND)
    assert (published(systems, "day", "in-service"), published(systems, "month", "in-service")) == (1, 1)
    cursor.execute("""UPDATE feedback SET message = message || '{"rating": "very-satisfied"}' WHERE id = %s""", (bad,))
    build(systems, instance, FIRST, FIRST, NEXT_NIGHT)
    assert (published(systems, "day", "in-service"), published(systems, "month", "in-service")) == (2, 2)
    rows = extracting.query(systems.warehouse, "SELECT * FROM perf.quarantined_rows ORDER BY report_date")
    assert [(row.report_date, row.resolved_at) for row in rows] == [(FIRST, NEXT_NIGHT), (SECOND, None)]
    assert status_of_quarantine() == ["make-a-lpa, in-service: 1 row, rating_is_missing: 2026-05-02 (1)"]
    assert shown(instance, FIRST)["rows_quarantined"] == 0


def test_a_corrected_export_beside_the_wrong_one_lets_its_lines_in(
    systems: Systems, instance: dg.DagsterInstance
) -> None:
    assert systems.exports_dir is not None
    good = aggregate(str(FIRST), 5, "7")
    export(systems.exports_dir, "may.csv", good, aggregate(str(FIRST), 4, "three"), modified=date(2026, 6, 1))
    build(systems, instance, FIRST, FIRST)
    assert status_of_quarantine() == ["make-a-lpa, done-page: 1 row, unreadable_count: 2026-05-01 (1)"]
    export(systems.exports_dir, "may-2.csv", good, aggregate(str(FIRST), 4, "3"), modified=date(2026, 6, 15))
    build(systems, instance, FIRST, FIRST, NEXT_NIGHT)
    assert published(systems, "day", "done-page") == 10
    assert status_of_quarantine() == ["nothing"]


def test_status_names_five_days_and_how_many_more_there_are(
    systems: Systems, lpa_database_url: str, cursor: Cursor
) -> None:
    for day in DAYS:
        rate(cursor, day, None)
    extracting.in_service(systems.warehouse, lpa_database_url, DAYS, NIGHT)
    days = ", ".join(f"2026-05-0{day} (1)" for day in (7, 6, 5, 4, 3))
    assert status_of_quarantine() == [f"make-a-lpa, in-service: 7 rows, rating_is_missing: {days} and 2 more days"]


def test_rows_without_a_readable_day_are_told_as_such(systems: Systems) -> None:
    assert systems.exports_dir is not None
    lines = [aggregate(day, 5, "7") for day in ("2026-05-32", "yesterday", str(FIRST))]
    export(systems.exports_dir, "may.csv", *lines, modified=date(2026, 6, 1))
    extracting.done_page(systems.warehouse, systems.exports_dir, DAYS, NIGHT)
    assert status_of_quarantine() == ["make-a-lpa, done-page: 2 rows, unreadable_date: no readable day (2)"]
