"""One change of the size: a cap, a zone, one hypothesis that sizes the trial, and no clash.

After a change that looked at the effect, stages are combined by planned weights. What has no
meaning then is refused here, so that no look has to invent one.
"""

from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.methods.measures import MEASURES
from protocols.methods.table import TESTS
from protocols.schema import Hypothesis, Protocol, ReEstimation, SizeDesign
from protocols.vocabulary import Framework

SHARES_OF_PAIRS = ("evaluable_pairs", "smaller_of_planned_and_observed")
ORDERS_OF_WEIGHTED = ("repeated", "stagewise")
COUNTED_APART = ("sensitivity", "specificity")  # their pairs are a share of all evaluable ones
AS_A_MEAN = ("paired_t",)  # beside every difference of the family of clusters


def cap_and_zone(protocol: Protocol) -> Iterator[Finding]:
    """The size only grows, up to a cap, and inside a zone that is one."""
    plan, planned = protocol.re_estimation, protocol.sample_size.evaluable_pairs
    if plan is None:
        return
    if plan.cap_pairs < planned:
        message = f"The cap of {plan.cap_pairs} pairs lies below the planned {planned}."
        remedy = "The size may grow and never shrink; write the plan or more."
        yield error(Code.RE_ESTIMATION_CAP, "re_estimation.cap_pairs", message, remedy)
    low, high = plan.lower_zone, plan.upper_zone
    fits = (low, high) == (None, None)
    if plan.kind == "promising_zone":
        fits = low is not None and high is not None and 0 < low < high < 1
    if not fits:
        message = f"This is no zone of conditional power for {plan.kind}."
        remedy = "promising_zone: 0 < lower_zone < upper_zone < 1; blinded_discordance: null."
        yield error(Code.RE_ESTIMATION_ZONE, "re_estimation.lower_zone", message, remedy)


def target_power(protocol: Protocol) -> Iterator[Finding]:
    """What is aimed at is no less than what was planned, or than what the zone calls enough."""
    plan = protocol.re_estimation
    if plan is None:
        return
    least, named = plan.upper_zone or 0.0, "upper_zone"
    design = _design_of(protocol, _first(protocol))
    if plan.kind == "blinded_discordance":
        least, named = (0.0 if design is None else design.power), "the power of the size design"
    if plan.target_power < least:
        message = f"A target of {plan.target_power:g} is less than {named}, {least:g}."
        remedy = "Aim for as much or more: a changed size never aims lower than the plan."
        yield error(Code.RE_ESTIMATION_POWER, "re_estimation.target_power", message, remedy)


def one_hypothesis(protocol: Protocol) -> Iterator[Finding]:
    """Exactly one hypothesis sizes the trial: the first of the order, with all of its alpha."""
    plan, shared = protocol.re_estimation, protocol.multiplicity
    if plan is None:
        return
    remedy = "Register single, or fixed_sequence with one hypothesis in its first group."
    if shared.procedure not in ("single", "fixed_sequence"):
        message = f"Under `{shared.procedure}` no single hypothesis sizes the trial."
        path = "multiplicity.procedure"
        yield error(Code.RE_ESTIMATION_HYPOTHESIS, path, message, remedy)
    elif len(shared.order[0]) > 1:
        message = f"{', '.join(shared.order[0])} lead together, so which one is to be resized?"
        yield error(Code.RE_ESTIMATION_HYPOTHESIS, "multiplicity.order[0]", message, remedy)


def readable_nuisance(protocol: Protocol) -> Iterator[Finding]:
    """A blinded look needs the size design that it reckons again, and a nuisance that it sees."""
    plan, hypothesis = protocol.re_estimation, _first(protocol)
    if plan is None or plan.kind != "blinded_discordance" or hypothesis is None:
        return
    asked = _nuisances(protocol, hypothesis)
    path = "sample_size.design"
    if not asked:
        message = f"`{hypothesis.test}` of {hypothesis.endpoint} has no nuisance to be read blind."
        remedy = "Discordance is of right and wrong, a standard deviation of a mean difference."
        yield error(Code.RE_ESTIMATION_SIZE, "re_estimation.kind", message, remedy)
        return
    design = _design_of(protocol, hypothesis)
    if design is None:
        message = f"{hypothesis.id} has no size design, so there is nothing to reckon again."
        remedy = "Write true_effect, power, nuisance, clusters and ascertainment."
        yield error(Code.RE_ESTIMATION_SIZE, path, message, remedy)
        return
    place = protocol.sample_size.design.index(design)
    for name in asked:
        if name not in design.nuisance:
            message = f"The size design of {hypothesis.id} does not say its {name}."
            remedy = "Write the planned value: the look puts what it sees in place of one of them."
            where = f"{path}[{place}].nuisance"
            yield error(Code.RE_ESTIMATION_SIZE, where, message, remedy)


