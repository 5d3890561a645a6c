"""How many LPA applications the stand-in Sirius received each day, by subtype and channel. Pure and deterministic.

Here: the final counts of a day, and the lower counts while paper was still being scanned. Not here: HTTP, paging and
faults (`sirius_server`), the published months (`published_months`).

Each month is computed as a whole, in integers. First comes its total, then the digital part that gives the published
take-up (DOMAIN 2.1). Both are then spread over the days by largest remainder, so the sums of a month are exact.
"""

import calendar
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from perf_pipeline.demo.apportioning import apportion
from perf_pipeline.demo.published_months import PUBLISHED_MONTHS

SUBTYPES: Final = ("hw", "pfa")
"""Sirius's names for health-and-welfare and property-and-financial."""

DAYS_UNTIL_FINAL: Final = 90
"""Number of days after which all paper of a day has been scanned."""

_APPLICATIONS_A_YEAR: Final = 1_400_000
_DIGITAL_WEEK: Final = (118, 116, 112, 110, 100, 72, 72)
_NON_DIGITAL_WEEK: Final = (140, 125, 118, 112, 105, 12, 8)
_SCANNED_LATE_PERMILLE: Final = 400
_SUNDAY: Final = 6
_HOLIDAYS: Final = frozenset({(1, 1), (12, 25), (12, 26)})


@dataclass(frozen=True, slots=True)
class ChannelCounts:
    """Applications received on one day for one subtype, by channel. Every count is at least 0."""

    online: int
    assisted: int
    paper: int
    phone: int
    other: int
    unknown: int

    @property
    def total(self) -> int:
        """All channels, `unknown` included (DOMAIN 3.3)."""
        return sum(self.by_channel().values())

    def by_channel(self) -> dict[str, int]:
        """The counts by Sirius's name of the channel."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True)
class SeenCounts:
    """The counts of a day as Sirius answers them on a later day."""

    counts: dict[str, ChannelCounts]
    is_final: bool


def settled_counts(day: date) -> dict[str, ChannelCounts]:
    """The final counts of any day, by subtype (`hw`, `pfa`)."""
    return dict(_settled_month(day.year, day.month)[day.day - 1])


def online_applications(day: date) -> int:
    """Count the applications of both subtypes that were completed online and received on `day`."""
    return sum(counts.online for counts in _settled_month(day.year, day.month)[day.day - 1].values())


def counts_as_seen(day: date, seen_on: date) -> SeenCounts:
    """The counts of `day` as Sirius answers them on `seen_on`. Paper and other grow for 90 days and are then final.

    Raises ValueError when `seen_on` is before `day`.
    """
    age_days = (seen_on - day).days
    if age_days < 0:
        raise ValueError(f"{day} has not begun on {seen_on}")
    settled = settled_counts(day)
    if age_days >= DAYS_UNTIL_FINAL:
        return SeenCounts(settled, is_final=True)
    scanned_permille = 1000 - _late_permille(age_days)
    seen = {
        subtype: replace(
            counts,
            paper=counts.paper * scanned_permille // 1000,
            other=counts.other * scanned_permille // 1000,
        )
        for subtype, counts in settled.items()
    }
    return SeenCounts(seen, is_final=False)


def take_up_percent(year: int, month: int) -> Decimal:
    """Digital take-up of a month, 0–100 with one decimal: the published figure, or an invented plausible one."""
    published = PUBLISHED_MONTHS.get(f"{year:04}-{month:02}")
    if published and published.take_up_percent:
        return Decimal(published.take_up_percent)
    lowest_tenths, span_tenths = (350, 21) if (year, month) < (2025, 5) else (380, 31)
    return Decimal(lowest_tenths + _draw("take-up", year, month, below=span_tenths)) / 10


@lru_cache(maxsize=256)
def _settled_month(year: int, month: int) -> tuple[dict[str, ChannelCounts], ...]:
    days = [date(year, month, number) for number in range(1, calendar.monthrange(year, month)[1] + 1)]
    total = _month_total(year, month, len(days))
    digital = int((total * take_up_percent(year, month) / 100).quantize(Decimal(1), ROUND_HALF_UP))
    digital_by_day = apportion(digital, [_day_weight(day, "digital", _DIGITAL_WEEK) for day in days])
    rest_by_day = apportion(total - digital, [_day_weight(day, "rest", _NON_DIGITAL_WEEK) for day in days])
    return tuple(map(_split_by_subtype, days, digital_by_day, rest_by_day))


def _month_total(year: int, month: int, days_count: int) -> int:
    season_permille = 970 + _draw("total", year, month, below=61)
    return _APPLICATIONS_A_YEAR * days_count * season_permille // 365_000


def _day_weight(day: date, part: str, week: tuple[int, ...]) -> int:
    weekday = _SUNDAY if (day.month, day.day) in _HOLIDAYS else day.weekday()
    return week[weekday] * (940 + _draw(part, day, below=121))


def _split_by_subtype(day: date, digital: int, rest: int) -> dict[str, ChannelCounts]:
    pfa_permille = 540 + _draw("pfa", day, below=21)
    shares = (1000 - pfa_permille, pfa_permille)
    parts = zip(SUBTYPES, apportion(digital, shares), apportion(rest, shares), strict=True)
    return {subtype: _split_by_channel(day, subtype, part, other) for subtype, part, other in parts}


def _split_by_channel(day: date, subtype: str, digital: int, rest: int) -> ChannelCounts:
    assisted = digital * (4 + _draw("assisted", day, subtype, below=7)) // 1000
    unknown = min(rest, (digital + rest) * _unknown_per_10_000(day, subtype) // 10_000)
    phone = min(rest - unknown, _draw("phone", day, subtype, below=20) // 19)
    other = (rest - unknown - phone) * (2 + _draw("other", day, subtype, below=4)) // 1000
    return ChannelCounts(
        online=digital - assisted,
        assisted=assisted,
        paper=rest - unknown - phone - other,
        phone=phone,
        other=other,
        unknown=unknown,
    )


def _unknown_per_10_000(day: date, subtype: str) -> int:
    # On a few days a year the share exceeds the 1 % of DOMAIN 3.3. Both subtypes exceed it, so the day's total does too.
    if _draw("mostly-known", day, below=90) == 0:
        return 180 + _draw("unknown", day, subtype, below=60)
    return 25 + _draw("unknown", day, subtype, below=30)


def _late_permille(age_days: int) -> int:
    # After a week, scans arrive in weekly batches. So each night only some of the earlier days change.
    batch_age = age_days if age_days < 7 else age_days - age_days % 7
    return _SCANNED_LATE_PERMILLE * (DAYS_UNTIL_FINAL - batch_age) ** 3 // DAYS_UNTIL_FINAL**3


def _draw(*key: object, below: int) -> int:
    """A number in [0, below) that depends only on `key`. It is the same on every machine."""
    digest = blake2b("/".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % below
