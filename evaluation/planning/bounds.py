"""The planned bounds of every hypothesis on every scale, and how trials end under two effects."""

import math
from collections.abc import Sequence

from evaluation.design.conditional.power import conditional_views, later_looks
from evaluation.design.futility.harm import ThreeWays, three_ways
from evaluation.design.repeated import nominal_alpha
from evaluation.design.size.equivalence import equivalence_ends
from evaluation.planning.designs import SHARING, Design, from_the_other_side, question_of
from evaluation.results.design import BoundAt, HypothesisBounds, MarginBasis, Passage
from protocols.plan_sentences import spending_words
from protocols.schema import Margin

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
        null_other=from_the_other_side(question_of(plan)).null if design.equivalence else None,
        margin=_margin(plan.hypothesis.margin),
        true_effect=true_effect,
        spending=spending_words(design.protocol.monitoring.spending),
        efficacy=_rows(design, design.upper, design.alphas),
        futility=_rows(design, design.futility, ()),
        futility_binding=design.binding,
        harm=_rows(design, design.harm, design.harm_alphas),
        under_null=passage(design, design.null, 0.0)
        if sized is None
        else passage_of(design, design.null),
        under_effect=None if true_effect is None else passage_of(design, true_effect),
        reason=None if sized is not None else _why_no_effects(design),
    )


def _margin(margin: Margin | None) -> MarginBasis | None:
    if margin is None:
        return None
    return MarginBasis(
        value=margin.value,
        scale=margin.scale,
        clinical_basis=margin.clinical_basis,
        statistical_basis=margin.statistical_basis,
        source=margin.source,
        agreed_by=margin.agreed_by,
    )


def _alpha_reason(design: Design) -> str:
    procedure = design.protocol.multiplicity.procedure
    if procedure in SHARING:
        return f"its first share by {procedure}, before any other hypothesis is shown"
    return "all of it at every look together"


def _why_no_effects(design: Design) -> str:
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
            effect_other=None,
            power_registered=None,
            power_estimate=None,
            power_null=None,
        )
    registered, estimate, null = _powers(design, place, z)
    effect, other = _effects(design, z, information)
    return BoundAt(
        look=look,
        information=information,
        spent=spent,
        z=z,
        p=nominal_alpha(z),
        effect=effect,
        effect_other=other,
        power_registered=registered,
        power_estimate=estimate,
        power_null=null,
    )


def _effects(design: Design, z: float, information: float) -> tuple[float | None, float | None]:
    """The estimate on the bound; of an equivalence both between which it is claimed, if any."""
    sized = design.sized
    if sized is None:
        return None, None
    one = sized.effect_at(z, information)
    if sized.other is None:
        return one, None
    other = sized.other.effect_at(z, information)
    return (one, other) if sized.distance(one) < sized.distance(other) else (None, None)


def _powers(design: Design, place: int, z: float) -> Powers:
    """Conditional power of any later look, as looks reckon it.

    Nothing at the last look, nor for an equivalence, which one statistic does not determine.
    """
    if place == len(design.fractions) - 1 or design.equivalence:
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


def passage_of(design: Design, effect: float) -> Passage:
    """How trials end if `effect` is the true one; asks for a size design.

    Raises `UsageError` for effects that its nuisance values rule out.
    """
    sized = design.sized
    assert sized is not None  # noqa: S101 - asked for by callers
    if sized.other is None:
        return passage(design, effect, sized.drift(effect))
    ends = equivalence_ends(
        design.upper, design.stops, design.fractions, drifts=sized.drifts(effect)
    )
    nothing = (0.0,) * len(design.fractions)
    return _passage(design, effect, ThreeWays(ends.claims, ends.stops, nothing))


def passage(design: Design, effect: float, drift: float) -> Passage:
    """How trials end if `effect` is the true one and `drift` what it comes to."""
    return _passage(design, effect, ways_of(design, drift))


def _passage(design: Design, effect: float, ways: ThreeWays) -> Passage:
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
