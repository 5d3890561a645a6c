"""The guide to quality, docs/quality.md: `python -m perf_pipeline.documents.quality_guide` writes it.

Here: the tables, from the entries of the catalogue. Not here: the words around them (`quality_guide_text`).
"""

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path

from perf_pipeline.catalogue.checks import RULES, Kind, Rule
from perf_pipeline.catalogue.datasets import DATASETS
from perf_pipeline.catalogue.severity import Result, Severity
from perf_pipeline.catalogue.sources import SOURCES
from perf_pipeline.catalogue.thresholds import THRESHOLDS
from perf_pipeline.documents.quality_guide_text import EXAMPLE, GUIDE

FILE = Path(__file__).parents[2] / "docs" / "quality.md"


def quality_guide() -> str:
    """The whole guide as markdown."""
    steps = _numbered_steps()
    parts = {
        "crashed": _meanings(Result)["CRASHED"].replace("It", "A check that crashed", 1),
        "severities": _table(("severity", "what a failure does"), _severities()),
        "kinds": ", ".join(kind.value for kind in Kind),
        "cadences": _table(("source", "due"), ((source.name, source.cadence.meaning) for source in SOURCES.values())),
        "thresholds": _table(("threshold", "value", "meaning", "checks"), _thresholds()),
        "example": EXAMPLE,
        "checks": "\n\n".join(_checks_of(dataset, steps) for dataset in RULES),
        "steps": "\n\n".join(f"### Step {number}\n\n{step[0].upper()}{step[1:]}." for step, number in steps.items()),
        "reasons": _table(("source", "reason", "meaning"), _reasons()),
    }
    return re.sub(r"<!-- (\w+) -->", lambda place: parts[place[1]], GUIDE)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ("---",) * len(heads), *rows))


def _severities() -> Iterator[tuple[str, str]]:
    meanings = _meanings(Severity)
    return ((severity.value, meanings[severity.name]) for severity in Severity)


def _meanings(enum: type[Enum]) -> dict[str, str]:
    """What stands under the members in the code, by name: it is said there and nowhere else."""
    (declared,) = ast.parse(inspect.getsource(enum)).body
    lines = declared.body if isinstance(declared, ast.ClassDef) else []
    return {
        ast.unparse(member.targets[0]): ast.literal_eval(meaning.value)
        for member, meaning in pairwise(lines)
        if isinstance(member, ast.Assign) and isinstance(meaning, ast.Expr)
    }


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
    steps = dict.fromkeys(rule.next_step for checks in RULES.values() for rule in checks.values())
    return {step: number for number, step in enumerate(steps, start=1)}


def _checks_of(dataset: str, steps: dict[str, int]) -> str:
    heads = ("check", "severity, kind", "protects from", "thresholds", "if it fails")
    table = _table(heads, (_cells(rule, steps[rule.next_step]) for rule in RULES[dataset].values()))
    columns = f"[Columns](data_dictionary.md#{dataset})."
    return f"### {dataset}\n\n{DATASETS[dataset].description} {columns}\n\n{table}"


def _cells(rule: Rule, step: int) -> tuple[str, str, str, str, str]:
    return (
        f"{rule.sentence}<br>`{rule.name}`",
        f"{rule.severity.value}, {rule.kind.value}",
        rule.protects_from,
        ", ".join(f"`{name}` {THRESHOLDS[name].value:g}" for name in rule.thresholds),
        f"[step {step}](#step-{step})",
    )


if __name__ == "__main__":
    FILE.write_text(quality_guide(), encoding="utf-8")
