"""Withdraws published figures. A withdrawn figure is published as not available, with the reason, until it is restored."""

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from perf_pipeline.catalogue.datasets import FIGURES, MONTH_COUNTS, Dataset
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.published.markers import markers
from perf_pipeline.warehouse.tables import TABLES

_WITHDRAWN = TABLES["withdrawn_figures"]


@dataclass(frozen=True)
class Withdrawal:
    """The indicator of a service for a day or a month, with all values of its dimension."""

    subject: str
    indicator: IndicatorName
    period_start: date
    period: str


def record_withdrawal(connection: Connection, withdrawal: Withdrawal, reason: str, now: datetime) -> None:
    """Record that the figure is withdrawn. A second call replaces the reason."""
    statement = insert(_WITHDRAWN).values(**vars(withdrawal), withdrawal_reason=reason, withdrawn_at=now)
    replaced = {"withdrawal_reason": reason}
    connection.execute(statement.on_conflict_do_update(constraint="withdrawn_figures_pkey", set_=replaced))


@dataclass(frozen=True)
class WithdrawalRecord:
    """Why and when a figure was withdrawn."""

    reason: str
    withdrawn_at: datetime


def delete_withdrawal(connection: Connection, withdrawal: Withdrawal) -> WithdrawalRecord | None:
    """Delete the record, so that the figure can be published again, and return it. None if there is none."""
    conditions = [_WITHDRAWN.c[name] == value for name, value in vars(withdrawal).items()]
    deleted = delete(_WITHDRAWN).where(*conditions).returning(_WITHDRAWN.c.withdrawal_reason, _WITHDRAWN.c.withdrawn_at)
    row = connection.execute(deleted).one_or_none()
    return None if row is None else WithdrawalRecord(row.withdrawal_reason, row.withdrawn_at)


def with_withdrawals(connection: Connection, dataset: Dataset, figures: pd.DataFrame) -> pd.DataFrame:
    """`figures`, where withdrawn figures have no values, are marked as not available and have the reason."""
    if dataset.indicator is None:
        return figures
    statement = select(_WITHDRAWN).where(_WITHDRAWN.c.indicator == dataset.indicator)
    reasons = {
        (row.subject, row.period_start, row.period): row.withdrawal_reason for row in connection.execute(statement)
    }
    keys = zip(figures[dataset.subject], figures["period_start"], figures["period"], strict=True)
    given = pd.Series([reasons.get(key) for key in keys], index=figures.index, dtype=object)
    is_withdrawn = given.notna()
    emptied = figures.assign(revision_reason=given)
    emptied.loc[is_withdrawn, [*FIGURES[dataset.indicator], *MONTH_COUNTS]] = None
    emptied.loc[is_withdrawn, "markers"] = markers(is_not_available=True)
    return emptied
