"""Margins: where the framework needs one, on the scale of the effect, and a plausible loss."""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.methods.measures import MEASURES
from protocols.rules.hypotheses import tested
from protocols.schema import Endpoint, Hypothesis, Margin, Protocol
from protocols.vocabulary import Direction, Framework

SCALE_OF_EFFECT = {
    "candidate_minus_standard_of_care": "absolute",
    "candidate_over_standard_of_care": "ratio",
}


def presence(protocol: Protocol) -> Iterator[Finding]:
    """Superiority has no margin; non-inferiority and equivalence have one."""
    for path, hypothesis, _ in tested(protocol):
        place = f"{path}.margin"
        kind = hypothesis.framework.replace("_", "-")
        if hypothesis.framework is Framework.SUPERIORITY and hypothesis.margin is not None:
            message = f"`{hypothesis.id}` is of superiority and has a margin."
            remedy = "Write margin: null, or make it a non-inferiority hypothesis."
            yield error(Code.MARGIN_NOT_ALLOWED, place, message, remedy)
        if hypothesis.framework is not Framework.SUPERIORITY and hypothesis.margin is None:
            message = f"`{hypothesis.id}` is of {kind} and has no margin."
            remedy = "Write the largest acceptable loss and why, before any data are seen."
            yield error(Code.MARGIN_MISSING, place, message, remedy)


def values(protocol: Protocol) -> Iterator[Finding]:
    """A margin is a plausible loss on its own scale, and that scale is the effect's."""
    for path, hypothesis, endpoint in tested(protocol):
        margin = hypothesis.margin
        if margin is None or hypothesis.framework is Framework.SUPERIORITY:
            continue
        scale = SCALE_OF_EFFECT[hypothesis.effect]
        if margin.scale != scale:
            message = f"The margin is {margin.scale}, but the effect is {hypothesis.effect}."
            place = f"{path}.margin.scale"
            yield error(Code.SCALE_CLASH, place, message, f"Write scale: {scale}.")
        elif margin.scale == "ratio":
            yield from _ratio(f"{path}.margin.value", hypothesis, endpoint, margin)
        elif MEASURES[endpoint.measure].share:
            yield from _share(f"{path}.margin.value", margin)


def _ratio(
    path: str, hypothesis: Hypothesis, endpoint: Endpoint, margin: Margin
) -> Iterator[Finding]:
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    if hypothesis.framework is Framework.EQUIVALENCE:
        wrong = margin.value == 1
    else:
        wrong = margin.value >= 1 if higher else margin.value <= 1
    if wrong:
        message = f"A ratio of {margin.value:g} is no loss where {endpoint.direction} holds."
        remedy = "Write a ratio below 1 where higher is better, above 1 where lower is."
        yield error(Code.MARGIN_SIDE, path, message, remedy)


def _share(path: str, margin: Margin) -> Iterator[Finding]:
    if margin.value >= 1:
        message = f"A margin of {margin.value:g} allows any loss: the scale runs from 0 to 1."
        remedy = "Write a share: five percentage points are 0.05."
        yield error(Code.MARGIN_OFF_SCALE, path, message, remedy)
    elif margin.value >= 0.5:
        message = f"A margin of {margin.value:g} gives away half of the scale or more."
        remedy = "Derive it from what the standard of care achieves; 0.01 to 0.1 is usual."
        yield error(Code.MARGIN_IMPLAUSIBLE, path, message, remedy)


RULES = (presence, values)
