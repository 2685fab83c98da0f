"""How alpha is used over information: cumulative spending functions, exact far into the tail.

Every family is evaluated at the one-sided alpha (so z of alpha/2 appears in the
O'Brien-Fleming-like one). A spend of 1e-300 is as good as one of 0.025: first looks at a few
percent of the information legitimately spend that little.
"""

import itertools
import math
from collections.abc import Callable, Sequence

from scipy import special

from protocols.errors import UsageError


def obrien_fleming_like(alpha: float, t: float, _parameter: float) -> float:
    """2 - 2 Phi(z_{1 - alpha/2} / sqrt t), as an upper tail (Lan & DeMets 1983)."""
    return 2 * float(special.ndtr(special.ndtri(alpha / 2) / math.sqrt(t)))


def pocock_like(alpha: float, t: float, _parameter: float) -> float:
    """alpha ln(1 + (e - 1) t) (Lan & DeMets 1983, Biometrika 70:659)."""
    return alpha * math.log1p((math.e - 1) * t)


def hwang_shih_decani(alpha: float, t: float, gamma: float) -> float:
    """alpha (1 - e^(-gamma t)) / (1 - e^(-gamma)); alpha t at gamma 0 (Stat Med 1990, 9:1439)."""
    if gamma == 0:
        return alpha * t
    if gamma < 0:  # the same with its large powers divided out
        return alpha * math.exp(gamma * (1 - t)) * math.expm1(gamma * t) / math.expm1(gamma)
    return alpha * math.expm1(-gamma * t) / math.expm1(-gamma)


def kim_demets(alpha: float, t: float, rho: float) -> float:
    """alpha t^rho (Kim & DeMets 1987, Biometrika 74:149); rho > 0."""
    return alpha * math.pow(t, rho)


def exponential(alpha: float, t: float, nu: float) -> float:
    """alpha^(t^-nu) (Anderson & Clark 2010, Stat Med 29:321); nu > 0."""
    power = -nu * math.log(t)  # of e; beyond 700 the spend is 0 to any number of digits
    return math.exp(math.log(alpha) * math.exp(power)) if power < 700 else 0.0


FAMILIES: dict[str, Callable[[float, float, float], float]] = {
    "lan_demets_obrien_fleming": obrien_fleming_like,
    "lan_demets_pocock": pocock_like,
    "hwang_shih_decani": hwang_shih_decani,
    "kim_demets": kim_demets,
    "exponential": exponential,
}
NEEDS_PARAMETER = frozenset({"hwang_shih_decani", "kim_demets", "exponential"})


def spent(family: str, alpha: float, t: float, *, parameter: float | None = None) -> float:
    """Cumulative one-sided alpha spent at spending time `t`; all of it from t = 1 on.

    `t` below 0 raises; above 1 counts as 1 (an over-run spends no more). Raises `UsageError`
    for an unknown family, an alpha outside (0, 0.5) and a missing parameter.
    """
    function = FAMILIES.get(family)
    if function is None:
        known = ", ".join(sorted(FAMILIES))
        raise UsageError("SPENDING_UNKNOWN", f"No spending family {family}; known are {known}.")
    if not 0 < alpha < 0.5:
        raise UsageError("ALPHA_RANGE", f"A one-sided alpha lies in (0, 0.5), not {alpha}.")
    if not t >= 0:
        raise UsageError("SPENDING_TIME_RANGE", f"Spending time starts at 0; {t} is not a time.")
    if parameter is None and family in NEEDS_PARAMETER:
        raise UsageError("SPENDING_PARAMETER", f"The family {family} needs its parameter.")
    if parameter is not None and parameter <= 0 and family in ("kim_demets", "exponential"):
        raise UsageError("SPENDING_PARAMETER", f"The parameter of {family} is positive.")
    if t == 0:
        return 0.0
    if t >= 1:
        return alpha
    return min(alpha, function(alpha, t, 0.0 if parameter is None else parameter))


def cumulative_alpha(
    family: str, alpha: float, t: Sequence[float], *, parameter: float | None = None
) -> tuple[float, ...]:
    """`spent` at each spending time. `t` must not decrease; equal times spend nothing more."""
    if any(later < earlier for earlier, later in itertools.pairwise(t)):
        raise UsageError(
            "SPENDING_TIME_ORDER", "Spending times must not decrease from look to look."
        )
    return tuple(spent(family, alpha, time, parameter=parameter) for time in t)


