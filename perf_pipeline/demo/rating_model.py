"""The ratings that the stand-in done pages receive, by page and day. A pure, deterministic model without an end.

Here: how many people give which rating on which day. Not here: the export files with these ratings
(`feedback_exports`). Published months (DOMAIN 2.1) are spread over their days, and the days add up exactly. All other
months follow the same pattern. All arithmetic is in integers, so the figures are the same on every machine.
"""

from calendar import monthrange
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Final

from perf_pipeline.demo.apportioning import apportion
from perf_pipeline.demo.published_months import PUBLISHED_MONTHS

MAKE_AN_LPA_PAGE: Final = "lasting-power-of-attorney"
USE_AN_LPA_PAGE: Final = "use-lasting-power-of-attorney"

Ratings = tuple[int, int, int, int, int]
"""Responses with rating 1 (very dissatisfied), 2, 3, 4, 5 (very satisfied)."""

_RESPONSES_BY_MONTH: Final = {
    MAKE_AN_LPA_PAGE: (19000, 16500, 19200, 15000, 14500, 14000, 14700, 14300, 16000, 20000, 17500, 11700),
    USE_AN_LPA_PAGE: (3150, 2950, 3100, 2950, 3000, 2950, 3050, 2900, 3000, 3150, 3000, 2600),
}
_TOP_TWO_PER_MILLE: Final = {MAKE_AN_LPA_PAGE: (888, 909), USE_AN_LPA_PAGE: (822, 848)}
_WEEKDAY_WEIGHT: Final = (115, 121, 116, 110, 95, 52, 58)
_WOBBLE_PER_MILLE: Final = (300, 300, 120, 60, 40)
"""How much a day's share of a rating varies. Rare ratings vary more."""
_HOLIDAY_DIVISOR: Final = 2
_QUIET_DATES: Final = frozenset({(1, 1), (12, 24), (12, 25), (12, 26), (12, 31)})


def daily_ratings(page: str, day: date) -> Ratings:
    """The responses of a UTC day by rating, 1 to 5. Raises KeyError for a page that the stand-in world does not have."""
    return _month(page, day.year, day.month)[day.day - 1]


@lru_cache(maxsize=256)
def _month(page: str, year: int, month: int) -> tuple[Ratings, ...]:
    days = [date(year, month, number) for number in range(1, monthrange(year, month)[1] + 1)]
    by_rating = [
        apportion(total, [_weight(page, day, rating) for day in days])
        for rating, total in enumerate(_month_totals(page, year, month), start=1)
    ]
    return tuple(zip(*by_rating, strict=True))


def _month_totals(page: str, year: int, month: int) -> Ratings:
    if page == MAKE_AN_LPA_PAGE and (published := PUBLISHED_MONTHS.get(f"{year:04}-{month:02}")):
        five, four, three, two, one = published.ratings
        return one, two, three, four, five
    key = f"{page} {year}-{month}"
    responses = _RESPONSES_BY_MONTH[page][month - 1] * _between(960, 1040, f"{key} responses") // 1000
    top_two = responses * _between(*_TOP_TWO_PER_MILLE[page], f"{key} top two") // 1000
    five = top_two * _between(660, 685, f"{key} very satisfied") // 1000
    one = (responses - top_two) * _between(165, 195, f"{key} very dissatisfied") // 1000
    two = (responses - top_two) * _between(125, 155, f"{key} dissatisfied") // 1000
    return one, two, responses - top_two - one - two, top_two - five, five


def _weight(page: str, day: date, rating: int) -> int:
    if _is_closed(page, day):
        return 0
    weight = _WEEKDAY_WEIGHT[day.weekday()] * _between(940, 1060, f"{page} {day}")
    wobble = _WOBBLE_PER_MILLE[rating - 1]
    weight = weight * _between(1000 - wobble, 1000 + wobble, f"{page} {day} {rating}") // 1000
    return weight // _HOLIDAY_DIVISOR if _is_quiet(day) else weight


def _is_closed(page: str, day: date) -> bool:
    """Whether nobody can answer. The smaller service's page is down on Christmas Day and on one Sunday in May."""
    if page != USE_AN_LPA_PAGE:
        return False
    return (day.month, day.day) == (12, 25) or (day.month == 5 and day.weekday() == 6 and 15 <= day.day <= 21)


def _is_quiet(day: date) -> bool:
    is_monday_holiday = day.weekday() == 0 and (
        (day.month == 5 and (day.day <= 7 or day.day >= 25)) or (day.month == 8 and day.day >= 25)
    )
    return is_monday_holiday or (day.month, day.day) in _QUIET_DATES


def _between(low: int, high: int, key: str) -> int:
    """A number from `low` to `high` that is always the same for the key."""
    return low + int.from_bytes(sha256(key.encode()).digest()[:8], "big") % (high - low + 1)
