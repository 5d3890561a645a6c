"""What the schedule and the sensors launch, on Dagster's real storage; none of them opens a source."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.definitions import defs
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.extracted.done_page.changed_files import record_listing
from perf_pipeline.extracted.done_page.files import list_exports
from perf_pipeline.orchestration.jobs import WHY, due_tags, night_tags, range_tags
from perf_pipeline.orchestration.launching import changed_days_are_built, new_exports_are_read
from perf_pipeline.orchestration.resources import open_systems
from perf_pipeline.orchestration.running import Runner, dagster_instance
from perf_pipeline.orchestration.schedules import nightly
from perf_pipeline.settings import load_settings
from perf_pipeline.systems import silent
from perf_pipeline.warehouse.building import BuildingLock
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline_tests.commands import PATIENCE_SECONDS, YESTERDAY
from perf_pipeline_tests.ledgers import DAYS, NIGHT, Ledgers
from perf_pipeline_tests.small_world import small_world

QUEUED, STARTED = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED


@pytest.fixture
def configured(ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Ledgers]:
    """The ledgers' warehouse by PERF_* variables, and sources that would hang or fail if anything opened them."""
    with socket.create_server(("127.0.0.1", 0)) as silence:
        never = f"127.0.0.1:{silence.getsockname()[1]}"
        exports = tmp_path / "exports"
        exports.mkdir()
        variables = {
            "PERF_DATABASE_URL": ledgers.systems.warehouse.url.render_as_string(hide_password=False),
            "PERF_LPA_DATABASE_URL": f"postgresql://reader@{never}/lpa",
            "PERF_SIRIUS_URL": f"http://{never}",
            "PERF_FEEDBACK_EXPORTS_DIR": str(exports),
            "PERF_FIRST_DAY": str(DAYS.first),
            "PERF_HOME": str(tmp_path / "home"),
            "PERF_NOW": NIGHT.isoformat(),
            "DAGSTER_HOME": "",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield ledgers


@pytest.fixture
def instance(configured: Ledgers) -> Iterator[dg.DagsterInstance]:
    """Dagster's storage beside the warehouse, with our dagster.yaml and no runs."""
    assert configured
    with dagster_instance(load_settings()) as instance:
        yield instance
        for run in instance.get_runs():
            instance.delete_run(run.run_id)


def put_run(instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus) -> str:
    """A run as the daemon makes it, of the given status."""
    location = InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="perf_pipeline.definitions"))
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job)
    made = defs.resolve_job_def(job)
    return instance.create_run_for_job(made, status=status, tags=made.run_tags, remote_job_origin=origin).run_id


def looked(instance: dg.DagsterInstance) -> list[tuple[str | None, dict[str, str], str | None]] | str | None:
    """The runs that the sensor asks for, each with job, tags and key; or why it asks for none."""
    evaluated: Any = changed_days_are_built(dg.build_sensor_context(instance=instance))
    found = list(evaluated)
    if isinstance(found[0], dg.SkipReason):
        return found[0].skip_message
    return [(run.job_name, dict(run.tags), run.run_key) for run in found]


def asked_of(instance: dg.DagsterInstance) -> list[tuple[str | None, dict[str, str]]]:
    """Job and tags of each run that the sensor asks for, but for why it does."""
    found = looked(instance)
    assert isinstance(found, list)
    assert all(tags[WHY] for _, tags, _ in found)
    return [(job, {name: value for name, value in tags.items() if name != WHY}) for job, tags, _ in found]


def test_every_night_at_half_past_two_in_london_the_sources_are_read() -> None:
    assert (nightly.cron_schedule, nightly.execution_timezone) == ("30 2 * * *", "Europe/London")
    assert nightly.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.parametrize(
    ("tick", "last_day"),
    [
        (datetime(2026, 6, 15, 1, 30, tzinfo=UTC), date(2026, 6, 14)),
        # Before and after midnight in London.
        (datetime(2026, 6, 14, 22, 59, tzinfo=UTC), date(2026, 6, 13)),
        (datetime(2026, 6, 14, 23, tzinfo=UTC), date(2026, 6, 14)),
    ],
)
@pytest.mark.usefixtures("configured")
def test_a_tick_asks_for_one_reading_of_what_is_due_up_to_the_last_day_that_has_ended(
    tick: datetime, last_day: date
) -> None:
    asked: Any = nightly(dg.build_schedule_context(scheduled_execution_time=tick))
    assert dict(asked.tags) == due_tags(DayRange(DAYS.first, last_day)) | night_tags(last_day)


def test_with_everything_built_the_sensor_asks_for_nothing_and_says_why(
    configured: Ledgers, instance: dg.DagsterInstance
) -> None:
    assert looked(instance) == "Every day up to 2026-06-14 is built, and nothing that it rests on has changed."
    configured.deliver_everything()
    configured.settle()
    assert looked(instance) == "Every day up to 2026-06-14 is built, and nothing that it rests on has changed."


