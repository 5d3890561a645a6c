"""Why a day is built again, and in which runs."""

from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.orchestration.planning import MOST_RUNS, DayState, Plan, reason_to_build
from perf_pipeline.settings import Settings

DELIVERED = {"done-page": 3, "in-service": None}


def settled(**changes: object) -> DayState:
    """A day on which nothing is left to do, but for the changes."""
    values = {"current": DELIVERED, "built": DELIVERED, "has_passed": True, "is_released": True} | changes
    return DayState(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (settled(), None),
        (settled(is_released=False), None),
        (settled(built=None), "not built yet"),
        (settled(current={}, built=None), None),
        (settled(current={}, built={}, has_passed=None), None),
        (settled(current={"sirius": None}, built=None), "not built yet"),
        (settled(current={"sirius": None}, built={"sirius": None}, has_passed=None), None),
        (settled(current={"sirius": None}, built={}), "changed by sirius since it was built"),
        (settled(current={}, built={"sirius": None}), "changed by sirius since it was built"),
        (settled(current={"done-page": 4, "in-service": None}), "changed by done-page since it was built"),
        (
            settled(current={"done-page": 4, "in-service": 1}, has_passed=False),
            "changed by done-page and in-service since it was built",
        ),
        (settled(has_passed=None), "nothing has checked it since it was built"),
        (settled(has_passed=False), None),
        (settled(has_passed=False, has_crashed=True), "one of its checks could not run"),
        (
            settled(has_passed=False, is_same_code=False),
            "a check failed on it, and the code or the catalogue has changed since",
        ),
        (settled(is_same_code=False), None),
        (settled(has_other_method=True), "its method has changed"),
        (settled(is_final_now=True), "its figures become final"),
    ],
)
def test_a_day_is_built_again_when_what_it_rests_on_has_changed(state: DayState, reason: str | None) -> None:
    assert reason_to_build(state) == reason


def days_of_may(*days: int) -> list[date]:
    return [date(2026, 5, day) for day in days]


def runs(reasons: Iterable[int] = (), unreleased: Iterable[int] = ()) -> list[str]:
    planned = Plan(dict.fromkeys(days_of_may(*reasons), "a reason"), frozenset(days_of_may(*unreleased)))
    return [f"{run.first.day}-{run.last.day}" for run in planned.runs]


@pytest.mark.parametrize(
    ("reasons", "unreleased", "expected"),
    [
        ([], [], []),
        ([4, 5, 6], [], ["4-6"]),
        ([4, 9, 10], [], ["4-4", "9-10"]),
        # Days that wait for a release alone are published by the last run, whichever days it builds.
        ([4], [20, 21], ["4-4"]),
        ([], [1, 20, 21], ["20-21"]),
        # Joined over the shortest gaps.
        ([1, 3, 8, 9, 14, 31], [], ["1-3", "8-9", "14-14", "31-31"]),
    ],
)
def test_a_run_takes_the_days_that_follow_each_other(
    reasons: list[int], unreleased: list[int], expected: list[str]
) -> None:
    assert runs(reasons, unreleased) == expected


@given(st.sets(st.dates(date(2025, 1, 1), date(2026, 12, 31)), max_size=60))
def test_few_runs_hold_every_planned_day_once(days: set[date]) -> None:
    planned = Plan(dict.fromkeys(days, "a reason")).runs
    assert len(planned) <= MOST_RUNS
    assert days <= {day for run in planned for day in run}
    assert sum(map(len, planned)) == len({day for run in planned for day in run})
    assert [run.first for run in planned] == sorted(run.first for run in planned)
    assert all(isinstance(run, DayRange) and {run.first, run.last} <= days for run in planned)


@pytest.mark.parametrize(
    ("variables", "sources"),
    [
        ({"database_url": "postgresql://host/perf"}, set()),
        ({"database_url": "postgresql://host/perf", "sirius_url": "https://sirius.example"}, {"sirius"}),
        ({"database_url": "postgresql://host/perf", "feedback_exports_dir": "exports"}, {"done-page"}),
        (
            {"database_url": "postgresql://host/perf", "lpa_database_url": "postgresql://host/db"},
            {"in-service", "applications"},
        ),
        # With nothing set, the stand-ins replace them all.
        ({}, set(SOURCES)),
    ],
)
@pytest.mark.usefixtures("no_variables")
def test_a_source_counts_as_set_once_a_variable_names_its_address(variables: dict[str, str], sources: set[str]) -> None:
    services = load_services()
    found = Settings.model_validate(variables).addresses(services)
    assert set(found) == {(service.slug, source) for service, source in services.pairs if source in sources}
