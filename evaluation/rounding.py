"""Twelve significant digits: what a stored result keeps, and so what a replay can read."""

from math import isfinite

DIGITS = 12


def to_digits(value: float) -> float:
    """The value as the results keep it; minus zero becomes zero, what is not finite stays so."""
    return float(f"{value:.{DIGITS}g}") + 0.0 if isfinite(value) else value
