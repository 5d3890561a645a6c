"""Which days may be built upon: those that passed every blocking check, and else what was good before.

Here: reading good days, and voiding the verdicts of days that are built again. Not here: making verdicts (`quality`).
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Subquery, text

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.warehouse.tables import TABLES


def good_days_sql(dataset: str) -> str:
    """A query for the dataset's good rows: of days that passed, and, of others, as they were when they last passed.

    A day without any verdict has not passed. One statement, so that it never mixes a day with the verdict on another.
    """
    day = DATASETS[dataset].day_column
    columns = ", ".join(f"made.{name}" for name in DATASETS[dataset].column_names)
    passed = (
        f"(SELECT service, report_date FROM perf.verdicts WHERE dataset = '{dataset}' GROUP BY service, report_date"
        " HAVING bool_and(result = 'passed' OR severity <> 'blocking'))"
    )
    return (
        f"SELECT {columns} FROM perf.{dataset} AS made JOIN {passed} AS passed"
        f" ON passed.service = made.service AND passed.report_date = made.{day}"
        f" UNION ALL SELECT {columns} FROM perf.last_good_days AS kept"
        f" CROSS JOIN LATERAL jsonb_populate_recordset(NULL::perf.{dataset}, kept.good_rows) AS made"
        f" LEFT JOIN {passed} AS passed ON passed.service = kept.service AND passed.report_date = kept.report_date"
        f" WHERE kept.dataset = '{dataset}' AND passed.service IS NULL"
    )


def good_days(dataset: str) -> Subquery:
    """`good_days_sql` as something to select from, with the dataset's columns."""
    columns = {column.name: column.type for column in TABLES[dataset].columns}
    return text(good_days_sql(dataset)).columns(**columns).subquery("good_days")


def void_verdicts(connection: Connection, dataset: str, days: DayRange, services: Sequence[str] | None = None) -> None:
    """Take back what was said of days that change now, inside the transaction that changes them."""
    connection.execute(
        text(
            "DELETE FROM perf.verdicts WHERE dataset = :dataset AND report_date BETWEEN :first AND :last"
            " AND (CAST(:services AS text[]) IS NULL OR service = ANY(:services))"
        ),
        {"dataset": dataset, "first": days.first, "last": days.last, "services": services and list(services)},
    )


def keep_last_good(connection: Connection, dataset: str, days: DayRange) -> None:
    """Put by the rows of the days that passed, before they are replaced: if the new ones don't, months go on with these."""
    day = DATASETS[dataset].day_column
    connection.execute(
        text(
            "INSERT INTO perf.last_good_days (dataset, service, report_date, good_rows)"
            f" SELECT :dataset, good.service, good.{day}, jsonb_agg(to_jsonb(good))"
            f" FROM perf.{dataset} AS good JOIN (SELECT service, report_date FROM perf.verdicts"
            " WHERE dataset = :dataset AND report_date BETWEEN :first AND :last GROUP BY service, report_date"
            " HAVING bool_and(result = 'passed' OR severity <> 'blocking')) AS passed"
            f" ON passed.service = good.service AND passed.report_date = good.{day}"
            f" WHERE good.{day} BETWEEN :first AND :last GROUP BY good.service, good.{day}"
            " ON CONFLICT (dataset, service, report_date) DO UPDATE SET good_rows = excluded.good_rows"
        ),
        {"dataset": dataset, "first": days.first, "last": days.last},
    )
