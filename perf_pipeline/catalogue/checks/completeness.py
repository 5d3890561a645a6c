"""Nothing lost on the way: contracts and keys, every day that should be there, every row that was read."""

from perf_pipeline.catalogue.checks.consistency import OUR_FAULT
from perf_pipeline.catalogue.checks.rule import Kind, Rule
from perf_pipeline.catalogue.columns import KNOWN_LPA_TYPES, LPA_TYPES, Column, ColumnType
from perf_pipeline.catalogue.datasets import DATASETS, Dataset
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.severity import Severity

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


_READ = Rule(
    "every_source_was_read",
    Kind.COMPLETENESS,
    Severity.FAILING,
    "a source that is down and nobody noticing",
    "see that the source is up and its address right, then run perf-pipeline nightly; the day's earlier figures stay",
    "SELECT service, report_date, source_name || coalesce(': ' || failure, '') AS observed,"
    " source_name || ' read' AS expected, outcome = 'failed' AS is_broken FROM batch",
    batch="deliveries",
)

_WHOLE = Rule(
    "sources_hold_every_day_they_call_complete",
    Kind.COMPLETENESS,
    Severity.FAILING,
    "a day that the source has lost, or holds in a form that can't be used",
    "show the source's team the day and, in perf.quarantined_rows, its unusable rows; once they have mended it,"
    " perf-pipeline nightly publishes the day",
    "SELECT service, report_date, source_name || ' has no whole day' || coalesce((SELECT ', unusable rows: ' ||"
    " string_agg(DISTINCT reason, ', ') FROM perf.quarantined_rows AS unusable WHERE unusable.service = ledger.service"
    " AND unusable.source_name = ledger.source_name AND unusable.report_date = ledger.report_date"
    " AND unusable.resolved_at IS NULL), '') AS observed,"
    " 'a whole day, as it is complete up to ' || complete_up_to AS expected,"
    " outcome = 'waiting' AND report_date <= complete_up_to IS TRUE AS is_broken FROM batch AS ledger",
    batch="deliveries",
)

_ACCOUNTED = Rule(
    "rows_read_are_accounted_for",
    Kind.COMPLETENESS,
    Severity.BLOCKING,
    "rows lost or counted twice between a source and our copy",
    OUR_FAULT,
    "SELECT service, report_date, source_name || ': ' || rows_kept_count || ' kept, ' || rows_quarantined_count ||"
    " ' unusable, ' || rows_duplicate_count || ' repeated' AS observed, rows_read_count || ' read' AS expected,"
    " rows_read_count <> rows_kept_count + rows_quarantined_count + rows_duplicate_count AS is_broken FROM batch",
    batch="deliveries",
    shows_observed=True,
)


def _present(sources: tuple[str, ...], rows: int, join: str = "") -> Rule:
    """A day that a source delivered has its rows: one a source, or one a type of LPA."""
    names = ", ".join(f"'{source}'" for source in sources)
    query = (
        "SELECT ledger.service AS service, ledger.report_date AS report_date, count(made.service) || ' rows' AS observed,"
        f" '{rows} rows' AS expected, count(made.service) <> {rows} AS is_broken FROM perf.source_deliveries AS ledger"
        " LEFT JOIN batch AS made ON made.service = ledger.service AND made.report_date = ledger.report_date"
        f"{join} WHERE ledger.source_name IN ({names}) AND ledger.delivered_at IS NOT NULL"
        " AND ledger.report_date BETWEEN :first_day AND :last_day"
        " GROUP BY ledger.service, ledger.source_name, ledger.report_date"
    )
    return Rule(
        "every_delivered_day_has_its_rows",
        Kind.COMPLETENESS,
        Severity.BLOCKING,
        "a day or a type that goes missing between our copy and the daily figures",
        OUR_FAULT,
        query,
    )


def _made_from(extracted: str) -> Rule:
    """A day rests on an extract that passed. Without a verdict the extract has changed since it was checked."""
    query = (
        "SELECT days.service AS service, days.report_date AS report_date, coalesce(string_agg(verdict.check_name ||"
        " ' ' || verdict.result, ', ' ORDER BY verdict.check_name),"
        f" '{NOT_CHECKED}') AS observed,"
        f" '{extracted} passed' AS expected, count(judged.service) = 0 OR count(verdict.check_name) > 0 AS is_broken"
        " FROM (SELECT DISTINCT service, report_date FROM batch) AS days"
        f" LEFT JOIN (SELECT DISTINCT service, report_date FROM perf.verdicts WHERE dataset = '{extracted}'"
        " AND report_date BETWEEN :first_day AND :last_day) AS judged USING (service, report_date)"
        f" LEFT JOIN perf.verdicts AS verdict ON verdict.dataset = '{extracted}' AND verdict.service = days.service"
        " AND verdict.report_date = days.report_date AND verdict.severity = 'blocking' AND verdict.result <> 'passed'"
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


_TYPES = len(LPA_TYPES) + 1
_DELIVERIES = (_READ, _WHOLE, _ACCOUNTED)
_RATINGS, _STATES = METRICS["user-satisfaction"].sources, METRICS["completion-rate"].sources
_CHANNELS = METRICS["digital-take-up"].sources

_RULES: dict[str, tuple[Rule, ...]] = {
    "extracted_feedback": _DELIVERIES,
    "extracted_application_states": _DELIVERIES,
    "extracted_channel_counts": _DELIVERIES,
    "daily_user_satisfaction": (
        _made_from("extracted_feedback"),
        _present(_RATINGS, 1, " AND made.source = ledger.source_name"),
    ),
    "daily_completion_rate": (
        _made_from("extracted_application_states"),
        _present(_STATES, _TYPES),
    ),
    "daily_completion_cohort": (
        _made_from("extracted_application_states"),
        _present(_STATES, _TYPES),
    ),
    "daily_digital_take_up": (
        _made_from("extracted_channel_counts"),
        _present(_CHANNELS, len(KNOWN_LPA_TYPES) + 1),
    ),
}

CHECKED = (*_RULES, "monthly_user_satisfaction", "monthly_completion_rate", "monthly_digital_take_up")
"""The datasets that are checked, in the order of the flow."""

COMPLETENESS: dict[str, tuple[Rule, ...]] = {
    name: (contract_of(DATASETS[name]), key_of(DATASETS[name]), *_RULES.get(name, ())) for name in CHECKED
}
