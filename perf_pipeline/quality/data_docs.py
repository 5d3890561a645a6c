"""The pages of the checks: one for each dataset about its latest check, and an index. They are internal, never published.

Here: what the pages show and where they are. Not here: serving them (`orchestration.serving`). Great Expectations runs the
checks, but its own pages load their style from the network and do not name the days that failed.
"""

import os
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perf_pipeline.catalogue.checks import CHECKED, RULES, Rule
from perf_pipeline.catalogue.datasets import DATASETS, Stage
from perf_pipeline.catalogue.demonstration import NOTICE
from perf_pipeline.catalogue.reporting_days import LONDON, DayRange, as_ranges
from perf_pipeline.catalogue.severity import Result, Severity

if TYPE_CHECKING:
    from jinja2 import Environment

INDEX = "index.html"
_DESCRIPTION = re.compile(r'<meta name="description" content="([^"]*)">')
_MOST_FOUND = 20
"""A page names every day that did not pass, and what was found on the newest of them."""

Verdict = Mapping[Hashable, Any]
"""A row of the table `verdicts`."""


@dataclass(frozen=True)
class CheckedRange:
    """What is shown above the checks of a page."""

    days: DayRange
    checked_at: datetime
    run_id: str
    is_demonstration: bool


@dataclass(frozen=True)
class _Outcome:
    """One check of a page."""

    rule: Rule
    word: str
    bad_days: Sequence[str]
    """By service: `make-a-lpa: 2026-05-01 to 2026-05-03`."""
    found: Sequence[str]


def link_to(address: str, dataset: str) -> str:
    """The address of a dataset's page, where the pages are served at `address`."""
    return f"{address}/{dataset}.html"


def write_page(folder: Path, dataset: str, checked: CheckedRange, verdicts: Sequence[Verdict]) -> None:
    """Replace the dataset's page and the index. Raises OSError when the folder can't be written to."""
    if folder.is_symlink():
        raise OSError(f"{folder} is a link, which this program did not make")
    outcomes = [
        _outcome(rule, [row for row in verdicts if row["check_name"] == name], dataset)
        for name, rule in RULES[dataset].items()
    ]
    html = _render(
        "dataset.html",
        dataset=dataset,
        checked=checked,
        checked_at=f"{checked.checked_at.astimezone(LONDON):%Y-%m-%d %H:%M}",
        services=sorted({row["subject"] for row in verdicts}),
        outcomes=sorted(outcomes, key=lambda outcome: outcome.word == "Passed"),
        notice=NOTICE if checked.is_demonstration else "",
        summary=_summary(outcomes, checked.days) if verdicts else f"No figures to check on {checked.days}",
    )
    _replace(folder / f"{dataset}.html", html)
    write_index(folder)


def write_index(folder: Path) -> None:
    """Replace the index of the pages in the folder, which is made if it is missing."""
    summaries = {dataset: _summary_of(folder / f"{dataset}.html") for dataset in CHECKED}
    _replace(folder / INDEX, _render(INDEX, summaries={name: text for name, text in summaries.items() if text}))


def _outcome(rule: Rule, verdicts: Sequence[Verdict], dataset: str) -> _Outcome:
    bad = [row for row in verdicts if row["result"] != Result.PASSED.value]
    services = sorted({row["subject"] for row in bad})
    entry = DATASETS[dataset]
    return _Outcome(
        rule,
        _word(rule, {row["result"] for row in bad}),
        [f"{name}: {_days([row['period_start'] for row in bad if row['subject'] == name])}" for name in services],
        # An observation of an extract may hold a value of one of its rows.
        [] if entry.stage is Stage.EXTRACTED else [_finding(row) for row in _newest(bad)],
    )


def _word(rule: Rule, results: set[str]) -> str:
    if not results:
        return "Passed"
    if Result.CRASHED.value in results:
        return "Not run"
    return "Warning" if rule.severity is Severity.WARNING else "Failed"


def _newest(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda row: (row["period_start"], row["subject"]), reverse=True)[:_MOST_FOUND]


def _days(days: Sequence[date]) -> str:
    return ", ".join(map(str, as_ranges(days)))


def _finding(verdict: Verdict) -> str:
    expected = f", expected {verdict['expected']}" if verdict["expected"] else ""
    return f"{verdict['period_start']}, {verdict['subject']}: {verdict['observed'] or 'not so'}{expected}"


def _summary(outcomes: Sequence[_Outcome], days: DayRange) -> str:
    """`1 of 11 checks did not pass, 2026-05-01 to 2026-05-07: channels_add_up_to_total`"""
    bad = [outcome.rule.name for outcome in outcomes if outcome.word != "Passed"]
    if not bad:
        return f"All {len(outcomes)} checks passed, {days}"
    return f"{len(bad)} of {len(outcomes)} checks did not pass, {days}: {', '.join(bad)}"


def _summary_of(page: Path) -> str | None:
    """The summary that stands in the head of a page. None when there is no page of ours."""
    found = _DESCRIPTION.search(page.read_text(encoding="utf-8")) if page.exists() else None
    return unescape(found[1]) if found else None


def _replace(file: Path, html: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(html, encoding="utf-8")
    draft.replace(file)


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(**values)


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent / "pages"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
