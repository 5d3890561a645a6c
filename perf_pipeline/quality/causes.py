"""Why days are held back, or a run failed: one cause for people, however many days and tables it reaches."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from perf_pipeline.catalogue.checks import FAULTS
from perf_pipeline.catalogue.reporting_days import as_ranges
from perf_pipeline.catalogue.severity import NOT_RUN
from perf_pipeline.errors import NEXT_STEP

_DAYS_NAMED = 8


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong, reported once: in the terminal, in Dagit and in an alert."""

    subject: str
    """What it is about: `make-a-lpa, daily_digital_take_up`, or the step of a run."""
    days: tuple[date, ...]
    """The reporting days that it concerns, in order; empty where it is about the run itself."""
    found: str
    next_step: str
    check: str = ""
    """The name of the check that failed; empty where no check was reached."""
    expected: str = ""
    asset: str = ""
    """The asset whose page in Dagit shows more; empty for the run's own page."""

    @property
    def fault(self) -> str:
        """What is wrong, in the words of the catalogue; empty where no check was reached."""
        if self.check and self.found.startswith(NOT_RUN):
            return f"the check {self.check} could not be run"
        return self.check and FAULTS.get(self.check, f"the check {self.check} failed")

    @property
    def what(self) -> str:
        """On one line: subject, days, fault, what was found and expected."""
        head = ", ".join(part for part in (self.subject, named(self.days)) if part)
        if NEXT_STEP in self.found or not self.check:
            return f"{head}: {self.found}"
        if self.found.startswith(NOT_RUN):
            return f"{head}: {self.fault}{self.found.removeprefix(NOT_RUN)}."
        found = f" Found: {self.found}." if self.found else ""
        expected = f" Expected: {self.expected}." if self.expected else ""
        return f"{head}: {self.fault}.{found}{expected}"

    def __str__(self) -> str:
        return self.what if NEXT_STEP in self.what else f"{self.what} {NEXT_STEP} {self.next_step.rstrip('.')}."


def merged(causes: Iterable[Cause]) -> list[Cause]:
    """One cause for each subject, check and finding, with the days of all."""
    by_reason: dict[tuple[str, str, str], Cause] = {}
    for cause in causes:
        key = (cause.subject, cause.check, cause.found)
        before = by_reason.get(key)
        days = (*before.days, *cause.days) if before else cause.days
        by_reason[key] = replace(cause, days=tuple(sorted(set(days))))
    return list(by_reason.values())


def named(days: tuple[date, ...]) -> str:
    """Days for people: the first few ranges, and how many more."""
    ranges = [str(days_of_range) for days_of_range in as_ranges(set(days))]
    more = f" and {len(ranges) - _DAYS_NAMED} more" if len(ranges) > _DAYS_NAMED else ""
    return ", ".join(ranges[:_DAYS_NAMED]) + more
