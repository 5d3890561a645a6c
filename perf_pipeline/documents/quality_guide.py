"""The guide to quality, docs/quality.md: `python -m perf_pipeline.documents.quality_guide` writes it.

Here: the tables, from the entries of the catalogue. Not here: the words around them (`quality_guide_text`).
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from perf_pipeline.catalogue.checks import RULES, SOURCE_RULES, Kind, Rule
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.described import DescribedEnum
from perf_pipeline.catalogue.severity import Result, Severity
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.documents.quality_guide_text import EXAMPLE, GUIDE

FILE = Path(__file__).parents[2] / "docs" / "quality.md"
_HEADS = ("check", "severity, kind", "fault", "protects from", "thresholds", "if it fails")


def quality_guide() -> str:
    """The whole guide as markdown."""
    steps = _numbered_steps()
    parts = {
        "results": _described(Result),
        "severities": _described(Severity),
        "kinds": _described(Kind),
        "cadences": _table(("source", "due"), ((source.name, source.cadence.meaning) for source in SOURCES.values())),
        "thresholds": _table(("threshold", "value", "meaning", "checks"), _thresholds()),
        "example": EXAMPLE,
        "source_checks": _table(_HEADS, (_cells(rule, steps[rule.next_step]) for rule in SOURCE_RULES.values())),
        "checks": "\n\n".join(_checks_of(dataset, steps) for dataset in RULES),
        "steps": "\n\n".join(f"### Step {number}\n\n{step[0].upper()}{step[1:]}." for step, number in steps.items()),
        "reasons": _table(("source", "reason", "meaning"), _reasons()),
    }
    return re.sub(r"<!-- (\w+) -->", lambda place: parts[place[1]], GUIDE)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ("---",) * len(heads), *rows))


def _described(enum: type[DescribedEnum]) -> str:
    return _table((enum.__name__.lower(), "meaning"), ((member.value, member.meaning) for member in enum))


def _thresholds() -> Iterator[tuple[str, str, str, str]]:
    rules = [rule for checks in RULES.values() for rule in checks.values()]
    for threshold in THRESHOLDS.values():
        users = dict.fromkeys(f"`{rule.name}`" for rule in rules if threshold.name in rule.thresholds)
        yield f"`{threshold.name}`", f"{threshold.value:g}", threshold.meaning, ", ".join(users)


def _reasons() -> Iterator[tuple[str, str, str]]:
    for source in SOURCES.values():
        for reason, meaning in source.reasons.items():
            yield source.name, f"`{reason}`", meaning


def _numbered_steps() -> dict[str, int]:
    """The next steps in the order of their checks, many of which share one."""
    steps = dict.fromkeys(rule.next_step for checks in (SOURCE_RULES, *RULES.values()) for rule in checks.values())
    return {step: number for number, step in enumerate(steps, start=1)}


def _checks_of(dataset: str, steps: dict[str, int]) -> str:
    table = _table(_HEADS, (_cells(rule, steps[rule.next_step]) for rule in RULES[dataset].values()))
    columns = f"[Columns](data_dictionary.md#{dataset})."
    return f"### {dataset}\n\n{DATASETS[dataset].description} {columns}\n\n{table}"


def _cells(rule: Rule, step: int) -> tuple[str, ...]:
    return (
        f"{rule.sentence}<br>`{rule.name}`",
        f"{rule.severity.value}, {rule.kind.value}",
        rule.fault,
        rule.protects_from,
        ", ".join(f"`{name}` {THRESHOLDS[name].value:g}" for name in rule.thresholds),
        f"[step {step}](#step-{step})",
    )


if __name__ == "__main__":
    FILE.write_text(quality_guide(), encoding="utf-8")
