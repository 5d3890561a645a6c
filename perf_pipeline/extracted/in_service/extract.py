"""Merges the ratings from a service's own banner into extracted_feedback: one row per response."""

from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.reporting_days import TIMEZONE
from perf_pipeline.extracted.readers.service_database import reading as reading_database
from perf_pipeline.extracted.readings import DayCounts, Delivery, Merged, Reading, record_delivery
from perf_pipeline.extracted.staging import staged
from perf_pipeline.warehouse.bulk_loading import bulk_load
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

SQL = Path(__file__).parent / "sql"
_STAGED = (
    "row_ref text, feedback_key uuid, received_at timestamptz, rating integer, page_path text, reason text,"
    " is_duplicate boolean"
)


def extract_in_service(reading: Reading) -> Merged:
    """Read the days and merge them. Rows that were read before stay as they were first read."""
    with (
        reading_database(reading.address, reading.systems.source_bounds, reading.deadline) as source,
        transaction(reading.systems.warehouse) as connection,
    ):
        is_stand_in = source.is_stand_in(reading.days)
        rows = source.stream(SQL / "feedback_rows.sql", reading.days)
        with staged(connection, "staged_feedback", _STAGED, rows) as count:
            lock_for_writing(connection, reading.source.extract)
            values = {"service": reading.service.slug, "now": reading.now, "timezone": TIMEZONE}
            changed = run_sql(
                connection, SQL / "changed_by_feedback.sql", service=reading.service.slug, timezone=TIMEZONE
            )
            changes = {row.report_date: SourceChange.NEW_ROWS for row in changed}
            run_sql(connection, SQL / "note_feedback_seen.sql", **values)
            with bulk_load(connection, TABLES[reading.source.extract], count):
                run_sql(connection, SQL / "add_feedback.sql", **values)
            run_sql(connection, SQL / "quarantine_feedback.sql", **values)
            run_sql(connection, SQL / "resolve_feedback.sql", **values)
            counts = {day: DayCounts() for day in reading.days} | _counts(connection)
            delivery = Delivery(counts, changes)
            return Merged(record_delivery(connection, reading, delivery, is_stand_in=is_stand_in))


def _counts(connection: Connection) -> dict[date, DayCounts]:
    rows = run_sql(connection, SQL / "count_staged_feedback.sql", timezone=TIMEZONE)
    return {
        row.report_date: DayCounts(row.rows_read, row.rows_kept, row.rows_quarantined, row.rows_duplicate)
        for row in rows
    }
