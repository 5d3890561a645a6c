"""One code for one fault of a source's row, whichever source has it."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_RENAMED = {
    "in-service": {"rating_is_outside_the_scale": "rating_outside_scale"},
    "done-page": {"duplicate_aggregate": "duplicate_row"},
    "sirius": {"not_a_whole_number": "unreadable_count", "unreadable_day": "unreadable_date"},
}


def upgrade() -> None:
    for source, reasons in _RENAMED.items():
        for before, after in reasons.items():
            _rename(source, before, after)


def downgrade() -> None:
    for source, reasons in _RENAMED.items():
        for before, after in reasons.items():
            _rename(source, after, before)


def _rename(source: str, before: str, after: str) -> None:
    op.execute(
        f"UPDATE perf.quarantined_rows SET reason = '{after}' WHERE source_name = '{source}' AND reason = '{before}'"
    )
