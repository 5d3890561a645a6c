"""Finds the exports that a person has to accept: those that would remove more than a tenth of the ratings of known days.

Pure. Only new and changed files are held. So nothing is held when a newer file is removed and an older one is used again, or
when a file that was used before is put back.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from perf_pipeline.extracted.done_page.days import DonePageDay, QuarantinedLine

_TOLERATED_LOSS = 0.1


@dataclass(frozen=True)
class HeldFile:
    """A file that would remove ratings: the ratings that its days have now, and those that they have in the file."""

    file_name: str
    known: int
    found: int

    @property
    def line(self) -> QuarantinedLine:
        """The file as a line of the quarantine."""
        detail = (
            f"{self.found:,} ratings on days that have {self.known:,};"
            f" perf-pipeline import-feedback --accept {self.file_name} accepts it"
        )
        return QuarantinedLine(self.file_name, None, None, None, "file_takes_ratings_away", detail)


def files_taking_away(
    days: Collection[DonePageDay], known: Mapping[date, int], is_new: Callable[[str], bool]
) -> list[HeldFile]:
    """The new files of `days` that would remove too many ratings. `known` has the present ratings of each day."""
    found: defaultdict[str, int] = defaultdict(int)
    before: defaultdict[str, int] = defaultdict(int)
    for day in days:
        if day.report_date in known and is_new(day.file_name):
            found[day.file_name] += sum(day.counts)
            before[day.file_name] += known[day.report_date]
    return [
        HeldFile(name, before[name], found[name])
        for name in sorted(found)
        if before[name] - found[name] > before[name] * _TOLERATED_LOSS
    ]
