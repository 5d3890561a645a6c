"""When a day is late: the first night, or the first day of a month, on which its source should have delivered it."""

from datetime import date

import pytest

from perf_pipeline.catalogue.cadences import Cadence, Monthly, Nightly


@pytest.mark.parametrize(
    ("cadence", "today", "late_up_to"),
    [
        (Nightly(1), date(2026, 5, 29), date(2026, 5, 27)),
        (Nightly(3), date(2026, 5, 31), date(2026, 5, 27)),
        (Nightly(3), date(2026, 6, 1), date(2026, 5, 28)),
        (Nightly(1), date(2026, 3, 1), date(2026, 2, 27)),
        (Monthly(5), date(2026, 6, 5), date(2026, 4, 30)),
        (Monthly(5), date(2026, 6, 6), date(2026, 5, 31)),
        (Monthly(5), date(2026, 1, 5), date(2025, 11, 30)),
        (Monthly(5), date(2026, 1, 6), date(2025, 12, 31)),
    ],
)
def test_a_day_is_late_once_its_source_should_have_delivered_it(
    cadence: Cadence, today: date, late_up_to: date
) -> None:
    assert cadence.late_up_to(today) == late_up_to


def test_a_cadence_is_explained_in_words() -> None:
    assert [cadence.meaning for cadence in (Nightly(1), Nightly(3), Monthly(5))] == [
        "a day is due the night after it",
        "a day is due within 3 nights",
        "a month is due by the 5th of the month after it",
    ]
