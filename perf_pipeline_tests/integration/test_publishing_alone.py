"""A run of the published assets alone, as Dagit starts it after a failed check: nothing of a failed day comes out."""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import pytest
from sqlalchemy import text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.orchestration.jobs import build_and_publish, range_tags
from perf_pipeline.orchestration.running import run_range
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.extracting import query

DAYS = DayRange(date(2026, 6, 1), date(2026, 6, 3))
BAD = date(2026, 6, 2)
PUBLISHED = {
    dg.AssetKey(name)
    for name in ("published_user_satisfaction", "published_completion_rate", "published_digital_take_up", "release")
}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run_alone(
    systems: Systems, instance: dg.DagsterInstance, assets: set[dg.AssetKey], days: DayRange = DAYS
) -> dg.ExecuteInProcessResult:
    job = defs.resolve_job_def(build_and_publish.name).get_subset(asset_selection=assets)
    return job.execute_in_process(
        instance=instance, resources={"systems": systems}, tags=range_tags(days), raise_on_error=False
    )


def spoil(systems: Systems) -> None:
    """Let every completion count of the bad day say more creations on the same day than creations."""
    with transaction(systems.warehouse) as connection:
        connection.execute(
            text(
                "CREATE FUNCTION perf.spoil() RETURNS trigger LANGUAGE plpgsql AS $$"
                " BEGIN NEW.created_same_day_count = NEW.created_count + 1; RETURN NEW; END $$;"
                " CREATE TRIGGER spoil BEFORE INSERT ON perf.daily_application_events FOR EACH ROW"
                f" WHEN (NEW.report_date = '{BAD}') EXECUTE FUNCTION perf.spoil()"
            )
        )


def published_days(systems: Systems) -> set[date]:
    rows = query(systems.warehouse, "SELECT period_start FROM perf.published_completion_rate WHERE period = 'day'")
    return {row.period_start for row in rows if row.period_start in DAYS}


def test_publishing_alone_after_a_failed_check_publishes_nothing_of_the_failed_day(
    systems: Systems, instance: dg.DagsterInstance
) -> None:
    spoil(systems)
    outcome = run_range(defs, instance, systems, DAYS, silent)
    assert {cause.days for cause in outcome.causes} == {(BAD,)}
    result = run_alone(systems, instance, PUBLISHED)
    assert published_days(systems) == set(DAYS) - {BAD}
    assert not result.success


def test_days_that_are_built_without_being_checked_are_not_published(
    systems: Systems, instance: dg.DagsterInstance
) -> None:
    daily = {
        dg.AssetKey(name)
        for name in ("extracted_application_states", "daily_application_events", "daily_completion_rate")
    }
    run_alone(systems, instance, daily)
    run_alone(systems, instance, PUBLISHED | {dg.AssetKey("monthly_completion_rate")})
    assert published_days(systems) == set()


def test_what_is_built_again_without_being_checked_leaves_the_published_figures_as_they_are(
    systems: Systems, instance: dg.DagsterInstance
) -> None:
    run_range(defs, instance, systems, DAYS, silent)
    before = query(systems.warehouse, "SELECT * FROM perf.published_completion_rate ORDER BY 1, 2, 3, 4, 5")
    spoil(systems)
    run_alone(systems, instance, {dg.AssetKey("daily_application_events")})
    run_alone(systems, instance, PUBLISHED | {dg.AssetKey("monthly_completion_rate")})
    assert query(systems.warehouse, "SELECT * FROM perf.published_completion_rate ORDER BY 1, 2, 3, 4, 5") == before
