"""Checks are made inside the database: what they take here does not grow with the rows, nor with how many are bad."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from perf_pipeline_tests.judged import WEEK

FEW, MANY = 30_000, 300_000
"""A bad row takes some hundred bytes in Python: the many would take more than what is tolerated."""

FEEDBACK = """
INSERT INTO perf.extracted_feedback (
    service, source, report_date, granularity, feedback_key, received_at, rating, ratings_count, delivery,
    first_seen_at, last_seen_at
)
SELECT
    'make-a-lpa', 'in-service', CAST(:first AS date) + number % 7, 'response', gen_random_uuid(), now(), 9, 1,
    'feedback', now(), now()
FROM generate_series(1, :rows) AS number
"""
STATES = """
INSERT INTO perf.extracted_application_states (
    service, application_hash, started_at, started_date, started_lpa_type, created_at, created_date, created_lpa_type,
    first_seen_at, last_seen_at
)
SELECT
    'make-a-lpa', gen_random_uuid(), CAST(:first AS date) + interval '9 hours', CAST(:first AS date) + number % 7, 'all',
    CAST(:first AS date) + interval '8 hours', CAST(:first AS date) + (number + 1) % 7, 'a word', now(), now()
FROM generate_series(1, :rows) AS number
"""
DELIVERIES = """
INSERT INTO perf.source_deliveries (
    service, source_name, report_date, outcome, delivered_at, attempted_at, is_short, rows_read_count, rows_kept_count,
    rows_quarantined_count, rows_duplicate_count, run_id
)
SELECT 'make-a-lpa', source_name, CAST(:first AS date) + number, 'delivered', now(), now(), false, 1, 1, 0, 0, 'a run'
FROM generate_series(0, 6) AS number CROSS JOIN unnest(ARRAY['in-service', 'applications']) AS sources (source_name)
"""
JUDGE = """
import json, re, sys
from pathlib import Path
from perf_pipeline.quality.judging import judge
from perf_pipeline.warehouse.engine import warehouse_engine
from perf_pipeline_tests.judged import WEEK, around
judge(around(warehouse_engine(sys.argv[1]), Path(sys.argv[2])), sys.argv[3], WEEK, "a run")
status = Path("/proc/self/status").read_text()
print(json.dumps(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1])))
"""
"""Not ru_maxrss: that begins with what the parent had."""


def peak_of(warehouse: Engine, folder: Path, dataset: str) -> int:
    """Memory in kB that judging the week took at most, in a process of its own."""
    url = warehouse.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "ignore", "-c", JUDGE, url, str(folder), dataset]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return int(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("dataset", "rows", "check"),
    [
        ("extracted_feedback", FEEDBACK, "rows_keep_their_contract"),
        ("extracted_application_states", STATES, "states_come_in_order"),
    ],
)
def test_memory_does_not_grow_with_bad_rows(
    warehouse: Engine, tmp_path: Path, dataset: str, rows: str, check: str
) -> None:
    peaks = []
    for held, number in ((0, FEW), (FEW, MANY)):
        with warehouse.begin() as connection:
            connection.execute(text(rows), {"first": WEEK.first, "rows": number - held})
            if not held:
                connection.execute(text(DELIVERIES), {"first": WEEK.first})
        peaks.append(peak_of(warehouse, tmp_path, dataset))
    with warehouse.connect() as connection:
        results = text("SELECT DISTINCT result FROM perf.verdicts WHERE check_name = :check")
        assert connection.execute(results, {"check": check}).scalars().all() == ["failed"]
    assert peaks[1] < peaks[0] * 1.15
