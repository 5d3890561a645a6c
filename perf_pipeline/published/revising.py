"""Finds the values that change when figures are published again, why they changed, and how they are marked (DOMAIN 2.5).

Pure functions on frames. Here: which change is a revision, and which is only growth, a first figure or another marker. Not
here: writing versions (`publishing`). `held` is always the versions in force, with the columns of the dataset and
`was_final`: whether this or an earlier version was available and not provisional.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from perf_pipeline.catalogue.columns import COLUMNS, ColumnType
from perf_pipeline.catalogue.datasets import COHORT_FIGURES, DATASETS, FIGURES, REVISION_COLUMNS, Dataset
from perf_pipeline.catalogue.markers import Marker
from perf_pipeline.catalogue.methods import UNKNOWN_METHOD
from perf_pipeline.catalogue.reporting_days import london_day, month_end, month_start
from perf_pipeline.catalogue.revisions import RevisionCause
from perf_pipeline.published.figures import BreakRule
from perf_pipeline.published.markers import letters, with_marker

Row = Mapping[str, Any]
"""A figure by column. Missing values are None."""


@dataclass(frozen=True)
class Revised:
    """Figures with their revision columns, and the new rows of the revision log."""

    figures: pd.DataFrame
    log: pd.DataFrame


def revise(figures: pd.DataFrame, held: pd.DataFrame, dataset: Dataset, now: datetime) -> Revised:
    """`figures` with revision_cause, revision_reason and revised_at. [r] marks values that changed in the month of `now`.

    A person changed each figure that has a revision_reason.
    """
    before = {_identity(row, dataset): row for row in _rows(held)}
    rows: list[Row] = []
    log: list[Row] = []
    for figure in _rows(figures):
        earlier = before.get(_identity(figure, dataset))
        changed = () if earlier is None else changed_figures(figure, earlier, dataset)
        cause = None if earlier is None else cause_of(figure, earlier, changed, dataset)
        row = {**figure, **_revision_of(figure, earlier, cause, now)}
        rows.append(row)
        if earlier is not None and cause is not None:
            log += _log_rows(row, earlier, changed, dataset, now)
    return Revised(
        pd.DataFrame(rows, columns=list(dict.fromkeys([*figures.columns, *REVISION_COLUMNS])), dtype=object),
        pd.DataFrame(log, columns=DATASETS["revision_log"].column_names, dtype=object),
    )


def outdated(held: pd.DataFrame, now: datetime, is_break: BreakRule | None = None) -> pd.DataFrame:
    """The versions in force whose markers are no longer right, with the right markers.

    A revision marker expires at the end of the month of the revision. A break marker depends on the eras of the catalogue.
    Without a break rule, break markers stay as they are.
    """
    current = pd.Series([_true_markers(row, now, is_break) for row in _rows(held)], index=held.index, dtype=object)
    return held.assign(markers=current)[current != held["markers"]]


def _true_markers(row: Row, now: datetime, is_break: BreakRule | None) -> str:
    cell: str = row["markers"]
    if Marker.REVISED.value in letters(cell) and not _is_marked(row["revised_at"], now):
        cell = with_marker(cell, Marker.REVISED, is_given=False)
    if is_break is None or Marker.NOT_AVAILABLE.value in letters(cell):
        return cell
    start = row["period_start"]
    breaks = is_break(row["service"], start, month_end(start) if row["period"] == "month" else start)
    return with_marker(cell, Marker.BREAK_IN_SERIES, is_given=breaks)


def changed_figures(row: Row, earlier: Row, dataset: Dataset) -> tuple[str, ...]:
    """The figures whose values have changed.

    The growth of a cohort that was never final is not a change, but its removal is. Suppressed values are left out, before
    and after the change: the log would reveal them.
    """
    is_growing = not (earlier["was_final"] or _is_by_hand(row))
    return tuple(
        name
        for name in _figures(dataset)
        if row[name] != earlier[name]
        and not (is_growing and name in COHORT_FIGURES and row[name] is not None)
        and not _is_hidden(row, name)
        and not _is_hidden(earlier, name)
    )


def cause_of(row: Row, earlier: Row, changed: Sequence[str], dataset: Dataset) -> RevisionCause | None:
    """Why a published value has changed. None when no earlier value has changed.

    A restored figure has no earlier value, but readers saw that it was withdrawn.
    """
    if _is_by_hand(row) and changed:
        return RevisionCause.CORRECTION
    if all(earlier[name] in (None, UNKNOWN_METHOD) for name in changed):
        return None
    if earlier["origin"] == "imported" and row["origin"] == "computed":
        return RevisionCause.IMPORT_SUPERSEDED
    counts = {name for name in _figures(dataset) if COLUMNS[name].type is ColumnType.COUNT}
    if counts.isdisjoint(changed) and any(row[name] is not None for name in counts):
        return RevisionCause.METHOD
    if Marker.PROVISIONAL.value in letters(earlier["markers"]):
        return RevisionCause.SCHEDULED
    return RevisionCause.CORRECTION


def _revision_of(row: Row, earlier: Row | None, cause: RevisionCause | None, now: datetime) -> dict[str, Any]:
    revised_at = now if cause else earlier["revised_at"] if earlier else None
    return {
        "revision_cause": cause.value if cause else None,
        "revision_reason": row["revision_reason"] if cause and _is_by_hand(row) else None,
        "revised_at": revised_at,
        "markers": with_marker(row["markers"], Marker.REVISED, is_given=_is_marked(revised_at, now)),
    }


def _log_rows(row: Row, earlier: Row, changed: Sequence[str], dataset: Dataset, now: datetime) -> list[Row]:
    """One row of the revision log for each figure that changed."""
    shared = {
        "subject": row[dataset.subject],
        **{name: row[name] for name in ("period_start", "period", "revision_cause", "revision_reason")},
        "indicator": dataset.indicator,
        "dimension": row[dataset.dimension.column] if dataset.dimension else "",
        "earlier_published_at": earlier["published_at"],
        "published_at": now,
    }
    return [
        {**shared, "figure": name, "earlier_value": _as_text(earlier[name]), "later_value": _as_text(row[name])}
        for name in changed
    ]


def _figures(dataset: Dataset) -> Sequence[str]:
    return FIGURES[dataset.indicator] if dataset.indicator else ()


def _is_hidden(row: Row, name: str) -> bool:
    return row[name] is None and Marker.SUPPRESSED.value in letters(row["markers"])


def _is_by_hand(row: Row) -> bool:
    return row.get("revision_reason") is not None


def _is_marked(revised_at: datetime | None, now: datetime) -> bool:
    """Whether `now` is in the month of the revision."""
    return revised_at is not None and month_start(london_day(revised_at)) == month_start(london_day(now))


def _rows(frame: pd.DataFrame) -> list[Row]:
    values: list[Row] = frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[assignment]
    return values


def _identity(row: Row, dataset: Dataset) -> tuple[Any, ...]:
    return tuple(row[name] for name in dataset.identity)


def _as_text(value: Any) -> str | None:  # noqa: ANN401
    return None if value is None else str(value)
