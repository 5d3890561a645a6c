"""Checks run inside the database: the memory they take here does not grow with the rows, nor with how many are bad."""

import tracemalloc
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from perf_pipeline.quality.judging import judge
from perf_pipeline.systems import Systems
from perf_pipeline_tests.integration.quality.judged import WEEK
from perf_pipeline_tests.systems import systems_with

FEW, MANY = 70, 20_000
"""A row takes a kilobyte in Python: the many would take twenty megabytes, and judging takes a few."""
FEEDBACK = """
INSERT INTO perf.extracted_feedback (
    service, source, report_date, granularity, feedback_key, received_at, rating, ratings_count, first_seen_at, last_seen_at
)
SELECT
    'make-a-lpa', 'in-service', DATE '2025-08-25' + number % 7, 'response', gen_random_uuid(), now(), 9, 1, now(), now()
FROM generate_series(1, :rows) AS number
"""
STATES = """
INSERT INTO perf.extracted_application_states (
    service, application_hash, started_at, started_date, started_lpa_type, created_at, created_date, created_lpa_type,
    first_seen_at, last_seen_at
)
SELECT
    'make-a-lpa', gen_random_uuid(), '2025-08-25 09:00+00', DATE '2025-08-25' + number % 7, 'all',
    '2025-08-25 08:00+00', DATE '2025-08-25' + (number + 1) % 7, 'a word', now(), now()
FROM generate_series(1, :rows) AS number
"""
DELIVERIES = """
INSERT INTO perf.source_deliveries (
    subject, source_name, period_start, revision_count, change, changed_at, first_delivered_at, delivered_at, is_short,
    rows_read_count, rows_kept_count, rows_quarantined_count, rows_duplicate_count, run_id
)
SELECT
    'make-a-lpa', source_name, DATE '2025-08-25' + number, 1, 'delivered', now(), now(), now(), false, 1, 1, 0, 0, 'a run'
FROM generate_series(0, 6) AS number CROSS JOIN unnest(ARRAY['in-service', 'applications']) AS sources (source_name)
"""


def peak(systems: Systems, dataset: str) -> int:
    """Bytes that judging the week takes at most."""
    tracemalloc.start()
    judge(systems, dataset, WEEK, "a run")
    try:
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("dataset", "rows"), [("extracted_feedback", FEEDBACK), ("extracted_application_states", STATES)]
)
def test_memory_does_not_grow_with_bad_rows(emptied_warehouse: Engine, tmp_path: Path, dataset: str, rows: str) -> None:
    systems = systems_with(emptied_warehouse, tmp_path)
    with emptied_warehouse.begin() as connection:
        connection.execute(text(DELIVERIES))
        connection.execute(text(rows), {"rows": FEW})
    # The first time modules are imported and templates compiled.
    judge(systems, dataset, WEEK, "a run")
    before = peak(systems, dataset)
    with emptied_warehouse.begin() as connection:
        connection.execute(text(rows), {"rows": MANY})
    assert peak(systems, dataset) < before * 1.2
    with emptied_warehouse.connect() as connection:
        failed = text("SELECT DISTINCT check_name FROM perf.verdicts WHERE result = 'failed' AND severity = 'blocking'")
        assert connection.execute(failed).scalars().all() == ["rows_keep_their_contract"]
