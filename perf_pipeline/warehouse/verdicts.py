"""The good periods of a dataset, which later stages use. A period that did not pass keeps its last good rows.

Here: reading good periods, and deleting the verdicts of periods that are built again. Not here: making verdicts (`quality`).
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, Subquery, text

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.tables import TABLES

_PASSED = "perf.built_periods AS passed ON passed.dataset = '{dataset}' AND passed.has_passed"


def good_periods_sql(dataset: str) -> str:
    """A query for the dataset's good rows: those of periods that passed, and the last good rows of other periods.

    A period without a verdict has not passed. It is one statement, so that rows and verdicts come from one snapshot.
    """
    entry = DATASETS[dataset]
    columns = ", ".join(f"made.{name}" for name in entry.column_names)
    passed = _PASSED.format(dataset=dataset)
    return (
        f"SELECT {columns} FROM perf.{dataset} AS made JOIN {passed}"
        f" AND passed.subject = made.{entry.subject} AND passed.period_start = made.{entry.day_column}"
        f" UNION ALL SELECT {columns} FROM perf.last_good_periods AS kept"
        f" CROSS JOIN LATERAL jsonb_populate_recordset(NULL::perf.{dataset}, kept.good_rows) AS made"
        f" LEFT JOIN {passed} AND passed.subject = kept.subject AND passed.period_start = kept.period_start"
        f" WHERE kept.dataset = '{dataset}' AND passed.subject IS NULL"
    )


def good_periods(dataset: str) -> Subquery:
    """`good_periods_sql` as a subquery with the dataset's columns."""
    columns = {column.name: column.type for column in TABLES[dataset].columns}
    return text(good_periods_sql(dataset)).columns(**columns).subquery("good_periods")


def void_verdicts(connection: Connection, dataset: str, periods: DayRange) -> None:
    """Delete the verdicts on periods, inside the transaction that changes these periods."""
    connection.execute(
        text("DELETE FROM perf.verdicts WHERE dataset = :dataset AND period_start BETWEEN :first AND :last"),
        {"dataset": dataset, "first": periods.first, "last": periods.last},
    )


def void_verdicts_on(connection: Connection, dataset: str, subject: str, days: Collection[date]) -> None:
    """Delete the verdicts on single days of one subject, inside the transaction that changes these days."""
    connection.execute(
        text("DELETE FROM perf.verdicts WHERE dataset = :dataset AND subject = :subject AND period_start = ANY(:days)"),
        {"dataset": dataset, "subject": subject, "days": sorted(days)},
    )


def keep_last_good(connection: Connection, dataset: str, periods: DayRange) -> None:
    """Save the rows of periods that passed, before they are replaced. If the new rows fail, months use the saved ones."""
    entry = DATASETS[dataset]
    connection.execute(
        text(
            "INSERT INTO perf.last_good_periods (dataset, subject, period_start, good_rows)"
            f" SELECT '{dataset}', passed.subject, passed.period_start, jsonb_agg(to_jsonb(good))"
            f" FROM perf.{dataset} AS good JOIN {_PASSED.format(dataset=dataset)}"
            f" AND passed.subject = good.{entry.subject} AND passed.period_start = good.{entry.day_column}"
            f" WHERE good.{entry.day_column} BETWEEN :first AND :last GROUP BY passed.subject, passed.period_start"
            " ON CONFLICT (dataset, subject, period_start) DO UPDATE SET good_rows = excluded.good_rows"
        ),
        {"first": periods.first, "last": periods.last},
    )
