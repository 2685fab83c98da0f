"""What every estimator returns: an estimate, or a reason why there is none."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Method:
    """A method's face for people: its sentence, its source and its limits."""

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
    """A paired effect, candidate minus standard of care.

    `statistic` tests the margin given to the method and is positive when the data favour the
    alternative (direction already turned); `p_value` is one-sided from the same statistic; `df`
    is None for a normal reference; `low` and `high` form the two-sided interval at `level`;
    `information` is 1 / SE^2; `standard_of_care` and `candidate` are the arms' own values.
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
