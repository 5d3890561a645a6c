"""How long one reading of a source may take. A source that takes longer has failed and does not delay the others."""

import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SourceBounds:
    """The longest times for each source, in seconds. Settings can change them."""

    reading_seconds: float = 1800
    """A whole reading, with all its requests."""
    statement_seconds: float = 900
    """One statement in a database."""
    lock_seconds: float = 10
    """Waiting for a lock in a database."""

    def deadline(self) -> "Deadline":
        """The deadline of a reading that begins now."""
        return Deadline(self.reading_seconds)


@dataclass(frozen=True)
class Deadline:
    """The instant by which a reading must end."""

    seconds: float
    _started: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        """The remaining time of the reading. 0 or less when it is over."""
        return self._started + self.seconds - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the time of the reading is over."""
        return self.seconds_left <= 0
