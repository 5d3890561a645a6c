"""Classifies failures for Dagster. Transient failures are retried, permanent ones are not.

Failures of sources are recorded in a ledger (`extracted/readings.py`) and never fail a step. Only failures of our own
database or disk fail a step. The step is retried after a lost connection, and not after any other failure.
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
    """Turn a transient failure into a retry of the step, and any other into a failure without retry."""
    try:
        yield
    except WarehouseError as error:
        raise _another_try() from error
    except (DBAPIError, psycopg2.Error) as error:
        # After its first line, the driver's text quotes the row. It must not get into the event log.
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
