"""Enums whose members carry their meaning, so that documents and legends take it from where it is defined."""

from enum import Enum
from typing import Self


class DescribedEnum(Enum):
    """An enum of words; a member is declared as its value and what it means."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """Declare a member. The default is for lookups, `Marker("b")`, which type checkers take for this call."""
        member = object.__new__(cls)
        member._value_ = value
        member.meaning = meaning
        return member
