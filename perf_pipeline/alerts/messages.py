"""The content of an alert: one cause, as text for people and as JSON for programs, with a link.

Not here: how alerts go out (`channels`), and which were already sent (`alerting`).
"""

from dataclasses import dataclass
from urllib.parse import quote

from perf_pipeline.errors import NEXT_STEP
from perf_pipeline.quality.causes import Cause, named
from perf_pipeline.settings import Settings

_SENDER = "perf_pipeline"
_LONGEST_HEADLINE = 120


@dataclass(frozen=True)
class Message:
    """One cause and the address at which Dagit shows more of it."""

    cause: Cause
    link: str

    @property
    def headline(self) -> str:
        """One short line, for the subject of a mail."""
        cause = self.cause
        parts = [cause.subject, named(cause.days), cause.fault or cause.found]
        line = _on_one_line(f"{_SENDER}: {', '.join(part for part in parts if part)}")
        return line if len(line) <= _LONGEST_HEADLINE else f"{line[: _LONGEST_HEADLINE - 1].rstrip()}…"

    @property
    def text(self) -> str:
        """One line each for subject, days, fault, expected, found, next step and link; none for what is unknown."""
        cause = self.cause
        lines = {
            f"{_SENDER}:": cause.subject,
            "Days:" if len(cause.days) > 1 else "Day:": named(cause.days),
            "Fault:": cause.fault,
            "Found:": cause.found,
            "Expected:": cause.expected,
            # The failure of a source already names the next step.
            NEXT_STEP: "" if NEXT_STEP in cause.found else cause.next_step,
            "More:": self.link,
        }
        return "\n".join(f"{name} {_on_one_line(value)}" for name, value in lines.items() if value)

    @property
    def parts(self) -> dict[str, object]:
        """The content as JSON. Slack and Teams show `text`; the rest is for programs. Days are ISO dates."""
        cause = self.cause
        return {
            "text": _without_markup(self.text.removesuffix(self.link)) + self.link,
            "subject": cause.subject,
            "check": cause.check,
            "fault": cause.fault,
            "days": [day.isoformat() for day in cause.days],
            "expected": cause.expected,
            "found": cause.found,
            "next_step": cause.next_step,
            "link": self.link,
        }


def message_of(cause: Cause, settings: Settings, run_id: str) -> Message:
    """The message about a cause. It links to the checks of its asset, else to its run, else to Dagit."""
    if cause.asset:
        return Message(cause, f"{settings.dagit_address}/assets/{quote(cause.asset)}?view=checks")
    return Message(cause, f"{settings.dagit_address}/runs/{quote(run_id)}" if run_id else settings.dagit_address)


def _on_one_line(words: str) -> str:
    """The words without line breaks and control characters, because a finding may come from a source."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _without_markup(words: str) -> str:
    """The words as chat programs show them and nothing more: no mention, no link, no format made of others' words."""
    plain = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in ("@", "://", "](", "*", "`"):
        plain = plain.replace(sign, f"{sign[0]}\N{ZERO WIDTH SPACE}{sign[1:]}")
    return plain
