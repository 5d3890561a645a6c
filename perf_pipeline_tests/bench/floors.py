"""The floors: what the same work takes without a pipeline. Each is measured right beside what it is compared with."""

import os
import threading
import time

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline_tests.bench.sources import copied_database, run, statement
from perf_pipeline_tests.bench.world import World
from perf_pipeline_tests.conftest import connect

_APPLICATIONS = """SELECT id, "startedAt", "createdAt", "completedAt", document ->> 'type' FROM applications"""
_FEEDBACK = "SELECT id, received, message ->> 'rating' FROM feedback"


def seconds_to_copy_and_group(world: World) -> float:
    """Both tables out of the source and into empty tables by COPY, and their rows grouped by day in plain SQL."""
    url = copied_database(world.postgres, "template0", "bench_floor")
    run(url, "floor_tables")
    started = time.monotonic()
    _copy(world.lpa_url, url, _APPLICATIONS, "floor_applications")
    _copy(world.lpa_url, url, _FEEDBACK, "floor_feedback")
    _group(url, world.size.days)
    return time.monotonic() - started


def seconds_to_group_one_day(world: World) -> float:
    """The same plain SQL for the last day. Call it after `seconds_to_copy_and_group`."""
    started = time.monotonic()
    _group(world.postgres.url("bench_floor"), DayRange(world.size.days.last, world.size.days.last))
    return time.monotonic() - started


def seconds_to_import(world: World, module: str, times: int = 3) -> float:
    """The shortest of some processes that only import a module."""
    return min(world.python("-c", f"import {module}", log="import").seconds for _ in range(times))


def _copy(source: str, target: str, select: str, table: str) -> None:
    out, into = connect(source), connect(target)
    readable, writable = os.pipe()

    def write() -> None:
        with os.fdopen(writable, "w", encoding="utf-8") as pipe, out.cursor() as cursor:
            cursor.copy_expert(f"COPY ({select}) TO STDOUT", pipe)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(readable, encoding="utf-8") as pipe, into, into.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN", pipe)
    writer.join()
    out.close()
    into.close()


def _group(url: str, days: DayRange) -> None:
    start_at, end_at = days.utc_bounds
    connection = connect(url)
    with connection, connection.cursor() as cursor:
        for name in ("floor_applications_by_day", "floor_feedback_by_day"):
            cursor.execute(statement(name), {"start_at": start_at, "end_at": end_at})
            cursor.fetchall()
    connection.close()
