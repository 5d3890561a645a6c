"""How long one reading of a source may take, so that a source that is slow or stuck is a failed source and nothing more."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SourceBounds:
    """Bounds on every source, in seconds; the settings say otherwise."""

    reading_seconds: float = 1800
    """A whole reading, however many answers it takes."""
    statement_seconds: float = 900
    """One statement in a database."""
    lock_seconds: float = 10
    """Waiting for a lock in a database."""

    def deadline(self) -> "Deadline":
        """The end of a reading that begins now."""
        return Deadline(self.reading_seconds)


@dataclass(frozen=True)
class Deadline:
    """The instant by which a reading must end."""

    seconds: float
    _started: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        """How long the reading may go on; 0 or less when its time is over."""
        return self._started + self.seconds - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the time of the reading is over."""
        return self.seconds_left <= 0
