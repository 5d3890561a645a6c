"""The fourteen published months of Make an LPA. The stand-in world reproduces them exactly.

Figures as published by the Office of the Public Guardian (opg-performance-data, MIT licence).
"""

from typing import Final, NamedTuple


class PublishedMonth(NamedTuple):
    """The figures of one month."""

    ratings: tuple[int, int, int, int, int]
    """Very satisfied, satisfied, neither, dissatisfied, very dissatisfied."""
    headline_percent: int
    """What these ratings give under the method in force. Only tests use it."""
    take_up_percent: str
    """With its published decimals. Empty where it was not published."""


PUBLISHED_MONTHS: Final = {
    "2025-05": PublishedMonth((8081, 4087, 1046, 282, 439), 84, "41.2"),
    "2025-06": PublishedMonth((8012, 3666, 1095, 270, 361), 85, "58.5"),
    "2025-07": PublishedMonth((8409, 4280, 1232, 315, 458), 84, "64.9"),
    "2025-08": PublishedMonth((8270, 4080, 1155, 325, 487), 84, "64.7"),
    "2025-09": PublishedMonth((9284, 4765, 1170, 350, 492), 84, "60.9"),
    "2025-10": PublishedMonth((12213, 6013, 1539, 385, 572), 85, "60.6"),
    "2025-11": PublishedMonth((10049, 5313, 1395, 367, 565), 84, "46.3"),
    "2025-12": PublishedMonth((6400, 3393, 1006, 245, 387), 83, "44.8"),
    "2026-01": PublishedMonth((11146, 5992, 1406, 348, 556), 84, "44.2"),
    "2026-02": PublishedMonth((9781, 5190, 1183, 278, 380), 85, "42.5"),
    "2026-03": PublishedMonth((11620, 6044, 1380, 244, 302), 86, "42"),
    "2026-04": PublishedMonth((8731, 4593, 1098, 211, 262), 89, "40.9"),
    "2026-05": PublishedMonth((8600, 4386, 1054, 192, 250), 90, "38.3"),
    "2026-06": PublishedMonth((8424, 4049, 983, 200, 260), 90, ""),
}
