"""All rounding of the reports. Nothing else in this room turns a number into text.

Conventions: halves are rounded away from zero on the decimal value that
`results.json` holds; a percentage has one decimal from 200 observations on and none below; p has
three decimals up to 0.20 and two above; an interval reads "a to b"; the minus sign is U+2212.
A limit is never rounded onto the margin or onto no effect (zero, or one for a ratio) when it does
not lie there: decimals are added until the page shows the side on which it lies.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\u2212"
LARGE_SAMPLE = 200
MOST_EXTRA_DECIMALS = 4
MOST_DECIMALS = 8
QUANTITY_DIGITS = 4
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def fixed(value: float, decimals: int) -> str:
    """The value with so many decimals, thousands separated; zero never carries a minus sign."""
    rounded = _rounded(value, decimals)
    text = f"{abs(rounded):,.{decimals}f}"
    return f"{MINUS}{text}" if rounded < 0 else text


def _rounded(value: float, decimals: int) -> Decimal:
    step = Decimal(1).scaleb(-decimals)
    return Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)


def whole(value: float) -> int:
    """The nearest whole number, halves away from zero."""
    return int(_rounded(value, 0))


def count(n: int) -> str:
    """'2,000'."""
    return fixed(n, 0)


def plural(n: int, one: str, many: str | None = None) -> str:
    """'1 pair', '2,000 pairs'."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def percent(share: float, n: int) -> str:
    """A share among `n` as percent; what is neither none nor all is not rounded to it."""
    decimals = 1 if n >= LARGE_SAMPLE else 0
    rounded, least = _rounded(share * 100, decimals), Decimal(1).scaleb(-decimals)
    if share > 0 and rounded == 0:
        return f"<{least}%"
    if share < 1 and rounded == 100:
        return f">{100 - least}%"
    return f"{fixed(share * 100, decimals)}%"


def plain_percent(share: float, most_decimals: int = 2) -> str:
    """A share that was set, not observed (a level, a limit, a tolerance): trailing zeros go."""
    return f"{trimmed(share * 100, most_decimals)}%"


def trimmed(value: float, most_decimals: int = 4) -> str:
    """At most so many decimals, without trailing zeros."""
    text = fixed(value, most_decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: float) -> str:
    """A registered number as it was written, with a true minus sign."""
    return f"{value:.12g}".replace("-", MINUS)


def p_value(p: float) -> str:
    """'<0.001', '0.012', '0.35', '>0.99'."""
    if p < 0.001:
        return "<0.001"
    if p > 0.99:
        return ">0.99"
    return fixed(p, 3 if p <= 0.2 else 2)


def statistic(z: float) -> str:
    """z or t with two decimals."""
    return fixed(z, 2)


def alpha(value: float) -> str:
    """A one-sided error probability: four decimals at most, small ones named as smaller."""
    return "<0.0001" if 0 < value < 0.0001 else trimmed(value, 4)


def milliseconds(value: float) -> str:
    """'7.3 ms', '41 ms'."""
    return f"{fixed(value, 1 if value < 10 else 0)} ms"


def interval(low: str, high: str) -> str:
    """'a to b'."""
    return f"{low} to {high}"


def instant(text: str) -> str:
    """'2026-11-20T03:46:39Z' as '20 November 2026, 03:46 UTC'; independent of locale and zone."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    month = MONTHS[moment.month - 1]
    return f"{moment.day} {month} {moment.year}, {moment.hour:02d}:{moment.minute:02d} UTC"


def short_digest(digest: str) -> str:
    """The first twelve hexadecimal digits."""
    return digest.removeprefix("sha256:")[:12]


def significant_decimals(values: Iterable[float], digits: int) -> int:
    """Decimals at which the largest of the values has so many significant digits, 0 to 8."""
    largest = max((abs(value) for value in values), default=0.0)
    if largest == 0:
        return 0
    return min(max(digits - 1 - math.floor(math.log10(largest)), 0), MOST_DECIMALS)


def quantity_format(estimate: float | None, limits: Sequence[float]) -> "Format":
    """A number that the program knows no unit of: four significant digits, the limits alike.

    A count stays whole; no limit is rounded onto zero or one.
    """
    held = [*limits] if estimate is None else [estimate, *limits]
    if not limits and all(value == int(value) for value in held):
        return Format(1, 0, "")
    decimals = significant_decimals(held, QUANTITY_DIGITS)
    return Format(1, separating_decimals(held, [0.0, 1.0], decimals), "")


def separating_decimals(limits: Sequence[float], places: Sequence[float], base: int) -> int:
    """Decimals, `base` at least, at which no limit is rounded onto a place beside which it lies."""
    for decimals in range(base, base + MOST_EXTRA_DECIMALS):
        if not any(
            limit != place and _rounded(limit, decimals) == _rounded(place, decimals)
            for limit in limits
            for place in places
        ):
            return decimals
    return base + MOST_EXTRA_DECIMALS


@dataclass(frozen=True, slots=True)
class Format:
    """How values of one kind are written: scaled, with `decimals` and a unit."""

    factor: int
    decimals: int
    unit: str

    def number(self, value: float) -> str:
        """A value in the reader's unit."""
        scaled = Decimal(repr(float(value))) * self.factor
        return fixed(float(scaled), self.decimals)

    def with_unit(self, value: float) -> str:
        """The same with its unit."""
        return f"{self.number(value)}{self.unit}"

    def interval(self, low: float, high: float) -> str:
        """Both limits, without the unit."""
        return interval(self.number(low), self.number(high))
