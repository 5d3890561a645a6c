"""What a run meets in our own systems: a lost connection passes, a refusal is told in one line and stops the release.

One warehouse for all of it, with three days of applications, so that only a few of the runs make checks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.flow import failures
from perf_pipeline.orchestration.jobs import build, range_tags
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.orchestration.running import PUBLISHING, Runner
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.engine import transaction, warehouse_engine
from perf_pipeline_tests.small_world import SmallWorld, small_world
from perf_pipeline_tests.systems import MORNING, of_make_an_lpa, systems_with

DAYS = DayRange(date(2026, 5, 29), date(2026, 5, 31))
BAD = date(2026, 5, 30)


@dataclass
class Runs:
    """Systems, and runs on them."""

    world: SmallWorld
    systems: Systems
    instance: dg.DagsterInstance

    @contextmanager
    def spoiled(self, table: str, assignment: str, condition: str) -> Iterator[None]:
        """Let rows of a table be written otherwise, as a fault of ours would."""
        self.world.execute(
            f"CREATE FUNCTION perf.spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {assignment}; RETURN NEW; END $$;"
            f" CREATE TRIGGER spoil BEFORE INSERT ON perf.{table} FOR EACH ROW WHEN ({condition})"
            " EXECUTE FUNCTION perf.spoil()"
        )
        yield
        self.world.execute(f"DROP TRIGGER spoil ON perf.{table}; DROP FUNCTION perf.spoil")

    def runner(self, systems: Systems | None = None) -> Runner:
        return Runner(defs, self.instance, systems or self.systems, "a test")

    def alone(self, *assets: str) -> bool:
        """Run single assets, as somebody may in Dagit; whether that succeeded."""
        job = defs.resolve_job_def(build.name).get_subset(asset_selection={dg.AssetKey(name) for name in assets})
        tags, resources = range_tags(DAYS), {"systems": self.systems}
        run = job.execute_in_process(instance=self.instance, resources=resources, tags=tags, raise_on_error=False)
        return run.success

    def figures(self, period: str = "day") -> dict[date, str]:
        """The totals in force of the completion rate, as JSON, by first day."""
        rows = self.world.query(
            "SELECT period_start, figure::text AS whole FROM perf.published_completion_rate AS figure"
            " WHERE superseded_at IS NULL AND period = :period AND lpa_type = 'all' AND period_start >= '2026-05-01'"
            " AND markers NOT LIKE '%[x]%'",
            period=period,
        )
        return {row.period_start: row.whole for row in rows if row.period_start in DAYS or period == "month"}


@pytest.fixture(scope="module")
def extracted(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Three days of applications are extracted, and nothing built."""
    folder = tmp_path_factory.mktemp("broken")
    with small_world(postgres, folder, "broken", DAYS) as world, dg.DagsterInstance.ephemeral() as instance:
        addresses = of_make_an_lpa(world.lpa_database_url)
        systems = systems_with(
            world.warehouse, folder, addresses=addresses, first_day=DAYS.first, clock=lambda: MORNING
        )
        made = Runs(world, systems, instance)
        assert made.runner().extract_range(DAYS, silent).failures == ()
        yield made


@pytest.fixture(scope="module")
def built(extracted: Runs) -> Runs:
    """The first run finds a bad day and breaks off at the months; the second finds the bad day and comes to its end."""
    run = extracted.runner()
    is_bad = f"NEW.report_date = '{BAD}'"
    with extracted.spoiled("daily_application_events", "NEW.created_same_day_count = NEW.created_count + 1", is_bad):
        extracted.world.execute(
            "ALTER TABLE perf.monthly_completion_rate ADD CONSTRAINT no CHECK (days_included_count > 31)"
        )
        assert run.build(DAYS, silent).failures != ()
        extracted.world.execute("ALTER TABLE perf.monthly_completion_rate DROP CONSTRAINT no")
        assert not (extracted.systems.publish_dir / "manifest.json").exists()
        # Its days would wait for a release alone, but their month is not summed.
        left = plan(extracted.systems, DAYS)
        assert (list(left.reasons), left.unreleased) == ([DAYS.first], frozenset({BAD, DAYS.last}))
        outcome = run.build(DAYS, silent)
    assert {cause.days for cause in outcome.causes} == {(BAD,)}
    assert set(extracted.figures()) == set(DAYS) - {BAD}
    return extracted


