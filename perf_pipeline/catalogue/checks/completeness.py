"""Nothing lost on the way: contracts and keys, every day that should be there, every row that was read."""

from perf_pipeline.catalogue.checks.consistency import OUR_FAULT
from perf_pipeline.catalogue.checks.rule import Kind, Rule
from perf_pipeline.catalogue.columns import Column, ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, Dataset, Stage, datasets_of
from perf_pipeline.catalogue.dimensions import KNOWN_LPA_TYPES, LPA_TYPES, RATING_SOURCE
from perf_pipeline.catalogue.indicators import IndicatorName
from perf_pipeline.catalogue.severity import Severity
from perf_pipeline.catalogue.sources import SOURCES, sources_for

NOT_CHECKED = "not checked"
"""What is said of an extract that no verdict stands on."""
CONTRACT_CHECK = "rows_keep_their_contract"
KEY_CHECK = "key_is_unique"
_NUMBERS = (ColumnType.COUNT, ColumnType.PERCENT, ColumnType.HEADLINE)


def on_days(dataset: Dataset) -> str:
    """The batch with the day that a row is judged under as `on_day`; an application counts on up to three days."""
    if len(dataset.day_columns) == 1:
        return f"(SELECT *, {dataset.day_column} AS on_day FROM batch) AS counted"
    return (
        f"batch CROSS JOIN LATERAL (SELECT DISTINCT on_day FROM unnest(ARRAY[{', '.join(dataset.day_columns)}]) AS reached"
        " (on_day) WHERE on_day BETWEEN :first_day AND :last_day) AS counted"
    )


def contract_of(dataset: Dataset) -> Rule:
    """Every column has the values that the catalogue promises."""
    faults = [fault for column in dataset.columns for fault in _faults(column)]
    broken = " ".join(f"WHEN {condition} THEN {observed}" for condition, observed, _ in faults)
    promised = " ".join(f"WHEN {condition} THEN '{expected}'" for condition, _, expected in faults)
    query = (
        f"SELECT service, on_day AS report_date, CASE {broken} END AS observed, CASE {promised} END AS expected,"
        f" CASE {broken} END IS NOT NULL AS is_broken FROM {on_days(dataset)}"
    )
    protects_from = "columns, types or values that readers do not expect"
    return Rule(CONTRACT_CHECK, Kind.CONTRACT, Severity.BLOCKING, protects_from, OUR_FAULT, query)


def _faults(column: Column) -> list[tuple[str, str, str]]:
    """Conditions that break a column's contract, each with what was found, as SQL, and what is expected."""
    name = column.name
    faults = [(f"{name} IS NULL", f"'{name} is empty'", "a value")] if column.is_required else []
    if column.allowed:
        words = ", ".join(f"'{word}'" for word in column.allowed)
        faults.append((f"{name} NOT IN ({words})", f"'{name} ' || {name}", f"one of {', '.join(column.allowed)}"))
    if column.type in _NUMBERS:
        faults.append((f"{name} < {column.minimum}", f"'{name} ' || {name}", f"at least {column.minimum}"))
        if column.maximum is not None:
            faults.append((f"{name} > {column.maximum}", f"'{name} ' || {name}", f"at most {column.maximum}"))
    return faults


def key_of(dataset: Dataset) -> Rule:
    """No two rows of one key."""
    query = (
        "SELECT service, on_day AS report_date, count(*) || ' rows of one key' AS observed, '1' AS expected,"
        f" count(*) > 1 AS is_broken FROM {on_days(dataset)} GROUP BY {', '.join(dict.fromkeys((*dataset.key, 'on_day')))}"
    )
    return Rule(KEY_CHECK, Kind.CONTRACT, Severity.BLOCKING, "one thing counted twice", OUR_FAULT, query)


_ACCOUNTED = Rule(
    "rows_read_are_accounted_for",
    Kind.COMPLETENESS,
    Severity.BLOCKING,
    "rows lost or counted twice between a source and our copy",
    OUR_FAULT,
    "SELECT subject AS service, period_start AS report_date,"
    " source_name || ': ' || rows_kept_count || ' kept, ' || rows_quarantined_count ||"
    " ' unusable, ' || rows_duplicate_count || ' repeated' AS observed, rows_read_count || ' read' AS expected,"
    " rows_read_count <> rows_kept_count + rows_quarantined_count + rows_duplicate_count AS is_broken FROM batch",
    batch="deliveries",
    shows_observed=True,
)


