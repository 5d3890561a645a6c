"""Shared parts of the tests of orchestration: ledgers of which a test decides what they hold."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from perf_pipeline_tests.ledgers import ALL_SET, DAYS, NIGHT, Ledgers
from perf_pipeline_tests.systems import systems_with


@pytest.fixture
def ledgers(emptied_warehouse: Engine, tmp_path: Path) -> Ledgers:
    """Nothing is delivered, every source is set."""
    return Ledgers(
        systems_with(emptied_warehouse, tmp_path, addresses=ALL_SET, first_day=DAYS.first, clock=lambda: NIGHT)
    )


@pytest.fixture
def settled(ledgers: Ledgers) -> Ledgers:
    """Everything is delivered, built and released."""
    ledgers.deliver_everything()
    assert ledgers.planned() == dict.fromkeys(DAYS, "not built yet")
    ledgers.settle()
    return ledgers