def test_publishing_alone_publishes_no_day_that_failed_or_was_not_checked(built: Runs) -> None:
    before = built.figures()
    # As Dagit does it, with the check of the release.
    assert not built.alone(*(key.to_user_string() for key in PUBLISHING))
    assert built.figures() == before
    # Right again, but nobody has checked it.
    assert built.alone("daily_application_events")
    built.runner().publish(DAYS)
    assert built.figures() == before
    assert built.alone("monthly_completion_rate")
    built.runner().publish(DAYS)
    assert built.figures() == before


@pytest.fixture(scope="module")
def whole(built: Runs) -> Runs:
    """Everything is built, passed and published."""
    assert built.runner().build(DAYS, silent).failures == ()
    assert set(built.figures()) == set(DAYS)
    assert plan(built.systems, DAYS).runs == []
    return built


def test_a_month_that_is_spoiled_keeps_what_was_published_of_it(whole: Runs) -> None:
    before = whole.figures("month")
    with whole.spoiled("monthly_completion_rate", "NEW.days_included_count = 99", "true"):
        outcome = whole.runner().build(DAYS, silent)
    assert [(cause.subject, cause.check) for cause in outcome.causes] == [
        ("make-a-lpa, monthly_completion_rate", "days_included_are_no_more_than_expected")
    ]
    assert before
    assert whole.figures("month") == before


class CuttingClock:
    """Tells the time, and until the asset begins a second time ends every connection to the warehouse as it does so.

    Assets that write versions ask for the time in the middle of their transaction.
    """

    def __init__(self, warehouse: Engine, asset: str) -> None:
        self._other = warehouse_engine(warehouse.url.render_as_string(hide_password=False))
        self._asset = asset
        self.begins = 0

    def watch(self, asset: str) -> None:
        self.begins += asset == self._asset

    def __call__(self) -> datetime:
        if self.begins == 1:
            with transaction(self._other) as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
            self._other.dispose()
        return MORNING


def test_a_connection_lost_in_the_middle_of_an_asset_costs_another_try_of_it_and_nothing_else(
    whole: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "SECONDS_TO_WAIT", 0.01)
    clock = CuttingClock(whole.systems.warehouse, "published_completion_rate")
    whole.world.execute("DELETE FROM perf.published_completion_rate")
    systems = replace(whole.systems, clock=clock, progress=clock.watch)
    assert whole.runner(systems).publish(DAYS).failures == ()
    assert clock.begins == 2
    assert set(whole.figures()) == set(DAYS)


def rename_a_column(runs: Runs, _folder: Path) -> Systems:
    runs.world.execute("ALTER TABLE perf.published_completion_rate RENAME COLUMN markers TO marks")
    return runs.systems


def publish_into_a_file(runs: Runs, folder: Path) -> Systems:
    (folder / "file").write_text("A file is in the way.", encoding="utf-8")
    return replace(runs.systems, publish_dir=folder / "file")


@pytest.mark.parametrize(
    ("spoil", "begin", "next_step"),
    [
        (
            publish_into_a_file,
            "release: The publishing folder {folder}/file can't be written to: ",
            "set PERF_PUBLISH_DIR",
        ),
        (rename_a_column, "published_completion_rate: The warehouse broke off or refused: column", "check its server"),
    ],
)
def test_a_refusal_is_told_in_one_line_with_the_next_step_and_without_a_statement(
    whole: Runs, tmp_path: Path, spoil: Callable[[Runs, Path], Systems], begin: str, next_step: str
) -> None:
    (failure,) = whole.runner(spoil(whole, tmp_path)).publish(DAYS).failures
    assert failure.startswith(begin.format(folder=tmp_path))
    assert f"Next step: {next_step}" in failure
    assert ("SELECT" in failure, "\n" in failure) == (False, False)
