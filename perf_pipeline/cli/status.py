"""What `perf-pipeline status` writes: the overview as lines for people, or in the form that docs/commands.md gives."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.cli.output import london_time
from perf_pipeline.errors import NEXT_STEP

if TYPE_CHECKING:
    from perf_pipeline.orchestration.overview import DaysWithReason, NextRun, Overview, Warned
    from perf_pipeline.orchestration.recorded_runs import LastRun

_RANGES_NAMED = 6


def status_lines(found: "Overview", *, warned_days: int) -> Iterator[str]:
    """Lines for a terminal, with a heading for each part."""
    count = len(found.reporting_days)
    yield f"Reporting days: {found.reporting_days} ({_days(count)})"
    if not found.is_built:
        yield "Nothing is built yet: there is no warehouse."
        yield f"{NEXT_STEP} run perf-pipeline nightly, which makes one with stand-in sources."
        return
    yield f"Last run: {_last_run(found.recorded.last_run)}"
    yield f"Next run: {_next_run(found.next_run)}"
    yield from _section(f"A run now builds {_days(found.next_run.days_count)}", _planned(found.next_run))
    yield from _section("Waiting", _with_reasons(found.waiting))
    yield from _section("What failed", map(str, found.failed))
    yield from _section(
        f"Warnings in the last {_days(warned_days)}; they hold nothing back", map(_warned, found.warnings)
    )
    yield from _section(
        "Sources",
        (
            f"{read.service}, {read.source}: {read.outcome} at {london_time(read.attempted_at)},"
            f" {_days(read.days_delivered)} delivered{f', newest {read.newest_day}' if read.newest_day else ''}"
            f"{f': {read.failure}' if read.failure else ''}"
            for read in found.sources
        ),
    )
    yield from _section(
        "In quarantine",
        (
            f"{rows.subject}, {rows.source}: {rows.rows:,} row{'' if rows.rows == 1 else 's'}, {rows.reason}: {rows.days}"
            for rows in found.quarantine
        ),
    )
    yield from _section(
        "Days that rest on a file that is gone",
        (f"{gone.subject}: {gone.reason}: {', '.join(map(str, gone.days))}" for gone in found.gone_files),
    )
    yield from _section(
        "Withdrawn figures",
        (
            f"{figure.indicator} of {figure.service}, {figure.period} of {figure.period_start},"
            f" on {london_time(figure.withdrawn_at)}: {figure.reason}"
            for figure in found.withdrawn
        ),
    )
    yield from _section("Published", _release(found))


def status_json(found: "Overview") -> dict[str, object]:
    """The overview for programs."""
    recorded, next_run = found.recorded, found.next_run
    return {
        "reporting_days": found.reporting_days,
        "is_built": found.is_built,
        "last_run": asdict(recorded.last_run) if recorded.last_run else None,
        "next_run": asdict(next_run) | {"days_count": next_run.days_count},
        "daemon_heartbeats": recorded.heartbeats or {},
        "waiting": [asdict(item) for item in found.waiting],
        "failed": [
            {
                "subject": cause.subject,
                "check": cause.check,
                "days": list(cause.days),
                "found": cause.found,
                "expected": cause.expected,
                "next_step": cause.next_step,
            }
            for cause in found.failed
        ],
        "warnings": [asdict(warned) for warned in found.warnings],
        "sources": [asdict(read) for read in found.sources],
        "quarantine": [
            {
                "service": rows.subject,
                "source": rows.source,
                "reason": rows.reason,
                "rows": rows.rows,
                "days": {str(day): count for day, count in rows.by_day.items() if day},
            }
            for rows in found.quarantine
        ],
        "gone_files": [{"service": gone.subject, "file": gone.reason, "days": gone.days} for gone in found.gone_files],
        "withdrawn": [asdict(figure) for figure in found.withdrawn],
        "release": asdict(found.release) if found.release else None,
    }


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield heading
    found = [f"  {line}" for line in lines]
    yield from found or ["  nothing"]


def _last_run(run: "LastRun | None") -> str:
    if run is None:
        return "none is recorded"
    what = f"built {_ranges(run.days)}" if run.days else "read the sources"
    outcome = {
        "done": "ended well",
        "failed": "failed; see below, or the run in Dagit (perf-pipeline serve)",
        "stopped": "was stopped",
        "not ended": "has not ended; it still runs, or its process was killed",
    }[run.outcome]
    return f"{_span(run.started_at, run.ended_at)}, {what}; it {outcome}"


def _span(start: datetime, end: datetime | None) -> str:
    return london_time(start) + (f" to {london_time(end)[-5:]}" if end else "")


def _next_run(run: "NextRun") -> str:
    if run.has_daemon:
        return f"{london_time(run.scheduled_at)}, by the schedule nightly"
    return "none by itself, because no Dagster daemon is alive: start perf-pipeline serve, or run perf-pipeline nightly"


def _planned(run: "NextRun") -> Iterator[str]:
    yield from _with_reasons(run.reasons)
    if run.days_between > 0:
        yield f"{_days(run.days_between)} between them, in the same runs: {_ranges(run.days)}"


def _with_reasons(items: "Iterable[DaysWithReason]") -> Iterator[str]:
    for item in items:
        subject = f"{item.subject}, " if item.subject else ""
        next_step = f". {NEXT_STEP} {item.next_step}" if item.next_step else ""
        yield f"{subject}{_ranges(item.days)}: {item.reason}{next_step}"


def _warned(warned: "Warned") -> str:
    found = f": {warned.found}, expected {warned.expected}" if warned.found else ""
    newest = " (the newest)" if found and warned.days_count > 1 else ""
    days = f"{_ranges(warned.days)}{f' ({_days(warned.days_count)})' if warned.days_count > 1 else ''}"
    return f"{warned.subject}, {days}: {warned.fault}{found}{newest}. {NEXT_STEP} {warned.next_step}."


def _release(found: "Overview") -> Iterator[str]:
    if found.release is not None:
        made = found.release
        yield f"{made.files} files at {london_time(made.published_at)}, release {made.release_id}, in {made.folder}"


def _ranges(days: list[DayRange]) -> str:
    more = len(days) - _RANGES_NAMED
    return ", ".join(map(str, days[:_RANGES_NAMED])) + (f" and {more} more" if more > 0 else "")


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"
