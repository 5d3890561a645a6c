"""Checks run inside the database: the memory they take here does not grow with the rows, nor with how many are bad."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

DATASETS = ("extracted_feedback", "extracted_application_states")
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
JUDGE = """
import json, re, sys
from pathlib import Path
from sqlalchemy import text
from perf_pipeline.quality.judging import judge
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline_tests.integration.quality.judged import WEEK
from perf_pipeline_tests.integration.quality.test_judging_many_rows import DATASETS, FEEDBACK, STATES
from perf_pipeline_tests.systems import systems_with
warehouse = warehouse_engine(sys.argv[1])
for rows in (10_000, 150_000):
    with warehouse.begin() as connection:
        for statement in (FEEDBACK, STATES):
            connection.execute(text(statement), {"rows": rows})
    for dataset in DATASETS:
        judge(systems_with(warehouse, Path(sys.argv[2])), dataset, WEEK, "a run")
    print(json.dumps(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])))
"""
"""Prints the peak of memory after few bad rows, and after many. Not ru_maxrss: that begins with what the parent had."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_bad_rows(warehouse: Engine, tmp_path: Path) -> None:
    with warehouse.begin() as connection:
        connection.execute(text(DELIVERIES))
    url = warehouse.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "ignore", "-c", JUDGE, url, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    few, many = (json.loads(line) for line in ended.stdout.splitlines())
    # A bad row takes some hundred bytes in Python: all of them would take more than what is tolerated.
    assert many < few * 1.1
    with warehouse.connect() as connection:
        failed = text("SELECT DISTINCT dataset FROM perf.verdicts WHERE result = 'failed' AND severity = 'blocking'")
        assert set(connection.execute(failed).scalars()) == set(DATASETS)
