"""True effects that a plan reckons with: on the side that the hypothesis sets out to show."""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.schema import Endpoint, Hypothesis, Protocol
from protocols.vocabulary import Direction, Framework


def interesting(effect: float, hypothesis: Hypothesis, endpoint: Endpoint) -> bool:
    """Whether an effect lies strictly inside what the hypothesis sets out to show."""
    ratio = hypothesis.effect == "candidate_over_standard_of_care"
    if ratio and effect <= 0:
        return False
    none = 1.0 if ratio else 0.0
    margin = none if hypothesis.margin is None else hypothesis.margin.value
    if hypothesis.framework is Framework.EQUIVALENCE:
        low, high = sorted((margin, 1 / margin if ratio else -margin))
        return low < effect < high
    higher = endpoint.direction is Direction.HIGHER_IS_BETTER
    bound = -margin if higher and not ratio else margin
    return effect > bound if higher else effect < bound


def true_effects(protocol: Protocol) -> Iterator[Finding]:
    """There is no power at an effect that the hypothesis does not set out to show."""
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    tested = {h.id: h for h in protocol.hypotheses if h.endpoint in endpoints}
    told = [
        (f"sample_size.design[{i}].true_effect", design.hypothesis, design.true_effect)
        for i, design in enumerate(protocol.sample_size.design)
    ]
    told += [
        (f"futility[{i}].true_effect", rule.hypothesis, rule.true_effect)
        for i, rule in enumerate(protocol.futility)
        if rule.true_effect is not None
    ]
    for path, name, effect in told:
        hypothesis = tested.get(name)
        if hypothesis and not interesting(effect, hypothesis, endpoints[hypothesis.endpoint]):
            message = f"At a true effect of {effect:g}, `{name}` has nothing to show."
            remedy = "Effects are candidate minus (or over) standard of care; mind the sign."
            yield error(Code.TRUE_EFFECT_SIDE, path, message, remedy)


def size_power(protocol: Protocol) -> Iterator[Finding]:
    """The power of every design is one worth planning for."""
    for index, design in enumerate(protocol.sample_size.design):
        if design.power <= 0.5:
            message = f"A power of {design.power:g} is not a plan."
            path = f"sample_size.design[{index}].power"
            remedy = "Power is a share, usually 0.8 to 0.95."
            yield error(Code.POWER_IMPLAUSIBLE, path, message, remedy)


def planned_better(protocol: Protocol) -> Iterator[Finding]:
    """Beside a margin, a candidate taken for better makes a trial smaller than equal worth asks."""
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    tested = {h.id: h for h in protocol.hypotheses if h.endpoint in endpoints}
    for index, design in enumerate(protocol.sample_size.design):
        hypothesis = tested.get(design.hypothesis)
        if hypothesis is None or hypothesis.framework is not Framework.NON_INFERIORITY:
            continue
        none = 1.0 if hypothesis.effect == "candidate_over_standard_of_care" else 0.0
        higher = endpoints[hypothesis.endpoint].direction is Direction.HIGHER_IS_BETTER
        if (design.true_effect > none) if higher else (design.true_effect < none):
            message = f"The size takes the candidate for better, by {design.true_effect:g}."
            remedy = "Say in sample_size.assumptions what shows it; of equal worth it needs more."
            path = f"sample_size.design[{index}].true_effect"
            yield warning(Code.TRUE_EFFECT_BETTER, path, message, remedy)


RULES = (true_effects, size_power, planned_better)
