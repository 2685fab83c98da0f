"""Everything a look may say: naive, repeated and stage-wise side by side, and what lies ahead.

The primitive is an estimate with its information, and a spending time, per look: no endpoint is
known here. The null value (the margin with its sign) is subtracted once, at the door, and added
back once, so that moving data and null together moves every result with them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.conditional.power import Later, ThreeViews, conditional_views
from evaluation.design.conditional.predictive import PredictivePower, predictive_power
from evaluation.design.repeated import nominal_alpha, repeated_p, sequential_p
from evaluation.design.stagewise import stagewise_inference
from protocols.errors import UsageError

Spend = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class Observed:
    """The looks so far: estimate on the effect scale, information, spending time."""

    estimates: tuple[float, ...]
    information: tuple[float, ...]
    times: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.estimates) == len(self.information) == len(self.times) > 0:
            raise UsageError("LENGTHS_DIFFER", "Each look has estimate, information and time.")


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its two-sided interval on the effect scale; a limit may not exist."""

    estimate: float
    low: float | None
    high: float | None
    p_value: float


@dataclass(frozen=True, slots=True)
class LookReport:
    """The last look. `naive` ignores the looks before; it is never the claim.

    `repeated` holds at every look, `stagewise` if the trial stops here; `sequential_p` is the
    smallest repeated p so far. `ahead` and `predictive` are None at the last planned look.
    """

    z: float
    bound: float
    spent: float
    crossed: bool
    level: float
    naive: Interval
    repeated: Interval
    stagewise: Interval
    sequential_p: float
    ahead: ThreeViews | None
    predictive: PredictivePower | None


def look_report(
    observed: Observed,
    spend: Spend,
    *,
    alpha: float,
    null: float,
    planned: Sequence[tuple[float, float]] = (),
    design_effect: float = 0.0,
) -> LookReport:
    """What the last of these looks may say; intervals are two-sided at 1 - 2 alpha.

    `spend(alpha, t)` is the registered family; `planned` the (information, spending time) of
    looks to come; `null` and `design_effect` are on the effect scale, z positive favouring
    effects above the null. Bounds crossed at an earlier look are the caller's matter. Raises
    `UsageError` as `efficacy_boundaries`.
    """
    here = observed.information
    z = [(e - null) * math.sqrt(i) for e, i in zip(observed.estimates, here, strict=True)]
    looks = len(z)
    whole = (*here, *(information for information, _ in planned))
    times = (*observed.times, *(time for _, time in planned))

    def family(level: float, k: int) -> tuple[float, ...]:
        return tuple(spend(level, t) for t in times[:k])

    cumulative = family(alpha, len(whole))
    bounds = efficacy_boundaries(cumulative, whole)
    bound = bounds[looks - 1]
    ahead, predictive = _ahead(z[-1], whole, bounds, looks, design_effect - null)
    repeated = _repeated(z[-1], here, bound, null, lambda a: family(a, looks))
    return LookReport(
        z=z[-1],
        bound=bound,
        spent=cumulative[looks - 1],
        crossed=z[-1] >= bound,
        level=1 - 2 * alpha,
        naive=_naive(z[-1], here, alpha, null),
        repeated=repeated,
        stagewise=_stagewise(z[-1], bounds[: looks - 1], here, alpha, null),
        sequential_p=sequential_p(z, here, family, at_most=repeated.p_value),
        ahead=ahead,
        predictive=predictive,
    )


def _naive(z: float, here: Sequence[float], alpha: float, null: float) -> Interval:
    alone = efficacy_boundaries([alpha], [1.0])[0]
    unit = 1 / math.sqrt(here[-1])
    return Interval(
        null + z * unit, null + (z - alone) * unit, null + (z + alone) * unit, nominal_alpha(z)
    )


def _repeated(
    z: float,
    here: Sequence[float],
    bound: float,
    null: float,
    family: Callable[[float], Sequence[float]],
) -> Interval:
    unit = 1 / math.sqrt(here[-1])
    p = repeated_p(z, here, family)
    if math.isinf(bound):
        return Interval(null + z * unit, None, None, p)
    return Interval(null + z * unit, null + (z - bound) * unit, null + (z + bound) * unit, p)


def _stagewise(
    z: float, before: Sequence[float], here: Sequence[float], alpha: float, null: float
) -> Interval:
    found = stagewise_inference(z, before, here, level=1 - 2 * alpha)
    return Interval(null + found.estimate, null + found.low, null + found.high, found.p_value)


def _ahead(
    z: float, whole: Sequence[float], bounds: Sequence[float], looks: int, effect: float
) -> tuple[ThreeViews | None, PredictivePower | None]:
    if looks == len(whole):
        return None, None
    later = Later(tuple(whole[looks:]), tuple(bounds[looks:]))
    here = whole[looks - 1]
    return (
        conditional_views(z, here, later, design_effect=effect),
        predictive_power(z, here, later),
    )
