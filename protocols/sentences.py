"""The two sentences that every hypothesis stands for, generated so that nobody can mistype them.

Effects are candidate minus (or over) standard of care. A margin is positive: a difference is turned
by the direction, a ratio is taken as written.
"""

from protocols.schema import Endpoint, Hypothesis
from protocols.vocabulary import Direction, Framework

DIFFERENCE = "candidate − standard of care"
RATIO = "candidate ÷ standard of care"


def null_hypothesis(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    """What the data have to speak against."""
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    sign = f"{_effect(hypothesis)} {'≤' if higher else '≥'} {_bound(hypothesis, endpoint)}"
    match hypothesis.framework:
        case Framework.NON_INFERIORITY:
            side = "below" if higher else "above"
            claim = f"lies {side} the standard of care by {_margin(hypothesis)} or more"
        case Framework.SUPERIORITY:
            claim = "is no better than the standard of care"
        case Framework.EQUIVALENCE:
            claim = f"differs from the standard of care by {_margin(hypothesis)} or more"
            low, high = _limits(hypothesis)
            sign = f"{_effect(hypothesis)} ≤ {low} or ≥ {high}"
    return f"{endpoint.title}: the candidate {claim} ({sign})."


def alternative(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    """What the trial sets out to show."""
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    sign = f"{_effect(hypothesis)} {'>' if higher else '<'} {_bound(hypothesis, endpoint)}"
    margin = _margin(hypothesis)
    match hypothesis.framework:
        case Framework.NON_INFERIORITY:
            claim = f"is worse than the standard of care by less than {margin}, or not worse at all"
        case Framework.SUPERIORITY:
            claim = "is better than the standard of care"
        case Framework.EQUIVALENCE:
            claim = f"differs from the standard of care by less than {margin}"
            low, high = _limits(hypothesis)
            sign = f"{low} < {_effect(hypothesis)} < {high}"
    return f"{endpoint.title}: the candidate {claim} ({sign})."


def _is_ratio(hypothesis: Hypothesis) -> bool:
    return hypothesis.effect == "candidate_over_standard_of_care"


def _effect(hypothesis: Hypothesis) -> str:
    return RATIO if _is_ratio(hypothesis) else DIFFERENCE


def _margin(hypothesis: Hypothesis) -> str:
    """The margin in words: `0.05`, or `a factor of 0.9`."""
    value = f"{hypothesis.margin.value:g}" if hypothesis.margin else "0"
    return f"a factor of {value}" if _is_ratio(hypothesis) else value


def _bound(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    if hypothesis.margin is None:
        return "1" if _is_ratio(hypothesis) else "0"
    if _is_ratio(hypothesis):
        return f"{hypothesis.margin.value:g}"
    negative = endpoint.direction is Direction.HIGHER_IS_BETTER
    return f"{'−' if negative else ''}{hypothesis.margin.value:g}"


def _limits(hypothesis: Hypothesis) -> tuple[str, str]:
    """Both margins of equivalence; a ratio's other one is its reciprocal."""
    value = hypothesis.margin.value if hypothesis.margin else 0.0
    if not _is_ratio(hypothesis):
        return f"−{value:g}", f"{value:g}"
    if value in (0.0, 1.0):
        return "1", "1"
    low, high = sorted((value, 1 / value))
    return f"{low:g}", f"{high:g}"
