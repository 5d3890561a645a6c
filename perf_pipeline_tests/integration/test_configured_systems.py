"""With PERF_* variables set: the systems that they name are read, and nothing is stood in for the others."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from perf_pipeline.catalogue.reporting_days import ONE_DAY, london_day
from perf_pipeline.demo.feedback_exports import write_exports
from perf_pipeline.demo.lpa_database import build_lpa_database
from perf_pipeline.demo.sirius_server import sirius_server
from perf_pipeline.demo.world import MAKE_AN_LPA
from perf_pipeline.embedded_postgres import embedded_postgres
from perf_pipeline.warehouse.engine import transaction, warehouse_engine
from perf_pipeline_tests.commands import DAYS, Call, Place

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 2)
BACKFILL = ("backfill", "--from", str(FIRST), "--to", str(LAST))


@pytest.fixture
def variables(new_database: Callable[[str], str], warehouse_url: str, tmp_path: Path) -> dict[str, str]:
    """A migrated warehouse, a Make an LPA database with a hundredth of its volume, a folder of exports; no Sirius."""
    lpa_database_url = new_database("template0")
    build_lpa_database(lpa_database_url, FIRST, LAST, share=0.01)
    # The aggregate of the last day of an export is not there yet.
    write_exports(tmp_path / "exports", FIRST, LAST + ONE_DAY)
    return {
        "PERF_DATABASE_URL": warehouse_url,
        "PERF_LPA_DATABASE_URL": lpa_database_url,
        "PERF_FEEDBACK_EXPORTS_DIR": str(tmp_path / "exports"),
    }


def cells(folder: Path, file: str, *columns: str) -> set[tuple[str, ...]]:
    """Columns of a published CSV file."""
    with (folder / "published" / file).open(encoding="utf-8", newline="") as lines:
        return {tuple(row[name] for name in columns) for row in csv.DictReader(lines)}


def test_every_source_by_variable_gives_the_figures_of_the_embedded_default(
    call: Call, undisturbed: tuple[Place, object], tmp_path: Path
) -> None:
    place, _ = undisturbed
    today = london_day(datetime.now(UTC))
    with embedded_postgres(place.home) as server, sirius_server(today=today) as sirius_url:
        variables = {
            "PERF_DATABASE_URL": server.ensure_database("configured"),
            "PERF_LPA_DATABASE_URL": server.url(MAKE_AN_LPA),
            "PERF_SIRIUS_URL": sirius_url,
            "PERF_FEEDBACK_EXPORTS_DIR": str(place.home / "feedback_explorer"),
            "PERF_FIRST_DAY": str(DAYS.first),
        }
        assert call("migrate", **variables).status == 0
        assert call("nightly", **variables).status == 0
    configured = Place(tmp_path)
    assert configured.sha256s() == place.sha256s()
    assert "notice" not in configured.manifest()


def test_an_unset_source_is_no_failure_and_its_figures_are_not_available_until_it_is_set(
    call: Call, variables: dict[str, str], tmp_path: Path
) -> None:
    columns = ("period_start", "online_count", "total_count", "digital_take_up_percent", "markers")
    called = call(*BACKFILL, **variables)
    assert (called.status, "Failed" in called.err) == (0, False)
    assert cells(tmp_path, "make-a-lpa/digital-take-up-daily.csv", *columns) == {
        (str(day), "", "", "", "[x]") for day in (FIRST, LAST)
    }
    with sirius_server(today=date(2026, 11, 1)) as sirius_url:
        assert call(*BACKFILL, **variables, PERF_SIRIUS_URL=sirius_url).status == 0
    take_up = cells(tmp_path, "make-a-lpa/digital-take-up-daily.csv", *columns)
    assert {day for day, *_ in take_up} == {str(FIRST), str(LAST)}
    assert [row for row in take_up if "[x]" in row[4] or ("" in row[:4] and row[4] != "[c]")] == []


def test_sources_that_can_not_be_read_are_named_one_a_line_and_hold_back_nothing_else(
    call: Call, variables: dict[str, str], tmp_path: Path
) -> None:
    with transaction(warehouse_engine(variables["PERF_LPA_DATABASE_URL"])) as lpa_database:
        lpa_database.execute(text("DROP TABLE feedback"))
    nowhere = str(tmp_path / "nowhere")
    called = call(*BACKFILL, **{**variables, "PERF_FEEDBACK_EXPORTS_DIR": nowhere})
    failed = [line for line in called.err.splitlines() if line.startswith("Failed: ")]
    assert (called.status, len(failed)) == (1, 3)
    for line, service, what in zip(
        failed,
        ("make-a-lpa, done-page", "make-a-lpa, in-service", "use-an-lpa, done-page"),
        (nowhere, '"feedback" does not exist', nowhere),
        strict=True,
    ):
        assert line.startswith(f"Failed: {service}, {FIRST} to {LAST}: ")
        assert what in line
        assert "Next step: " in line
    # Neither a zero nor a day of what could not be read, and every day of what could.
    assert cells(tmp_path, "make-a-lpa/user-satisfaction-daily.csv", "period_start") == set()
    assert cells(tmp_path, "make-a-lpa/completion-rate-daily.csv", "period_start") == {(str(FIRST),), (str(LAST),)}
