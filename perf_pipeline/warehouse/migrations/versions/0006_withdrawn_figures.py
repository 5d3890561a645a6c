"""Figures that were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawn_figures",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("withdrawal_reason", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("service", "indicator", "period_start", "period", name="withdrawn_figures_pkey"),
        schema="perf",
    )
    op.create_index("withdrawn_figures_by_period_start", "withdrawn_figures", ["period_start"], schema="perf")


def downgrade() -> None:
    op.drop_table("withdrawn_figures", schema="perf")
