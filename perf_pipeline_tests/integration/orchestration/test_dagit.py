"""What a real Dagit shows after real commands: checks, previews, plots, definitions, runs. One small world for all tests."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.catalogue.sources import SOURCES, Source
from perf_pipeline.definitions import FLOW, defs
from perf_pipeline.demo.sirius_behaviour import ErrorAnswer
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.orchestration.jobs import build, range_tags
from perf_pipeline.orchestration.resources import open_systems
from perf_pipeline.orchestration.running import MOST_DAYS_CHECKED_IN_DAGSTER, dagster_instance
from perf_pipeline.settings import load_settings
from perf_pipeline_tests.dagit import Dagit, dagit_of
from perf_pipeline_tests.small_world import SmallWorld, small_world

DAYS = DayRange(date(2026, 3, 18), date(2026, 6, 5))
EXPORTED = DayRange(DAYS.first, date(2026, 5, 31))
WARNED = date(2026, 6, 3)
ALONE = date(2026, 5, 20)
LATER = DayRange(DAYS.last + ONE_DAY, date(2026, 6, 17))
"""Long enough after the first days that the 90 days of their cohorts have ended. Sirius is down in the night after it."""
BUILT_LATER = DayRange(date(2026, 6, 1), LATER.last)
"""From its first day on, applications that were started before got their type after the first night."""
CHECK, WARNINGS = "every_day_passes_its_checks", "no_day_has_a_warning"
FLOW_ASSETS = [*(asset.name for asset in FLOW), "release"]


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorld]:
    """In order: a first night of many days; one that brings a warning; one with a source down; an asset built alone."""
    with small_world(postgres, tmp_path_factory.mktemp("dagit"), "dagit", DAYS) as made:
        made.export("all", EXPORTED, saved_on=date(2026, 6, 2))
        assert len(DAYS) > MOST_DAYS_CHECKED_IN_DAGSTER
        assert made.night().status == 0
        made.revised[WARNED] = 300
        assert made.night().built == [str(WARNED)]
        made.advance(LATER.last + ONE_DAY)
        made.behaviour.play(ErrorAnswer(403, "FORBIDDEN"))
        assert made.night().status == 1
        materialize_alone(made, "daily_user_satisfaction", ALONE)
        yield made


def materialize_alone(world: SmallWorld, asset: str, day: date) -> None:
    """Build one asset for one day with its checks, as *Materialize* on its page does."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**world.place.environment, "DAGSTER_HOME": ""}.items():
            patch.setenv(name, value)
        with dagster_instance(load_settings()) as instance, open_systems(load_settings()) as systems:
            job = defs.resolve_job_def(build.name)
            checks = {
                key for key in job.asset_layer.asset_graph.asset_check_keys if key.asset_key == dg.AssetKey(asset)
            }
            alone = job.get_subset(asset_selection={dg.AssetKey(asset)}, asset_check_selection=checks)
            tags, resources = range_tags(DayRange(day, day)), {"systems": systems}
            assert alone.execute_in_process(instance=instance, resources=resources, tags=tags).success


@pytest.fixture(scope="module")
def dagit(world: SmallWorld) -> Iterator[Dagit]:
    with dagit_of(world.place) as running:
        yield running


def statuses(dagit: Dagit, asset: str) -> list[tuple[str, str, str]]:
    ranges = dagit.checks(asset)[CHECK]["partitionStatuses"]["ranges"]
    return [(found["startKey"], found["endKey"], found["status"]) for found in ranges]


@pytest.mark.parametrize("asset", ["extracted_channel_counts", "daily_digital_take_up", "monthly_digital_take_up"])
def test_every_day_of_a_long_range_shows_its_verdict_and_a_day_with_a_warning_is_no_failure(
    dagit: Dagit, asset: str
) -> None:
    first, last, status = statuses(dagit, asset)[0]
    assert (first, status) == (str(DAYS.first), "SUCCEEDED")
    assert last >= str(DAYS.last)


def test_days_that_a_run_judges_again_outside_its_range_are_shown_too(dagit: Dagit) -> None:
    assert statuses(dagit, "daily_application_events") == [(str(DAYS.first), str(LATER.last), "SUCCEEDED")]


