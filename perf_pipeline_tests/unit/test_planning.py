"""What a nightly run builds, and why."""

import os
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import ONE_DAY, DayRange
from perf_pipeline.catalogue.services import load_services
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
TODAY = DAYS.last + ONE_DAY
OLD = date(2026, 5, 10)


def built(**changes: object) -> KnownDay:
    return KnownDay(**({"sources_asked": SOURCES} | changes))  # type: ignore[arg-type]


def reason_for(
    known: KnownDay | None, available: frozenset[tuple[str, str]] = SOURCES, changed_by: tuple[str, ...] = ()
) -> str | None:
    everything = dict.fromkeys(DAYS, built()) | ({OLD: known} if known else {})
    if known is None:
        del everything[OLD]
    return plan(everything, SOURCES, DAYS, available, {OLD: frozenset(changed_by)}).get(OLD)


def test_days_that_are_built_and_that_nothing_has_changed_are_left_alone() -> None:
    assert plan(dict.fromkeys(DAYS, built()), SOURCES, DAYS, SOURCES) == {}


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
        (built(has_other_method=True), "its method has changed"),
        (built(finished_from=TODAY), "its figures become final"),
    ],
)
def test_a_day_is_built_again_for_a_reason(known: KnownDay | None, reason: str) -> None:
    assert reason_for(known) == reason


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        (("sirius",), "changed by sirius since it was built"),
        (("sirius", "done-page"), "changed by done-page and sirius since it was built"),
        ((), None),
    ],
)
def test_a_day_that_a_source_has_changed_is_built_again_and_the_source_is_named(
    sources: tuple[str, ...], reason: str | None
) -> None:
    assert reason_for(built(), changed_by=sources) == reason


def test_what_is_wrong_with_a_day_is_told_before_what_has_changed_it() -> None:
    assert reason_for(built(has_failed_check=True), changed_by=("sirius",)) == "a check failed on it"


def test_a_provisional_day_is_left_alone_until_building_it_again_makes_it_final() -> None:
    assert reason_for(built(finished_from=TODAY + ONE_DAY)) is None


def test_a_source_that_is_still_unset_is_no_reason() -> None:
    assert reason_for(built(sources_unset=frozenset({SIRIUS})), available=frozenset({DONE_PAGE})) is None


def test_a_source_that_the_services_file_names_anew_is_asked_for_every_day() -> None:
    known = dict.fromkeys(DAYS, built())
    assert set(plan(known, SOURCES | {("use-an-lpa", "done-page")}, DAYS)) == set(DAYS)


def test_a_source_that_left_the_services_file_is_no_reason() -> None:
    assert plan({OLD: built()}, frozenset({DONE_PAGE}), DayRange(OLD, DAYS.last)).get(OLD) is None


def test_a_warehouse_that_knows_nothing_builds_everything() -> None:
    assert plan({}, SOURCES, DAYS) == dict.fromkeys(DAYS, "not built yet")


known_days = st.builds(
    KnownDay,
    sources_asked=st.sampled_from([SOURCES, frozenset({DONE_PAGE}), SOURCES | {("gone", "sirius")}]),
    has_failure=st.booleans(),
    is_waiting=st.booleans(),
    is_unreleased=st.booleans(),
    has_failed_check=st.booleans(),
    is_unchecked=st.booleans(),
    has_other_method=st.booleans(),
    finished_from=st.none() | st.dates(DAYS.first, DAYS.last + timedelta(days=400)),
    sources_unset=st.sampled_from([frozenset(), frozenset({SIRIUS})]),
)
some_days = st.dates(DAYS.first - timedelta(days=9), DAYS.last + timedelta(days=9))
sources_named = st.frozensets(st.sampled_from(["done-page", "in-service", "applications", "sirius"]))
knowledge = st.dictionaries(some_days, known_days | st.just(built()))
changes = st.dictionaries(some_days, sources_named)
addresses = st.sampled_from([SOURCES, frozenset({DONE_PAGE})])


@given(knowledge, changes, addresses)
def test_no_day_is_forgotten_and_none_is_planned_that_was_not_asked_for(
    known: dict[date, KnownDay], changed: dict[date, frozenset[str]], available: frozenset[tuple[str, str]]
) -> None:
    planned = plan(known, SOURCES, DAYS, available, changed)
    assert list(planned) == sorted(planned)
    assert all(day in DAYS for day in planned)
    for day in DAYS:
        untouched = day in known and not changed.get(day) and plan({day: known[day]}, SOURCES, DAYS, available)
        assert (day in planned) == (day not in known or bool(changed.get(day)) or day in (untouched or {}))


@given(knowledge, changes, addresses)
def test_once_its_days_are_built_and_the_sources_say_nothing_else_a_plan_is_empty(
    known: dict[date, KnownDay], changed: dict[date, frozenset[str]], available: frozenset[tuple[str, str]]
) -> None:
    done = dict.fromkeys(plan(known, SOURCES, DAYS, available, changed), built())
    assert plan(known | done, SOURCES, DAYS, available) == {}


@given(knowledge, changes, some_days)
def test_a_day_is_planned_for_what_is_known_of_it_alone(
    known: dict[date, KnownDay], changed: dict[date, frozenset[str]], other: date
) -> None:
    before = plan(known, SOURCES, DAYS, SOURCES, changed)
    after = plan(known | {other: built()}, SOURCES, DAYS, SOURCES, changed | {other: frozenset()})
    assert {day: reason for day, reason in before.items() if day != other} == after


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
