"""The two sentences that every hypothesis stands for, generated so that nobody can mistype them.

Effects are candidate minus (or over) standard of care. A margin is positive: a difference is turned
by the direction, a ratio is taken as written.
"""

from protocols.schema import Endpoint, Hypothesis
from protocols.vocabulary import Direction, Framework

DIFFERENCE = "candidate − standard of care"
RATIO = "candidate ÷ standard of care"
SOONER = "Above 1 the event comes sooner with the candidate."


def null_hypothesis(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    """What the data have to speak against."""
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    sign = f"{_effect(hypothesis)} {'≤' if higher else '≥'} {_bound(hypothesis, endpoint)}"
    match hypothesis.framework:
        case Framework.NON_INFERIORITY if _is_ratio(hypothesis):
            limit = f"{_value(hypothesis):g} times the standard of care"
            claim = f"reaches at most {limit}" if higher else f"reaches {limit} or more"
        case Framework.NON_INFERIORITY:
            side = "below" if higher else "above"
            claim = f"lies {side} the standard of care by {_value(hypothesis):g} or more"
        case Framework.SUPERIORITY:
            claim = "is no better than the standard of care"
        case Framework.EQUIVALENCE:
            low, high = _limits(hypothesis)
            claim = f"differs from the standard of care by {_distance(hypothesis)} or more"
            sign = f"{_effect(hypothesis)} ≤ {low} or ≥ {high}"
    return _sentence(endpoint, claim, sign)


def alternative(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    """What the trial sets out to show."""
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    sign = f"{_effect(hypothesis)} {'>' if higher else '<'} {_bound(hypothesis, endpoint)}"
    match hypothesis.framework:
        case Framework.NON_INFERIORITY if _is_ratio(hypothesis):
            limit = f"{_value(hypothesis):g} times the standard of care"
            claim = f"reaches more than {limit}" if higher else f"stays below {limit}"
        case Framework.NON_INFERIORITY:
            margin = f"{_value(hypothesis):g}"
            claim = f"is worse than the standard of care by less than {margin}, or not worse at all"
        case Framework.SUPERIORITY:
            claim = "is better than the standard of care"
        case Framework.EQUIVALENCE:
            low, high = _limits(hypothesis)
            claim = f"differs from the standard of care by less than {_distance(hypothesis)}"
            sign = f"{low} < {_effect(hypothesis)} < {high}"
    return _sentence(endpoint, claim, sign)


def _sentence(endpoint: Endpoint, claim: str, sign: str) -> str:
    """A time is tested by its hazard, and a higher hazard is a shorter time: that must be said."""
    if endpoint.measure == "hazard":
        return f"{endpoint.title}: the candidate's hazard {claim} ({sign}). {SOONER}"
    return f"{endpoint.title}: the candidate {claim} ({sign})."


def _is_ratio(hypothesis: Hypothesis) -> bool:
    return hypothesis.effect == "candidate_over_standard_of_care"


def _effect(hypothesis: Hypothesis) -> str:
    return RATIO if _is_ratio(hypothesis) else DIFFERENCE


def _value(hypothesis: Hypothesis) -> float:
    """The margin as written; without one, the value of no effect."""
    if hypothesis.margin is None:
        return 1.0 if _is_ratio(hypothesis) else 0.0
    return hypothesis.margin.value


def _bound(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    negative = higher and hypothesis.margin is not None and not _is_ratio(hypothesis)
    return f"{'−' if negative else ''}{_value(hypothesis):g}"


def _limits(hypothesis: Hypothesis) -> tuple[str, str]:
    """Both margins of equivalence; a ratio's other one is its reciprocal."""
    value = _value(hypothesis)
    if _is_ratio(hypothesis):
        low, high = sorted((value, 1 / value))
        return f"{low:g}", f"{high:g}"
    return f"−{value:g}", f"{value:g}"


def _distance(hypothesis: Hypothesis) -> str:
    """The margin of equivalence in words."""
    value = _value(hypothesis)
    return f"a factor of {max(value, 1 / value):g}" if _is_ratio(hypothesis) else f"{value:g}"
