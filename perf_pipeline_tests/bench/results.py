"""What was measured, as a table and as JSON, and whether it is within its bounds."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

SLACK = 1.5
"""A ratio fails when it is beyond its bound by half again: other programs on the machine may cost that much."""


@dataclass(frozen=True)
class Result:
    """One measurement beside its floor. `bound` is the largest ratio; None where nothing is asked."""

    letter: str
    what: str
    value: float
    floor: float
    floor_is: str
    bound: float | None = None
    unit: str = "s"

    @property
    def ratio(self) -> float:
        return self.value / self.floor

    @property
    def is_beyond(self) -> bool:
        """Whether the ratio is beyond its bound by half again."""
        return self.bound is not None and self.ratio > self.bound * SLACK

    @property
    def verdict(self) -> str:
        if self.bound is None:
            return ""
        if self.is_beyond:
            return "failed"
        return "met" if self.ratio <= self.bound else "missed"


def exit_status(results: Sequence[Result]) -> int:
    """1 when any ratio fails, else 0."""
    return int(any(result.is_beyond for result in results))


def table(results: Sequence[Result]) -> str:
    """The results as a table in Markdown."""
    rows = [
        f"| {result.letter} | {result.what} | {_number(result.value)} {result.unit}"
        f" | {result.floor_is}: {_number(result.floor)} {result.unit} | {_number(result.ratio)}"
        f" | {'' if result.bound is None else f'{result.bound:g}'} | {result.verdict} |"
        for result in results
    ]
    return "\n".join(
        ["| | measured | value | floor | ratio | bound | |", "| --- | --- | --: | --- | --: | --: | --- |", *rows]
    )


def machine() -> str:
    """The machine, for people who compare results."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = (platform.system(), platform.machine(), f"Python {platform.python_version()}")
    return f"{os.cpu_count()} cores, {memory:.0f} GB memory, {', '.join(parts)}"


def write_json(file: Path, size: str, results: Sequence[Result]) -> None:
    """Write the results with the machine that they were measured on."""
    rows = [asdict(result) | {"ratio": result.ratio, "verdict": result.verdict} for result in results]
    file.write_text(
        json.dumps({"size": size, "machine": machine(), "results": rows}, indent=2) + "\n", encoding="utf-8"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
