"""Commands over Feedback Explorer exports that mislead: the last good figures stay, and the mended folder decides.

The rules by which a file is believed are tested in `extracted/done_page`.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.embedded_postgres import EmbeddedPostgres
from perf_pipeline_tests.small_world import SmallWorld, small_world

DAYS = DayRange(date(2026, 6, 1), date(2026, 6, 6))
GOOD = {str(day): 5 for day in DAYS}
_HEADER = "creation date,path or service name,feedback,service satisfaction rating,type\n"


@pytest.fixture(scope="module")
def kept_world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorld]:
    """A night has published the ratings of one whole export."""
    with small_world(postgres, tmp_path_factory.mktemp("misleading"), "misleading", DAYS) as world:
        world.export("good", DAYS, saved_on=world.today)
        assert world.night().status == 0
        assert published(world) == GOOD
        yield world


@pytest.fixture
def world(kept_world: SmallWorld) -> Iterator[SmallWorld]:
    """The same folder for each test, and after it again: every test ends with its file removed and a night."""
    yield kept_world
    for file in kept_world.exports.iterdir():
        if not file.name.endswith("_good.csv"):
            file.unlink()
    kept_world.export("good", DAYS, saved_on=kept_world.today)
    assert kept_world.night().status == 0
    assert published(kept_world) == GOOD


def published(world: SmallWorld) -> dict[str, int]:
    """The published responses of the done page of Make an LPA, by day."""
    file = world.place.publish_dir / "make-a-lpa/user-satisfaction-daily.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["source"] == "done-page"]
    return {row["period_start"]: int(row["responses_count"]) for row in rows if row["responses_count"]}


def rows_of(days: DayRange, page: str = "lasting-power-of-attorney", form: str = "%Y-%m-%d 00:10:00") -> str:
    return "".join(f"{day.strftime(form)},/done/{page},Rating of 5: 7,,aggregated-service-feedback\n" for day in days)


MISLEADING = {
    "named for these days, about April": _HEADER + rows_of(DayRange(date(2026, 4, 1), date(2026, 4, 30))),
    "dates of a spreadsheet": _HEADER + rows_of(DAYS, form="%d/%m/%Y 00:10"),
    "types in capitals": _HEADER + rows_of(DAYS).replace("aggregated-service-feedback", "AGGREGATED"),
    "cut at a row": _HEADER + rows_of(DayRange(DAYS.first, date(2026, 6, 3))),
    "empty": "",
    "a header alone": _HEADER,
}


@pytest.mark.parametrize("case", MISLEADING)
def test_a_file_that_misleads_ends_in_an_error_that_names_it_and_changes_no_figure_to_zero(
    world: SmallWorld, case: str
) -> None:
    # The wrong file takes the place of the good one, as a person would save it.
    (good,) = world.exports.glob("*_good.csv")
    good.unlink()
    name = f"feedex_{DAYS.first}_{DAYS.last}_wrong.csv"
    (world.exports / name).write_text(MISLEADING[case], encoding="utf-8")
    called = world.night()
    assert called.status == 1
    assert [line for line in called.failures if name in line and "make-a-lpa" in line] != []
    assert all("Next step: " in line for line in called.failures)
    found = published(world)
    assert found.keys() == GOOD.keys()
    assert 0 not in found.values()
    if case != "cut at a row":
        assert found == GOOD


def test_a_file_that_takes_ratings_away_is_held_until_it_is_accepted_by_command(world: SmallWorld) -> None:
    less = dict.fromkeys(DAYS, 3)
    world.export("less", DAYS, less, saved_on=DAYS.last.replace(day=8))
    name = f"feedex_{DAYS.first}_{DAYS.last}_less.csv"
    held = world.night()
    assert held.status == 1
    (line,) = [line for line in held.failures if line.startswith("Failed: make-a-lpa") and name in line]
    assert "18 ratings on days that have 30" in line
    assert f"import-feedback {name} --accept" in line or "import-feedback --accept" in line
    assert published(world) == GOOD
    accepted = world.command("import-feedback", name, "--accept")
    assert (accepted.status, accepted.failures) == (0, [])
    assert "make-a-lpa: 18 ratings on 6 days, 2026-06-01 to 2026-06-06." in accepted.out
    assert published(world) == {str(day): 3 for day in DAYS}
    (world.exports / name).unlink()


def test_a_file_from_elsewhere_is_copied_and_built_and_never_overwrites_another(
    world: SmallWorld, tmp_path: Path
) -> None:
    name = f"feedex_{DAYS.first}_{DAYS.last}_more.csv"
    file = tmp_path / name
    pages = ("lasting-power-of-attorney", "use-lasting-power-of-attorney")
    file.write_text(_HEADER + "".join(rows_of(DAYS, page) for page in pages), encoding="utf-8")
    imported = world.command("import-feedback", str(file))
    assert (imported.status, imported.failures) == (0, [])
    assert published(world) == {str(day): 7 for day in DAYS}
    assert (world.exports / name).read_bytes() == file.read_bytes()
    file.write_text(_HEADER, encoding="utf-8")
    refused = world.command("import-feedback", str(file))
    assert (refused.status, "is there already and holds something else" in refused.err) == (2, True)
    assert published(world) == {str(day): 7 for day in DAYS}


def test_a_file_that_is_not_there_is_refused(world: SmallWorld) -> None:
    refused = world.command("import-feedback", "nowhere.csv")
    assert (refused.status, "nowhere.csv is no CSV file" in refused.err) == (2, True)
