"""Records what each period of a table was built from, whether it passed its checks, and whether a release includes it.

A period is built again when its sources have newer revisions than those it was built from. Revisions are counted and not
timed, so a wrong clock or a delivery during a build can't hide a change.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection, text

from perf_pipeline.catalogue.datasets import Dataset, Stage, datasets_of
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.systems import Systems
from perf_pipeline.warehouse.replacing import insert_frame
from perf_pipeline.warehouse.statements import run_sql
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline.warehouse.verdicts import keep_last_good

_SQL = Path(__file__).parent / "sql"

Revisions = Mapping[tuple[str, date], str]
"""The revision counts of the sources, as the text of a JSON object, by subject and period."""


def needed_sources(entry: Dataset, systems: Systems) -> list[dict[str, object]]:
    """The sources of a dataset for each subject that publishes it, as a parameter of the .sql files."""
    if entry.indicator is None:
        return []
    return [
        {
            "dataset": entry.name,
            "subject": service.slug,
            "source_name": source,
            "extract": SOURCES[source].extract,
            "is_set": systems.address(service.slug, source) is not None,
            "first_day": service.first_day_of(source).isoformat(),
        }
        for service in systems.services.publishing(entry.indicator)
        for source in service.sources_of(entry.indicator)
    ]


def source_revisions(connection: Connection, entry: Dataset, systems: Systems, periods: DayRange) -> Revisions:
    """The present revision counts of the sources of each day, for every subject that publishes the dataset.

    A month is built from daily tables, so it has no sources.
    """
    needed = needed_sources(entry, systems)
    if entry.is_monthly:
        months = [day for day in periods if day.day == 1]
        return {(str(source["subject"]), month): "{}" for source in needed for month in months}
    values = {"needed": json.dumps(needed), "first_day": periods.first, "last_day": periods.last}
    rows = run_sql(connection, _SQL / "source_revisions.sql", **values)
    return {(row.subject, row.period_start): row.source_revisions for row in rows}


def record_built(
    connection: Connection,
    dataset: str,
    periods: DayRange,
    revisions: Revisions,
    code_version: str,
    now: datetime,
    run_id: str,
) -> None:
    """Record what the periods were built from, in the transaction that builds them."""
    rows = pd.DataFrame(
        [(subject, period, found) for (subject, period), found in revisions.items()],
        columns=["subject", "period_start", "source_revisions"],
    ).assign(dataset=dataset, code_version=code_version, built_at=now.isoformat(), run_id=run_id)
    connection.execute(
        text("DELETE FROM perf.built_periods WHERE dataset = :dataset AND period_start BETWEEN :first AND :last"),
        {"dataset": dataset, "first": periods.first, "last": periods.last},
    )
    insert_frame(connection, TABLES["built_periods"], rows, list(rows.columns))


def void_months(connection: Connection, entry: Dataset, days: DayRange) -> None:
    """Record that the months of the built days have to be summed and checked again.

    If the run is killed before that, the planner finds these records.
    """
    for name, monthly in datasets_of(Stage.MONTHLY_METRICS).items():
        if monthly.indicator == entry.indicator:
            keep_last_good(connection, name, days.whole_months())
            values = {"monthly": name, "daily": entry.name, "first_day": days.first, "last_day": days.last}
            run_sql(connection, _SQL / "void_months.sql", **values)
