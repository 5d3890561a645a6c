"""What a check of `perf-pipeline doctor` finds: right, wrong with a next step, or worth a note."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from perf_pipeline.errors import PerfPipelineError

State = Literal["right", "note", "wrong"]
_LABELS: dict[State, str] = {"right": "ok  ", "note": "note", "wrong": "FAIL"}


class Note(Exception):  # noqa: N818 - it is no error: it ends a check that found nothing wrong and has something to say
    """What people should know although nothing is wrong."""


@dataclass(frozen=True)
class Finding:
    """One thing that was examined."""

    subject: str
    state: State
    says: str

    @property
    def is_right(self) -> bool:
        """Whether nothing has to be done."""
        return self.state != "wrong"

    @property
    def label(self) -> str:
        """The state in four letters."""
        return _LABELS[self.state]


Check = Callable[[], str]
"""Describes what is right. Raises Note, or PerfPipelineError for what is wrong."""


def examined(subject: str, check: Check) -> Finding:
    """The finding of a check."""
    try:
        return Finding(subject, "right", check())
    except Note as note:
        return Finding(subject, "note", str(note))
    except PerfPipelineError as error:
        return Finding(subject, "wrong", str(error))
