"""What a nightly run builds, and why."""

import os
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import load_services
from perf_pipeline.catalogue.windows import TRAILING_DAYS
from perf_pipeline.orchestration.planning import (
    KnownDay,
    available_sources,
    plan,
    sources_of,
)
from perf_pipeline.settings import Settings

DONE_PAGE, SIRIUS = ("make-a-lpa", "done-page"), ("make-a-lpa", "sirius")
SOURCES = frozenset({DONE_PAGE, SIRIUS})
DAYS = DayRange(date(2026, 5, 1), date(2026, 5, 31))
OLD = date(2026, 5, 10)


def built(**changes: object) -> KnownDay:
    return KnownDay(**({"sources_asked": SOURCES} | changes))  # type: ignore[arg-type]


def reason_for(known: KnownDay | None, available: frozenset[tuple[str, str]] = SOURCES) -> str | None:
    everything = dict.fromkeys(DAYS, built()) | ({OLD: known} if known else {})
    if known is None:
        del everything[OLD]
    return plan(everything, SOURCES, DAYS, available).get(OLD)


def test_a_day_that_is_built_and_final_is_left_alone() -> None:
    assert reason_for(built()) is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, "not built yet"),
        (built(sources_asked=frozenset({DONE_PAGE})), "not built yet"),
        (built(sources_unset=frozenset({SIRIUS})), "a source is set that was not when it was built"),
        (built(is_unreleased=True), "its last run ended before its figures were published"),
        (built(has_failure=True), "a source could not be read"),
        (built(is_waiting=True), "a source had not delivered it"),
        (built(has_failed_check=True), "a check failed on it"),
        (built(is_unchecked=True), "nothing has checked it since it was built"),
        (built(is_provisional=True), "its figures are provisional"),
    ],
)
def test_a_day_is_built_again_for_a_reason(known: KnownDay | None, reason: str) -> None:
    assert reason_for(known) == reason


def test_days_whose_types_settle_are_built_again() -> None:
    days = DayRange(date(2026, 1, 1), date(2026, 6, 30))
    planned = plan(dict.fromkeys(days, built()), SOURCES, days)
    settling = [day for day, reason in planned.items() if reason == "the types of its applications settle"]
    assert settling == [date(2026, 4, 1), date(2026, 4, 2)]


def test_a_source_that_is_still_unset_is_no_reason() -> None:
    assert reason_for(built(sources_unset=frozenset({SIRIUS})), available=frozenset({DONE_PAGE})) is None


def test_a_source_that_the_services_file_names_anew_is_asked_for_every_day() -> None:
    known = dict.fromkeys(DAYS, built())
    assert set(plan(known, SOURCES | {("use-an-lpa", "done-page")}, DAYS)) == set(DAYS)


def test_a_source_that_left_the_services_file_is_no_reason() -> None:
    assert plan({OLD: built()}, frozenset({DONE_PAGE}), DayRange(OLD, DAYS.last)).get(OLD) is None


def test_the_last_days_are_always_built_again() -> None:
    planned = plan(dict.fromkeys(DAYS, built()), SOURCES, DAYS)
    assert list(planned) == list(DAYS)[-TRAILING_DAYS:]
    assert set(planned.values()) == {"its sources may still add to it"}


def test_a_warehouse_that_knows_nothing_builds_everything() -> None:
    assert plan({}, SOURCES, DAYS) == dict.fromkeys(DAYS, "not built yet")


@given(
    st.dictionaries(
        st.dates(DAYS.first - timedelta(days=9), DAYS.last + timedelta(days=9)),
        st.builds(
            KnownDay,
            sources_asked=st.sampled_from([SOURCES, frozenset({DONE_PAGE})]),
            has_failure=st.booleans(),
            is_waiting=st.booleans(),
            is_provisional=st.booleans(),
            is_unreleased=st.booleans(),
        ),
    )
)
def test_no_day_is_forgotten_and_none_is_planned_that_was_not_asked_for(known: dict[date, KnownDay]) -> None:
    planned = plan(known, SOURCES, DAYS, SOURCES)
    assert list(planned) == sorted(planned)
    assert all(day in DAYS for day in planned)
    assert all(known[day] == built() for day in DAYS if day not in planned)


def test_every_pair_of_service_and_source_is_asked_for() -> None:
    assert sources_of(load_services()) == {
        ("make-a-lpa", "done-page"),
        ("make-a-lpa", "in-service"),
        ("make-a-lpa", "applications"),
        ("make-a-lpa", "sirius"),
        ("use-an-lpa", "done-page"),
    }


@pytest.mark.parametrize(
    ("variables", "available"),
    [
        ({}, set()),
        ({"sirius_url": "https://sirius.example"}, {("make-a-lpa", "sirius")}),
        (
            {"feedback_exports_dir": "exports"},
            {("make-a-lpa", "done-page"), ("use-an-lpa", "done-page")},
        ),
        (
            {"lpa_database_url": "postgresql://host/db"},
            {("make-a-lpa", "in-service"), ("make-a-lpa", "applications")},
        ),
    ],
)
def test_a_source_is_available_once_its_address_is_set(
    variables: dict[str, str], available: set[tuple[str, str]]
) -> None:
    settings = Settings.model_validate({"database_url": "postgresql://host/perf", **variables})
    assert available_sources(load_services(), settings) == available


def test_in_the_embedded_default_every_source_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PERF_")]:
        monkeypatch.delenv(name)
    assert available_sources(load_services(), Settings.model_validate({})) == sources_of(load_services())
