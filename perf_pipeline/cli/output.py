"""How commands write: JSON for programs, times in London for people."""

import json
from datetime import datetime
from decimal import Decimal

import click

from perf_pipeline.catalogue.reporting_days import LONDON, DayRange

as_json = click.option("--json", "is_json", is_flag=True, help="Write JSON (docs/commands.md has its form).")
"""The option of commands whose output programs read."""


def write_json(value: object) -> None:
    """Write a value to stdout: days and instants in ISO 8601, ranges of days as their first and last."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, DayRange):
        return {"first": value.first.isoformat(), "last": value.last.isoformat()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def london_time(instant: datetime) -> str:
    """An instant for people, to the minute: `2026-06-03 04:00`, in London."""
    return f"{instant.astimezone(LONDON):%Y-%m-%d %H:%M}"
