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
    title = endpoint.title
    match hypothesis.framework:
        case Framework.NON_INFERIORITY:
            word = "below" if higher else "above"
            return (
                f"The candidate's {title} lies {word} that of the standard of care by "
                f"{_margin(hypothesis)} or more ({sign})."
            )
        case Framework.SUPERIORITY:
            return f"The candidate's {title} is no better than that of the standard of care ({sign})."


def alternative(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    """What the trial sets out to show."""
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    sign = f"{EFFECT} {'>' if higher else '<'} {_bound(hypothesis, endpoint)}"
    title = endpoint.title
    match hypothesis.framework:
        case Framework.NON_INFERIORITY:
            return (
                f"The candidate's {title} is worse than that of the standard of care by less than "
                f"{_margin(hypothesis)}, or not worse at all ({sign})."
            )
        case Framework.SUPERIORITY:
            return f"The candidate's {title} is better than that of the standard of care ({sign})."


def _margin(hypothesis: Hypothesis) -> str:
    return f"{hypothesis.margin.value:g}" if hypothesis.margin else "0"


def _bound(hypothesis: Hypothesis, endpoint: Endpoint) -> str:
    if hypothesis.margin is None:
        return "0"
    negative = endpoint.direction is Direction.HIGHER_IS_BETTER
    return f"{'−' if negative else ''}{_margin(hypothesis)}"
