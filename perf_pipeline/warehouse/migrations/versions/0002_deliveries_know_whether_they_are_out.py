"""Deliveries know whether what came of them is published."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "source_deliveries", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True), schema="perf"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("source_deliveries", "released_at", schema="perf")
