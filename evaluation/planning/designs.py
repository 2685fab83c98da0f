"""From a protocol to the designs of its hypotheses: what each look may spend, and the z bounds.

Bounds here are the planned ones, at the planned information. A look computes its own from what it
really has.
"""

import math
from dataclasses import dataclass, replace

from evaluation.inference.orientation import null_effect, null_ratio, opposite
from evaluation.plan import HypothesisPlan, plan_of
from evaluation.planning.formulas import Question, formula_of
from evaluation.planning.futility import stops_of
from evaluation.planning.harm import harm_of
from evaluation.planning.needs import Need, lacking, refused
from evaluation.planning.sized import Sized
from evaluation.spending import spending_by
from protocols.errors import Finding, UsageError
from protocols.schema import Protocol, SizeDesign, SpendingPlan
from protocols.vocabulary import Framework

SHARING = ("holm", "hochberg", "hommel", "fallback", "graph")


@dataclass(frozen=True, slots=True)
class Design:
    """One hypothesis as planned. Bounds are infinite at looks that cannot stop that way.

    `alphas` are cumulative; `binding` says whether the efficacy bounds count on futility stops,
    `harm_ends` whether a harm bound ends a trial or only tells.
    `sized` is None where the protocol has no size design for the hypothesis.
    """

    protocol: Protocol
    plan: HypothesisPlan
    alpha: float
    fractions: tuple[float, ...]
    alphas: tuple[float, ...]
    upper: tuple[float, ...]
    futility: tuple[float, ...]
    binding: bool
    harm: tuple[float, ...]
    harm_alphas: tuple[float, ...]
    harm_ends: bool
    sized: Sized | None

    @property
    def id(self) -> str:
        return self.plan.hypothesis.id

    @property
    def null(self) -> float:
        return question_of(self.plan).null

    @property
    def equivalence(self) -> bool:
        return self.plan.hypothesis.framework is Framework.EQUIVALENCE

    @property
    def harm_stops(self) -> tuple[float, ...]:
        """Where a trial ends for harm: never what may be claimed at the same look."""
        if not self.harm_ends:
            return (-math.inf,) * len(self.harm)
        return tuple(min(harm, up) for harm, up in zip(self.harm, self.upper, strict=True))

    @property
    def stops(self) -> tuple[float, ...]:
        """Where a trial ends below: futility or harm, whichever comes first."""
        return tuple(max(f, h) for f, h in zip(self.futility, self.harm_stops, strict=True))


def designs_of(protocol: Protocol) -> tuple[Design, ...]:
    """Every hypothesis' design.

    Raises `DocumentError(DESIGN_INCOMPLETE)` with all gaps where a size design contradicts itself
    or a bound asks for one that is not there.
    """
    plans = plan_of(protocol, protocol.monitoring.looks[-1].id).hypotheses
    gaps = [gap for plan in plans for gap in _gaps(protocol, plan)]
    if gaps:
        raise refused(gaps)
    designs = []
    for plan in plans:
        alpha = local_alpha(protocol, plan)
        try:
            designs += [design_at(protocol, plan, alpha)] if alpha > 0 else []
        except UsageError as problem:
            gaps.append(_impossible(protocol, plan.hypothesis.id, problem))
    if gaps:
        raise refused(gaps)
    return tuple(designs)


def _impossible(protocol: Protocol, code: str, problem: UsageError) -> Finding:
    """Bounds of a hypothesis that cannot be; a binding rule may have left nothing to spend on."""
    path = "monitoring"
    remedy = "Make looks, spending, futility and harm bounds agree with each other."
    for index, rule in enumerate(protocol.futility):
        if rule.hypothesis == code and rule.binding:
            path = f"futility[{index}]"
            remedy = (
                "This binding rule may reach the bound for a claim before the last look: let it not"
                " bind, ask for less with it, or plan no more pairs than the power asks for."
            )
    return lacking(Need.DESIGN_CONTRADICTION, path, f"{code}: {problem}", remedy)


def local_alpha(protocol: Protocol, plan: HypothesisPlan) -> float:
    """What a hypothesis may spend before any other is shown; 0 where it waits for one."""
    shared = protocol.multiplicity
    if shared.procedure in SHARING and shared.graph is not None:
        return shared.graph.alpha * shared.graph.weights.get(plan.hypothesis.id, 0.0)
    return plan.hypothesis.alpha


def question_of(plan: HypothesisPlan) -> Question:
    """What the registered test asks, with the effect on the edge of its null."""
    direction = plan.endpoint.direction
    edge = null_ratio if plan.scale == "ratio" else null_effect
    null = edge(plan.margin, direction)
    return Question(plan.endpoint.measure, plan.hypothesis.test, plan.scale, null, direction)


def cumulative(
    spending: SpendingPlan, alpha: float, fractions: tuple[float, ...]
) -> tuple[float, ...]:
    """The error rate spent by each planned look."""
    return tuple(
        spending_by(spending, alpha, time=time, number=number)
        for number, time in enumerate(fractions, start=1)
    )


def design_at(protocol: Protocol, plan: HypothesisPlan, alpha: float) -> Design:
    """A hypothesis' design with this one-sided alpha; raises `UsageError` for contradictions."""
    return _with(protocol, plan, _sized(protocol, plan, alpha), alpha)


