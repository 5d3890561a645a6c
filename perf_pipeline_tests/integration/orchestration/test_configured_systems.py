"""With PERF_* variables set the systems that they name are read, and nothing is stood in for the others."""

import csv
from collections.abc import Iterator
from datetime import date

import pytest

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import DEFAULT_FILE
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline_tests.commands import Called
from perf_pipeline_tests.small_world import SmallWorld, small_world

DAYS = DayRange(date(2026, 6, 1), date(2026, 6, 2))
FIRST, SECOND = map(str, DAYS)
Night = tuple[Called, dict[str, dict[str, dict[str, str]]]]
"""How a night ended, and the rows of the daily files of Make an LPA's totals, by indicator and day."""


@pytest.fixture(scope="module")
def nights(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Night]]:
    """Twice with one source unset, one that begins on the second day, and two down; then once with everything."""
    folder = tmp_path_factory.mktemp("configured")
    with small_world(postgres, folder, "configured", DAYS) as world:
        world.export("all", DAYS, saved_on=world.today)
        services = folder / "services.toml"
        applications = 'applications = { database = "PERF_LPA_DATABASE_URL"'
        text = DEFAULT_FILE.read_text(encoding="utf-8")
        services.write_text(text.replace(applications, f"{applications}, first_day = {SECOND}"), encoding="utf-8")
        nowhere = {
            "PERF_SIRIUS_URL": "",
            "PERF_FEEDBACK_EXPORTS_DIR": str(folder / "nowhere"),
            "PERF_SERVICES_FILE": str(services),
        }
        with world.lpa_database() as cursor:
            cursor.execute("ALTER TABLE feedback RENAME TO feedback_away")
        made = [night(world, **nowhere) for _ in range(2)]
        with world.lpa_database() as cursor:
            cursor.execute("ALTER TABLE feedback_away RENAME TO feedback")
        yield [*made, night(world)]


def night(world: SmallWorld, **variables: str) -> Night:
    called = world.night(**variables)
    rows = {}
    for indicator in ("user-satisfaction", "completion-rate", "digital-take-up"):
        with (world.place.publish_dir / f"make-a-lpa/{indicator}-daily.csv").open(encoding="utf-8", newline="") as file:
            rows[indicator] = {row["period_start"]: row for row in csv.DictReader(file)}
    return called, rows


def markers(rows: dict[str, dict[str, str]]) -> dict[str, bool]:
    """By day, whether its figure is not available."""
    return {day: "[x]" in row["markers"] for day, row in rows.items()}


def test_sources_that_can_not_be_read_are_named_one_a_line_and_hold_back_nothing_else(nights: list[Night]) -> None:
    called, rows = nights[0]
    assert (called.status, len(called.failures)) == (1, 3)
    for line, subject, what in zip(
        sorted(called.failures),
        ("make-a-lpa, extracted_feedback", "make-a-lpa, extracted_feedback", "use-an-lpa, extracted_feedback"),
        ("done-page: The folder", "in-service: The service's database (configured_lpa on ", "done-page: The folder"),
        strict=True,
    ):
        assert line.startswith(f"Failed: {subject}, {FIRST} to {SECOND}: {what}")
        assert "Next step: " in line
    # Neither a zero nor a day of what could not be read, and every day of what could.
    assert rows["user-satisfaction"] == {}
    assert rows["completion-rate"][SECOND]["started_count"] != ""


def test_figures_of_an_unset_source_and_before_the_first_day_of_one_are_not_available_and_not_planned(
    nights: list[Night],
) -> None:
    _, rows = nights[0]
    assert markers(rows["digital-take-up"]) == {FIRST: True, SECOND: True}
    assert markers(rows["completion-rate"]) == {FIRST: True, SECOND: False}
    again, _ = nights[1]
    assert (again.built, again.failures) == ([], nights[0][0].failures)


def test_once_everything_is_set_and_up_every_figure_is_there(nights: list[Night]) -> None:
    called, rows = nights[2]
    assert (called.status, called.built) == (0, [str(DAYS)])
    for indicator in rows:
        assert markers(rows[indicator]) == {FIRST: False, SECOND: False}, indicator
    assert rows["digital-take-up"][FIRST]["total_count"] == "200"
