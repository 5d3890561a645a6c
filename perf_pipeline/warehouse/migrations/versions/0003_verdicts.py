"""A verdict for every day, the last good days, what people were told about, and how far a source calls itself complete."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BUILT = {
    "daily_user_satisfaction": "report_date",
    "daily_completion_rate": "report_date",
    "daily_completion_cohort": "report_date",
    "daily_digital_take_up": "report_date",
    "monthly_user_satisfaction": "month_start",
    "monthly_completion_rate": "month_start",
    "monthly_digital_take_up": "month_start",
}


def upgrade() -> None:
    op.create_table(
        "verdicts",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("check_name", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=True),
        sa.Column("expected", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "service", "report_date", "check_name", name="verdicts_pkey"),
        schema="perf",
    )
    op.create_index("verdicts_by_report_date", "verdicts", ["report_date"], schema="perf")
    op.create_table(
        "last_good_days",
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("good_rows", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "service", "report_date", name="last_good_days_pkey"),
        schema="perf",
    )
    op.create_index("last_good_days_by_report_date", "last_good_days", ["report_date"], schema="perf")
    op.create_table(
        "alerts_told",
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cause", name="alerts_told_pkey"),
        schema="perf",
    )
    # What was built before verdicts were kept had passed its checks: months go on counting it until it is built again.
    for table, day in BUILT.items():
        op.execute(
            f"INSERT INTO perf.last_good_days (dataset, service, report_date, good_rows)"
            f" SELECT '{table}', service, {day}, jsonb_agg(to_jsonb(made)) FROM perf.{table} AS made GROUP BY service, {day}"
        )
    op.add_column("source_deliveries", sa.Column("complete_up_to", sa.Date(), nullable=True), schema="perf")


def downgrade() -> None:
    op.drop_column("source_deliveries", "complete_up_to", schema="perf")
    for table in ("alerts_told", "last_good_days", "verdicts"):
        op.drop_table(table, schema="perf")