def test_a_warning_is_shown_as_a_warning_on_its_check_and_in_words_on_its_day(dagit: Dagit) -> None:
    on_its_day = [
        found for found in dagit.evaluations("daily_digital_take_up", CHECK, WARNED) if found["severity"] == "WARN"
    ]
    assert {found["success"] for found in on_its_day} == {True}
    assert "Passed, with a warning: make-a-lpa headline does not jump" in on_its_day[0]["description"]
    own = [found for found in dagit.evaluations("daily_digital_take_up", WARNINGS) if not found["success"]]
    assert f"Warnings on {WARNED}." in {found["description"] for found in own}
    assert {found["severity"] for found in own} == {"WARN"}


def test_a_day_that_nothing_has_checked_is_shown_as_not_evaluated(dagit: Dagit) -> None:
    covered = [
        day
        for first, last, _ in statuses(dagit, "daily_user_satisfaction")
        for day in DayRange(date.fromisoformat(first), date.fromisoformat(last))
    ]
    assert ALONE not in covered
    assert {ALONE - ONE_DAY, ALONE + ONE_DAY} <= set(covered)
    newest = dagit.checks("daily_user_satisfaction")
    assert [newest[name]["executionForLatestMaterialization"] for name in (CHECK, WARNINGS)] == [None, None]


def test_a_check_names_the_days_of_its_run_and_explains_each_rule_with_its_next_step(dagit: Dagit) -> None:
    check = dagit.checks("extracted_feedback")[CHECK]
    newest = check["executionForLatestMaterialization"]["evaluation"]
    assert newest["description"].startswith(f"True for {BUILT_LATER}")
    assert "What to do when one fails:" in check["description"]


def test_a_day_shows_its_own_rows_and_the_newest_day_the_newest_rows_of_every_service(dagit: Dagit) -> None:
    rows = dagit.shown("daily_user_satisfaction", EXPORTED.last)["rows"]
    assert {(row["service"], row["source"]) for row in rows} >= {
        ("make-a-lpa", "done-page"),
        ("use-an-lpa", "done-page"),
    }
    assert {row["report_date"] for row in rows} == {str(EXPORTED.last)}
    newest = dagit.shown("daily_user_satisfaction", LATER.last)["newest_rows"]
    assert {row["service"] for row in newest} == {"make-a-lpa", "use-an-lpa"}
    assert "newest_rows" not in dagit.shown("daily_user_satisfaction", LATER.first)


@pytest.mark.parametrize(
    ("asset", "day", "percent"),
    [
        ("daily_user_satisfaction", EXPORTED.last, "satisfied_percent"),
        ("daily_digital_take_up", DAYS.last, "digital_take_up_percent"),
        ("monthly_digital_take_up", date(2026, 4, 17), "digital_take_up_percent"),
        ("published_digital_take_up", DAYS.last, "digital_take_up_percent"),
    ],
)
def test_percentages_are_plotted_by_service(dagit: Dagit, asset: str, day: date, percent: str) -> None:
    shown = dagit.shown(asset, day)
    headline = next(row for row in shown["rows"] if row["service"] == "make-a-lpa")
    assert shown[f"make-a-lpa {percent}"] == headline[percent]


@pytest.mark.parametrize("asset", ["daily_completion_rate", "published_completion_rate"])
def test_a_cohort_is_plotted_from_the_day_on_which_it_is_final(dagit: Dagit, asset: str) -> None:
    plotted = "make-a-lpa cohort_completion_percent"
    assert dagit.shown(asset, DAYS.first)[plotted] > 0
    assert plotted not in dagit.shown(asset, DAYS.first + timedelta(days=10))


@pytest.mark.parametrize(
    ("asset", "total"),
    [("published_digital_take_up", "figures_in_force"), ("daily_verdicts", "verdicts_that_failed")],
)
def test_totals_of_a_run_are_shown_once(dagit: Dagit, asset: str, total: str) -> None:
    assert total in dagit.shown(asset, LATER.last)
    assert total not in dagit.shown(asset, LATER.first)


def test_a_source_that_could_not_be_read_has_no_number_of_rows_read(dagit: Dagit) -> None:
    assert dagit.shown("extracted_application_states", LATER.last)["make-a-lpa applications rows_read"] > 0
    shown = dagit.shown("extracted_channel_counts", LATER.last)
    assert not [label for label in shown if label.endswith("rows_read")]
    assert [(row["source"], row["outcome"]) for row in shown["readings"]] == [("sirius", "failed")]