def _with(protocol: Protocol, plan: HypothesisPlan, sized: Sized | None, alpha: float) -> Design:
    fractions = tuple(look.information for look in protocol.monitoring.looks)
    alphas = cumulative(protocol.monitoring.spending, alpha, fractions)
    if protocol.monitoring.final_look == "full_alpha":
        alphas = (*alphas[:-1], alpha)
    stops = stops_of(protocol, plan.hypothesis.id, alphas, sized)
    harm = harm_of(protocol, question_of(plan), plan.hypothesis.id, sized)
    return Design(
        protocol=protocol,
        plan=plan,
        alpha=alpha,
        fractions=fractions,
        alphas=alphas,
        upper=stops.upper,
        futility=stops.lower,
        binding=stops.binding,
        harm=harm.bounds,
        harm_alphas=harm.spent,
        harm_ends=harm.ends,
        sized=sized,
    )


def replanned(design: Design, sized: Sized) -> Design:
    """The same with other pairs or nuisance values; bounds that are no z follow them."""
    ruled = {rule.hypothesis for rule in design.protocol.futility}
    if design.id in ruled | {bound.hypothesis for bound in design.protocol.harm_bounds}:
        return _with(design.protocol, design.plan, sized, design.alpha)
    return replace(design, sized=sized)


def size_design_of(protocol: Protocol, hypothesis: str) -> tuple[int, SizeDesign] | None:
    """Its place in `sample_size.design`, and the design."""
    for index, design in enumerate(protocol.sample_size.design):
        if design.hypothesis == hypothesis:
            return index, design
    return None


def _sized(protocol: Protocol, plan: HypothesisPlan, alpha: float) -> Sized | None:
    found = size_design_of(protocol, plan.hypothesis.id)
    if found is None:
        return None
    question = question_of(plan)
    one = _asked(protocol, found[1], question, alpha)
    if plan.hypothesis.framework is not Framework.EQUIVALENCE:
        return one
    other = from_the_other_side(question)
    return replace(one, other=_asked(protocol, found[1], other, alpha))


def from_the_other_side(question: Question) -> Question:
    """An equivalence has two edges: the other one, tested the other way (as looks do)."""
    null = 1 / question.null if question.scale == "ratio" else -question.null
    return replace(question, null=null, direction=opposite(question.direction))


def _asked(protocol: Protocol, design: SizeDesign, question: Question, alpha: float) -> Sized:
    return Sized(
        design=design,
        question=question,
        formula=formula_of(question, design.nuisance),
        nuisance=dict(design.nuisance),
        alpha=alpha,
        planned=protocol.sample_size.evaluable_pairs,
    )


def _gaps(protocol: Protocol, plan: HypothesisPlan) -> list[Finding]:
    """What a size design lacks or contradicts; nothing where the hypothesis has none."""
    code = plan.hypothesis.id
    found = size_design_of(protocol, code)
    if found is None:
        return [*_futility_gaps(protocol, code), *_harm_gaps(protocol, plan)]
    if local_alpha(protocol, plan) == 0:
        return []  # nothing to plan until another hypothesis is shown, which is noted
    index, design = found
    path = f"sample_size.design[{index}]"
    others = [d for d in protocol.sample_size.design if d.hypothesis == code]
    if len(others) > 1:
        message = f"{code} has {len(others)} size designs."
        return [lacking(Need.SIZE_DESIGN_TWICE, path, message, "Keep one of them.")]
    return _nuisance_gaps(plan, design, path) or _contradictions(protocol, plan, path)


def _nuisance_gaps(plan: HypothesisPlan, design: SizeDesign, path: str) -> list[Finding]:
    formula = formula_of(question_of(plan), design.nuisance)
    asks = f"{formula.title} asks for {', '.join(formula.names)}."
    missing = [name for name in formula.names if name not in design.nuisance]
    unknown = [name for name in design.nuisance if name not in formula.names]
    remedy = "Write its value out with its source in sample_size.assumptions."
    return [
        *(
            lacking(Need.NUISANCE_MISSING, f"{path}.nuisance.{name}", f"Missing; {asks}", remedy)
            for name in missing
        ),
        *(
            lacking(
                Need.NUISANCE_UNKNOWN,
                f"{path}.nuisance.{name}",
                f"Nothing reads it; {asks}",
                "Take it out, or correct its name.",
            )
            for name in unknown
        ),
    ]


def _contradictions(protocol: Protocol, plan: HypothesisPlan, path: str) -> list[Finding]:
    try:
        sized = _sized(protocol, plan, local_alpha(protocol, plan))
        if sized is not None:
            sized.plan()
            sized.drift(sized.design.true_effect)
            if sized.other is not None:
                sized.other.drift(sized.design.true_effect)
    except UsageError as problem:
        remedy = "Make effect, power and nuisance values agree with the margin."
        return [lacking(Need.DESIGN_CONTRADICTION, path, str(problem), remedy)]
    return []


def _futility_gaps(protocol: Protocol, code: str) -> list[Finding]:
    """Futility on a scale that only a size design can bring to z."""
    remedy = f"Write out a size design for {code}, or put the rule on the scale of z."
    return [
        lacking(
            Need.SIZE_DESIGN_MISSING,
            f"futility[{index}].scale",
            f"A rule on the scale of {rule.scale} needs the size design of {code}.",
            remedy,
        )
        for index, rule in enumerate(protocol.futility)
        if rule.hypothesis == code and (rule.scale == "effect" or rule.true_effect is not None)
    ]


def _harm_gaps(protocol: Protocol, plan: HypothesisPlan) -> list[Finding]:
    """Harm is held against no effect; only a size design says how far that is from a margin."""
    code = plan.hypothesis.id
    if plan.hypothesis.framework is Framework.SUPERIORITY:
        return []
    message = f"A harm bound beside a margin needs the size design of {code}."
    return [
        lacking(
            Need.SIZE_DESIGN_MISSING,
            f"harm_bounds[{index}].hypothesis",
            message,
            f"Write out a size design for {code}.",
        )
        for index, bound in enumerate(protocol.harm_bounds)
        if bound.hypothesis == code
    ]
