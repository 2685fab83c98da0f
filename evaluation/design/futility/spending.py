"""Futility bounds that spend beta, solved together with the effect so that power is exact.

Pampallona, Tsiatis & Kim 2001, Drug Inf J 35:1113; DeMets & Ware 1980, Biometrika 67:651 for
one-sided lower stops. Non-binding is the rule: efficacy bounds are those without futility, so
that going on after a futility stop costs no type I error; power and expected information count
futility stops as obeyed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from evaluation.design.boundaries import (
    check_information,
    efficacy_boundaries,
    next_bound,
    root_of_spend,
)
from evaluation.design.operating import (
    OperatingCharacteristics,
    fixed_drift,
    inflation_factor,
    operating_characteristics,
    rising_root,
)
from evaluation.design.panels import REACH, Paths, Stop, carry_on, crossing
from evaluation.design.walks import mirrored
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class FutilityDesign:
    """Bounds on z at each look; the last two coincide. `drift` is the effect of exact power.

    `lower` is -inf where futility does not look. Expected information is in units of what a
    single look with the same alpha and power needs.
    """

    information: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    binding: bool
    alpha: float
    power: float
    drift: float
    inflation: float

    def under(self, drift: float) -> OperatingCharacteristics:
        """Operating characteristics when the true effect is `drift`, stops obeyed."""
        return operating_characteristics(
            self.upper, self.information, drift=drift, lower=self.lower
        )

    def expected_ratio(self, drift: float) -> float:
        """Expected information under `drift`, over that of a single look."""
        share = self.under(drift).expected_information / self.information[-1]
        return share * self.inflation


def futility_design(
    cumulative_alpha: Sequence[float],
    cumulative_beta: Sequence[float],
    information: Sequence[float],
    *,
    binding: bool = False,
) -> FutilityDesign:
    """Efficacy bounds spending alpha, futility bounds spending beta, power 1 - beta exactly.

    Both spends end at the design's alpha and beta. A look whose cumulative spend does not rise
    has no bound of that kind. `information` increases and only its ratios matter; `drift` is per
    its unit. Raises `UsageError` for spends that fall, a beta outside (0, 1 - alpha) and lengths
    that differ.
    """
    alpha, beta = _checked(cumulative_alpha, cumulative_beta, information)
    free = None if binding else efficacy_boundaries(cumulative_alpha, information)
    spends = (tuple(cumulative_alpha), tuple(cumulative_beta))

    def excess(drift: float) -> float:
        return beta - _bounds_at(drift, spends, information, free)[2]

    drift = rising_root(excess, fixed_drift(alpha, 1 - beta, information[-1]))
    upper, lower, _ = _bounds_at(drift, spends, information, free)
    inflation = inflation_factor(drift, information, alpha=alpha, power=1 - beta)
    return FutilityDesign(
        tuple(information), upper, lower, binding, alpha, 1 - beta, drift, inflation
    )


def _checked(
    cumulative_alpha: Sequence[float],
    cumulative_beta: Sequence[float],
    information: Sequence[float],
) -> tuple[float, float]:
    if not len(cumulative_alpha) == len(cumulative_beta) == len(information):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its alpha, beta and information.")
    check_information(information)
    alpha, beta = cumulative_alpha[-1], cumulative_beta[-1]
    if not (0 < beta < 1 - alpha and alpha > 0):
        raise UsageError("BETA_RANGE", "Beta lies between 0 and 1 - alpha, and alpha above 0.")
    rising = zip((0.0, *cumulative_beta[:-1]), cumulative_beta, strict=True)
    if any(later < earlier for earlier, later in rising):
        raise UsageError("BETA_ORDER", "Beta once spent cannot be taken back.")
    before_last = cumulative_alpha[-2] if len(cumulative_alpha) > 1 else 0.0
    if not alpha > before_last:
        raise UsageError("ALPHA_ORDER", "The last look of a design spends some alpha.")
    return alpha, beta


Bounds = tuple[tuple[float, ...], tuple[float, ...], float]


def _bounds_at(
    drift: float,
    spends: tuple[tuple[float, ...], tuple[float, ...]],
    information: Sequence[float],
    free: tuple[float, ...] | None,
) -> Bounds:
    """Upper and lower bounds if the true effect were `drift`, and the share that misses."""
    upper: list[float] = []
    lower: list[float] = []
    missed: list[float] = []
    null: Stop | None = None
    true: Stop | None = None
    alpha, beta = 0.0, 0.0
    last = len(information) - 1
    depth = _depth(spends[1], information, drift)
    for look, here in enumerate(information):
        null_paths = None
        if free is None:
            try:
                up, null_paths = next_bound(null, here, spends[0][look] - alpha)
            except UsageError:  # under so large an effect futility would stop nearly everyone
                return tuple(upper), tuple(lower), math.fsum(missed)
        else:
            up = free[look]
        reach = math.hypot(REACH, up if math.isfinite(up) else 0.0)
        paths = (
            None if true is None else carry_on(true, here, drift=drift, reach=reach, depth=depth)
        )
        increment = spends[1][look] - beta
        down = up if look == last else _lower(paths, here, increment, drift)
        stuck = down >= up and look < last
        down = min(down, up)
        missed.append(crossing(mirrored(paths), here, -down, drift=-drift))
        upper.append(up)
        lower.append(down)
        if stuck:  # the effect is so large that futility would take the place of efficacy
            return tuple(upper), tuple(lower), math.fsum(missed)
        if up < math.inf or down > -math.inf:
            null, true = Stop(here, down, up, null_paths), Stop(here, down, up, paths)
        alpha, beta = max(alpha, spends[0][look]), spends[1][look]
    return tuple(upper), tuple(lower), math.fsum(missed)


def _depth(cumulative: Sequence[float], information: Sequence[float], drift: float) -> float:
    """How far below 0 paths matter: as far as the deepest bound that these spends can have."""
    spent = zip((0.0, *cumulative[:-1]), cumulative, information, strict=True)
    alone = [_alone(here, after - before, drift) for before, after, here in spent if after > before]
    return math.hypot(REACH, max(0.0, -min(alone, default=0.0)))


def _alone(here: float, increment: float, drift: float) -> float:
    """The bound of a look before which nobody stopped."""
    return float(special.ndtri_exp(math.log(increment))) + drift * math.sqrt(here)


def _lower(paths: Paths | None, here: float, increment: float, drift: float) -> float:
    """The z below which `increment` of the paths end up; -inf where none may."""
    if increment <= 0:
        return -math.inf
    if paths is not None and not float(paths.mass.sum()) > increment:
        return math.inf
    alone = _alone(here, increment, drift)
    turned = mirrored(paths)
    if turned is None:
        return alone
    return -root_of_spend(turned, here, increment, start=-alone, drift=-drift)


def lower_after(
    before: Sequence[tuple[float, float, float]], here: float, increment: float, *, drift: float
) -> float:
    """The z below which `increment` of the trials under `drift` end up at information `here`.

    `before` are (information, lower, upper) of the looks made, as they stand: what they stopped is
    gone. -inf where nothing is to be spent, inf where so much is not left.
    """
    stop: Stop | None = None
    depth = _depth((increment,), (here,), drift)
    for information, down, up in before:
        reach = math.hypot(REACH, up if math.isfinite(up) else 0.0)
        paths = None
        if stop is not None:
            paths = carry_on(stop, information, drift=drift, reach=reach, depth=depth)
        stop = Stop(information, down, up, paths)
    paths = None if stop is None else carry_on(stop, here, drift=drift, depth=depth)
    return _lower(paths, here, increment, drift)


def null_lower_bounds(
    cumulative: Sequence[float], information: Sequence[float], *, upper: Sequence[float]
) -> tuple[float, ...]:
    """Lower bounds that spend a probability under no effect, efficacy stops obeyed.

    A harm bound, or a non-binding futility bound by the null. `cumulative` rises and stays
    below 1; a look without spend has the bound -inf. Raises `UsageError` otherwise, and where a
    lower bound would meet the upper one.
    """
    check_information(information)
    if not len(cumulative) == len(information) == len(upper):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its spend, bound and information.")
    lower: list[float] = []
    stop: Stop | None = None
    before = 0.0
    depth = _depth(cumulative, information, 0.0)
    for spent, here, up in zip(cumulative, information, upper, strict=True):
        if spent < before or not spent < 1:
            raise UsageError("HARM_SPEND", "A spend under the null rises and stays below 1.")
        reach = math.hypot(REACH, up if math.isfinite(up) else 0.0)
        paths = None if stop is None else carry_on(stop, here, reach=reach, depth=depth)
        down = _lower(paths, here, spent - before, 0.0)
        if down > up:
            raise UsageError("HARM_SPEND", "The lower bound would pass the efficacy bound.")
        lower.append(down)
        if up < math.inf or down > -math.inf:
            stop = Stop(here, down, up, paths)
        before = spent
    return tuple(lower)
