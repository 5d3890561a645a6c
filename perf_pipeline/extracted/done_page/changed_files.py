"""Finds the Feedback Explorer exports that have changed since the last reading, by name, time and size only."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.extracted.done_page.files import ExportFile, list_exports, named_span
from perf_pipeline.warehouse.tables import TABLES

_READ, _ACCEPTED = TABLES["export_files"], TABLES["accepted_exports"]

FileState = tuple[str, datetime, int]
"""Name, modification time and size of a file. A file with another state has changed."""


def state_of(file: ExportFile) -> FileState:
    """The state of a listed file."""
    return (file.name, file.modified_at, file.size_bytes)


def last_listing(connection: Connection, subject: str) -> dict[FileState, bool]:
    """The states of the files when the subject's page was last read, and whether each file was held."""
    rows = connection.execute(select(_READ).where(_READ.c.subject == subject))
    return {(row.file_name, row.modified_at, row.size_bytes_count): row.is_held for row in rows}


def days_of_changed_files(connection: Connection, folder: str, subject: str, known: DayRange) -> set[date]:
    """The days of `known` in the named span of a file that was added, changed or removed since the last reading.

    Raises the errors of `list_exports`.
    """
    changed = {state_of(file) for file in list_exports(Path(folder))} ^ last_listing(connection, subject).keys()
    return {day for name in {name for name, _, _ in changed} for day in _days_of(name, known)}


def _days_of(name: str, known: DayRange) -> list[date]:
    """The days of `known` in the span of a file's name. All of them without a span."""
    span = named_span(name)
    return [day for day in known if span is None or day in span]


def record_listing(
    connection: Connection,
    subject: str,
    files: Iterable[ExportFile],
    held: Collection[str],
    *,
    read: DayRange,
    known: DayRange,
) -> None:
    """Record the files whose days were all read now, and which of them are held. Forget files that were removed.

    A file is not recorded when only some of its days were read. The next extraction then reads the other days.
    """
    listed = list(files)
    before = {name for name, _, _ in last_listing(connection, subject)}
    names = {
        name for name in before | {file.name for file in listed} if all(day in read for day in _days_of(name, known))
    }
    connection.execute(delete(_READ).where(_READ.c.subject == subject, _READ.c.file_name.in_(names)))
    rows = [
        {
            "subject": subject,
            "file_name": file.name,
            "modified_at": file.modified_at,
            "size_bytes_count": file.size_bytes,
            "is_held": file.name in held,
        }
        for file in listed
        if file.name in names
    ]
    if rows:
        connection.execute(insert(_READ), rows)


def accepted_states(connection: Connection) -> set[FileState]:
    """The states of the files that a person has accepted."""
    rows = connection.execute(select(_ACCEPTED))
    return {(row.file_name, row.modified_at, row.size_bytes_count) for row in rows}


def accept(connection: Connection, file: ExportFile, now: datetime) -> None:
    """Record that a person accepts the file in its present state. The next extraction reads it as a changed file."""
    values = {"modified_at": file.modified_at, "size_bytes_count": file.size_bytes, "accepted_at": now}
    statement = upsert(_ACCEPTED).values(file_name=file.name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["file_name"], set_=values))
    connection.execute(delete(_READ).where(_READ.c.file_name == file.name))
