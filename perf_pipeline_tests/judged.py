"""The verdicts on the good months, once one row of them has been spoiled."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, text

from perf_pipeline.catalogue.checks import RULES, Kind
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.quality.judging import judge
from perf_pipeline.systems import Systems
from perf_pipeline_tests.good_months import FILLED, OTHER, SPOILED

WEEK = DayRange(date(2026, 5, 25), date(2026, 5, 31))
THURSDAY, SUNDAY = date(2026, 5, 28), date(2026, 5, 31)


@dataclass(frozen=True)
class Spoiling:
    """How to break one check for SPOILED on one day, and what the verdict then says."""

    statements: tuple[str, ...]
    """With `:service` and `:day`; `{here}` picks the rows of both."""
    observed: str
    expected: str
    day: date = THURSDAY
    also: frozenset[str] = frozenset()
    """Checks that can't but fail with it."""


def spoiling(
    *statements: str, observed: str = "", expected: str = "", day: date = THURSDAY, also: str = ""
) -> Spoiling:
    """A spoiling in short: `also` holds names between spaces; without `observed` the verdict's words do not matter."""
    return Spoiling(statements, observed, expected, day, frozenset(also.split()))


def cases_of(*kinds: Kind, months: bool) -> set[tuple[str, str]]:
    """Every check of the kinds, on datasets by month or on the others."""
    return {
        (dataset, check)
        for dataset, rules in RULES.items()
        for check, rule in rules.items()
        if rule.kind in kinds and (DATASETS[dataset].is_monthly) == months
    }


def spoil(warehouse: Engine, case: Spoiling, service: str = SPOILED) -> None:
    """Break what the case breaks."""
    with warehouse.begin() as connection:
        for statement in case.statements:
            filled = statement.format(here="service = :service AND report_date = :day")
            connection.execute(text(filled), {"service": service, "day": case.day})


def days_judged(dataset: str) -> DayRange:
    """The days that the tests judge of a dataset."""
    return FILLED if DATASETS[dataset].is_monthly else WEEK


def judged(systems: Systems, dataset: str, days: DayRange | None = None) -> list[Row[Any]]:
    """The verdicts after judging the days."""
    asked = days or days_judged(dataset)
    judge(systems, dataset, asked, "a run")
    with systems.warehouse.connect() as connection:
        statement = text(
            "SELECT subject AS service, period_start AS report_date, check_name, severity, result, observed, expected"
            " FROM perf.verdicts WHERE dataset = :dataset AND period_start BETWEEN :first AND :last ORDER BY 1, 2, 3"
        )
        bounds = {"dataset": dataset, "first": asked.first, "last": asked.last}
        return list(connection.execute(statement, bounds))


def not_passed(verdicts: Collection[Row[Any]]) -> dict[tuple[str, date, str], str]:
    """By service, day and check: how those ended that did not pass."""
    return {
        (verdict.service, verdict.report_date, verdict.check_name): verdict.result
        for verdict in verdicts
        if verdict.result != "passed"
    }


def failing(check: str, case: Spoiling) -> dict[tuple[str, date, str], str]:
    """What `not_passed` gives when a case fails its check, on its day and for its service, and nothing else."""
    return {(SPOILED, case.day, name): "failed" for name in (check, *case.also)}


def told(verdicts: Collection[Row[Any]], check: str) -> tuple[str, str, str]:
    """What the one verdict says by which the check failed: severity, observed, expected."""
    (verdict,) = (row for row in verdicts if (row.check_name, row.result) == (check, "failed"))
    return verdict.severity, verdict.observed, verdict.expected


def with_services(systems: Systems, folder: Path, tolerating: Mapping[str, str]) -> Systems:
    """The systems under a services file in which services have own thresholds: by service, lines of TOML."""
    entry = """
[{0}]
title = {{ en = "A service", cy = "Gwasanaeth" }}
feed = "{0}"
sources = {{ sirius = {{}} }}
indicators = {{ digital-take-up = "public" }}
thresholds = {{ {1} }}
"""
    file = folder / "services.toml"
    file.write_text("".join(entry.format(service, tolerating.get(service, "")) for service in (SPOILED, OTHER)))
    return replace(systems, services=load_services(file))