def interpolated_alpha(
    knots_t: Sequence[float], knots_share: Sequence[float], alpha: float, t: Sequence[float]
) -> tuple[float, ...]:
    """A registered table of cumulative shares of alpha, linear between its knots.

    (0, 0) and (1, 1) are added where the table lacks them. Both lists must increase and stay
    in [0, 1]; `UsageError` otherwise.
    """
    xs, ys = [0.0, *knots_t, 1.0], [0.0, *knots_share, 1.0]
    if len(xs) != len(ys):
        raise UsageError("SPENDING_TABLE", "Each knot of a spending table has a time and a share.")
    ordered = all(a <= b for a, b in itertools.pairwise(xs))
    if not (ordered and all(a <= b for a, b in itertools.pairwise(ys))):
        raise UsageError("SPENDING_TABLE", "A spending table rises from (0, 0) to (1, 1).")
    if any(not time >= 0 for time in t):
        raise UsageError("SPENDING_TIME_RANGE", "Spending time starts at 0.")

    def at(time: float) -> float:
        if time >= 1:
            return alpha
        right = next(i for i, x in enumerate(xs) if x > time)
        left = right - 1
        slope = (ys[right] - ys[left]) / (xs[right] - xs[left])
        return alpha * (ys[left] + slope * (time - xs[left]))

    return tuple(at(time) for time in t)


def table_family(cumulative: Sequence[float]) -> Callable[[float], tuple[float, ...]]:
    """The family of a fixed table of cumulative alpha: the table scaled to any other alpha.

    Repeated and sequential p-values need a design at every alpha; a table alone has none, so
    it is scaled in proportion. Raises `UsageError` for a table that falls or ends at 0.
    """
    if any(b < a for a, b in itertools.pairwise(cumulative)) or not cumulative[-1] > 0:
        raise UsageError("SPENDING_TABLE", "A table of cumulative alpha rises to alpha.")
    return lambda alpha: tuple(alpha * (spent / cumulative[-1]) for spent in cumulative)


def held_at(cumulative: Sequence[float], looking: Sequence[bool]) -> tuple[float, ...]:
    """Cumulative spend of looks at which only some may stop.

    A look that does not look spends nothing; what it would have spent falls to the next one that
    does. Raises `UsageError` when lengths differ or the last look does not look.
    """
    if len(cumulative) != len(looking) or not looking[-1]:
        raise UsageError("LENGTHS_DIFFER", "Say of each look whether it can stop; the last can.")
    held: list[float] = []
    for spent_so_far, open_ in zip(cumulative, looking, strict=True):
        held.append(spent_so_far if open_ else (held[-1] if held else 0.0))
    return tuple(held)


def confined(
    spend: Callable[[float], float], alpha: float, window: tuple[float, float], *, rescaled: bool
) -> Callable[[float], float]:
    """No spend up to the window's start, all of it from its end on, `spend` inside.

    `rescaled` stretches `spend` over the window; otherwise it is taken as it is, and the
    window's own start already spends.
    """
    start, end = window

    def at(time: float) -> float:
        if time >= end:
            return alpha
        if time <= start:
            return 0.0
        return spend((time - start) / (end - start) if rescaled else time)

    return at


Points = tuple[tuple[float, float], tuple[float, float]]
DISTRIBUTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "logistic": (special.expit, special.logit),
    "normal": (special.ndtr, special.ndtri),
    "cauchy": (
        lambda x: math.atan(x) / math.pi + 0.5,
        lambda u: math.tan(math.pi * (u - 0.5)),
    ),
}


def two_point(points: Points, distribution: str, alpha: float, t: float) -> float:
    """alpha F(a + b F^-1(t)) through two (t, share of alpha) points.

    F is logistic, normal or cauchy (Anderson & Clark 2010, Stat Med 29:321). Raises
    `UsageError` for another word or points that do not rise inside (0, 1).
    """
    if distribution not in DISTRIBUTIONS:
        raise UsageError("SPENDING_UNKNOWN", f"No distribution {distribution} for spending.")
    return _through(points, *DISTRIBUTIONS[distribution], alpha=alpha, t=t)


def two_point_t(points: Points, df: float, alpha: float, t: float) -> float:
    """`two_point` with F of Student's t with `df` > 0 degrees of freedom."""
    if not df > 0:
        raise UsageError("SPENDING_PARAMETER", "Degrees of freedom are positive.")
    return _through(
        points,
        lambda x: float(special.stdtr(df, x)),
        lambda u: float(special.stdtrit(df, u)),
        alpha=alpha,
        t=t,
    )


def beta_distributed(alpha: float, t: float, a: float, b: float) -> float:
    """alpha times the beta(a, b) distribution function of t; a and b above 0."""
    if not (a > 0 and b > 0):
        raise UsageError("SPENDING_PARAMETER", "The parameters of a beta spend are positive.")
    return alpha * float(special.betainc(a, b, min(max(t, 0.0), 1.0)))


def _through(
    points: Points,
    share: Callable[[float], float],
    quantile: Callable[[float], float],
    *,
    alpha: float,
    t: float,
) -> float:
    (x0, u0), (x1, u1) = points
    if not (0 < x0 < x1 < 1 and 0 < u0 < u1 < 1):
        raise UsageError("SPENDING_TABLE", "Two points of a spending function rise inside (0, 1).")
    if t <= 0 or t >= 1:
        return alpha if t >= 1 else 0.0
    slope = (quantile(u1) - quantile(u0)) / (quantile(x1) - quantile(x0))
    start = quantile(u0) - slope * quantile(x0)
    return alpha * float(share(start + slope * float(quantile(t))))
