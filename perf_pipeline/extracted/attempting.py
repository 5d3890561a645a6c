"""Asking a source: again when its failure may pass, never when it can't, and writing down how it ended.

One source that is down must hold back neither the other sources nor their figures, so its failure is not raised here: it
stands in the ledger, the run's last check fails on it, and the days that it left without data are shown as failed.
"""

import time
from collections.abc import Callable

import dagster as dg
from sqlalchemy import Engine

from perf_pipeline.errors import SettingsError, SourceError, TransientSourceError
from perf_pipeline.extracted.deliveries import Attempt, record_no_delivery
from perf_pipeline.warehouse.engine import transaction

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

    `tries` is 1 for a reader that asks again by itself.
    """
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
    """Write down that nobody set the source's address: its figures are not available."""
    with transaction(warehouse) as connection:
        record_no_delivery(connection, attempt, "unset")
