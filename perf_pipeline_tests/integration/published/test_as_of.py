"""What was published can be asked for as it stood at any instant, and quickly."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, event, text

from perf_pipeline.catalogue.columns import RATING_COUNTS
from perf_pipeline.catalogue.datasets import COHORT_FIGURES, DATASETS, FIGURES, PERIODS
from perf_pipeline.catalogue.indicators import INDICATORS, IndicatorName
from perf_pipeline.catalogue.reporting_days import LONDON, DayRange
from perf_pipeline.published.as_of import figures_as_of
from perf_pipeline.published.files import file_columns, write_dataset_files
from perf_pipeline.published.publishing import publish_figures
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import TABLES

PutFigure = Callable[..., None]
Key = tuple[date, str]
Figure = dict[str, Any]
BEGIN = datetime(2026, 1, 20, 3, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
REPLAYED: tuple[IndicatorName, ...] = ("user-satisfaction", "completion-rate")
KEYS: tuple[Key, ...] = ((date(2026, 1, 1), "day"), (date(2026, 1, 2), "day"), (date(2026, 1, 1), "month"))


class BrokenOffError(Exception):
    """What ends a run in the middle of publishing."""


@dataclass(frozen=True)
class Step:
    """One attempt to publish: when, what of which indicator, under which method, and whether the run breaks off."""

    after: timedelta
    indicator: IndicatorName
    method: str
    numbers: Mapping[Key, tuple[int | None, int, str]]
    breaks_off: bool

    def figures(self) -> dict[Key, Figure]:
        """The figures; a number of None means that there is none."""
        make = rating if self.indicator == "user-satisfaction" else completion
        return {
            key: dict.fromkeys(FIGURES[self.indicator]) | {"markers": "[x]"}
            if number is None
            else make(number, grown, self.method) | {"markers": markers}
            for key, (number, grown, markers) in self.numbers.items()
        }


def rating(number: int, _grown: int, method: str) -> Figure:
    """The headline depends on the method alone: another method is seen whatever the counts."""
    headline = (75 if method == "weighted_mean" else 60) if number else None
    percents = {"satisfied_percent": None, "satisfaction_score_percent": None, "headline_percent": headline}
    return dict.fromkeys(RATING_COUNTS, number) | {"responses_count": 5 * number, "headline_method": method} | percents


def completion(number: int, grown: int, _method: str) -> Figure:
    return dict.fromkeys(FIGURES["completion-rate"], number) | dict.fromkeys(COHORT_FIGURES, grown)


numbers = st.tuples(st.none() | st.integers(0, 2), st.integers(0, 3), st.sampled_from(["", "[p]", "[e][p]", "[b]"]))
gaps = st.sampled_from([-3600, 0, 1, 3600, 86_400, 20 * 86_400]).map(lambda seconds: timedelta(seconds=seconds))
steps = st.builds(
    Step,
    gaps,
    st.sampled_from(REPLAYED),
    st.sampled_from(["weighted_mean", "top_two_box"]),
    st.dictionaries(st.sampled_from(KEYS), numbers, max_size=len(KEYS)),
    st.sampled_from([False, False, False, True]),
)


@dataclass
class Replay:
    """What stands, in the plainest way: every figure with its markers, copied whole at each instant."""

    indicator: IndicatorName
    figures: dict[Key, Figure] = field(default_factory=dict)
    revised_at: dict[Key, datetime] = field(default_factory=dict)
    final: set[Key] = field(default_factory=set)
    copies: list[tuple[datetime, dict[Key, Figure]]] = field(default_factory=list)

    def publish(self, figures: dict[Key, Figure], now: datetime) -> None:
        """Take the figures over, at `now` or just after whatever stood last."""
        instant = max(now, self.copies[-1][0] + MOMENT) if self.copies else now
        for key, figure in figures.items():
            if key in self.figures and self.is_revision(key, figure):
                self.revised_at[key] = instant
            if "p" not in figure["markers"] and "x" not in figure["markers"]:
                self.final.add(key)
        standing = {
            key: figure | {"markers": self.marked(key, figure["markers"].replace("[r]", ""), instant)}
            for key, figure in {**self.figures, **figures}.items()
        }
        if standing != self.figures:
            self.figures = standing
            self.copies.append((instant, standing))

    def is_revision(self, key: Key, figure: Figure) -> bool:
        """Whether a published value is now another one; that a cohort grows before it was final is no revision."""
        grows = COHORT_FIGURES if key not in self.final and figure["markers"] != "[x]" else ()
        changed = [name for name in FIGURES[self.indicator] if figure[name] != self.figures[key][name]]
        return any(self.figures[key][name] is not None for name in changed if name not in grows)

    def marked(self, key: Key, markers: str, now: datetime) -> str:
        """With [r] in its place in the alphabet, while the London month of the change lasts."""
        at = self.revised_at.get(key)
        if at is None or f"{at.astimezone(LONDON):%Y-%m}" != f"{now.astimezone(LONDON):%Y-%m}":
            return markers
        return "[r][x]" if markers == "[x]" else f"{markers}[r]"

    def at(self, instant: datetime) -> dict[Key, Figure]:
        """The copy that stood at an instant."""
        return next((copy for since, copy in reversed(self.copies) if since <= instant), {})


def publish(warehouse: Engine, step: Step, now: datetime) -> None:
    dataset = DATASETS[INDICATORS[step.indicator].published_dataset]
    assert dataset.dimension
    place = {"service": "make-a-lpa", dataset.dimension.column: "all", "origin": "computed"}
    rows = [place | {"period_start": key[0], "period": key[1]} | row for key, row in step.figures().items()]
    columns = [*place, "period_start", "period", *FIGURES[step.indicator], "markers"]
    with transaction(warehouse) as connection:
        publish_figures(connection, dataset, pd.DataFrame(rows, columns=columns, dtype=object), "a run", now)
        if step.breaks_off:
            raise BrokenOffError


def standing(connection: Connection, indicator: IndicatorName, instant: datetime | None) -> dict[Key, Figure]:
    columns = ("period_start", "period", *FIGURES[indicator], "markers")
    return {
        (row.period_start, row.period): {name: row._mapping[name] for name in columns[2:]}
        for period in PERIODS.values()
        for row in figures_as_of(connection, indicator, "make-a-lpa", period, instant, columns=columns)
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attempts=st.lists(steps, min_size=1, max_size=14), asked=st.lists(st.integers(0, 10**7), max_size=5))
def test_what_stood_at_any_instant_is_what_a_replay_of_all_loads_says(
    emptied_warehouse: Engine, attempts: list[Step], asked: list[int]
) -> None:
    with transaction(emptied_warehouse) as connection:
        for table in ("revision_log", *(INDICATORS[indicator].published_dataset for indicator in REPLAYED)):
            connection.execute(delete(TABLES[table]))
    replays = {indicator: Replay(indicator) for indicator in REPLAYED}
    now = BEGIN
    for step in attempts:
        now += step.after
        with suppress(BrokenOffError):
            publish(emptied_warehouse, step, now)
        if not step.breaks_off:
            replays[step.indicator].publish(step.figures(), now)
    with transaction(emptied_warehouse) as connection:
        for indicator, replay in replays.items():
            edges = [since + shift for since, _ in replay.copies for shift in (-MOMENT, timedelta(), MOMENT)]
            between = [BEGIN + timedelta(seconds=seconds) for seconds in asked]
            for instant in (*edges, *between, BEGIN - timedelta(days=1), now + timedelta(days=1)):
                assert standing(connection, indicator, instant) == replay.at(instant)
            assert standing(connection, indicator, None) == replay.figures


def test_as_of_now_is_what_the_files_hold(emptied_warehouse: Engine, put_figure: PutFigure, tmp_path: Path) -> None:
    put_figure("published_digital_take_up", total_count=999, superseded_at=BEGIN)
    put_figure("published_digital_take_up", published_at=BEGIN, markers="[r]")
    put_figure("published_digital_take_up", published_at=BEGIN, period="day")
    with transaction(emptied_warehouse) as connection:
        list(write_dataset_files(connection, tmp_path, "make-a-lpa", "digital-take-up"))
        for name, period in PERIODS.items():
            columns = file_columns(DATASETS["published_digital_take_up"], period)
            now = datetime.now(UTC)
            rows = figures_as_of(connection, "digital-take-up", "make-a-lpa", period, now, columns=columns)
            told = [["" if value is None else str(value) for value in row] for row in rows]
            content = (tmp_path / "make-a-lpa" / f"digital-take-up-{name}.csv").read_text(encoding="utf-8")
            assert list(csv.reader(io.StringIO(content))) == [columns, *told]
            assert len(told) == 1


TEN_YEARS = """
INSERT INTO perf.published_digital_take_up
    (service, period_start, period, lpa_type, total_count, origin, markers, published_at, superseded_at, run_id)