def _present(dataset: Dataset, rows: int) -> Rule:
    """A day that a source delivered has its rows: one a source, or one for each value of the dimension."""
    names = ", ".join(f"'{source}'" for source in sources_for(indicator_of(dataset)))
    by_source = " AND made.source = ledger.source_name" if dataset.dimension is RATING_SOURCE else ""
    query = (
        "SELECT ledger.subject AS service, ledger.period_start AS report_date, count(made.service) || ' rows' AS observed,"
        f" '{rows} rows' AS expected, count(made.service) <> {rows} AS is_broken FROM perf.source_deliveries AS ledger"
        " LEFT JOIN batch AS made ON made.service = ledger.subject AND made.report_date = ledger.period_start"
        f"{by_source} WHERE ledger.source_name IN ({names}) AND ledger.period_start BETWEEN :first_day AND :last_day"
        " GROUP BY ledger.subject, ledger.source_name, ledger.period_start"
    )
    return Rule(
        "every_delivered_day_has_its_rows",
        Kind.COMPLETENESS,
        Severity.BLOCKING,
        "a day or a type that goes missing between our copy and the daily figures",
        OUR_FAULT,
        query,
    )


def _made_from(dataset: Dataset) -> Rule:
    """A day rests on an extract that passed. Without a verdict the extract has changed since it was checked."""
    extracted = SOURCES[sources_for(indicator_of(dataset))[0]].extract
    query = (
        "SELECT days.service AS service, days.report_date AS report_date, coalesce(string_agg(verdict.check_name ||"
        " ' ' || verdict.result, ', ' ORDER BY verdict.check_name),"
        f" '{NOT_CHECKED}') AS observed,"
        f" '{extracted} passed' AS expected, count(judged.service) = 0 OR count(verdict.check_name) > 0 AS is_broken"
        " FROM (SELECT DISTINCT service, report_date FROM batch) AS days"
        f" LEFT JOIN (SELECT DISTINCT subject AS service, period_start AS report_date FROM perf.verdicts"
        f" WHERE dataset = '{extracted}' AND check_name = '{CONTRACT_CHECK}'"
        " AND period_start BETWEEN :first_day AND :last_day) AS judged USING (service, report_date)"
        f" LEFT JOIN perf.verdicts AS verdict ON verdict.dataset = '{extracted}' AND verdict.subject = days.service"
        " AND verdict.period_start = days.report_date AND verdict.severity = 'blocking' AND verdict.result <> 'passed'"
        " GROUP BY days.service, days.report_date"
    )
    return Rule(
        "made_from_a_day_that_passed",
        Kind.COMPLETENESS,
        Severity.BLOCKING,
        "figures made from rows that a check found wrong",
        f"mend what the verdict on {extracted} names, then run perf-pipeline nightly",
        query,
        is_consequence=True,
    )


def indicator_of(dataset: Dataset) -> IndicatorName:
    """The indicator of a dataset that has one."""
    if dataset.indicator is None:
        raise ValueError(f"{dataset.name} belongs to no indicator")
    return dataset.indicator


_ROWS_A_DAY = {
    "daily_user_satisfaction": 1,
    "daily_application_events": len(LPA_TYPES) + 1,
    "daily_completion_rate": len(LPA_TYPES) + 1,
    # Sirius knows the type of every application.
    "daily_digital_take_up": len(KNOWN_LPA_TYPES) + 1,
}


def _rules_on(dataset: Dataset) -> tuple[Rule, ...]:
    rules = (contract_of(dataset), key_of(dataset))
    if dataset.stage is Stage.EXTRACTED:
        return (*rules, _ACCOUNTED)
    if dataset.stage is Stage.DAILY_METRICS:
        return (*rules, _made_from(dataset), _present(dataset, _ROWS_A_DAY[dataset.name]))
    return rules


CHECKED = tuple(
    name for stage in (Stage.EXTRACTED, Stage.DAILY_METRICS, Stage.MONTHLY_METRICS) for name in datasets_of(stage)
)
"""The datasets that are checked, in the order of the flow."""

COMPLETENESS: dict[str, tuple[Rule, ...]] = {name: _rules_on(DATASETS[name]) for name in CHECKED}
