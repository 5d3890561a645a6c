"""Whether what is due is there: each source by its cadence, and rows that go on coming in."""

from perf_pipeline.catalogue.cadences import CADENCES, Monthly, Nightly
from perf_pipeline.catalogue.checks.rule import Kind, Rule
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.metrics import METRICS
from perf_pipeline.catalogue.reporting_days import TIMEZONE
from perf_pipeline.catalogue.severity import Severity


def _due_date(cadence: Nightly | Monthly) -> str:
    """The last day on which a reporting day may still be lacking, as SQL."""
    if isinstance(cadence, Monthly):
        return f"(date_trunc('month', report_date) + interval '1 month')::date + {cadence.by_day - 1}"
    return f"report_date + {cadence.nights}"


_DUE = " ".join(f"WHEN '{source}' THEN {_due_date(cadence)}" for source, cadence in CADENCES.items())

_IN_TIME = Rule(
    "sources_deliver_in_time",
    Kind.TIMELINESS,
    Severity.FAILING,
    "a file that nobody dropped, or a source that has stopped",
    "see why the source has nothing for these days: for done-page, put the month's Feedback Explorer export into"
    " PERF_FEEDBACK_EXPORTS_DIR; then run perf-pipeline nightly",
    # What the source itself calls complete is another fault, told by its own check.
    "SELECT service, report_date, source_name || ' not delivered, or not whole, by ' || asked_on AS observed,"
    " 'delivered by ' || due_on AS expected, is_waiting AND asked_on > due_on AS is_broken"
    f" FROM (SELECT service, report_date, source_name, CASE source_name {_DUE} END AS due_on,"
    f" (attempted_at AT TIME ZONE '{TIMEZONE}')::date AS asked_on, outcome = 'waiting' AND delivered_at IS NULL"
    " AND (report_date <= complete_up_to) IS NOT TRUE OR source_name = 'done-page' AND EXISTS (SELECT 1"
    " FROM perf.extracted_feedback AS counted WHERE counted.service = ledger.service AND counted.source = 'done-page'"
    " AND counted.report_date = ledger.report_date AND counted.superseded_at IS NULL"
    # Counted from single responses until the export with its aggregate arrives.
    " AND counted.granularity = 'response') AS is_waiting FROM batch AS ledger) AS asked",
    batch="deliveries",
)

_LOOKED_BACK_DAYS = 60
_TOLD_DAYS = f"report_date BETWEEN :first_day - {_LOOKED_BACK_DAYS} AND :last_day"
_KEPT = "ledger.rows_kept_count"
_HAPPENED: dict[str, tuple[str, str]] = {
    # A done page has its five counts every day, and Sirius its channels: only what they count tells.
    "extracted_feedback": (
        f"CASE ledger.source_name WHEN 'done-page' THEN counted.given ELSE {_KEPT} END",
        (
            " LEFT JOIN (SELECT service, report_date, sum(ratings_count) AS given FROM perf.extracted_feedback"
            f" WHERE source = 'done-page' AND superseded_at IS NULL AND {_TOLD_DAYS} GROUP BY 1, 2) AS counted"
            " ON counted.service = ledger.service AND counted.report_date = ledger.report_date"
        ),
    ),
    "extracted_application_states": (_KEPT, ""),
    "extracted_channel_counts": (
        "counted.given",
        (
            " LEFT JOIN (SELECT service, report_date, sum(total_count) AS given FROM perf.extracted_channel_counts"
            f" WHERE superseded_at IS NULL AND {_TOLD_DAYS} GROUP BY 1, 2) AS counted"
            " ON counted.service = ledger.service AND counted.report_date = ledger.report_date"
        ),
    ),
}
"""How much a source told of a day, as SQL, and the join that it takes."""


def _recent(dataset: str) -> Rule:
    happened, join = _HAPPENED[dataset]
    sources = ", ".join(f"'{source}'" for source in METRICS[DATASETS[dataset].indicator or "user-satisfaction"].sources)
    # A series that has only begun has no earlier days to be silent on.
    query = (
        "SELECT service, report_date, source_name || coalesce(': newest row of ' || newest, ': no row') AS observed,"
        " 'a row in ' || :limit_quiet_days || ' days' AS expected,"
        " report_date - coalesce(newest, begun) > :limit_quiet_days AS is_broken FROM ("
        "SELECT ledger.service AS service, ledger.source_name AS source_name, ledger.report_date AS report_date,"
        f" max(CASE WHEN {happened} > 0 THEN ledger.report_date END) OVER up_to_the_day AS newest,"
        " min(ledger.report_date) OVER up_to_the_day AS begun"
        f" FROM perf.source_deliveries AS ledger{join} WHERE ledger.source_name IN ({sources})"
        f" AND ledger.delivered_at IS NOT NULL AND ledger.{_TOLD_DAYS}"
        " WINDOW up_to_the_day AS (PARTITION BY ledger.service, ledger.source_name ORDER BY ledger.report_date)"
        ") AS told WHERE report_date BETWEEN :first_day AND :last_day"
    )
    return Rule(
        "newest_row_is_recent",
        Kind.TIMELINESS,
        Severity.WARNING,
        "a source that answers, and has nothing new to say",
        "ask the source's team whether the service was closed, or whether its rows are written elsewhere since",
        query,
        batch="deliveries",
        shows_observed=True,
        thresholds=("quiet_days",),
    )


TIMELINESS: dict[str, tuple[Rule, ...]] = {dataset: (_IN_TIME, _recent(dataset)) for dataset in _HAPPENED}
