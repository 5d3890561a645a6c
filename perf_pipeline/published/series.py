"""The published series: one declaration per indicator, from which its asset is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import dagster as dg
import pandas as pd
from sqlalchemy import Connection

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.disclosure import Breakdown
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.reporting_days import DayRange, as_ranges, last_ended_day
from perf_pipeline.flow.figures_shown import became_final
from perf_pipeline.flow.flow_asset import AssetReport, FlowAsset
from perf_pipeline.flow.partitions import day_range
from perf_pipeline.published.figures import (
    BreakRule,
    daily_figures,
    monthly_figures,
    never_breaks,
    rows_of,
    totals_only,
)
from perf_pipeline.published.not_available import not_available
from perf_pipeline.published.pending_days import claim_days
from perf_pipeline.published.publishing import publish
from perf_pipeline.published.suppressing import suppressed
from perf_pipeline.systems import Systems

RowsOfDays = Callable[[Connection, DayRange], pd.DataFrame]


@dataclass(frozen=True)
class PublishedSeries:
    """The figures of one indicator: its daily tables, monthly table, breakdown and break rule."""

    indicator: IndicatorName
    daily: tuple[str, ...]
    """The daily tables. If there are several, `daily_rows` joins their rows."""
    monthly: str
    note: str
    """Dagit shows this text after the catalogue's description."""
    daily_rows: RowsOfDays | None = None
    breakdown: Breakdown | None = None
    break_rule: Callable[[Systems], BreakRule] = lambda _systems: never_breaks

    def asset(self) -> FlowAsset:
        """The asset that publishes the series."""
        name = INDICATORS[self.indicator].published_dataset

        def write(context: dg.AssetExecutionContext, systems: Systems) -> AssetReport:
            dataset, is_break = DATASETS[name], self.break_rule(systems)
            published: set[date] = set()

            def read(connection: Connection) -> list[pd.DataFrame]:
                claimed = claim_days(connection, dataset, day_range(context), context.run.run_id)
                published.update(day for days in claimed for day in days)
                # Ranges may touch the same earlier days and the same month, and each figure is published once.
                touched = as_ranges(day for days in claimed for day in dataset.touched_by(days))
                return self.figures(connection, systems, touched)

            report = publish(systems, name, read, context.run.run_id, is_break)
            final = {day for day in became_final(dataset, day_range(context)) if day >= systems.first_day}
            return replace(report, days_beyond=frozenset(published | final))

        write.__doc__ = self.note
        return FlowAsset(name, DATASETS[name], (*self.daily, self.monthly, "monthly_verdicts"), write)

    def figures(self, connection: Connection, systems: Systems, ranges: Sequence[DayRange]) -> list[pd.DataFrame]:
        """What is built and passed of the days and of the months that they touch."""
        dataset, is_break = DATASETS[INDICATORS[self.indicator].published_dataset], self.break_rule(systems)
        months = as_ranges(day for days in ranges for day in days.whole_months())
        return [
            *(self._daily(connection, days, is_break) for days in ranges),
            *(self._monthly(connection, systems, days, is_break) for days in months),
            not_available(connection, dataset, systems, ranges),
        ]

    def _daily(self, connection: Connection, days: DayRange, is_break: BreakRule) -> pd.DataFrame:
        daily_rows = self.daily_rows or (lambda reading, span: rows_of(reading, self.daily[0], span))
        dataset = DATASETS[INDICATORS[self.indicator].published_dataset]
        return daily_figures(totals_only(dataset, daily_rows(connection, days)), is_break)

    def _monthly(self, connection: Connection, systems: Systems, days: DayRange, is_break: BreakRule) -> pd.DataFrame:
        rows = rows_of(connection, self.monthly, days)
        months = monthly_figures(rows, last_ended_day(systems.clock()), is_break)
        return suppressed(months, self.breakdown) if self.breakdown else months
