"""Why a published value changed, the log of all that did, and an index for a series as it stood."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PUBLISHED = ("published_user_satisfaction", "published_completion_rate", "published_digital_take_up")


def upgrade() -> None:
    for table in PUBLISHED:
        op.add_column(table, sa.Column("revision_cause", sa.Text(), nullable=True), schema="perf")
        op.add_column(table, sa.Column("revision_reason", sa.Text(), nullable=True), schema="perf")
        op.add_column(table, sa.Column("revised_at", sa.DateTime(timezone=True), nullable=True), schema="perf")
        op.create_index(f"{table}_by_series", table, ["service", "period", "period_start"], schema="perf")
    op.create_table(
        "revision_log",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("earlier_value", sa.Text(), nullable=True),
        sa.Column("later_value", sa.Text(), nullable=True),
        sa.Column("earlier_published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision_cause", sa.Text(), nullable=True),
        sa.Column("revision_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "service",
            "indicator",
            "period_start",
            "period",
            "dimension",
            "figure",
            "published_at",
            name="revision_log_pkey",
        ),
        schema="perf",
    )
    op.create_index("revision_log_by_period_start", "revision_log", ["period_start"], schema="perf")


def downgrade() -> None:
    op.drop_table("revision_log", schema="perf")
    for table in PUBLISHED:
        op.drop_index(f"{table}_by_series", table_name=table, schema="perf")
        for column in ("revised_at", "revision_reason", "revision_cause"):
            op.drop_column(table, column, schema="perf")
