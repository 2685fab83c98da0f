"""The planned bounds of every hypothesis on every scale, and how trials end under two effects."""

import math
from collections.abc import Sequence

from evaluation.design.conditional.power import conditional_views, later_looks
from evaluation.design.futility.harm import ThreeWays, three_ways
from evaluation.design.repeated import nominal_alpha
from evaluation.planning.designs import SHARING, Design
from evaluation.results.design import BoundAt, HypothesisBounds, Passage
from protocols.plan_sentences import spending_words
from protocols.vocabulary import Framework

Powers = tuple[float | None, float | None, float | None]


def hypothesis_bounds(design: Design) -> HypothesisBounds:
    """Everything about one hypothesis that its bounds determine."""
    plan, sized = design.plan, design.sized
    true_effect = None if sized is None else sized.design.true_effect
    return HypothesisBounds(
        id=design.id,
        endpoint_title=plan.endpoint.title,
        measure=plan.endpoint.measure,
        direction=plan.endpoint.direction,
        framework=plan.hypothesis.framework,
        scale=plan.scale,
        alpha=design.alpha,
        alpha_reason=_alpha_reason(design),
        null_effect=design.null,
        true_effect=true_effect,
        spending=spending_words(design.protocol.monitoring.spending),
        efficacy=_rows(design, design.upper, design.alphas),
        futility=_rows(design, design.futility, ()),
        futility_binding=design.binding,
        harm=_rows(design, design.harm, design.harm_alphas),
        under_null=passage(design, design.null, 0.0),
        under_effect=None
        if sized is None or true_effect is None
        else passage(design, true_effect, sized.drift(true_effect)),
        reason=None if sized is not None else _why_no_effects(design),
    )


def _alpha_reason(design: Design) -> str:
    procedure = design.protocol.multiplicity.procedure
    if procedure in SHARING:
        return f"its first share by {procedure}, before any other hypothesis is shown"
    return "all of it at every look together"


def _why_no_effects(design: Design) -> str:
    if design.plan.hypothesis.framework is Framework.EQUIVALENCE:
        return "Equivalence has no size formula here, so bounds stay on the scales of z and p."
    return f"sample_size.design has no entry for {design.id}, so bounds stay on z and p."


def _rows(design: Design, bounds: Sequence[float], spent: Sequence[float]) -> tuple[BoundAt, ...]:
    """One row a look; nothing where the design has no such bound at all."""
    if all(math.isinf(bound) for bound in bounds):
        return ()
    looks = design.protocol.monitoring.looks
    return tuple(
        _row(design, place, look.id, bounds[place], spent[place] if spent else None)
        for place, look in enumerate(looks)
    )


def _row(design: Design, place: int, look: str, z: float, spent: float | None) -> BoundAt:
    information = design.fractions[place]
    if math.isinf(z):
        return BoundAt(
            look=look,
            information=information,
            spent=spent,
            z=None,
            p=None,
            effect=None,
            power_registered=None,
            power_estimate=None,
            power_null=None,
        )
    registered, estimate, null = _powers(design, place, z)
    return BoundAt(
        look=look,
        information=information,
        spent=spent,
        z=z,
        p=nominal_alpha(z),
        effect=None if design.sized is None else design.sized.effect_at(z, information),
        power_registered=registered,
        power_estimate=estimate,
        power_null=null,
    )


def _powers(design: Design, place: int, z: float) -> Powers:
    """Conditional power of any later look, as looks reckon it; nothing at the last look."""
    if place == len(design.fractions) - 1:
        return None, None, None
    later = later_looks(design.upper, design.fractions, after=place + 1)
    sized = design.sized
    drift = 0.0 if sized is None else sized.z_at(sized.design.true_effect, 1.0)
    views = conditional_views(z, design.fractions[place], later, design_effect=drift)
    registered = None if sized is None else views.design.total
    return registered, views.estimate.total, views.null.total


def ways_of(design: Design, drift: float) -> ThreeWays:
    """First ends by look, futility and harm obeyed."""
    bounds = (design.upper, design.futility, design.harm_stops)
    return three_ways(bounds, design.fractions, drift=drift)


def passage(design: Design, effect: float, drift: float) -> Passage:
    """How trials end if `effect` is the true one and `drift` what it comes to."""
    ways = ways_of(design, drift)
    ends = [math.fsum(way) for way in zip(ways.efficacy, ways.futility, ways.harm, strict=True)]
    stopping = (*ends[:-1], max(0.0, 1 - math.fsum(ends[:-1])))
    planned = design.protocol.sample_size.evaluable_pairs
    shares = zip(stopping, design.fractions, strict=True)
    return Passage(
        effect=effect,
        efficacy=ways.efficacy,
        futility=ways.futility,
        harm=ways.harm,
        stopping=stopping,
        power=min(1.0, math.fsum(ways.efficacy)),
        expected_pairs=planned * math.fsum(p * information for p, information in shares),
    )
