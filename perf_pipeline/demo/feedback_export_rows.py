"""The rows of the stand-in Feedback Explorer exports, by day, with all the difficulties of the real ones.

Here: the content of an export (DOMAIN 3.4). All texts are invented. All telephone numbers and addresses come from the
ranges that are reserved for fiction. Not here: which files exist and when (`feedback_exports`), how many people answer
(`rating_model`).
"""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Final

from perf_pipeline.demo.rating_model import MAKE_AN_LPA_PAGE, USE_AN_LPA_PAGE, daily_ratings

PAGES: Final = (MAKE_AN_LPA_PAGE, USE_AN_LPA_PAGE)
OLD_HEADER: Final = (
    "creation date",
    "path or service name",
    "feedback",
    "service satisfaction rating",
    "browser name",
    "browser version",
    "browser platform",
    "user agent",
    "referrer",
    "type",
)
NEW_HEADER: Final = (*OLD_HEADER, "primary organisation", "all organisations")

Row = tuple[str, ...]
"""Twelve texts in the order of `NEW_HEADER`. An old file does not have the last two."""

_OPG: Final = "Office of the Public Guardian"
_COMMENTS: Final = (
    "Easy to follow.",
    "Very good service, thank you",
    'It was "quite easy", but the certificate provider page confused my father, my sister and me.',
    "Took a long time.\nI had to start again twice,\nand then print everything.",
    "Saved £82, no solicitor needed",
    "Please call me back on 01632 960123 or 07700 900456",
    "my e-mail is jo.bloggs@example.com, nobody answered",
    "&lt;script&gt;alert(&quot;hello&quot;);&lt;/script&gt; nice page",
    "Rating of 5: 999",
    "Hawdd iawn i'w ddefnyddio – diolch",
    '""',
    "Signing in order, hmm; not clear\r\nwhat happens if the date is wrong",
)
_WEBKIT: Final = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_BROWSERS: Final = (
    ("Chrome", "142.0.0.0", "Windows 10", f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT}"),
    ("Safari", "18.6", "iOS", f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_WEBKIT}"),
    ("Firefox", "144.0", "Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"),
)
_NO_BROWSER: Final = ("", "", "", "")
_COMMENTED_PERCENT: Final = 4


def day_rows(day: date, *, is_aggregated: bool, share_percent: int) -> list[Row]:
    """The rows of a UTC day in the order of their creation.

    An aggregated day has one row per page and rating, and single rows for the responses with a comment. A day that is
    not aggregated yet has a single row for every response. The rows hold `share_percent` of the day's responses.
    """
    rows = _other_departments(day, is_aggregated=is_aggregated) + _skipped_types(day)
    for page in PAGES:
        for rating, responses in enumerate(daily_ratings(page, day), start=1):
            known = responses * share_percent // 100
            if is_aggregated and known:
                rows.append(_aggregate(day, page, rating, str(known), _OPG))
            singles = _commented(page, day, rating, known) if is_aggregated else known
            rows.extend(_single(day, page, rating, number, _OPG) for number in range(singles))
    return sorted(rows)


def unusable_rows(month: date) -> list[Row]:
    """The rows of a month that a reader has to quarantine: a few per year, in addition to the good rows."""
    if month.month == 3:
        return [_single(month.replace(day=9), MAKE_AN_LPA_PAGE, 7, 0, _OPG)]
    if month.month == 6:
        return [_aggregate(month.replace(day=12), MAKE_AN_LPA_PAGE, 5, "n/a", _OPG)]
    if month.month == 12:
        dated_by_hand = _single(month.replace(day=31), MAKE_AN_LPA_PAGE, 4, 0, _OPG)
        return [(f"31/12/{month.year}", *dated_by_hand[1:])]
    return []


def _commented(page: str, day: date, rating: int, responses: int) -> int:
    spread = _digest(page, day, rating, "commented")[0] * 100 // 256
    return (responses * _COMMENTED_PERCENT + spread) // 100


def _aggregate(day: date, page: str, rating: int, count: str, organisation: str) -> Row:
    text = f"Rating of {rating}: {count}"
    kind = "aggregated-service-feedback"
    return (f"{day} 00:00:00", f"/done/{page}", text, str(rating), *_NO_BROWSER, "", kind, organisation, organisation)


def _single(day: date, page: str, rating: int, number: int, organisation: str) -> Row:
    digest = _digest(page, day, rating, number)
    instant = datetime.combine(day, time.min, UTC) + timedelta(seconds=int.from_bytes(digest[:4], "big") % 86_400)
    comment = _COMMENTS[digest[4] % len(_COMMENTS)]
    browser = _BROWSERS[digest[5] % len(_BROWSERS)]
    referrer = f"https://www.gov.uk/done/{page}"
    tail = (referrer, "service-feedback", organisation, organisation)
    return (f"{instant:%Y-%m-%d %H:%M:%S}", page, comment, str(rating), *browser, *tail)


def _other_departments(day: date, *, is_aggregated: bool) -> list[Row]:
    page, organisation = "register-to-vote", "Electoral Commission"
    if is_aggregated:
        return [_aggregate(day, page, rating, str(40 * rating + day.day), organisation) for rating in range(1, 6)]
    return [_single(day, page, rating, 0, organisation) for rating in range(1, 6)]


def _skipped_types(day: date) -> list[Row]:
    problem = 'action: I clicked on "Start now"\nproblem: nothing happened, twice'
    start_page = f"/{MAKE_AN_LPA_PAGE}"
    referrer = f"https://www.gov.uk{start_page}"
    return [
        (f"{day} 09:41:07", start_page, problem, "", *_BROWSERS[0], referrer, "problem-report", _OPG, _OPG),
        (f"{day} 18:02:55", "/contact/govuk", "Where is the form?", "", *_NO_BROWSER, "", "long-form-contact", "", ""),
    ]


def _digest(*key: object) -> bytes:
    return sha256(" ".join(map(str, key)).encode()).digest()
