"""Telling Dagster which failures may pass and which won't.

Sources have their own ledger (`extracted/attempting.py`). What reaches a step is trouble with our own database or disk: a
lost connection is worth another try of the step, anything else is not.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from sqlalchemy.exc import DBAPIError, OperationalError

from perf_pipeline.errors import PerfPipelineError
from perf_pipeline.warehouse.engine import first_line

MAX_RETRIES = 2
SECONDS_TO_WAIT = 5.0


@contextmanager
def failures_told_apart() -> Iterator[None]:
    """Turn a passing failure into a retry of the step and a lasting one into a failure that is not retried."""
    try:
        yield
    except OperationalError as error:
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=SECONDS_TO_WAIT) from error
    except DBAPIError as error:
        # The driver's text after the first line quotes the row; it must not reach the event log.
        raise dg.Failure(f"The warehouse refused: {first_line(error)}.", allow_retries=False) from None
    except PerfPipelineError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
