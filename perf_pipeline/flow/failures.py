"""Classifies failures for Dagster: those that may pass are retried, the others are not.

Failures of sources never reach a step: they are recorded in the ledger (`extracted/reading.py`). What reaches a step is
trouble with our own database or disk. A lost connection is worth another try of the step, anything else is not.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg2
from sqlalchemy.exc import DBAPIError, OperationalError

from perf_pipeline.errors import PerfPipelineError, WarehouseError
from perf_pipeline.warehouse.engine import first_line

MAX_RETRIES = 2
SECONDS_TO_WAIT = 5.0
_NEXT_STEP = "check its server, rights and disk space, then build the same days again."


@contextmanager
def classify_failures() -> Iterator[None]:
    """Turn a failure that may pass into a retry of the step, and any other into a failure that is not retried."""
    try:
        yield
    except WarehouseError as error:
        raise _another_try() from error
    except (DBAPIError, psycopg2.Error) as error:
        # The driver's text after the first line quotes the row; it must not reach the event log.
        reason = WarehouseError(f"The warehouse broke off or refused: {first_line(error)}.", next_step=_NEXT_STEP)
        if _may_pass(error):
            raise _another_try() from reason
        raise dg.Failure(str(reason), allow_retries=False) from None
    except PerfPipelineError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _another_try() -> dg.RetryRequested:
    return dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=SECONDS_TO_WAIT)


def _may_pass(error: DBAPIError | psycopg2.Error) -> bool:
    if isinstance(error, DBAPIError):
        return isinstance(error, OperationalError) or error.connection_invalidated
    return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
