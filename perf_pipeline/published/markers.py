"""Writing and reading the cell of markers of a published figure: `[b][p]`, in alphabetical order."""

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
    """A set of markers as one cell."""
    return "".join(f"[{letter}]" for letter in sorted(marker.value for marker in found))


def letters(cell: str) -> list[str]:
    """The markers of a cell, one by one: `[b][p]` gives b and p."""
    return [part.strip("[]") for part in cell.split("][")] if cell else []


def with_marker(cell: str, marker: Marker, *, is_given: bool) -> str:
    """A cell with one marker given, or taken away."""
    found = {Marker(letter) for letter in letters(cell)} - {marker}
    return joined(found | ({marker} if is_given else set()))
