"""How long each stage of the runs in a warehouse took, from Dagster's own event log."""

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline_tests.conftest import connect

_STEPS = """
SELECT
    step_key,
    extract(
        epoch FROM max(timestamp) FILTER (WHERE dagster_event_type = 'STEP_SUCCESS')
        - min(timestamp) FILTER (WHERE dagster_event_type = 'STEP_START')
    )::float8,
    count(*)
FROM perf_dagster.event_logs
WHERE step_key IS NOT NULL
GROUP BY step_key
ORDER BY min(id)
"""


def step_seconds(warehouse_url: str) -> dict[str, tuple[float, int]]:
    """The seconds and the number of events of each step, in the order in which they began."""
    connection = connect(warehouse_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(_STEPS)
        found = {step: (seconds or 0.0, events) for step, seconds, events in cursor.fetchall()}
    connection.close()
    return found


def stage_seconds(warehouse_url: str) -> dict[str, tuple[float, int]]:
    """The same by stage of the flow."""
    stages: dict[str, tuple[float, int]] = {}
    for step, (seconds, events) in step_seconds(warehouse_url).items():
        stage = DATASETS[step].stage.value if step in DATASETS else step
        before = stages.get(stage, (0.0, 0))
        stages[stage] = (before[0] + seconds, before[1] + events)
    return stages
