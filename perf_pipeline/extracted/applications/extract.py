"""Merges application states into extracted_application_states: one row per application.

Only a keyed hash of the id is stored (DOMAIN 3.1, trap 10). It is made while the rows stream through this process, so no
database ever has both the id and the hash. The earliest stamp ever read is counted. It does not change when the source
later blanks or restamps the row.
"""

import hmac
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from perf_pipeline.catalogue.changes import SourceChange
from perf_pipeline.catalogue.reporting_days import TIMEZONE, start_of
from perf_pipeline.catalogue.windows import CLOCK_SLACK_HOURS, COHORT_DAYS, FIRST_POSSIBLE_DAY
from perf_pipeline.errors import PermanentSourceError
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
    "application_hash uuid, started_at timestamptz, created_at timestamptz, completed_at timestamptz, lpa_type text"
)
_HASH_HEX_DIGITS = 32


def hashed(rows: Iterable[str], key: bytes) -> Iterator[str]:
    """Rows whose first field is an application's id, with the first 128 bits of HMAC-SHA256(key, id) in its place."""
    for number, row in enumerate(rows, start=1):
        application_id, _, stamps = row.partition(",")
        if not application_id.isascii() or not application_id.isdigit():
            raise PermanentSourceError(
                f"The applications hold an id that is no number, in row {number}.",
                next_step="show it to the source's team: expected the id of the applications table, a whole number.",
            )
        yield f"{hmac.digest(key, application_id.encode(), 'sha256').hex()[:_HASH_HEX_DIGITS]},{stamps}"


def extract_applications(reading: Reading) -> Merged:
    """Read the days and merge them into the extract. This can change days far before the days that are read."""
    systems = reading.systems
    with (
        reading_database(reading.address, reading.systems.source_bounds, reading.deadline) as source,
        transaction(systems.warehouse) as connection,
    ):
        is_stand_in = source.is_stand_in(reading.days)
        rows = hashed(source.stream(SQL / "application_stamps.sql", reading.days), systems.hash_key)
        with staged(connection, "staged_applications", _STAGED, rows) as count:
            lock_for_writing(connection, reading.source.extract)
            values = {
                "service": reading.service.slug,
                "now": reading.now,
                "timezone": TIMEZONE,
                "settled_days": COHORT_DAYS,
            }
            # Not the first day of the source: what it has of a later day can have begun before it.
            first_instant = start_of(max(FIRST_POSSIBLE_DAY, reading.service.first_day or FIRST_POSSIBLE_DAY))
            run_sql(
                connection,
                SQL / "set_aside_impossible_applications.sql",
                first_instant=first_instant,
                slack_hours=CLOCK_SLACK_HOURS,
                **values,
            )
            run_sql(connection, SQL / "resolve_applications.sql", **values)
            changed = run_sql(connection, SQL / "merge_application_states.sql", **values)
            with bulk_load(connection, TABLES[reading.source.extract], count):
                added = run_sql(connection, SQL / "add_application_states.sql", **values)
            changes = {row.period_start: SourceChange.NEW_ROWS for row in (*changed, *added)}
            counts = {day: DayCounts() for day in reading.days} | _counts(connection, reading)
            delivery = Delivery(counts, changes)
            return Merged(record_delivery(connection, reading, delivery, is_stand_in=is_stand_in))


def _counts(connection: Connection, reading: Reading) -> dict[date, DayCounts]:
    start_at, end_at = reading.days.utc_bounds
    values = {
        "service": reading.service.slug,
        "timezone": TIMEZONE,
        "now": reading.now,
        "first_day": reading.days.first,
        "last_day": reading.days.last,
        "start_at": start_at,
        "end_at": end_at,
    }
    rows = run_sql(connection, SQL / "quarantined_applications.sql", **values)
    unusable = {row.period_start: int(row.rows_count) for row in rows}
    counted = {row.report_date: row for row in run_sql(connection, SQL / "count_staged_applications.sql", **values)}
    return {
        day: DayCounts(
            read=(counted[day].states if day in counted else 0) + unusable.get(day, 0),
            kept=counted[day].kept if day in counted else 0,
            quarantined=unusable.get(day, 0),
        )
        for day in counted.keys() | unusable.keys()
    }
