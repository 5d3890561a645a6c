"""Letting days pass without checking them, for tests of what is made of good days."""

from sqlalchemy import Engine, text

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.warehouse.engine import transaction


def let_pass(warehouse: Engine, *datasets: str) -> None:
    """Put a verdict on every day that the datasets hold: passed."""
    with transaction(warehouse) as connection:
        for dataset in datasets:
            connection.execute(
                text(
                    "INSERT INTO perf.verdicts (dataset, service, report_date, check_name, severity, result, run_id,"
                    f" decided_at) SELECT DISTINCT '{dataset}', service, {DATASETS[dataset].day_column},"
                    f" 'all_is_well', 'blocking', 'passed', 'a run', now() FROM perf.{dataset} ON CONFLICT DO NOTHING"
                )
            )
