"""The JSON of an OPG feed file: opened, parsed exactly, and shown again in messages.

Belongs here: files, bytes and JSON. Doesn't belong here: what an entry means (`published_history`).
"""

import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from perf_pipeline.errors import PermanentSourceError, UsageError

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_SHOWN: Final = 40


class JsonObject(dict[str, object]):
    """An object of the file. `repeated` holds keys that stand in it more than once; the last one counts."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.repeated = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]


def load_array(path: Path) -> list[object]:
    """The items of a file that holds a JSON array.

    Every number is a Decimal, exact as written; NaN and Infinity are Decimals that aren't finite.

    Raises:
        UsageError: there is no such file.
        PermanentSourceError: it is closed to us, not JSON or no array.

    """
    next_step = "give a file in the format of the OPG feed: one JSON array of entries."
    try:
        text = path.read_bytes().decode("utf-8-sig")
        items = json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_number,
            object_pairs_hook=JsonObject,
        )
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise UsageError(f"There is no file {path}.", next_step="give the path of an OPG feed file.") from None
    except OSError as error:
        raise PermanentSourceError(f"{path} can't be read: {error.strerror}.", next_step="check its rights.") from error
    except json.JSONDecodeError as error:
        raise PermanentSourceError(
            f"{path} is not JSON: {error.msg} in line {error.lineno}.", next_step=next_step
        ) from None
    except (UnicodeDecodeError, RecursionError):
        raise PermanentSourceError(f"{path} is not JSON in UTF-8.", next_step=next_step) from None
    if not isinstance(items, list):
        raise PermanentSourceError(f"{path} holds {shown(items)}; expected an array.", next_step=next_step)
    return items


def number_in(text: str) -> Decimal | None:
    """The number that a text holds in JSON's own way of writing, None where it is anything else."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    found = _number(text.strip())
    return found if found.is_finite() else None


def shown(value: object) -> str:
    """A value as the file has it, on one line, shortened, in plain characters."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    # The one control character that JSON leaves as it is.
    text = str(value) if isinstance(value, Decimal) else json.dumps(value).replace("\x7f", "\\u007f")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 2]} …"


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # Its exponent is beyond all reckoning.
        return Decimal("NaN")
