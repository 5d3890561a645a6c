"""Writes and reads the markers of a published figure: one cell such as `[b][p]`, in alphabetical order."""

from perf_pipeline.catalogue.markers import Marker


def markers(
    *, is_break: bool = False, is_estimated: bool = False, is_provisional: bool = False, is_not_available: bool = False
) -> str:
    """The markers column of a row."""
    given = {
        Marker.BREAK_IN_SERIES: is_break,
        Marker.ESTIMATED: is_estimated,
        Marker.PROVISIONAL: is_provisional,
        Marker.NOT_AVAILABLE: is_not_available,
    }
    return joined({marker for marker, is_given in given.items() if is_given})


def joined(found: set[Marker]) -> str:
    """The cell for a set of markers."""
    return "".join(f"[{letter}]" for letter in sorted(marker.value for marker in found))


def letters(cell: str) -> list[str]:
    """The markers of a cell: b and p for `[b][p]`."""
    return [part.strip("[]") for part in cell.split("][")] if cell else []


def with_marker(cell: str, marker: Marker, *, is_given: bool) -> str:
    """The cell with one marker added or removed."""
    found = {Marker(letter) for letter in letters(cell)} - {marker}
    return joined(found | ({marker} if is_given else set()))
