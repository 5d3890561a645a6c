"""Breaking checks in the good months, and the verdicts after that."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, Row, text

from perf_pipeline.catalogue.checks import RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.quality.judging import judge
from perf_pipeline.systems import Systems
from perf_pipeline_tests.integration.quality.good_months import FILLED, SPOILED

WEEK = DayRange(date(2025, 8, 25), date(2025, 8, 31))
THURSDAY, SUNDAY = date(2025, 8, 28), date(2025, 8, 31)

Place = tuple[str, date]
"""A service, and a day or the first day of a month."""


@dataclass(frozen=True)
class Spoiling:
    """How to break one check, and what its verdict then says.

    Statements may name the dataset's `{table}`, its rows `{here}` of the place or of the `{week}` up to its day, and those
    of `{that_day}` in a daily table; the rows of a ledger are `{there}`.
    """

    statements: tuple[str, ...]
    observed: str
    expected: str
    also: frozenset[str]
    """Checks that can't but fail with it."""


def spoiling(*statements: str, observed: str, expected: str, also: Collection[str] = ()) -> Spoiling:
    """A spoiling by statements."""
    return Spoiling(statements, observed, expected, frozenset(also))


def changed(values: str, only: str = "true", *, observed: str, expected: str, also: Collection[str] = ()) -> Spoiling:
    """A spoiling that changes values of a place's rows, all of them or some."""
    return spoiling(
        f"UPDATE {{table}} SET {values} WHERE {{here}} AND {only}", observed=observed, expected=expected, also=also
    )


def run(warehouse: Engine, dataset: str, *statements: str, place: Place = (SPOILED, THURSDAY)) -> None:
    """Run statements as a spoiling does."""
    day = DATASETS[dataset].day_column
    with warehouse.begin() as connection:
        for statement in statements:
            filled = statement.format(
                table=f"perf.{dataset}",
                here=f"service = :service AND {day} = :day",
                week=f"service = :service AND {day} BETWEEN :day - 6 AND :day",
                that_day="service = :service AND report_date = :day",
                there="subject = :service AND period_start = :day",
            )
            connection.execute(text(filled), {"service": place[0], "day": place[1]})


def judged(systems: Systems, dataset: str, days: DayRange | None = None) -> list[Row[Any]]:
    """The verdicts after judging the days: the week, or both months."""
    asked = days or (FILLED if DATASETS[dataset].is_monthly else WEEK)
    judge(systems, dataset, asked, "a run")
    with systems.warehouse.connect() as connection:
        statement = text(
            "SELECT * FROM perf.verdicts WHERE dataset = :dataset AND period_start BETWEEN :first AND :last"
            " ORDER BY subject, period_start, check_name"
        )
        return list(connection.execute(statement, {"dataset": dataset, "first": asked.first, "last": asked.last}))


def not_passed(verdicts: Collection[Row[Any]]) -> dict[tuple[str, date, str], str]:
    """By service, day and check: the results other than passed."""
    return {(row.subject, row.period_start, row.check_name): row.result for row in verdicts if row.result != "passed"}


def finding(verdicts: Collection[Row[Any]], check: str, place: Place = (SPOILED, THURSDAY)) -> tuple[str, str]:
    """What a check observed and expected at a place."""
    (row,) = (row for row in verdicts if (row.subject, row.period_start, row.check_name) == (*place, check))
    return row.observed, row.expected


def assert_each_fails_alone(
    systems: Systems, dataset: str, cases: Mapping[str, Spoiling], places: Iterable[Place]
) -> None:
    """Break each check at a place of its own, judge once: every check fails at its place, and no other does."""
    spoiled = dict(zip(cases, places, strict=False))
    assert len(spoiled) == len(cases)
    for check, case in cases.items():
        run(systems.warehouse, dataset, *case.statements, place=spoiled[check])
    verdicts = judged(systems, dataset)
    assert not_passed(verdicts) == {
        (*spoiled[check], name): "failed" for check, case in cases.items() for name in (check, *case.also)
    }
    severities = {row.check_name: row.severity for row in verdicts}
    assert severities == {name: rule.severity.value for name, rule in RULES[dataset].items()}
    for check, case in cases.items():
        assert finding(verdicts, check, spoiled[check]) == (case.observed, case.expected)
