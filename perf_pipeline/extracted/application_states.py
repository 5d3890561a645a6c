"""Application states: from a service's applications table into extracted_application_states, a row an application.

Only a keyed hash of the id arrives here (DOMAIN 3.1, trap 10); it is made while the rows stream through this process, so
that neither database ever holds both. The earliest stamp ever seen counts; what the source blanks or stamps again later
moves nothing.
"""

import hmac
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import dagster as dg
from sqlalchemy import Connection, Engine

from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import TIMEZONE
from perf_pipeline.catalogue.windows import COHORT_DAYS
from perf_pipeline.extracted.attempting import attempt_reading, note_unset
from perf_pipeline.extracted.deliveries import Attempt, DayCounts, record_delivery
from perf_pipeline.extracted.reporting import report_deliveries
from perf_pipeline.extracted.retention import with_retention
from perf_pipeline.extracted.staging import staged
from perf_pipeline.orchestration.flow_assets import Written, day_range, flow_asset
from perf_pipeline.sources.service_database import reading
from perf_pipeline.sources.systems import Systems
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.replacing import lock_for_writing
from perf_pipeline.warehouse.statements import run_sql

_SQL = Path(__file__).parent / "sql"
STAGED = (
    "application_hash uuid, started_at timestamptz, created_at timestamptz, completed_at timestamptz, lpa_type text"
)
_HASH_HEX_DIGITS = 32


def hashed(rows: Iterable[str], key: bytes) -> Iterator[str]:
    """Rows whose first field is an application's id, with the first 128 bits of HMAC-SHA256(key, id) in its place."""
    for row in rows:
        application_id, _, stamps = row.partition(",")
        yield f"{hmac.digest(key, application_id.encode(), 'sha256').hex()[:_HASH_HEX_DIGITS]},{stamps}"


def extract_application_states(warehouse: Engine, url: str, key: bytes, attempt: Attempt) -> None:
    """Read the days of the attempt and merge them into what was seen before."""
    with reading(url) as source, transaction(warehouse) as connection:
        rows = hashed(source.stream("application_stamps", attempt.days), key)
        with staged(connection, "staged_applications", STAGED, rows):
            lock_for_writing(connection, "extracted_application_states")
            run_sql(
                connection,
                _SQL / "merge_application_states.sql",
                service=attempt.service,
                now=attempt.now,
                timezone=TIMEZONE,
                settled_days=COHORT_DAYS,
            )
            record_delivery(
                connection, attempt, {day: DayCounts() for day in attempt.days} | _counts(connection, attempt)
            )


def _counts(connection: Connection, attempt: Attempt) -> dict[date, DayCounts]:
    rows = run_sql(
        connection,
        _SQL / "count_staged_applications.sql",
        service=attempt.service,
        timezone=TIMEZONE,
        first_day=attempt.days.first,
        last_day=attempt.days.last,
    )
    return {row.report_date: DayCounts(read=row.states, kept=row.kept) for row in rows}


@flow_asset(deps=["make_an_lpa_applications"])
def extracted_application_states(context: dg.AssetExecutionContext, systems: Systems) -> Written:
    """Applications are known by a keyed hash alone. Without news of one, only a day's first reading moves last_seen_at."""
    days = day_range(context)
    for service in systems.services.publishing("completion-rate"):
        attempt = Attempt(service.slug, "applications", days, systems.clock(), context.run.run_id)
        where = service.sources.applications
        url = systems.service_database_urls[where.database] if where else None
        if url is None:
            note_unset(systems.warehouse, attempt)
        else:
            read = partial(extract_application_states, systems.warehouse, url, systems.hash_key)
            attempt_reading(systems.warehouse, attempt, read)
    written = report_deliveries(systems.warehouse, METRICS["completion-rate"].sources, days)
    return with_retention(written, systems, "applications")
