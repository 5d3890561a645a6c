"""What `perf-pipeline backfill` shows of the figures that it changed: the headline before and now."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from perf_pipeline.catalogue.services import load_services
from perf_pipeline.published.changes import Change, changes_of
from perf_pipeline.published.summary import change_lines, published_months
from perf_pipeline.warehouse.engine import connected

PutFigure = Callable[..., None]
EARLIER, NOW = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def changes(put_figure: PutFigure, emptied_warehouse: Engine) -> list[Change]:
    """One headline changed, one only in its counts, one is new, one is of another run; a part and a day changed too."""
    old = {"superseded_at": NOW}
    new = {"published_at": NOW, "run_id": "the backfill"}
    satisfaction, take_up = "published_user_satisfaction", "published_digital_take_up"
    put_figure(satisfaction, **old)
    put_figure(satisfaction, **new, headline_percent=90, markers="[r]")
    put_figure(satisfaction, period_start=MARCH, published_at=EARLIER, run_id="an earlier run")
    put_figure("published_completion_rate", **old)
    put_figure("published_completion_rate", **new, started_count=13)
    put_figure(take_up, **new)
    for part in (old, new):
        put_figure(take_up, lpa_type="health-and-welfare", period_start=MARCH, **part)
        put_figure(take_up, period="day", **part)
    with connected(emptied_warehouse) as connection:
        return changes_of(connection, ["the backfill", "its reading"])


def test_each_monthly_headline_that_changed_is_a_line_and_the_others_are_counted(changes: list[Change]) -> None:
    lines = change_lines(changes)
    assert lines[0].split() == ["month", "service", "indicator", "before", "now"]
    assert [line.split("  ")[0] for line in lines[1:3]] == ["2026-04", "2026-04"]
    assert lines[1].endswith("completion rate               58.33 %  58.33 %, its other columns changed")
    assert lines[2].endswith("user satisfaction, done-page  89 %     90 % [r]")
    assert lines[3:] == ["4 monthly and 1 daily figures have a new version, 1 of them the first one."]


def test_where_nothing_changed_that_is_said(emptied_warehouse: Engine) -> None:
    with connected(emptied_warehouse) as connection:
        assert change_lines(changes_of(connection, ["the backfill"])) == ["No published figure has changed."]


@pytest.mark.usefixtures("changes")
def test_the_table_of_months_is_of_the_months_that_are_asked_for(emptied_warehouse: Engine) -> None:
    assert [row[0] for row in published_months(emptied_warehouse, load_services())] == ["2026-03", "2026-04"]
    assert [row[0] for row in published_months(emptied_warehouse, load_services(), {APRIL})] == ["2026-04"]
