"""The two sentences that every hypothesis stands for, generated so that nobody can mistype them.

Effects are candidate minus standard of care; the margin is positive and turned by the direction.
"""

from protocols.schema import Endpoint, Hypothesis
from protocols.vocabulary import Direction, Framework

EFFECT = "candidate − standard of care"


def null_hypothesis(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    """What the data have to speak against."""
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    sign = f"{EFFECT} {'≤' if higher else '≥'} {_bound(hypothesis, endpoint)}"
    match hypothesis.framework:
        case Framework.NON_INFERIORITY:
            side = "below" if higher else "above"
            claim = f"lies {side} the standard of care by {_margin(hypothesis)} or more"
        case Framework.SUPERIORITY:
            claim = "is no better than the standard of care"
    return f"{endpoint.title}: the candidate {claim} ({sign})."


def alternative(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    """What the trial sets out to show."""
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    sign = f"{EFFECT} {'>' if higher else '<'} {_bound(hypothesis, endpoint)}"
    match hypothesis.framework:
        case Framework.NON_INFERIORITY:
            margin = _margin(hypothesis)
            claim = f"is worse than the standard of care by less than {margin}, or not worse at all"
        case Framework.SUPERIORITY:
            claim = "is better than the standard of care"
    return f"{endpoint.title}: the candidate {claim} ({sign})."


def _margin(hypothesis: Hypothesis) -> str:
    return f"{hypothesis.margin.value:g}" if hypothesis.margin else "0"


def _bound(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    if hypothesis.margin is None:
        return "0"
    negative = endpoint.direction is Direction.HIGHER_IS_BETTER
    return f"{'−' if negative else ''}{_margin(hypothesis)}"
