"""What every method returns: an estimate, a list of findings, or a reason why there is neither."""

from dataclasses import dataclass
from typing import Literal

Scale = Literal["difference", "ratio"]


@dataclass(frozen=True, slots=True)
class Method:
    """A method's face for people: its protocol word, its sentence and its source."""

    name: str
    sentence: str
    citation: str


@dataclass(frozen=True, slots=True)
class NotEvaluable:
    """Data on which a method has nothing to say; `code` is stable, `reason` a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A paired effect held against a margin: candidate minus, or over, standard of care.

    `statistic` tests the margin given to the method and is positive when the data favour the
    alternative (direction already turned); `p_value` is one-sided from the same statistic; `df`
    is None for a normal reference; `low` and `high` form the two-sided interval at `level`;
    `information` is 1 / SE^2; `standard_of_care` and `candidate` are the arms' own values.
    On the ratio scale `estimate`, `low` and `high` are ratios, while `standard_error` and
    `information` belong to the logarithm of the ratio.
    """

    method: Method
    estimate: float
    standard_error: float
    low: float
    high: float
    level: float
    statistic: float
    p_value: float
    df: float | None
    information: float
    n_pairs: int
    n_clusters: int
    standard_of_care: float | None = None
    candidate: float | None = None
    warnings: tuple[str, ...] = ()
    scale: Scale = "difference"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number that a method gives, with what is known of its uncertainty.

    `name` is stable (`ppv_difference`), `title` is for people. `low` and `high` form the two-sided
    interval at `level`. `statistic` and `p_value` test "no effect" unless the title says otherwise;
    `p_value` is two-sided unless the title says otherwise; `df` is None for a normal reference.
    A pure test has no estimate. `reason` says why a number is missing that should be there.
    """

    name: str
    title: str
    estimate: float | None = None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a registered analysis gives beside tests of margins: quantities in a fixed order."""

    method: Method
    quantities: tuple[Quantity, ...]
    n_pairs: int
    n_clusters: int
    warnings: tuple[str, ...] = ()

    def named(self, name: str) -> Quantity:
        """The quantity of that name; KeyError when the method gives no such quantity."""
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        raise KeyError(name)
