"""Ratings of a service's own banner: from its feedback table into extracted_feedback, a row a response."""

from datetime import date
from pathlib import Path

from sqlalchemy import Connection, Engine

from perf_pipeline.catalogue.reporting_days import TIMEZONE
from perf_pipeline.extracted.deliveries import Attempt, DayCounts, record_delivery
from perf_pipeline.extracted.staging import staged
from perf_pipeline.sources.service_database import reading
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
STAGED = (
    "row_ref text, feedback_key uuid, received_at timestamptz, rating integer, page_path text, reason text,"
    " is_duplicate boolean"
)


def extract_in_service_feedback(warehouse: Engine, url: str, attempt: Attempt) -> None:
    """Read the days of the attempt and merge them. Rows seen before stay as they were first seen."""
    with reading(url) as source, transaction(warehouse) as connection:
        rows = source.stream("feedback_rows", attempt.days)
        with staged(connection, "staged_feedback", STAGED, rows):
            lock_for_writing(connection, "extracted_feedback")
            values = {"service": attempt.service, "now": attempt.now, "timezone": TIMEZONE}
            for statement in ("merge_feedback", "quarantine_feedback", "resolve_feedback"):
                run_sql(connection, _SQL / f"{statement}.sql", **values)
            record_delivery(connection, attempt, {day: DayCounts() for day in attempt.days} | _counts(connection))


def _counts(connection: Connection) -> dict[date, DayCounts]:
    rows = run_sql(connection, _SQL / "count_staged_feedback.sql", timezone=TIMEZONE)
    return {
        row.report_date: DayCounts(row.rows_read, row.rows_kept, row.rows_quarantined, row.rows_duplicate)
        for row in rows
    }
