"""Which exports wait for a person: those that would take more than a tenth of the ratings from days that are known.

Pure. A file that was read before and has not changed is no news, so taking a newer file out of the folder holds nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from perf_pipeline.extracted.done_page.days import DonePageDay, QuarantinedLine

_TOLERATED_LOSS = 0.1


@dataclass(frozen=True)
class HeldFile:
    """A file that would take ratings away, with both counts."""

    file_name: str
    known: int
    found: int

    @property
    def line(self) -> QuarantinedLine:
        """The file as the quarantine has it."""
        detail = (
            f"{self.found:,} ratings on days that have {self.known:,};"
            f" perf-pipeline import-feedback --accept {self.file_name} accepts it"
        )
        return QuarantinedLine(self.file_name, None, None, None, "file_takes_ratings_away", detail)


def files_taking_away(
    days: Collection[DonePageDay], known: Mapping[date, int], is_news: Callable[[str], bool]
) -> list[HeldFile]:
    """The files among the winners of `days` that would take too much; `known` has the ratings that days have now."""
    found: defaultdict[str, int] = defaultdict(int)
    before: defaultdict[str, int] = defaultdict(int)
    for day in days:
        if day.report_date in known and is_news(day.file_name):
            found[day.file_name] += sum(day.counts)
            before[day.file_name] += known[day.report_date]
    return [
        HeldFile(name, before[name], found[name])
        for name in sorted(found)
        if before[name] - found[name] > before[name] * _TOLERATED_LOSS
    ]
