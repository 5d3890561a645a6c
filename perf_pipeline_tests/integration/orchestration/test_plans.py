"""What is planned of a real warehouse, and that a plan is empty once its days are built, whatever the state was."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perf_pipeline.catalogue.reporting_days import DayRange
from perf_pipeline.catalogue.services import Service, Services, load_services
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.windows import SIRIUS_REVISION_DAYS
from perf_pipeline.orchestration.planning import plan
from perf_pipeline.warehouse.engine import transaction
from perf_pipeline.warehouse.tables import METADATA
from perf_pipeline_tests.ledgers import DAYS, Ledgers

DAY, MONTH = date(2026, 6, 3), date(2026, 6, 1)
ON_THE_DAY = f"dataset LIKE 'daily%' AND period_start = '{DAY}'"
ON_THE_MONTH = f"dataset LIKE 'monthly%' AND period_start = '{MONTH}'"


def crashed(dataset: str, period: date, severity: str = "blocking") -> str:
    return (
        "INSERT INTO perf.verdicts (dataset, subject, period_start, check_name, severity, result, run_id, decided_at)"
        f" VALUES ('{dataset}', 'make-a-lpa', '{period}', 'a_check', '{severity}', 'crashed', 'a run', now())"
    )


def mark(values: str, where: str) -> str:
    return f"UPDATE perf.built_periods SET {values} WHERE {where}"


AGAIN = "its month has to be summed and checked again"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([mark("has_passed = NULL", ON_THE_DAY)], {DAY: "nothing has checked it since it was built"}),
        ([mark("has_passed = false", ON_THE_DAY)], {}),
        ([mark("code_version = 'of old'", ON_THE_DAY)], {}),
        (
            [mark("has_passed = false, code_version = 'of old'", ON_THE_DAY)],
            {DAY: "a check failed on it, and the code or the catalogue has changed since"},
        ),
        (
            [mark("has_passed = false", ON_THE_DAY), crashed("daily_digital_take_up", DAY)],
            {DAY: "one of its checks could not run"},
        ),
        (
            [mark("has_passed = false", ON_THE_DAY), crashed("extracted_channel_counts", DAY)],
            {DAY: "one of its checks could not run"},
        ),
        ([crashed("daily_digital_take_up", DAY, "warning")], {}),
        ([mark("has_passed = NULL", ON_THE_MONTH)], {MONTH: AGAIN}),
        ([mark("has_passed = false", ON_THE_MONTH)], {}),
        ([mark("has_passed = false, code_version = 'of old'", ON_THE_MONTH)], {MONTH: AGAIN}),
        (
            [mark("has_passed = false", ON_THE_MONTH), crashed("monthly_completion_rate", MONTH)],
            {MONTH: AGAIN},
        ),
        # The month began before the first reporting day.
        ([mark("has_passed = NULL", "period_start = '2026-05-01'")], {DAYS.first: AGAIN}),
        # It ended before.
        ([mark("has_passed = NULL", "dataset = 'monthly_completion_rate' AND period_start = '2026-04-01'")], {}),
    ],
)
def test_what_a_run_left_undone_is_planned_and_what_failed_is_not(
    settled: Ledgers, statements: list[str], expected: dict[date, str]
) -> None:
    settled.execute(*statements)
    assert settled.planned() == expected
    settled.settle()


def test_days_whose_headline_was_made_by_another_method_are_planned(settled: Ledgers) -> None:
    settled.insert(
        "daily_user_satisfaction", {"report_date": DAY, "source": "done-page", "headline_method": "weighted_mean"}
    )
    assert settled.planned() == {DAY: "its method has changed"}
    settled.settle()


def test_take_up_that_is_never_called_final_is_planned_once_its_window_has_closed(settled: Ledgers) -> None:
    settled.insert("daily_digital_take_up", {"report_date": DAY, "lpa_type": "all", "is_provisional": True})
    closing = DAY + timedelta(days=SIRIUS_REVISION_DAYS)
    assert settled.planned(closing - timedelta(days=1)) == {}
    assert settled.planned(closing) == {DAY: "its figures become final"}


def test_what_is_only_unreleased_takes_one_run_that_publishes_it(settled: Ledgers) -> None:
    settled.execute(
        mark("released_at = NULL", ON_THE_DAY), mark("released_at = NULL", f"period_start = '{DAYS.first}'")
    )
    planned = plan(settled.systems, DAYS)
    assert (planned.reasons, planned.runs) == ({}, [DayRange(DAY, DAY)])
    settled.settle()


def test_the_days_that_a_source_has_changed_are_planned_and_no_others(settled: Ledgers) -> None:
    settled.deliver("make-a-lpa", "sirius", [DAY, DAYS.last])
    settled.deliver("use-an-lpa", "done-page", [DAY])
    assert settled.planned() == {
        DAY: "changed by done-page since it was built",
        DAYS.last: "changed by sirius since it was built",
    }
    settled.settle()


def test_what_a_service_tolerates_is_part_of_what_a_failed_day_rests_on(settled: Ledgers) -> None:
    settled.execute(mark("has_passed = false", ON_THE_DAY))
    services = [service.model_copy(update={"thresholds": {"level_factor": 99.0}}) for service in load_services()]
    settled.configure(services=Services(tuple(services)))
    assert list(settled.planned()) == [DAY]
    settled.settle()


def test_a_day_that_waits_for_a_source_is_planned_once_that_has_delivered_it(ledgers: Ledgers) -> None:
    ledgers.deliver("make-a-lpa", "in-service", DAYS)
    assert set(ledgers.planned()) == set(DAYS)
    ledgers.settle()
    ledgers.deliver("make-a-lpa", "done-page", [DAY])
    assert ledgers.planned() == {DAY: "changed by done-page since it was built"}


def test_days_of_which_nothing_came_are_not_planned(ledgers: Ledgers) -> None:
    assert ledgers.planned() == {}
    ledgers.deliver("make-a-lpa", "sirius", [DAYS.first, DAYS.last])
    ledgers.settle()
    # The range between them was built in one run.
    ledgers.build(DAYS)
    assert ledgers.planned() == {}


def test_a_source_that_is_set_or_unset_changes_the_days_that_it_has_not_delivered(settled: Ledgers) -> None:
    without_sirius = {key: at for key, at in settled.systems.addresses.items() if key[1] != "sirius"}
    settled.execute(f"DELETE FROM perf.source_deliveries WHERE source_name = 'sirius' AND period_start <> '{DAY}'")
    settled.execute("DELETE FROM perf.built_periods WHERE dataset LIKE '%take_up'")
    settled.settle()
    for addresses, reason in (
        (without_sirius, "not built yet"),
        (settled.systems.addresses, "changed by sirius since it was built"),
    ):
        settled.configure(addresses=addresses)
        assert settled.planned() == {day: reason for day in DAYS if day != DAY}
        settled.settle()


def with_first_days(services: Iterable[Service], first_days: dict[str, date]) -> Services:
    """The services with a first day of their own, by slug, or of one of their sources, by its name."""
    return Services(
        tuple(
            service.model_copy(
                update={
                    "first_day": first_days.get(service.slug),
                    "sources": {
                        name: entry.model_copy(update={"first_day": first_days.get(name)})
                        for name, entry in service.sources.items()
                    },
                }
            )
            for service in services
        )
    )


@pytest.mark.parametrize("is_set", [True, False])
def test_days_before_the_first_day_of_a_service_and_of_a_source_are_not_planned(ledgers: Ledgers, is_set: bool) -> None:
    first_days = {"make-a-lpa": date(2026, 6, 3), "use-an-lpa": date(2026, 6, 5), "sirius": date(2026, 6, 7)}
    ledgers.configure(services=with_first_days(load_services(), first_days), addresses={})
    if is_set:
        ledgers.configure(addresses={(service.slug, name): "it" for service, name in ledgers.systems.services.pairs})
        for service, source in ledgers.systems.services.pairs:
            ledgers.deliver(service.slug, source, DayRange(service.first_day_of(source), DAYS.last))
    assert list(ledgers.planned()) == list(DayRange(date(2026, 6, 3), DAYS.last))
    ledgers.settle()


def test_a_service_that_is_taken_out_leaves_nothing_planned_and_comes_back_as_it_was(settled: Ledgers) -> None:
    everyone = settled.systems.services
    settled.execute(mark("has_passed = NULL", f"subject = 'use-an-lpa' AND period_start >= '{MONTH}'"))
    settled.configure(services=Services((everyone["make-a-lpa"],)))
    assert settled.planned() == {}
    # Of these days nothing is left of it.
    settled.build(DayRange(DAYS.last, DAYS.last))
    settled.configure(services=everyone)
    assert set(settled.planned()) == set(DayRange(MONTH, DAYS.last))
    settled.settle()


days = st.frozensets(st.sampled_from(list(DAYS)), max_size=6)
first_days = st.none() | st.sampled_from([DAYS.first, DAY, DAYS.last])
sources = st.sampled_from(list(SOURCES))


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, object]:
    """Services, addresses and a first reporting day, as somebody may have changed them from one night to the next."""
    known = list(load_services())
    names = [*(service.slug for service in known), *SOURCES]
    limits = {name: day for name in names if (day := draw(first_days)) is not None}
    kept = [service for service in known if draw(st.booleans())]
    services = with_first_days(kept, limits)
    unset = draw(st.frozensets(sources))
    addresses = {(service.slug, name): "it" for service, name in services.pairs if name not in unset}
    first = draw(st.sampled_from([DAYS.first - timedelta(days=40), DAYS.first, DAY]))
    return {"services": services, "addresses": addresses, "first_day": first}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(worlds(), days, days, st.booleans()), min_size=1, max_size=4))
def test_once_its_days_are_built_a_plan_is_empty_whatever_was_changed_before(
    ledgers: Ledgers, nights: list[tuple[dict[str, object], frozenset[date], frozenset[date], bool]]
) -> None:
    with transaction(ledgers.systems.warehouse) as connection:
        for table in METADATA.sorted_tables:
            connection.execute(table.delete())
    for world, delivered, unchecked, months_have_rows in nights:
        ledgers.configure(**world)
        for service, source in ledgers.systems.services.pairs:
            if ledgers.systems.address(service.slug, source):
                ledgers.deliver(service.slug, source, [day for day in delivered if day >= service.first_day_of(source)])
        listed = ", ".join(f"'{day}'" for day in unchecked) or "NULL"
        ledgers.execute(mark("has_passed = NULL, released_at = NULL", f"period_start IN ({listed})"))
        planned = ledgers.planned()
        assert all(day >= ledgers.systems.first_day for day in planned)
        ledgers.settle(months_have_rows=months_have_rows)
