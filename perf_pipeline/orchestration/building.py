"""What `nightly` and `backfill` do, in one process: read the sources, plan from the warehouse, build, publish once."""

import time
from collections.abc import Callable, Sized
from dataclasses import dataclass
from uuid import uuid4

import dagster as dg

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.orchestration.running import EVERY_DAY, RangeOutcome, Runner
from perf_pipeline.quality.causes import Cause, merged
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.building import BuildingLock

Note = Callable[[str], None]


@dataclass(frozen=True)
class Built:
    """How a command went: every cause of what failed, and what its runs share."""

    causes: list[Cause]
    asked: str


def build_days(
    instance: dg.DagsterInstance,
    systems: Systems,
    days: DayRange,
    *,
    everything: bool,
    note: Note,
    shows_tracebacks: bool = False,
) -> Built:
    """Read and build what is due up to the last of `days`, or every one of `days`; `note` is called with the progress.

    The sources are read before the building lock is taken: a source that is slow holds up no other build.
    """
    started = time.monotonic()
    runner = Runner(defs, instance, systems, f"command {uuid4()}", shows_tracebacks)
    note(f"Reading the sources ({_counted(days) if everything else 'what is due'})")
    read = runner.extract_range if everything else runner.extract_due
    outcomes = [read(days, _ticker(note, started))]
    with BuildingLock(systems.warehouse, note) as lock:
        lock.acquire()
        planned = None if everything else plan(systems, days)
        ranges = planned.runs if planned else [days]
        reasons = [planned.why(run_days) if planned else EVERY_DAY for run_days in ranges]
        outcomes += _built(runner, ranges, reasons, note, started)
    note(f"Built {_counted({day for run_days in ranges for day in run_days})} in {time.monotonic() - started:.1f} s.")
    return Built(merged(cause for outcome in outcomes for cause in outcome.causes), runner.asked)


def _built(
    runner: Runner, ranges: list[DayRange], reasons: list[str], note: Note, started: float
) -> list[RangeOutcome]:
    """Build the ranges; the last run publishes all of them, so that a night is one step of each figure's history."""
    outcomes = []
    for number, (run_days, why) in enumerate(zip(ranges, reasons, strict=True), start=1):
        note(f"Run {number} of {len(ranges)}: {run_days} ({_counted(run_days)})")
        is_last = number == len(ranges)
        outcomes.append(runner.build(run_days, _ticker(note, started), publishes=is_last, why=why))
    return outcomes


def _counted(days: Sized) -> str:
    return "1 day" if len(days) == 1 else f"{len(days):,} days"


def _ticker(note: Note, started: float) -> Note:
    return lambda name: note(f"  {time.monotonic() - started:6.1f} s  {name}")
