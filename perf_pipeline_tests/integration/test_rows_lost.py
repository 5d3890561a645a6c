"""A row that is read and never arrives in the extract: the ledger counts it as read and not as kept."""

from datetime import UTC, date, datetime

from psycopg2.extensions import cursor as Cursor  # noqa: N812
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.demo.lpa_traps import insert_application
from perf_pipeline_tests import extracting

DAY = date(2026, 5, 14)
DAYS = DayRange(DAY, DAY)
NIGHT = datetime(2026, 5, 15, 3, tzinfo=UTC)


def lose(warehouse: Engine, table: str, which: str) -> None:
    """Let the table swallow some rows, as a fault of ours would."""
    with warehouse.begin() as connection:
        connection.execute(
            text("CREATE FUNCTION perf.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")
        )
        connection.execute(
            text(
                f"CREATE TRIGGER lose BEFORE INSERT ON perf.{table} FOR EACH ROW"
                f" WHEN ({which}) EXECUTE FUNCTION perf.lose()"
            )
        )


def test_applications_that_are_lost_in_merging_are_read_and_not_kept(
    warehouse: Engine, lpa_database_url: str, cursor: Cursor
) -> None:
    for hour in (9, 10, 11):
        insert_application(cursor, started_at=datetime(2026, 5, 14, hour, tzinfo=UTC))
    lose(warehouse, "extracted_application_states", "NEW.started_at = '2026-05-14 10:00+00'")
    extracting.applications(warehouse, lpa_database_url, DAYS, NIGHT)
    told = extracting.ledger(warehouse, "applications")[DAY]
    assert (told.rows_read_count, told.rows_kept_count) == (3, 2)


def test_channel_counts_that_are_lost_in_merging_are_read_and_not_kept(warehouse: Engine, sirius_url: str) -> None:
    lose(warehouse, "extracted_channel_counts", "NEW.lpa_type = 'health-and-welfare'")
    extracting.channel_counts(warehouse, sirius_url, DAYS, datetime(2026, 6, 2, 3, tzinfo=UTC))
    told = extracting.ledger(warehouse, "sirius")[DAY]
    assert (told.rows_read_count, told.rows_kept_count) == (2, 1)
