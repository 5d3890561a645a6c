"""Describes rows of a source that our database refused, by line and column, never by value."""

import re

from sqlalchemy.exc import DBAPIError

_DATA_EXCEPTION, _INTEGRITY, _CARDINALITY = "22", "23", "21"
_PLACE = re.compile(r"line (\d+)(?:, column (\w+))?")
_KINDS = {
    "22007": "it is no instant",
    "22008": "it is an instant that can't be",
    "22P02": "its text has another form",
    "22P04": "it has other columns",
    "23502": "a value is missing",
    "23505": "an id occurs more than once",
    "21000": "an id occurs more than once",
}


def is_about_rows(error: DBAPIError) -> bool:
    """Whether the database refused values. Other errors concern the connection, rights or the disk."""
    return _code(error)[:2] in (_DATA_EXCEPTION, _INTEGRITY, _CARDINALITY)


def row_fault(error: DBAPIError) -> str:
    """The place of the refused row, as far as the database reports it, and the reason."""
    diagnostics = getattr(error.orig, "diag", None)
    found = _PLACE.search(getattr(diagnostics, "context", None) or "")
    place = "".join((f"row {found[1]}" if found else "a row", f", column {found[2]}" if found and found[2] else ""))
    return f"{place}: {_KINDS.get(_code(error), f'refused with SQLSTATE {_code(error)}')}"


def _code(error: DBAPIError) -> str:
    return getattr(error.orig, "pgcode", None) or ""
