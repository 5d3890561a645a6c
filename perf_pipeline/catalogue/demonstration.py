"""How stand-ins for source systems identify themselves, and the notice on every figure that is made from them.

Here: the words and names that a stand-in (`demo`) and a reader (`extracted`) share. Not here: what the warehouse remembers
about stand-ins (`warehouse.stand_ins`), where the notice is shown (`published.demonstration`).
"""

from typing import Final

NOTICE: Final = "Demonstration data. Not Office of the Public Guardian figures."

EXPORTS_NOTICE_FILE: Final = "DEMONSTRATION.txt"
"""A stand-in folder of Feedback Explorer exports holds this file."""

NOTICE_KEY: Final = "notice"
"""A stand-in Sirius sends the notice under this key of `meta`. The manifest of a release has it under the same key."""