def _nuisances(protocol: Protocol, hypothesis: Hypothesis) -> tuple[str, ...]:
    """What the size needs beside the effect; nothing where no look can read it."""
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    spec, endpoint = TESTS.get(hypothesis.test), endpoints.get(hypothesis.endpoint)
    if spec is None or endpoint is None or hypothesis.framework is Framework.EQUIVALENCE:
        return ()
    kind = MEASURES[endpoint.measure].kind
    if kind == "binary":
        ratio = ("share_standard_of_care",) if spec.scale == "ratio" else ()
        apart = ("prevalence",) if endpoint.measure in COUNTED_APART else ()
        return ("discordance", *ratio, *apart)
    mean = spec.group == "clusters" or hypothesis.test in AS_A_MEAN
    if kind == "mean" and mean and spec.scale == "difference":
        return ("standard_deviation",)
    return ()


def defined(protocol: Protocol) -> Iterator[Finding]:
    """Nothing is registered beside a change of size that has no meaning after it."""
    plan = protocol.re_estimation
    if plan is None:
        return
    found = list(_clashes(protocol))
    if plan.kind == "promising_zone":
        found += [*_clashes_of_weights(protocol), *_clashes_of_rules(protocol, plan)]
    for path, why, remedy in found:
        message = f"After `{plan.kind}` {why}."
        yield error(Code.RE_ESTIMATION_UNDEFINED, path, message, remedy)


Clash = tuple[str, str, str]


def _clashes(protocol: Protocol) -> Iterator[Clash]:
    monitoring = protocol.monitoring
    if monitoring.clock not in SHARES_OF_PAIRS:
        why = f"the clock `{monitoring.clock}` would not follow the new total of pairs"
        yield "monitoring.clock", why, f"Write one of {', '.join(SHARES_OF_PAIRS)}."


def _clashes_of_weights(protocol: Protocol) -> Iterator[Clash]:
    monitoring = protocol.monitoring
    if monitoring.unplanned_looks == "allowed":
        why = "a look that is not in the plan has no planned weight"
        yield "monitoring.unplanned_looks", why, "Write unplanned_looks: forbidden."
    if monitoring.final_look != "full_alpha":
        why = "bounds are those of the plan, whose last look spends all"
        yield "monitoring.final_look", why, "Write final_look: full_alpha."
    if monitoring.claim_interval not in ORDERS_OF_WEIGHTED:
        why = f"`{monitoring.claim_interval}` is not defined for weighted stages"
        yield "monitoring.claim_interval", why, "Write repeated or stagewise."
    if monitoring.late_outcomes != "repeated":
        why = f"`{monitoring.late_outcomes}` late outcomes have no weight"
        yield "monitoring.late_outcomes", why, "Write late_outcomes: repeated."
    for index, hypothesis in enumerate(protocol.hypotheses):
        if hypothesis.framework is Framework.EQUIVALENCE:
            why = "the two tests of an equivalence are not combined"
            path = f"hypotheses[{index}].framework"
            yield path, why, "Test non-inferiority or superiority."


def _clashes_of_rules(protocol: Protocol, plan: ReEstimation) -> Iterator[Clash]:
    known = [look.id for look in protocol.monitoring.looks]
    until = known[: known.index(plan.look) + 1] if plan.look in known else known
    for index, bound in enumerate(protocol.harm_bounds):
        why = f"the harm bound of {bound.hypothesis} would pool stages naively"
        remedy = "Watch harm by anytime_safety, which no size enters, or keep the size."
        yield f"harm_bounds[{index}]", why, remedy
    for index, rule in enumerate(protocol.futility):
        if rule.binding:
            why = "a binding rule would change the bounds that are frozen"
            yield f"futility[{index}].binding", why, "Write binding: false."
        late = [name for name in rule.looks if name not in until]
        if late:
            why = f"no futility is defined at {', '.join(late)}"
            remedy = f"Give up at {plan.look} or before, or not by rule."
            yield f"futility[{index}].looks", why, remedy


def _first(protocol: Protocol) -> Hypothesis | None:
    """The hypothesis that sizes the trial: the first of the order."""
    leading = protocol.multiplicity.order[0]
    named = leading[0] if leading else None
    return next((h for h in protocol.hypotheses if h.id == named), None)


def _design_of(protocol: Protocol, hypothesis: Hypothesis | None) -> SizeDesign | None:
    if hypothesis is None:
        return None
    designs = protocol.sample_size.design
    return next((d for d in designs if d.hypothesis == hypothesis.id), None)


RULES = (cap_and_zone, target_power, one_hypothesis, readable_nuisance, defined)
