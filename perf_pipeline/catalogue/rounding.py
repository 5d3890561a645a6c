"""Percentages from counts, rounded once, half up (DOMAIN 2.1 and 2.5). Integer arithmetic avoids float errors."""

from decimal import Decimal

import pandas as pd


def percent(numerator: int, denominator: int, *, decimals: int = 2) -> Decimal | None:
    """Numerator ÷ denominator × 100 with `decimals` places, rounded half up. None when the denominator is 0.

    Counts are non-negative whole numbers. The result is above 100 only when the numerator is above the denominator.
    """
    if denominator == 0:
        return None
    scale = 10**decimals
    doubled = 2 * 100 * scale * int(numerator) + int(denominator)
    return Decimal(doubled // (2 * int(denominator))).scaleb(-decimals)


def percent_column(numerators: pd.Series, denominators: pd.Series, *, decimals: int = 2) -> pd.Series:
    """`percent` for each row of two columns of counts: an object column of Decimal and None."""
    values = [percent(n, d, decimals=decimals) for n, d in zip(numerators, denominators, strict=True)]
    return pd.Series(values, index=numerators.index, dtype=object)
