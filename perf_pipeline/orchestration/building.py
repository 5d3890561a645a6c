"""What `nightly` and `backfill` do, in one process: read the sources, plan from the warehouse, build, publish once."""

import time
from collections.abc import Callable, Sized
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

import dagster as dg

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.orchestration.jobs import build, build_without_publishing, extract
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.orchestration.running import EVERY_DAY, RangeOutcome, Runner
from perf_pipeline.quality.causes import Cause, merged
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.building import BuildingLock


class Reporter(Protocol):
    """Shows what a command is doing."""

    def note(self, message: str) -> None:
        """Show a line."""

    def stage(self, title: str, steps: int) -> AbstractContextManager[Callable[[str], None]]:
        """Show a stage of so many steps. What the block gets is called with the name of each step when it starts."""


@dataclass(frozen=True)
class Built:
    """How a command went: every cause of what failed, what its runs share, and their ids."""

    causes: list[Cause]
    asked: str
    run_ids: tuple[str, ...]


def build_days(
    instance: dg.DagsterInstance,
    systems: Systems,
    days: DayRange,
    *,
    everything: bool,
    reporter: Reporter,
    shows_tracebacks: bool = False,
) -> Built:
    """Read and build what is due up to the last of `days`, or every one of `days`.

    The sources are read before the building lock is taken: a source that is slow holds up no other build.
    """
    started = time.monotonic()
    runner = Runner(defs, instance, systems, f"command {uuid4()}", shows_tracebacks)
    title = f"Reading the sources ({_counted(days) if everything else 'what is due'})"
    with reporter.stage(title, runner.steps(extract.name)) as step:
        outcomes = [runner.extract_range(days, step) if everything else runner.extract_due(days, step)]
    with BuildingLock(systems.warehouse, reporter.note) as lock:
        lock.acquire()
        planned = None if everything else plan(systems, days)
        ranges = planned.runs if planned else [days]
        reasons = [planned.why(run_days) if planned else EVERY_DAY for run_days in ranges]
        outcomes += _built(runner, ranges, reasons, reporter)
    counted = _counted({day for run_days in ranges for day in run_days})
    reporter.note(f"Built {counted} in {time.monotonic() - started:.1f} s.")
    causes = merged(cause for outcome in outcomes for cause in outcome.causes)
    return Built(causes, runner.asked, tuple(outcome.run_id for outcome in outcomes))


def _built(runner: Runner, ranges: list[DayRange], reasons: list[str], reporter: Reporter) -> list[RangeOutcome]:
    """Build the ranges; the last run publishes all of them, so that a night is one step of each figure's history."""
    outcomes = []
    for number, (run_days, why) in enumerate(zip(ranges, reasons, strict=True), start=1):
        title = f"Run {number} of {len(ranges)}: {run_days} ({_counted(run_days)})"
        is_last = number == len(ranges)
        with reporter.stage(title, runner.steps((build if is_last else build_without_publishing).name)) as step:
            outcomes.append(runner.build(run_days, step, publishes=is_last, why=why))
    return outcomes


def _counted(days: Sized) -> str:
    return "1 day" if len(days) == 1 else f"{len(days):,} days"
