"""What Dagster has recorded of earlier runs, and whether its daemon is alive. Nothing is started or written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import dagster as dg

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.orchestration.jobs import asked_together, extract
from perf_pipeline.orchestration.run_causes import days_of
from perf_pipeline.orchestration.storage import stored_runs
from perf_pipeline.settings import Settings

BEATS_WITHIN = timedelta(minutes=5)
"""A daemon reports every 30 seconds; one that was silent for so long does not run any more."""
_NEWEST_RUNS = 25

Outcome = Literal["done", "failed", "stopped", "not ended"]


@dataclass(frozen=True)
class LastRun:
    """The newest runs that belong together: those of one command, night or backfill."""

    started_at: datetime
    ended_at: datetime | None
    days: list[DayRange]
    """What they built; empty where only the sources were read."""
    outcome: Outcome
    run_ids: list[str]


@dataclass(frozen=True)
class Recorded:
    """What is known of the past, and of what will run by itself."""

    last_run: LastRun | None = None
    heartbeats: dict[str, datetime] | None = None
    """When each daemon of Dagster last reported, by its type; None where Dagster has never run here."""

    def daemon_beats(self, now: datetime) -> bool:
        """Whether the daemons that launch runs are alive."""
        return not self.silent_daemons(now)

    def silent_daemons(self, now: datetime) -> list[str]:
        """The daemons that runs depend on and that do not report."""
        beats = self.heartbeats or {}
        return [name for name in NEEDED_DAEMONS if now - beats.get(name, _NEVER) > BEATS_WITHIN]


NEEDED_DAEMONS = ("SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR")
_NEVER = datetime.fromtimestamp(0, UTC)


def recorded_runs(settings: Settings) -> Recorded:
    """Read Dagster's storage. Raises WarehouseError when it can't be reached. An embedded PostgreSQL must be up."""
    with stored_runs(settings) as storage:
        if storage is None:
            return Recorded()
        records = storage.get_run_records(limit=_NEWEST_RUNS)
        heartbeats = {
            name: datetime.fromtimestamp(beat.timestamp, UTC) for name, beat in storage.get_daemon_heartbeats().items()
        }
    return Recorded(_last_run(records), heartbeats)


def _last_run(records: Sequence[dg.RunRecord]) -> LastRun | None:
    if not records:
        return None
    newest = _asked(records[0])
    together = [record for record in records if _asked(record) == newest]
    starts = [datetime.fromtimestamp(record.start_time, UTC) for record in together if record.start_time]
    ends = [datetime.fromtimestamp(record.end_time, UTC) for record in together if record.end_time]
    outcome = _outcome([record.dagster_run.status for record in together])
    built = [
        days
        for record in together
        if record.dagster_run.job_name != extract.name and (days := days_of(record.dagster_run.tags))
    ]
    return LastRun(
        started_at=min(starts, default=records[0].create_timestamp.replace(tzinfo=UTC)),
        ended_at=max(ends) if ends and outcome != "not ended" else None,
        days=sorted(built),
        outcome=outcome,
        run_ids=[record.dagster_run.run_id for record in reversed(together)],
    )


def _asked(record: dg.RunRecord) -> str:
    return asked_together(record.dagster_run.tags, record.dagster_run.run_id)


def _outcome(statuses: list[dg.DagsterRunStatus]) -> Outcome:
    if any(status is dg.DagsterRunStatus.FAILURE for status in statuses):
        return "failed"
    if any(status is dg.DagsterRunStatus.CANCELED for status in statuses):
        return "stopped"
    return "done" if all(status is dg.DagsterRunStatus.SUCCESS for status in statuses) else "not ended"