def test_the_release_shows_its_files_and_the_newest_headline_figures(dagit: Dagit) -> None:
    shown = dagit.shown("release", LATER.last)
    assert "make-a-lpa/digital-take-up-monthly.csv" in {file["path"] for file in shown["files"]}
    assert {row["service"] for row in shown["headline_figures"]} == {"make-a-lpa", "use-an-lpa"}
    # The stand-ins of the test have left their mark.
    assert shown["notice"].startswith("Demonstration data.")


@pytest.mark.parametrize("asset", FLOW_ASSETS)
def test_an_asset_has_its_code_its_version_and_the_time_by_which_it_is_due(dagit: Dagit, asset: str) -> None:
    node = dagit.asset(asset)
    (code,) = node["metadata"]["dagster/code_references"]["codeReferences"]
    line = Path(code["filePath"]).read_text(encoding="utf-8").splitlines()[code["lineNumber"] - 1]
    assert line.lstrip().startswith(("def ", "@"))
    assert len(node["opVersion"]) == 12
    assert node["internalFreshnessPolicy"] == {"deadlineCron": "0 6 * * *", "timezone": "Europe/London"}
    assert "docs/" not in node["description"]


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_a_source_shows_its_owner_its_address_and_when_it_is_due(
    world: SmallWorld, dagit: Dagit, source: Source
) -> None:
    node = dagit.asset(source.asset)
    assert f"team:{node['owners'][0]['team']}" == source.owner
    assert node["metadata"]["expected"]["text"] == source.cadence.meaning
    address = node["metadata"]["address"]["text"]
    assert address == {"csv": str(world.exports), "api": world.place.variables["PERF_SIRIUS_URL"]}.get(
        source.kind, address
    )
    assert address.startswith("postgresql://") or source.kind != "postgres"


def test_verdict_assets_describe_themselves_before_their_table(dagit: Dagit) -> None:
    starts = {
        name: dagit.asset(name)["description"][:30]
        for name in ("source", "daily", "monthly")
        for name in [f"{name}_verdicts"]
    }
    assert starts == {
        "source_verdicts": "The verdicts on the sources: w",
        "daily_verdicts": "The verdicts on the extracts a",
        "monthly_verdicts": "The verdicts on the months tha",
    }


def test_columns_have_types_that_dagit_has_an_icon_for(dagit: Dagit) -> None:
    columns = dagit.asset("daily_digital_take_up")["metadata"]["dagster/column_schema"]["schema"]["columns"]
    types = {column["name"]: column["type"] for column in columns}
    assert types["report_date"] == "date (day)"
    assert types["online_count"] == "int (count)"
    assert types["digital_take_up_percent"] == "decimal (percent)"
    assert types["is_provisional"] == "bool (flag)"
    assert list(types) == DATASETS["daily_digital_take_up"].column_names


def test_runs_of_a_command_say_who_asked_for_which_days_and_why_and_are_on_the_timeline(dagit: Dagit) -> None:
    runs = [run for run in dagit.runs() if run["tags"].get("user")]
    assert {run["tags"]["user"] for run in runs} == {"perf-pipeline nightly"}
    assert {run["repositoryOrigin"]["repositoryLocationName"] for run in runs} == {"perf_pipeline"}
    newest = {run["jobName"]: run["tags"] for run in reversed(runs)}
    assert newest["extract"]["days"] == f"what is due up to {LATER.last}"
    assert newest["build"]["days"] == str(BUILT_LATER)
    assert f"{len(LATER)} days: not built yet" in newest["build"]["why"]
    visible = {tag for tags in newest.values() for tag in tags if not tag.startswith((".dagster/", "dagster/"))}
    assert visible == {"days", "why", "user", "perf_pipeline/at_work"}


def test_the_last_event_of_a_failed_run_is_its_cause_and_the_next_step(dagit: Dagit) -> None:
    (failed,) = [run for run in dagit.runs() if run["status"] == "FAILURE"]
    last = dagit.events(failed["runId"])[-1]["message"].splitlines()
    assert last[0] == "Why this run failed:"
    assert last[1].startswith("make-a-lpa, extracted_channel_counts, ")
    assert "Next step: " in last[1]