SELECT service, day::date, period, lpa_type, version, 'computed', '', day + version * interval '10 days',
    CASE WHEN version < 3 THEN day + (version + 1) * interval '10 days' END, 'a run'
FROM unnest(ARRAY['make-a-lpa', 'use-an-lpa']) AS service,
    unnest(ARRAY['all', 'health-and-welfare', 'property-and-financial']) AS lpa_type,
    unnest(ARRAY['day', 'month']) AS period,
    generate_series(0, 3) AS version,
    generate_series(timestamptz '2016-01-01', timestamptz '2025-12-31', interval '1 day') AS day
WHERE period = 'day' OR extract(day FROM day) = 1
"""


@contextmanager
def statements(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """What is executed meanwhile, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def see(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", see)


def nodes_of(plan: Mapping[str, Any]) -> Iterator[str]:
    yield plan["Node Type"]
    for part in plan.get("Plans", ()):
        yield from nodes_of(part)


@pytest.fixture(scope="module")
def ten_years(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A warehouse of two services with ten years of days in four versions each."""
    kept: Engine = request.getfixturevalue("_kept_warehouse")
    with transaction(kept) as connection:
        connection.execute(text(TEN_YEARS))
        connection.execute(text("ANALYZE perf.published_digital_take_up"))
    yield kept
    with transaction(kept) as connection:
        connection.execute(delete(TABLES["published_digital_take_up"]))


@pytest.mark.parametrize("instant", [None, datetime(2024, 2, 5, tzinfo=UTC)])
@pytest.mark.parametrize(
    ("period", "days"),
    [("day", DayRange(date(2023, 3, 1), date(2024, 2, 29))), ("month", DayRange(date(2016, 1, 1), date(2025, 12, 31)))],
)
def test_a_series_among_ten_years_of_versions_is_found_by_an_index(
    ten_years: Engine, period: str, days: DayRange, instant: datetime | None
) -> None:
    with transaction(ten_years) as connection:
        with statements(connection) as seen:
            rows = figures_as_of(connection, "digital-take-up", "make-a-lpa", period, instant, starting_in=days)
        ((statement, parameters),) = seen
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    nodes = list(nodes_of(plan[0]["Plan"]))
    assert "Seq Scan" not in nodes
    assert any("Index" in node for node in nodes)
    assert len(rows) > 290
