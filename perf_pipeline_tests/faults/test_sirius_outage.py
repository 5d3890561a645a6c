"""Sirius answers, then answers 404 whatever is asked, then answers again: what is published, and what Dagit shows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Engine, text

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.definitions import defs
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.demo.sirius_behaviour import ErrorAnswer, SiriusBehaviour
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline.flow.partitions import REPORTING_DAYS
from perf_pipeline.orchestration.planning import known_days, plan, sources_of
from perf_pipeline.orchestration.running import RangeOutcome, dagster_instance, run_range
from perf_pipeline.settings import load_settings
from perf_pipeline.extracted.sirius.client import RetryBounds, SiriusClient
from perf_pipeline.systems import Systems, silent
from perf_pipeline.warehouse.engine import connected, warehouse_engine
from perf_pipeline.warehouse.migrating import migrate

DAYS = DayRange(date(2026, 6, 1), date(2026, 6, 4))
BEFORE = DayRange(DAYS.first, date(2026, 6, 2))
DURING = DayRange(date(2026, 6, 2), DAYS.last)
NOW = datetime(2026, 6, 15, 3, tzinfo=UTC)
TRIES = 2
GOOD, FAILED = "MATERIALIZED", "FAILED"
TAKE_UP_CHAIN = [
    "extracted_channel_counts",
    "daily_digital_take_up",
    "monthly_digital_take_up",
    "published_digital_take_up",
]


@dataclass(frozen=True)
class Moment:
    """How a run ended, and what stood there after it."""

    outcome: RangeOutcome
    take_up: dict[date, object]
    other_days: dict[str, set[date]]
    statuses: dict[str, list[str | None]]
    planned: dict[date, str]


@pytest.fixture(scope="module")
def moments(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Moment]]:
    folder = tmp_path_factory.mktemp("outage")
    behaviour = SiriusBehaviour(hiccup_every=0)
    with pytest.MonkeyPatch.context() as patch, sirius_server(today=NOW.date(), behaviour=behaviour) as sirius_url:
        systems = systems_in(folder, postgres, sirius_url)
        patch.setenv("PERF_HOME", str(folder))
        patch.setenv("PERF_DATABASE_URL", systems.warehouse.url.render_as_string(hide_password=False))
        patch.setenv("DAGSTER_HOME", "")
        with dagster_instance(load_settings()) as instance:
            made = {"before": moment(systems, instance, BEFORE)}
            behaviour.play(ErrorAnswer(404, "NOTFOUND"), times=TRIES)
            made["during"] = moment(systems, instance, DURING)
            made["after"] = moment(systems, instance, DURING)
        yield made
        systems.warehouse.dispose()


def systems_in(folder: Path, postgres: EmbeddedPostgres, sirius_url: str) -> Systems:
    warehouse = warehouse_engine(postgres.ensure_database("outage_warehouse"))
    migrate(warehouse)
    lpa_database_url = postgres.ensure_database("outage_lpa")
    build_lpa_database(lpa_database_url, DAYS.first, DAYS.last, share=0.01)
    write_exports(folder / "exports", DAYS.first, DAYS.last)
    return Systems(
        warehouse=warehouse,
        services=load_services(),
        service_database_urls={"PERF_LPA_DATABASE_URL": lpa_database_url},
        exports_dir=folder / "exports",
        sirius=SiriusClient(sirius_url, bounds=RetryBounds(tries_count=TRIES, first_wait_seconds=0.01)),
        publish_dir=folder / "published",
        hash_key=b"a key for tests",
        is_demonstration=True,
        clock=lambda: NOW,
    )


def moment(systems: Systems, instance: dg.DagsterInstance, days: DayRange) -> Moment:
    outcome = run_range(defs, instance, replace(systems), days, silent)
    keys, needed = [str(day) for day in DAYS], sources_of(systems.services)
    return Moment(
        outcome,
        take_up=published_take_up(systems.warehouse),
        other_days={name: published_days(systems.warehouse, name) for name in ("user_satisfaction", "completion_rate")},
        statuses={
            name: statuses_of(instance, name, keys) for name in [*TAKE_UP_CHAIN, "extracted_feedback", "release"]
        },
        planned=plan(known_days(systems.warehouse, DAYS, needed), needed, DAYS),
    )


def published_take_up(warehouse: Engine) -> dict[date, object]:
    statement = text(
        "SELECT period_start, total_count FROM perf.published_digital_take_up"
        " WHERE period = 'day' AND lpa_type = 'all' AND superseded_at IS NULL"
    )
    with connected(warehouse) as connection:
        return {row.period_start: row.total_count for row in connection.execute(statement)}


def published_days(warehouse: Engine, indicator: str) -> set[date]:
    statement = text(f"SELECT DISTINCT period_start FROM perf.published_{indicator} WHERE period = 'day'")
    with connected(warehouse) as connection:
        return set(connection.execute(statement).scalars())


def statuses_of(instance: dg.DagsterInstance, asset: str, keys: list[str]) -> list[str | None]:
    """What Dagit shows for each of the days."""
    statuses = instance.get_status_by_partition(dg.AssetKey(asset), keys, REPORTING_DAYS)
    assert statuses is not None
    return [None if (status := statuses.get(key)) is None else status.name for key in keys]


def test_a_run_with_every_source_up_fails_in_nothing(moments: dict[str, Moment]) -> None:
    assert moments["before"].outcome.failures == ()
    assert list(moments["before"].take_up) == list(BEFORE)


def test_the_failure_names_sirius_and_the_next_step_in_one_line(moments: dict[str, Moment]) -> None:
    (failure,) = moments["during"].outcome.failures
    assert failure.startswith("make-a-lpa, sirius, 2026-06-02 to 2026-06-04: Sirius at http://127.0.0.1:")
    assert "404" in failure
    assert "Next step: " in failure
    assert "\n" not in failure


def test_the_other_indicators_are_published_all_the_same(moments: dict[str, Moment]) -> None:
    assert moments["during"].other_days == {"user_satisfaction": set(DAYS), "completion_rate": set(DAYS)}


def test_take_up_keeps_its_earlier_figures_and_a_day_not_yet_known_has_none(moments: dict[str, Moment]) -> None:
    assert moments["during"].take_up == moments["before"].take_up


def test_the_days_that_sirius_did_not_give_are_planned_again(moments: dict[str, Moment]) -> None:
    reasons = {day: reason for day, reason in moments["during"].planned.items() if day in DURING}
    assert reasons == dict.fromkeys(DURING, "a source could not be read")


def test_the_extract_shows_the_days_of_the_outage_as_failed(moments: dict[str, Moment]) -> None:
    assert moments["during"].statuses["extracted_channel_counts"] == [GOOD, FAILED, FAILED, FAILED]


@pytest.mark.parametrize("asset", TAKE_UP_CHAIN[1:])
def test_what_comes_of_it_shows_only_the_days_that_have_no_figure_as_failed(
    moments: dict[str, Moment], asset: str
) -> None:
    assert moments["during"].statuses[asset] == [GOOD, GOOD, FAILED, FAILED]


def test_the_extracts_of_other_sources_show_every_day_as_built(moments: dict[str, Moment]) -> None:
    assert moments["during"].statuses["extracted_feedback"] == [GOOD] * 4


def test_the_next_run_publishes_what_sirius_did_not_give(moments: dict[str, Moment]) -> None:
    assert moments["after"].outcome.failures == ()
    assert list(moments["after"].take_up) == list(DAYS)
    assert {day: moments["after"].take_up[day] for day in BEFORE} == moments["before"].take_up


@pytest.mark.parametrize("asset", [*TAKE_UP_CHAIN, "release"])
def test_after_it_every_day_shows_as_built(moments: dict[str, Moment], asset: str) -> None:
    assert moments["after"].statuses[asset] == [GOOD] * 4
