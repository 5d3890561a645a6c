"""Which of a driver's errors may pass, and which last until somebody changes something."""

import psycopg2
import pytest

from perf_pipeline.errors import PermanentSourceError, TransientSourceError
from perf_pipeline.extracted.readers.service_database import explained


@pytest.mark.parametrize(
    "said",
    [
        'FATAL: password authentication failed for user "reader"',
        'FATAL: no pg_hba.conf entry for host "10.0.0.1", user "reader", database "lpa", no encryption',
        "fe_sendauth: no password supplied",
    ],
)
def test_the_words_of_a_refusal_make_it_lasting(said: str) -> None:
    error = explained(
        psycopg2.OperationalError(f'connection to server at "db" (10.0.0.2), port 5432 failed: {said}'), "x"
    )
    assert isinstance(error, PermanentSourceError)
    assert said in str(error)


@pytest.mark.parametrize(
    ("said", "explanation"),
    [
        ("FATAL:  the database system is starting up", "the database system is starting up"),
        ("timeout expired", "timeout expired"),
        ("error with status PGRES_COPY_OUT and no message from the libpq", "the connection broke off"),
    ],
)
def test_any_other_words_make_it_a_passing_failure(said: str, explanation: str) -> None:
    error = explained(psycopg2.OperationalError(said), "x")
    assert isinstance(error, TransientSourceError)
    assert explanation in str(error)
