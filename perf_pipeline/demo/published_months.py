"""The fourteen published months of Make an LPA. The stand-in world reproduces them exactly.

Counts and take-up as published by the Office of the Public Guardian (opg-performance-data, MIT licence). Ratings are in
the order very satisfied, satisfied, neither, dissatisfied, very dissatisfied.
"""

from typing import Final

PUBLISHED_RATINGS: Final[dict[str, tuple[int, int, int, int, int]]] = {
    "2025-05": (8081, 4087, 1046, 282, 439),
    "2025-06": (8012, 3666, 1095, 270, 361),
    "2025-07": (8409, 4280, 1232, 315, 458),
    "2025-08": (8270, 4080, 1155, 325, 487),
    "2025-09": (9284, 4765, 1170, 350, 492),
    "2025-10": (12213, 6013, 1539, 385, 572),
    "2025-11": (10049, 5313, 1395, 367, 565),
    "2025-12": (6400, 3393, 1006, 245, 387),
    "2026-01": (11146, 5992, 1406, 348, 556),
    "2026-02": (9781, 5190, 1183, 278, 380),
    "2026-03": (11620, 6044, 1380, 244, 302),
    "2026-04": (8731, 4593, 1098, 211, 262),
    "2026-05": (8600, 4386, 1054, 192, 250),
    "2026-06": (8424, 4049, 983, 200, 260),
}

PUBLISHED_TAKE_UP_PERCENT: Final[dict[str, str]] = {
    "2025-05": "41.2",
    "2025-06": "58.5",
    "2025-07": "64.9",
    "2025-08": "64.7",
    "2025-09": "60.9",
    "2025-10": "60.6",
    "2025-11": "46.3",
    "2025-12": "44.8",
    "2026-01": "44.2",
    "2026-02": "42.5",
    "2026-03": "42",
    "2026-04": "40.9",
    "2026-05": "38.3",
}

PUBLISHED_HEADLINE_PERCENT: Final[dict[str, int]] = {
    "2025-05": 84,
    "2025-06": 85,
    "2025-07": 84,
    "2025-08": 84,
    "2025-09": 84,
    "2025-10": 85,
    "2025-11": 84,
    "2025-12": 83,
    "2026-01": 84,
    "2026-02": 85,
    "2026-03": 86,
    "2026-04": 89,
    "2026-05": 90,
    "2026-06": 90,
}
"""The headline figures of these ratings under the method in force. Only a test uses them."""
