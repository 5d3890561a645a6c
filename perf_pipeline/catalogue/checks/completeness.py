"""Nothing is lost on the way: contracts and keys, every day that should be there, every row that was read."""

from perf_pipeline.catalogue.checks.rule import Kind, Parameters, Rule, on_each
from perf_pipeline.catalogue.datasets import Dataset, Stage, datasets_of
from perf_pipeline.catalogue.dimensions import KNOWN_LPA_TYPES, LPA_TYPES, RATING_SOURCE
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.catalogue.sources import SOURCES, sources_for

NOT_CHECKED = "the extract was not checked"
"""What is observed of an extract that has no verdict."""
CONTRACT_CHECK = "rows_keep_their_contract"
OUR_FAULT = (
    "the sources can't cause this: build the days again with perf-pipeline backfill, and if it fails again report it with"
    " the run; until then the last good figures stay"
)
CHECKED = tuple(
    name for stage in (Stage.EXTRACTED, Stage.DAILY_METRICS, Stage.MONTHLY_METRICS) for name in datasets_of(stage)
)
"""The datasets that are checked, in the order of the flow."""


def _rows_of_a_day(daily: Dataset) -> Parameters:
    """How many rows a delivered day has: one for its source, or one for each type of LPA and one for all."""
    if daily.dimension is RATING_SOURCE:
        return {"rows": "1", "row_of_delivery": "made.source = ledger.source_name"}
    sources = sources_for(daily.indicator) if daily.indicator else ()
    # A source that counts applications itself knows the type of each.
    types = KNOWN_LPA_TYPES if all(SOURCES[name].is_counted_by_source for name in sources) else LPA_TYPES
    return {"rows": str(len(types) + 1), "row_of_delivery": "true"}


COMPLETENESS = (
    Rule(
        CONTRACT_CHECK,
        Kind.CONTRACT,
        Severity.BLOCKING,
        "columns, types or values that readers do not expect",
        OUR_FAULT,
        on=on_each(CHECKED),
        fault="a row holds a value that its column does not allow",
    ),
    Rule(
        "key_is_unique",
        Kind.CONTRACT,
        Severity.BLOCKING,
        "one thing counted twice",
        OUR_FAULT,
        on=on_each(CHECKED),
        fault="several rows have the same key",
    ),
    Rule(
        "rows_read_are_accounted_for",
        Kind.COMPLETENESS,
        Severity.BLOCKING,
        "rows lost or counted twice between a source and our copy",
        OUR_FAULT,
        on=on_each(datasets_of(Stage.EXTRACTED)),
        shows_observed=True,
        fault="rows that were read are missing from our copy, or are there twice",
    ),
    Rule(
        "made_from_a_day_that_passed",
        Kind.COMPLETENESS,
        Severity.BLOCKING,
        "figures made from rows that a check found wrong",
        "correct what the failed check of the extract names, then run perf-pipeline backfill of the day",
        on=on_each(datasets_of(Stage.DAILY_METRICS), not_checked=NOT_CHECKED),
        is_consequence=True,
        fault="the day is made from an extract that did not pass its checks",
    ),
    Rule(
        "every_delivered_day_has_its_rows",
        Kind.COMPLETENESS,
        Severity.BLOCKING,
        "a day or a type that goes missing between our copy and the daily figures",
        OUR_FAULT,
        on={name: _rows_of_a_day(daily) for name, daily in datasets_of(Stage.DAILY_METRICS).items()},
        fault="a delivered day has too few rows, or too many",
    ),
)
