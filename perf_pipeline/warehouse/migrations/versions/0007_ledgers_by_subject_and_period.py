"""Ledgers keyed by subject and period, deliveries apart from readings, what each period was built from, frozen counts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DAILY_SOURCES = {
    "daily_user_satisfaction": "'done-page', 'in-service'",
    "daily_application_events": "'applications'",
    "daily_completion_rate": "'applications'",
    "daily_digital_take_up": "'sirius'",
}
MONTHLY = ("monthly_user_satisfaction", "monthly_completion_rate", "monthly_digital_take_up")
STATES = "started_count, created_count, completed_count, created_same_day_count"
COHORTS = "cohort_started_count, cohort_created_count, cohort_completed_count"
RATINGS = "very_satisfied_count, satisfied_count, neither_count, dissatisfied_count, very_dissatisfied_count"


def upgrade() -> None:
    _rename_completion_tables()
    _split_deliveries_of_exports()
    _create_tables()
    _fill_ledgers()
    _fill_frozen_counts()
    _supersede_daily_breakdowns()
    op.drop_table("old_deliveries", schema="perf")
    op.drop_table("alerts_told", schema="perf")


def _rename_completion_tables() -> None:
    for old, new in (
        ("daily_completion_rate", "daily_application_events"),
        ("daily_completion_cohort", "daily_completion_rate"),
    ):
        op.rename_table(old, new, schema="perf")
        op.execute(f"ALTER INDEX perf.{old}_pkey RENAME TO {new}_pkey")
    for ledger in ("verdicts", "last_good_days"):
        op.execute(
            f"UPDATE perf.{ledger} SET dataset = 'daily_application_events' WHERE dataset = 'daily_completion_rate'"
        )
        op.execute(
            f"UPDATE perf.{ledger} SET dataset = 'daily_completion_rate' WHERE dataset = 'daily_completion_cohort'"
        )


def _split_deliveries_of_exports() -> None:
    op.add_column("extracted_feedback", sa.Column("file_name", sa.Text(), nullable=True), schema="perf")
    op.add_column(
        "extracted_feedback", sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True), schema="perf"
    )
    op.execute(
        "UPDATE perf.extracted_feedback SET file_name = substr(delivery, strpos(delivery, ' ') + 1),"
        " modified_at = split_part(delivery, ' ', 1)::timestamptz WHERE source = 'done-page'"
    )
    op.drop_column("extracted_feedback", "delivery", schema="perf")
    op.drop_table("export_files", schema="perf")
    op.add_column("quarantined_rows", sa.Column("file_name", sa.Text(), nullable=True), schema="perf")
    op.execute(
        r"UPDATE perf.quarantined_rows SET file_name = regexp_replace(row_ref, ':\d+$', '') WHERE source_name = 'done-page'"
    )
    op.drop_column("quarantined_rows", "dataset", schema="perf")
    op.add_column("quarantined_rows", sa.Column("detail", sa.Text(), nullable=True), schema="perf")
    op.rename_table("source_deliveries", "old_deliveries", schema="perf")
    op.execute("ALTER INDEX perf.source_deliveries_pkey RENAME TO old_deliveries_pkey")
    op.execute("ALTER INDEX perf.source_deliveries_by_report_date RENAME TO old_deliveries_by_report_date")
    op.rename_table("last_good_days", "last_good_periods", schema="perf")
    op.execute("ALTER INDEX perf.last_good_days_pkey RENAME TO last_good_periods_pkey")
    op.execute("ALTER INDEX perf.last_good_days_by_report_date RENAME TO last_good_periods_by_period_start")
    for table in ("quarantined_rows", "verdicts"):
        op.execute(f"ALTER INDEX perf.{table}_by_report_date RENAME TO {table}_by_period_start")
    for table in ("quarantined_rows", "verdicts", "last_good_periods"):
        op.alter_column(table, "report_date", new_column_name="period_start", schema="perf")
    for table in ("quarantined_rows", "verdicts", "last_good_periods", "withdrawn_figures", "revision_log"):
        op.alter_column(table, "service", new_column_name="subject", schema="perf")


def _create_tables() -> None:
    text, day, count = sa.Text(), sa.Date(), sa.BigInteger()
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "frozen_application_counts",
        *(sa.Column(name, text, nullable=False) for name in ("service",)),
        sa.Column("report_date", day, nullable=False),
        sa.Column("lpa_type", text, nullable=False),
        *(sa.Column(name, count, nullable=False) for name in f"{STATES}, {COHORTS}".split(", ")),
        sa.PrimaryKeyConstraint("service", "report_date", "lpa_type", name="frozen_application_counts_pkey"),
        schema="perf",
    )
    op.create_table(
        "frozen_feedback_counts",
        sa.Column("service", text, nullable=False),
        sa.Column("source", text, nullable=False),
        sa.Column("report_date", day, nullable=False),
        *(sa.Column(name, count, nullable=False) for name in RATINGS.split(", ")),
        sa.PrimaryKeyConstraint("service", "source", "report_date", name="frozen_feedback_counts_pkey"),
        schema="perf",
    )
    op.create_index("frozen_feedback_counts_by_report_date", "frozen_feedback_counts", ["report_date"], schema="perf")
    op.create_table(
        "source_deliveries",
        sa.Column("subject", text, nullable=False),
        sa.Column("source_name", text, nullable=False),
        sa.Column("period_start", day, nullable=False),
        sa.Column("revision_count", count, nullable=False),
        sa.Column("change", text, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("first_delivered_at", instant, nullable=False),
        sa.Column("delivered_at", instant, nullable=False),
        sa.Column("is_short", sa.Boolean(), nullable=False),
        sa.Column("rows_read_count", count, nullable=False),
        sa.Column("rows_kept_count", count, nullable=False),
        sa.Column("rows_quarantined_count", count, nullable=False),
        sa.Column("rows_duplicate_count", count, nullable=False),
        sa.Column("run_id", text, nullable=False),
        sa.PrimaryKeyConstraint("subject", "source_name", "period_start", name="source_deliveries_pkey"),
        schema="perf",
    )
    op.create_index("source_deliveries_by_period_start", "source_deliveries", ["period_start"], schema="perf")
    op.create_table(
        "source_readings",
        sa.Column("subject", text, nullable=False),
        sa.Column("source_name", text, nullable=False),
        sa.Column("outcome", text, nullable=False),
        sa.Column("failure", text, nullable=True),
        sa.Column("attempted_at", instant, nullable=False),
        sa.Column("succeeded_at", instant, nullable=True),
        sa.Column("asked_from", day, nullable=False),
        sa.Column("owed_from", day, nullable=True),
        sa.Column("complete_up_to", day, nullable=True),
        sa.Column("run_id", text, nullable=False),
        sa.PrimaryKeyConstraint("subject", "source_name", name="source_readings_pkey"),
        schema="perf",
    )
    op.create_table(
        "export_files",
        sa.Column("subject", text, nullable=False),
        sa.Column("file_name", text, nullable=False),
        sa.Column("modified_at", instant, nullable=False),
        sa.Column("size_bytes_count", count, nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "file_name", name="export_files_pkey"),
        schema="perf",
    )
    op.create_table(
        "accepted_exports",
        sa.Column("file_name", text, nullable=False),
        sa.Column("modified_at", instant, nullable=False),
        sa.Column("size_bytes_count", count, nullable=False),
        sa.Column("accepted_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("file_name", name="accepted_exports_pkey"),
        schema="perf",
    )
    op.create_table(
        "built_periods",
        sa.Column("dataset", text, nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("period_start", day, nullable=False),
        sa.Column("source_revisions", postgresql.JSONB(), nullable=False),
        sa.Column("code_version", text, nullable=False),
        sa.Column("built_at", instant, nullable=False),
        sa.Column("has_passed", sa.Boolean(), nullable=True),
        sa.Column("run_id", text, nullable=False),
        sa.Column("publishing_run_id", text, nullable=True),
        sa.Column("released_at", instant, nullable=True),
        sa.PrimaryKeyConstraint("dataset", "subject", "period_start", name="built_periods_pkey"),
        schema="perf",
    )
    op.create_index("built_periods_by_period_start", "built_periods", ["period_start"], schema="perf")
    op.create_table(
        "alerts_sent",
        sa.Column("about", text, nullable=False),
        sa.Column("night", day, nullable=True),
        sa.Column("alert_subject", text, nullable=False),
        sa.Column("check_name", text, nullable=False),
        sa.Column("finding_digest", text, nullable=False),
        sa.Column("sent_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("about", "alert_subject", "check_name", "finding_digest", name="alerts_sent_pkey"),
        schema="perf",
    )


def _fill_ledgers() -> None:
    op.execute(
        "INSERT INTO perf.source_deliveries SELECT service, source_name, report_date, 1, 'delivered', delivered_at,"
        " first_delivered_at, delivered_at, is_short, rows_read_count, rows_kept_count, rows_quarantined_count,"
        " rows_duplicate_count, run_id FROM perf.old_deliveries WHERE delivered_at IS NOT NULL"
    )
    op.execute(
        "INSERT INTO perf.source_readings SELECT service, source_name,"
        " CASE WHEN bool_or(outcome = 'failed') THEN 'failed' WHEN bool_and(outcome = 'unset') THEN 'unset' ELSE 'read' END,"
        " min(failure) FILTER (WHERE outcome = 'failed'), max(attempted_at),"
        " max(attempted_at) FILTER (WHERE outcome IN ('delivered', 'waiting')), min(report_date),"
        " min(report_date) FILTER (WHERE outcome = 'failed'), max(complete_up_to), max(run_id)"
        " FROM perf.old_deliveries GROUP BY service, source_name"
    )
    passed = (
        "(SELECT bool_and(verdict.result = 'passed' OR verdict.severity <> 'blocking') FROM perf.verdicts AS verdict"
        " WHERE verdict.dataset = '{dataset}' AND verdict.subject = made.service AND verdict.period_start = made.{day})"
    )
    for dataset, sources in DAILY_SOURCES.items():
        op.execute(
            f"INSERT INTO perf.built_periods SELECT '{dataset}', service, report_date,"
            " coalesce(jsonb_object_agg(source_name, CASE WHEN delivered_at IS NOT NULL THEN 1 END)"
            " FILTER (WHERE delivered_at IS NOT NULL OR outcome = 'unset'), '{}'), '', max(attempted_at),"
            f" {passed.format(dataset=dataset, day='report_date')},"
            " max(run_id), max(run_id), CASE WHEN bool_and(released_at IS NOT NULL) THEN max(released_at) END"
            f" FROM perf.old_deliveries AS made WHERE source_name IN ({sources}) GROUP BY service, report_date"
        )
    for dataset in MONTHLY:
        op.execute(
            f"INSERT INTO perf.built_periods SELECT DISTINCT '{dataset}', service, month_start, '{{}}'::jsonb, '', now(),"
            f" {passed.format(dataset=dataset, day='month_start')}, 'migration', 'migration', now() FROM perf.{dataset} AS made"
        )


def _fill_frozen_counts() -> None:
    """Retention kept the frozen days of a service as a fact, `frozen_days_of_SOURCE/SERVICE` = `FIRST/LAST`."""
    frozen = (
        "(SELECT split_part(name, '/', 2) AS service, split_part(value, '/', 1)::date AS first_day,"
        " split_part(value, '/', 2)::date AS last_day FROM perf.warehouse_facts WHERE name LIKE 'frozen_days_of_{source}/%')"
        " AS frozen"
    )
    within = "USING (service) WHERE {table}.report_date BETWEEN frozen.first_day AND frozen.last_day"
    op.execute(
        f"INSERT INTO perf.frozen_application_counts SELECT service, report_date, lpa_type, {STATES}, {COHORTS}"
        " FROM perf.daily_application_events AS events JOIN perf.daily_completion_rate USING (service, report_date, lpa_type)"
        f" JOIN {frozen.format(source='applications')} {within.format(table='events')} AND lpa_type <> 'all'"
    )
    op.execute(
        f"INSERT INTO perf.frozen_feedback_counts SELECT service, source, report_date, {RATINGS}"
        f" FROM perf.daily_user_satisfaction AS ratings JOIN {frozen.format(source='in-service')}"
        f" {within.format(table='ratings')} AND source = 'in-service'"
    )
    op.execute("DELETE FROM perf.warehouse_facts WHERE name LIKE 'frozen_days_of_%'")


def _supersede_daily_breakdowns() -> None:
    """Breakdowns are published by month only; the daily versions stay readable as they stood."""
    for table in ("published_completion_rate", "published_digital_take_up"):
        op.execute(
            f"UPDATE perf.{table} SET superseded_at = now()"
            " WHERE period = 'day' AND lpa_type <> 'all' AND superseded_at IS NULL"
        )
    # So that the next night makes a release without them.
    op.execute(
        "UPDATE perf.built_periods SET released_at = NULL WHERE period_start = (SELECT max(period_start)"
        " FROM perf.built_periods WHERE dataset LIKE 'daily%')"
    )


def downgrade() -> None:
    raise RuntimeError("what readings and builds were before 0007 can't be told from the new ledgers; restore a backup")
