"""Each check rejects what it must, and nothing else does: broken on different days and services, and judged together."""

from itertools import islice, product

import pytest

from perf_pipeline.catalogue.checks import CHECKED, RULES
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.systems import Systems
from perf_pipeline_tests.integration.quality.good_months import AUGUST, FILLED, JULY, OTHER, SPOILED
from perf_pipeline_tests.integration.quality.judged import SUNDAY, WEEK, assert_each_fails_alone, judged, not_passed
from perf_pipeline_tests.integration.quality.spoilings import DAYS, MONTHS, WEEKS, Cases

SERVICES = (SPOILED, OTHER)


def rounds(cases: dict[str, Cases], size: int) -> list[tuple[str, Cases]]:
    """The cases of each dataset in portions that have a place each."""
    return [
        (dataset, dict(islice(of_dataset.items(), start, start + size)))
        for dataset, of_dataset in cases.items()
        for start in range(0, len(of_dataset), size)
    ]


def test_every_check_has_something_that_it_must_reject() -> None:
    cases = {(dataset, check) for kind in (DAYS, WEEKS, MONTHS) for dataset in kind for check in kind[dataset]}
    assert cases == {(dataset, check) for dataset in CHECKED for check in RULES[dataset]}


@pytest.mark.parametrize(("dataset", "cases"), rounds(DAYS, len(WEEK) * 2))
def test_a_bad_day_fails_its_check_and_no_other(good: Systems, dataset: str, cases: Cases) -> None:
    assert_each_fails_alone(good, dataset, cases, product(SERVICES, WEEK))


@pytest.mark.parametrize(("dataset", "cases"), rounds(WEEKS, 2))
def test_unlikely_weeks_are_reported_on_their_last_day(good: Systems, dataset: str, cases: Cases) -> None:
    assert_each_fails_alone(good, dataset, cases, product(SERVICES, [SUNDAY]))


@pytest.mark.parametrize(("dataset", "cases"), rounds(MONTHS, 4))
def test_a_bad_month_fails_its_check_and_no_other(good: Systems, dataset: str, cases: Cases) -> None:
    assert_each_fails_alone(good, dataset, cases, product(SERVICES, [JULY, AUGUST]))


def test_good_rows_pass_every_check(good: Systems) -> None:
    for dataset in CHECKED:
        verdicts = judged(good, dataset)
        assert not_passed(verdicts) == {}
        periods = [day for day in FILLED if day.day == 1] if DATASETS[dataset].is_monthly else WEEK
        assert [(row.subject, row.period_start, row.check_name) for row in verdicts] == [
            (service, day, check) for service in SERVICES for day in periods for check in sorted(RULES[dataset])
        ]
