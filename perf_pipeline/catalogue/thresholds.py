"""What the checks tolerate: one number each, with its unit in its name. The services file may set others for a service.

Here: limits of checks. Not here: spans of time that figures themselves depend on (`windows`), when a source is due
(`cadences`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """One limit, for every service that does not have its own."""

    name: str
    value: float
    meaning: str


_ENTRIES = (
    Threshold("quarantined_percent", 5, "largest share of a day's rows that may be unusable"),
    Threshold("quarantined_rows", 3, "up to so many unusable rows of a day are never too many"),
    Threshold("disordered_percent", 1, "largest share of a day's applications whose states come in another order"),
    Threshold("quiet_days", 5, "a source may have no row for so many days, as over a long weekend"),
    Threshold("compared_weeks", 4, "at least so many earlier weeks must be there to compare with"),
    Threshold("weekday_deviations", 8, "how many standard deviations a day may lie off the same weekdays before it"),
    Threshold("level_factor", 2, "by what factor a week may lie above or below the four weeks before it"),
    Threshold(
        "headline_jump_points", 8, "by how many percentage points a day may lie off the four same weekdays before it"
    ),
    Threshold("channel_factor", 2, "by what factor Sirius's online applications may differ from the completed ones"),
    Threshold("compared_count", 30, "smaller numbers are not compared: chance alone moves them"),
)

THRESHOLDS: dict[str, Threshold] = {threshold.name: threshold for threshold in _ENTRIES}
