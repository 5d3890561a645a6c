"""Which Feedback Explorer exports have changed since a service's page was last read from them; contents play no part."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.extracted.done_page.files import ExportFile, list_exports, named_span
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES

_SQL = Path(__file__).parent / "sql"

Listing = frozenset[tuple[str, datetime, int]]
"""Name, modification time and size of each file."""


def listing_of(files: Iterable[ExportFile]) -> Listing:
    """The files as they are compared."""
    return frozenset((file.name, file.modified_at, file.size_bytes) for file in files)


def last_listing(connection: Connection, subject: str) -> Listing:
    """The files as they were when the subject's page was last read."""
    rows = run_sql(connection, _SQL / "last_listing.sql", subject=subject)
    return frozenset((row.file_name, row.modified_at, row.size_bytes_count) for row in rows)


def days_of_changed_files(connection: Connection, folder: str, subject: str, known: DayRange) -> set[date]:
    """The days of `known` that a file says something about which was added, changed or removed since the last reading.

    Raises what `list_exports` raises.
    """
    changed = listing_of(list_exports(Path(folder))) ^ last_listing(connection, subject)
    days: set[date] = set()
    for name in {name for name, _, _ in changed}:
        span = named_span(name)
        first, last = (span[0], span[1] - ONE_DAY) if span else (known.first, known.last)
        days |= {day for day in known if first <= day <= last}
    return days


def record_listing(connection: Connection, subject: str, files: Iterable[ExportFile]) -> None:
    """Remember the files that the subject's page was just read from."""
    table = TABLES["export_files"]
    connection.execute(delete(table).where(table.c.subject == subject))
    rows = [
        {
            "subject": subject,
            "file_name": file.name,
            "modified_at": file.modified_at,
            "size_bytes_count": file.size_bytes,
        }
        for file in files
    ]
    if rows:
        connection.execute(insert(table), rows)
