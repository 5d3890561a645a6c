"""The command `as-of`: what it prints, and how it ends when it was called wrongly."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, insert

from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.published.files import file_columns
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES
from perf_pipeline_tests.commands import Call

TAKE_UP = ("--service", "make-a-lpa", "--indicator", "digital-take-up")


@pytest.fixture
def revised(warehouse_url: str, warehouse: Engine) -> dict[str, str]:
    """A warehouse in which the applications of December were 1,000 until 20 January at 09:00, and 1,001 since."""
    row = {
        "service": "make-a-lpa",
        "period_start": date(2025, 12, 1),
        "lpa_type": "all",
        "origin": "computed",
        "run_id": "a run",
    }
    first, then = datetime(2026, 1, 20, 3, tzinfo=UTC), datetime(2026, 1, 20, 9, tzinfo=UTC)
    versions = [
        {"period": "month", "total_count": 1000, "markers": "", "published_at": first, "superseded_at": then},
        {"period": "day", "total_count": 33, "markers": "", "published_at": first, "superseded_at": None},
        {"period": "month", "total_count": 1001, "markers": "[r]", "published_at": then, "superseded_at": None},
    ]
    with transaction(warehouse) as connection:
        connection.execute(insert(TABLES["published_digital_take_up"]), [row | version for version in versions])
    return {"PERF_DATABASE_URL": warehouse_url}


@pytest.mark.parametrize(
    ("instant", "totals"),
    [
        ("2026-01-20T02:59:59", []),
        ("2026-01-20T03:00", [("1000", "")]),
        ("2026-01-20T08:59:59.999999", [("1000", "")]),
        ("2026-01-20T09:00", [("1001", "[r]")]),
        ("2026-01-20T10:30+02:00", [("1000", "")]),
        ("2026-01-20", []),
        ("2026-01-21", [("1001", "[r]")]),
        ("9998-01-01", [("1001", "[r]")]),
    ],
)
def test_the_command_shows_a_figure_as_it_stood(
    call: Call, revised: dict[str, str], instant: str, totals: list[tuple[str, str]]
) -> None:
    called = call("as-of", instant, *TAKE_UP, **revised)
    said = "" if totals else "Nothing was published before 2026-01-20 03:00 (London).\n"
    if instant.startswith("9998"):
        said = "9998-01-01 00:00 (London) has not come yet: these are the figures in force now.\n"
    assert (called.status, called.err) == (0, said)
    assert [(row["total_count"], row["markers"]) for row in csv.DictReader(io.StringIO(called.out))] == totals


def test_the_command_shows_days_when_asked_for_them(call: Call, revised: dict[str, str]) -> None:
    called = call("as-of", "2026-02-01", *TAKE_UP, "--period", "daily", **revised)
    (row,) = csv.DictReader(io.StringIO(called.out))
    assert (row["period"], row["total_count"], "days_included_count" in row) == ("day", "33", False)


def test_every_indicator_is_in_one_table_and_cells_that_an_indicator_does_not_have_are_empty(
    call: Call, revised: dict[str, str], warehouse: Engine
) -> None:
    rating = {"service": "use-an-lpa", "period_start": date(2025, 12, 1), "period": "month", "source": "done-page"}
    version = {
        "origin": "computed",
        "run_id": "a run",
        "markers": "",
        "published_at": datetime(2026, 1, 20, 3, tzinfo=UTC),
    }
    with transaction(warehouse) as connection:
        figures = TABLES["published_user_satisfaction"]
        connection.execute(insert(figures), {**rating, **version, "headline_percent": 86, "responses_count": 7})
    called = call("as-of", "2026-02-01", **revised)
    head, *rows = csv.reader(io.StringIO(called.out))
    assert {len(row) for row in rows} == {len(head)}
    assert head[:6] == ["indicator", "service", "period_start", "period", "source", "lpa_type"]
    assert head[-4:] == ["days_included_count", "days_expected_count", "origin", "markers"]
    assert len(set(head)) == len(head)
    found = {row["indicator"]: row for row in csv.DictReader(io.StringIO(called.out))}
    assert {name: (row["responses_count"], row["total_count"]) for name, row in found.items()} == {
        "user-satisfaction": ("7", ""),
        "digital-take-up": ("", "1001"),
    }


def test_one_indicator_alone_has_the_columns_of_its_files(call: Call, revised: dict[str, str]) -> None:
    called = call("as-of", "2026-02-01", *TAKE_UP, **revised)
    columns = file_columns(DATASETS["published_digital_take_up"], "month")
    assert next(csv.reader(io.StringIO(called.out))) == columns


def test_the_figures_as_json(call: Call, revised: dict[str, str]) -> None:
    called = call("as-of", "2026-02-01", "--json", **revised)
    found = json.loads(called.out)
    assert (found["as_of"], found["period"]) == ("2026-02-01T00:00:00+00:00", "monthly")
    (figure,) = found["figures"]
    shown = {name: figure[name] for name in ("indicator", "period_start", "total_count", "markers")}
    assert shown == {
        "indicator": "digital-take-up",
        "period_start": "2025-12-01",
        "total_count": 1001,
        "markers": "[r]",
    }
    assert "responses_count" not in figure


def test_where_nothing_was_ever_published_the_command_says_so(call: Call, warehouse_url: str) -> None:
    called = call("as-of", "2026-02-01", PERF_DATABASE_URL=warehouse_url)
    assert (called.status, called.err) == (0, "Nothing was published yet.\n")
    assert len(called.out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("yesterday",), "'yesterday' is not an instant; write it as 2026-05-01 or 2026-05-01T09:30."),
        (("2026-13-01",), "'2026-13-01' is not an instant"),
        (("9999-12-31T23:59-05:00",), "is not an instant"),
        ((), "Missing argument 'INSTANT'"),
        (("2026-05-01", "--service", "unheard-of"), "unheard-of is not in the services file. Next step: name one of"),
        (("2026-05-01", "--indicator", "happiness"), "'happiness' is not one of"),
        (("2026-05-01", "--service", "use-an-lpa", "--indicator", "completion-rate"), "publishes no completion-rate"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(call: Call, arguments: tuple[str, ...], said: str) -> None:
    called = call("as-of", *arguments)
    assert (called.status, called.out) == (2, "")
    assert said in called.err


def test_a_warehouse_without_tables_is_told_what_to_do(call: Call, new_database: Callable[[str], str]) -> None:
    called = call("as-of", "2026-05-01", PERF_DATABASE_URL=new_database("template0"))
    assert (called.status, called.out) == (1, "")
    assert "Next step: run perf-pipeline migrate." in called.err
