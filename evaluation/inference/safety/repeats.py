"""How much repeated subjects tell: the number of independent encounters that tell as much.

A variance between subjects is known badly where few of them have an event, and it is known worst
when it is small by chance. So it is pulled towards the largest design effect, that of subjects who
always or never have the event, as if two more subjects with an event had shown it.
"""

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.orientation import critical_of

PRIOR_SUBJECTS = 2.0


def largest_effect(sizes: FloatArray) -> float:
    """The design effect of subjects whose encounters are all alike; 1 where nobody comes back."""
    return exact_sum(sizes**2) / exact_sum(sizes)


def bearing(events: FloatArray, sizes: FloatArray) -> float:
    """How many subjects have an event, counted as alike in size (Kish 1965, Survey Sampling)."""
    own = sizes[events > 0]
    return exact_sum(own) ** 2 / exact_sum(own**2)


def design_effect(observed: float, largest: float, n_bearing: float) -> float:
    """The observed effect, at least 1, averaged with the largest, which weighs two subjects.

    `n_bearing` subjects bear the observation: those with an event or, if fewer, with a non-event.
    """
    seen = n_bearing * max(observed, 1.0) + PRIOR_SUBJECTS * max(observed, largest)
    return seen / (n_bearing + PRIOR_SUBJECTS)


def effective_share(events: FloatArray, sizes: FloatArray, alpha: float) -> float:
    """The effective number of encounters behind a share; `events` and `sizes` hold each subject.

    Linearised variance with K/(K-1) (Korn & Graubard 1998, Survey Methodology 24:193), shrunk
    towards the largest design effect and by t(K-1) against t(n-1) at one-sided `alpha`. All
    encounters where nobody comes back; no more than there are.
    """
    k, n, total = len(sizes), exact_sum(sizes), exact_sum(events)
    if k == n:
        return n
    largest = largest_effect(sizes)
    if total in (0, n) or k < 2:
        return n / largest
    share = total / n
    observed = _variance(events - share * sizes) / n / (share * (1 - share))
    effect = design_effect(
        observed, largest, min(bearing(events, sizes), bearing(sizes - events, sizes))
    )
    return min(n, n / effect * _shrink(alpha, k, n))


def effective_exposure(
    events: FloatArray, exposure: FloatArray, sizes: FloatArray, alpha: float
) -> float:
    """The exposure that would tell as much about a rate if events were independent.

    As `effective_share`, against the Poisson variance; the largest design effect is that of the
    numbers of encounters, as if events came for all of a subject's encounters at once.
    """
    k, n, total, whole = len(sizes), exact_sum(sizes), exact_sum(events), exact_sum(exposure)
    if k == n:
        return whole
    largest = largest_effect(sizes)
    if total == 0 or k < 2:
        return whole / largest
    rate = total / whole
    observed = _variance(events - rate * exposure) / whole / rate
    effect = design_effect(observed, largest, bearing(events, sizes))
    return min(whole, whole / effect * _shrink(alpha, k, n))


def _variance(residuals: FloatArray) -> float:
    k = len(residuals)
    return k / (k - 1) * exact_sum(residuals**2)


def _shrink(alpha: float, k: int, n: float) -> float:
    """Squared quotient of two critical values, 1 where alpha asks for no bound on either side."""
    if alpha >= 0.5:
        return 1.0
    return (critical_of(alpha, n - 1) / critical_of(alpha, k - 1)) ** 2
