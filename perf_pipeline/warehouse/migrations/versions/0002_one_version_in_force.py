"""No two versions of a figure in force at once; room beside each application for the next time it is seen."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DIMENSIONS = {
    "published_user_satisfaction": "source",
    "published_completion_rate": "lpa_type",
    "published_digital_take_up": "lpa_type",
}


def upgrade() -> None:
    for table, dimension in DIMENSIONS.items():
        op.create_index(
            f"{table}_one_in_force",
            table,
            ["service", "period_start", "period", dimension],
            unique=True,
            schema="perf",
            postgresql_where=sa.text("superseded_at IS NULL"),
        )
    op.execute("ALTER TABLE perf.extracted_application_states SET (fillfactor = 50)")


def downgrade() -> None:
    op.execute("ALTER TABLE perf.extracted_application_states RESET (fillfactor)")
    for table in DIMENSIONS:
        op.drop_index(f"{table}_one_in_force", table, schema="perf")
