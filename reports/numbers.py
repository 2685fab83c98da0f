"""All rounding of the reports. Nothing else in this room turns a number into text.

Conventions: halves are rounded away from zero on the decimal value that
`results.json` holds; a percentage has one decimal from 200 observations on and none below; p has
three decimals up to 0.20 and two above; an interval reads "a to b"; the minus sign is U+2212.
A limit is never rounded onto the margin or onto zero when it does not lie there: decimals are
added until the page shows the side on which it lies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\u2212"
LARGE_SAMPLE = 200
MOST_EXTRA_DECIMALS = 4
SCORE_DECIMALS = {"auc": 3, "brier": 4}
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


@dataclass(frozen=True, slots=True)
class EffectFormat:
    """How the differences of one result are written: scaled, with `decimals` and a unit."""

    factor: int
    decimals: int
    unit: str

    def number(self, value: float) -> str:
        """A value on the effect's scale, in the reader's unit."""
        scaled = Decimal(repr(float(value))) * self.factor
        return fixed(float(scaled), self.decimals)

    def with_unit(self, value: float) -> str:
        """The same with its unit."""
        return f"{self.number(value)}{self.unit}"

    def interval(self, low: float, high: float) -> str:
        """Both limits, without the unit."""
        return interval(self.number(low), self.number(high))

    def value(self, share: float) -> str:
        """An arm's own value: percent for a share, a plain number for a score."""
        suffix = "%" if self.factor == 100 else ""
        return f"{self.number(share)}{suffix}"


def effect_format(
    measure: str, n: int, limits: Iterable[float], margin: float | None
) -> EffectFormat:
    """The format for one result: AUC with three decimals, Brier with four, shares in points.

    `limits` are the numbers that must be seen to lie on their side of zero and of the margin.
    """
    is_share = measure in ("sensitivity", "specificity")
    factor = 100 if is_share else 1
    base = int(n >= LARGE_SAMPLE) if is_share else SCORE_DECIMALS.get(measure, 3)
    if margin is not None:
        base = max(base, _decimals_of(margin * factor))
    places = (0.0,) if margin is None else (0.0, -margin, margin)
    decimals = _separating_decimals(
        [v * factor for v in limits], [p * factor for p in places], base
    )
    return EffectFormat(factor, decimals, " points" if is_share else "")


def _decimals_of(value: float) -> int:
    text = trimmed(value, 4)
    return len(text.partition(".")[2])


def _separating_decimals(limits: list[float], places: list[float], base: int) -> int:
    for decimals in range(base, base + MOST_EXTRA_DECIMALS):
        if not any(
            limit != place and _rounded(limit, decimals) == _rounded(place, decimals)
            for limit in limits
            for place in places
        ):
            return decimals
    return base + MOST_EXTRA_DECIMALS
