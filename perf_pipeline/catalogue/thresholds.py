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
    Threshold("quarantined_rows", 3, "this many unusable rows of a day are never too many, whatever their share"),
    Threshold("disordered_percent", 1, "largest share of a day's applications whose states come in another order"),
    Threshold("quiet_days", 5, "a source may have no row for this many days, as over a long weekend"),
    Threshold(
        "compared_weeks",
        4,
        "a day is compared only if it has figures on the same weekday of at least this many weeks before it",
    ),
    Threshold("weekday_deviations", 8, "largest difference from the same weekdays before it, in standard deviations"),
    Threshold("level_factor", 2, "largest factor between a week and the four weeks before it"),
    Threshold(
        "headline_jump_points",
        8,
        "largest difference from the same weekday of the four weeks before it, in percentage points",
    ),
    Threshold(
        "channel_factor", 2, "largest factor between Sirius's online applications and those completed in the service"
    ),
    Threshold("compared_count", 30, "smaller numbers are not compared, because they change by chance"),
)

THRESHOLDS: dict[str, Threshold] = {threshold.name: threshold for threshold in _ENTRIES}
