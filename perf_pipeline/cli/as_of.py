"""The command `as-of`: the figures that were published at an instant, as one table."""

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

import click

from perf_pipeline.catalogue.datasets import DATASETS, PERIODS
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.services import Service, load_services
from perf_pipeline.cli.arguments import INSTANT, known_service
from perf_pipeline.cli.output import as_json, london_time, write_json
from perf_pipeline.errors import UsageError
from perf_pipeline.settings import load_settings


@click.command("as-of", short_help="Show what was published at an instant, as CSV.")
@click.argument("instant", type=INSTANT)
@click.option("--service", help="One service. Default: all.")
@click.option("--indicator", type=click.Choice(list(INDICATORS)), help="One indicator, with its own columns alone.")
@click.option(
    "--period", type=click.Choice(list(PERIODS)), default="monthly", show_default=True, help="Length of the periods."
)
@as_json
def as_of(instant: datetime, service: str | None, indicator: IndicatorName | None, period: str, is_json: bool) -> None:
    """Show the figures that were published at INSTANT, as CSV. INSTANT is in Europe/London if it has no offset.

    A day alone means its beginning. It is one table with a row for each figure; a cell is empty where the indicator of the
    row has no such column.
    """
    from perf_pipeline.orchestration.resources import open_warehouse
    from perf_pipeline.published.as_of import figures_as_of, first_published_at
    from perf_pipeline.published.files import file_columns
    from perf_pipeline.warehouse.engine import connected
    from perf_pipeline.warehouse.migrating import check_migrated

    settings = load_settings()
    asked = [known_service(settings, service)] if service else list(load_services(settings.services_file))
    names = _indicators(asked, service, indicator)
    columns = {name: file_columns(DATASETS[INDICATORS[name].published_dataset], PERIODS[period]) for name in names}
    if instant > settings.now():
        click.echo(f"{london_time(instant)} (London) has not come yet: these are the figures in force now.", err=True)
    with open_warehouse(settings) as warehouse, connected(warehouse) as connection:
        check_migrated(warehouse)
        figures: list[dict[str, object]] = [
            {"indicator": name, **dict(zip(columns[name], row, strict=True))}
            for name in names
            for entry in asked
            if name in entry.indicators
            for row in figures_as_of(connection, name, entry.slug, PERIODS[period], instant, columns=columns[name])
        ]
        if not figures:
            first = first_published_at(connection, names, [entry.slug for entry in asked], PERIODS[period])
            click.echo(_nothing(first), err=True)
    if is_json:
        write_json({"as_of": instant, "period": period, "figures": figures})
    else:
        _write_csv(columns[indicator] if indicator else _in_one_table(names, columns), figures)


def _indicators(asked: list[Service], service: str | None, indicator: IndicatorName | None) -> list[IndicatorName]:
    names = [
        name for name in INDICATORS if indicator in (None, name) and any(name in entry.indicators for entry in asked)
    ]
    if not names:
        raise UsageError(
            f"{service} publishes no {indicator}." if service else f"No service publishes {indicator}.",
            next_step="leave out --indicator to see everything that is published.",
        )
    return names


def _nothing(first: datetime | None) -> str:
    if first is None:
        return "Nothing was published yet."
    return f"Nothing was published before {london_time(first)} (London)."


def _in_one_table(names: Sequence[IndicatorName], columns: Mapping[IndicatorName, Sequence[str]]) -> list[str]:
    """The columns of all indicators: what names a figure, the figures, and what all of them end with."""
    datasets = [DATASETS[INDICATORS[name].published_dataset] for name in names]
    every = dict.fromkeys(column for name in names for column in columns[name])
    keys = dict.fromkeys(column for dataset in datasets for column in dataset.identity)
    last = [column for column in every if all(column in columns[name] for name in names) and column not in keys]
    return ["indicator", *keys, *(column for column in every if column not in (*keys, *last)), *last]


def _write_csv(columns: Sequence[str], figures: Sequence[dict[str, object]]) -> None:
    writer = csv.DictWriter(sys.stdout, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(figures)
