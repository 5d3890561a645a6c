"""Asking a source: again when its failure may pass, never when it can't, and writing down how it ended.

One source that is down must hold back neither the other sources nor their figures, so its failure is not raised here: it
stands in the ledger, the run's last check fails on it, and the days that it left without data are shown as failed.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import dagster as dg
from sqlalchemy import Engine

from perf_pipeline.catalogue.reporting_days import as_ranges
from perf_pipeline.errors import SettingsError, SourceError, TransientSourceError
from perf_pipeline.extracted.deliveries import Attempt, record_no_delivery
from perf_pipeline.extracted.retention import ROW_SOURCES, frozen_days
from perf_pipeline.warehouse.engine import connected, transaction

TRIES = 3
FIRST_WAIT_SECONDS = 1.0

_log = dg.get_dagster_logger("perf_pipeline")


def attempt_reading(
    warehouse: Engine,
    attempt: Attempt,
    read: Callable[[Attempt], None],
    *,
    tries: int = TRIES,
    first_wait_seconds: float = FIRST_WAIT_SECONDS,
) -> bool:
    """Call `read`, which writes the rows and the deliveries of the attempt in one transaction; whether it succeeded.

    Days that are frozen are left out: nothing of them is read or written down. `tries` is 1 for a reader that asks again by
    itself.
    """
    succeeded = [
        _read(warehouse, part, read, tries, first_wait_seconds) for part in _without_frozen_days(warehouse, attempt)
    ]
    return all(succeeded)


def _read(
    warehouse: Engine, attempt: Attempt, read: Callable[[Attempt], None], tries: int, first_wait_seconds: float
) -> bool:
    for waited in range(tries):
        try:
            read(attempt)
        except (SourceError, SettingsError) as error:
            # A setting may turn out to be wrong only when it is used, such as missing AWS credentials.
            if isinstance(error, TransientSourceError) and waited < tries - 1:
                time.sleep(first_wait_seconds * 2**waited)
                continue
            _log.error("%s, source %s, %s: %s", attempt.service, attempt.source_name, attempt.days, error)
            with transaction(warehouse) as connection:
                record_no_delivery(connection, attempt, "failed", str(error))
            return False
        return True
    return False


def note_unset(warehouse: Engine, attempt: Attempt) -> None:
    """Write down that nobody set the source's address: its figures are not available, but for those of frozen days."""
    for part in _without_frozen_days(warehouse, attempt):
        with transaction(warehouse) as connection:
            record_no_delivery(connection, part, "unset")


def _without_frozen_days(warehouse: Engine, attempt: Attempt) -> list[Attempt]:
    """The attempt in unbroken ranges of days whose rows were not dropped: reading the others would bring them back."""
    source = ROW_SOURCES.get(attempt.source_name)
    if source is None:
        return [attempt]
    with connected(warehouse) as connection:
        frozen = frozen_days(connection, source).get(attempt.service)
    if frozen is None or frozen.last < attempt.days.first or attempt.days.last < frozen.first:
        return [attempt]
    _log.info("%s, source %s: %s are frozen and are not read again.", attempt.service, attempt.source_name, frozen)
    return [replace(attempt, days=days) for days in as_ranges({day for day in attempt.days if day not in frozen})]