def test_changed_days_are_built_in_at_most_four_runs_the_last_of_which_publishes(
    configured: Ledgers, instance: dg.DagsterInstance
) -> None:
    configured.deliver("make-a-lpa", "sirius", [DAYS.first + timedelta(days=3 * number) for number in range(9)])
    began = time.monotonic()
    runs = asked_of(instance)
    ranges = [(date(2026, 5, 20), date(2026, 6, 4))] + [(day, day) for day in DAYS if day.day in (7, 10, 13)]
    assert runs == [
        (job, range_tags(DayRange(*days)) | night_tags(DAYS.last))
        for job, days in zip([*["build_without_publishing"] * 3, "build"], ranges, strict=True)
    ]
    # Dagster ends an evaluation after a minute.
    assert time.monotonic() - began < 10


def test_the_same_plan_is_launched_once_a_day(
    configured: Ledgers, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured.deliver_everything()
    # Dagster launches nothing twice for a key.
    first, again = looked(instance), looked(instance)
    assert first == again
    monkeypatch.setenv("PERF_NOW", (NIGHT + ONE_DAY).isoformat())
    next_day = looked(instance)
    assert isinstance(first, list)
    assert isinstance(next_day, list)
    assert {key for _, _, key in first}.isdisjoint({key for _, _, key in next_day})


@pytest.mark.parametrize("job", ["build", "build_without_publishing"])
@pytest.mark.parametrize("status", [QUEUED, STARTED])
def test_nothing_is_planned_while_a_run_builds(
    configured: Ledgers, instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus
) -> None:
    configured.deliver_everything()
    put_run(instance, job, status)
    assert looked(instance) == "A run builds already; what it leaves is planned when it has ended."


def test_nothing_is_planned_while_a_command_builds(configured: Ledgers, instance: dg.DagsterInstance) -> None:
    configured.deliver_everything()
    with BuildingLock(configured.systems.warehouse, silent) as lock:
        lock.acquire()
        assert looked(instance) == "A command builds already; what it leaves is planned when it has ended."
    assert isinstance(looked(instance), list)


def test_the_queue_lets_one_run_read_and_one_build_and_keeps_the_order_of_builds(instance: dg.DagsterInstance) -> None:
    jobs = ["extract", "extract", "build_without_publishing", "build_without_publishing", "build"]
    queued = [put_run(instance, job, QUEUED) for job in jobs]
    queue = QueuedRunCoordinatorDaemon(interval_seconds=1)
    leaving = queue._get_runs_to_dequeue(instance, instance.get_concurrency_config(), None)
    assert [run.run_id for run in leaving] == [queued[0], queued[2]]


def folder_changed(message: str | None = None) -> bool:
    """Whether the sensor asks for an extraction; where it does not, it says why."""
    found: Any = new_exports_are_read(dg.build_sensor_context())
    if isinstance(found, dg.RunRequest):
        assert dict(found.tags).items() >= due_tags(DAYS, why="an export file is new, changed or gone").items()
        return True
    assert (message or "No file is new, changed or gone.") in (found.skip_message or "")
    return False


def test_an_export_that_arrives_is_asked_for_until_it_was_read(
    configured: Ledgers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not folder_changed()
    folder = tmp_path / "exports"
    # Not about a reporting day, so that no reading would ever settle it.
    (folder / "feedex_2024-01-01_2024-01-31.csv").write_text("of old")
    assert not folder_changed()
    (folder / "feedex_2026-05-01_2026-05-31.csv").write_text("new")
    assert folder_changed()
    with transaction(configured.systems.warehouse) as connection:
        for service in ("make-a-lpa", "use-an-lpa"):
            record_listing(connection, service, list_exports(folder), (), read=DAYS, known=DAYS)
    assert not folder_changed()
    (folder / "feedex_2026-05-01_2026-05-31.csv").unlink()
    assert folder_changed()
    monkeypatch.setenv("PERF_FEEDBACK_EXPORTS_DIR", str(tmp_path / "nowhere"))
    assert not folder_changed("The folder can't be listed; the nightly extraction reports it.")


def test_a_sirius_that_takes_long_to_answer_holds_up_no_figure_of_another_source_and_loses_no_night(
    postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = DayRange(date(2026, 6, 1), YESTERDAY)
    with small_world(postgres, tmp_path, "slow_sirius", days) as world, monkeypatch.context() as patch:
        answers = threading.Event()
        world.export("all", days, saved_on=world.today)
        world.behaviour.edit_answer = lambda answer: world.answer(answer) if answers.wait(25) else None
        for name, value in {**world.place.environment, "DAGSTER_HOME": ""}.items():
            patch.setenv(name, value)
        with (
            world.place.start("nightly") as reading,
            open_systems(load_settings()) as systems,
            dagster_instance(load_settings()) as instance,
        ):
            while not world.behaviour.received:
                time.sleep(0.1)
            assert asked_of(instance) == [("build", range_tags(days) | night_tags(days.last))]
            assert Runner(defs, instance, systems, "a night").build(days, silent).failures == ()
            # The figures of the other sources are published while Sirius is still silent.
            published = {file.name for file in systems.publish_dir.glob("make-a-lpa/*-daily.csv")}
            assert published >= {"user-satisfaction-daily.csv", "completion-rate-daily.csv"}
            assert reading.poll() is None
            answers.set()
            assert reading.wait(PATIENCE_SECONDS) == 0
            take_up = world.query("SELECT period_start FROM perf.published_digital_take_up WHERE period = 'day'")
            assert {row.period_start for row in take_up} == set(days)
