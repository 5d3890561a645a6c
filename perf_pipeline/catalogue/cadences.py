"""When each source is due: until then a day that it lacks is waiting, afterwards it is late."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Nightly:
    """Delivers every night; a day is due so many nights after it."""

    nights: int

    @property
    def meaning(self) -> str:
        """The rule in words."""
        return f"a day is due within {self.nights} nights" if self.nights > 1 else "a day is due the night after it"


@dataclass(frozen=True)
class Monthly:
    """Delivers a month at a time, by hand; it is due by this day of the next month."""

    by_day: int

    @property
    def meaning(self) -> str:
        """The rule in words."""
        return f"a month is due by the {self.by_day}th of the next"


CADENCES: dict[str, Nightly | Monthly] = {
    "done-page": Monthly(5),
    "in-service": Nightly(1),
    "applications": Nightly(1),
    # Its gateway may serve data up to 48 hours old (DOMAIN 3.3).
    "sirius": Nightly(3),
}
