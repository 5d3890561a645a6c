"""What is wrong with a value that a person has written, in our words: Pydantic's own texts speak of inputs and types."""

from pydantic_core import ErrorDetails

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "finite_number": "must be a finite number",
    "string_type": "must be text",
    "string_pattern_mismatch": "must match {pattern}",
    "url_scheme": "must begin with {expected_schemes}",
    "url_too_long": "is too long for an address",
    "timezone_aware": "needs its offset, as in 2026-05-01T02:30+01:00",
}
_WORDS_BY_START = {
    "int_": "must be a whole number",
    "float_": "must be a number",
    "datetime_": "must be an instant, such as 2026-05-01T02:30+01:00",
    "date_": "must be a day, such as 2026-05-01",
    "url_": "is not a web address; expected one such as https://service.example",
    "model_": "must be a table",
    "dict_": "must be a table",
    "tuple_": "must be a list",
    "list_": "must be a list",
}
_WORDS_OF_ADDRESSES = {
    "invalid port number": "has no number as its port; write a / of a password as %2F, and a # as %23",
    "empty host": "names no host",
    "invalid IPv6 address": "has an invalid IPv6 address",
}


def in_words(fault: ErrorDetails) -> str:
    """The fault without the value, which may be a secret: `must be a whole number`."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in ("value_error", "assertion_error"):
        return str(context["error"])
    if kind in _WORDS:
        return _WORDS[kind].format(**context)
    if kind.startswith("url_") and str(context.get("error", "")) in _WORDS_OF_ADDRESSES:
        return _WORDS_OF_ADDRESSES[str(context["error"])]
    return next((words for start, words in _WORDS_BY_START.items() if kind.startswith(start)), "can't be used")
