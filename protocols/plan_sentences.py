"""Monitoring, futility, harm, sharing of alpha and sizes as sentences, for people who sign.

Numbers are written as registered; nothing is computed but shares of the planned total.
"""

from collections.abc import Iterator, Mapping

from protocols.schema import (
    AnytimeGroup,
    AnytimeRule,
    FateMixRule,
    FutilityRule,
    Graph,
    HarmBound,
    Monitoring,
    Protocol,
    ReEstimation,
    Scenario,
    Simulation,
    SizeDesign,
    SpendingPlan,
)

FAMILIES = {
    "lan_demets_obrien_fleming": "Lan-DeMets, O'Brien-Fleming type",
    "lan_demets_pocock": "Lan-DeMets, Pocock type",
    "hwang_shih_decani": "Hwang-Shih-DeCani",
    "kim_demets": "Kim-DeMets",
    "table": "by a table",
    "piecewise": "piecewise linear",
}
PARAMETERS = {"hwang_shih_decani": "gamma", "kim_demets": "rho"}
SCALES = {
    "z": "the statistic lies below",
    "effect": "the estimate lies beyond",
    "conditional_power": "conditional power lies below",
    "predictive_power": "predictive power lies below",
}
CLOCKS = {
    "evaluable_pairs": "evaluable pairs as a share of the plan",
    "smaller_of_planned_and_observed": "the smaller of the planned and the observed share of pairs",
    "information": "statistical information (1 / SE²) as a share of its registered maximum",
    "events": "events among evaluable pairs as a share of their registered number",
    "calendar": "days from the registered start as a share of the registered duration",
}
CLAIMS = {
    "repeated": "repeated interval",
    "stagewise": "stage-wise order",
    "estimate_order": "order of the estimates, which depends on later looks",
    "likelihood_ratio_order": "order of the likelihood ratios, which depends on later looks",
}
LATE = {
    "repeated": "repeated interval at the next look",
    "weighted": "weighted statistic",
    "deletion": "all outcomes, as if the look that stopped had not been",
    "delayed_response": "decision delayed until they are there",
}


def spending_words(plan: SpendingPlan) -> str:
    """'Kim-DeMets, rho 3' with points and start where there are any."""
    words = FAMILIES[plan.family]
    if plan.parameter is not None:
        words += f", {PARAMETERS.get(plan.family, 'parameter')} {plan.parameter:g}"
    if plan.points:
        words += ", " + ", ".join(f"{share:g} by {time:g}" for time, share in plan.points)
    return words if plan.start is None else f"{words}; nothing up to {plan.start:g}"


def monitoring_facts(plan: Monitoring) -> tuple[tuple[str, str], ...]:
    """What stands beside the looks themselves, as (what, how)."""
    return (
        ("Alpha spending", spending_words(plan.spending)),
        ("Spending clock", clock_words(plan)),
        ("Last look", plan.final_look.replace("_", " ")),
        ("Unplanned looks", plan.unplanned_looks),
        ("Skipped looks", plan.skipped_looks),
        ("Interval of a claim", CLAIMS[plan.claim_interval]),
        ("Outcomes after a stop", LATE[plan.late_outcomes]),
    )


def clock_words(plan: Monitoring) -> str:
    """What spends alpha, with what was registered for it."""
    told = [f"{name} {maximum:g}" for name, maximum in plan.clock_maximum.items()]
    told += [f"from {plan.clock_start}"] if plan.clock_start is not None else []
    return CLOCKS[plan.clock] + (f" ({', '.join(told)})" if told else "")


def graph_sentences(graph: Graph) -> Iterator[str]:
    """How one alpha is shared and passed on."""
    shares = ", ".join(f"{name} {share:g}" for name, share in graph.weights.items())
    yield f"One-sided alpha {graph.alpha:g} together, first shares {shares}; {graph.local_test}."
    if graph.transitions:
        passed = ", ".join(f"{a} → {b} {share:g}" for a, b, share in graph.transitions)
        yield f"Passed on when shown: {passed}."
    if graph.justification is not None:
        yield f"Dependence: {graph.justification}"
    yield f"Earlier statistics may claim with later alpha: {'yes' if graph.look_back else 'no'}."


def futility_sentence(rule: FutilityRule) -> str:
    """When a hypothesis may be given up, and what if nobody does."""
    looks = ", ".join(rule.looks)
    if rule.spending is not None:
        beta = "" if rule.beta is None else f" of {rule.beta:g}"
        when = f"beta{beta} is spent, {spending_words(rule.spending)}"
    else:
        values = ", ".join(f"{value:g}" for value in rule.values)
        when = f"{SCALES.get(rule.scale, rule.scale)} {values}"
    under = "" if rule.true_effect is None else f", under an effect of {rule.true_effect:g}"
    kind = f"binding: {rule.binding_reason}" if rule.binding else "non-binding"
    return f"{rule.hypothesis} at {looks}: {when}{under}; {kind}. If ignored: {rule.when_ignored}"


def harm_sentence(bound: HarmBound) -> str:
    """A bound on the side of harm."""
    return (
        f"{bound.hypothesis}: its own one-sided alpha {bound.alpha:g}, "
        f"{spending_words(bound.spending)}; when crossed, {bound.action}."
    )


def anytime_sentence(rule: AnytimeRule) -> str:
    """A rule that is read after every outcome."""
    asked = _numbers(rule.parameters)
    method = rule.method.replace("_", " ") + (f" ({asked})" if asked else "")
    return (
        f"{rule.id}: {rule.title}; {_harm_words(rule)} among {rule.among}, limit {rule.limit:g} "
        f"per {rule.unit}, {method}, its own one-sided alpha {rule.alpha:g}, from {rule.burn_in} "
        f"on in order of {rule.order.replace('_', ' ')}; {rule.severity.replace('_', ' ')}, else "
        f"{rule.action}."
    )


def _harm_words(rule: AnytimeRule) -> str:
    if rule.endpoint is not None:
        return f"loss of {rule.endpoint}, candidate less standard of care,"
    if rule.counterpart is not None:
        return f"{rule.event} less {rule.counterpart}"
    return str(rule.event)


def group_sentence(group: AnytimeGroup) -> str:
    """Several rules merged into one."""
    merged = {"average": "the average of their e-values", "e_bh": "e-BH"}[group.merge]
    return (
        f"{group.id}: {group.title}; {', '.join(group.rules)} together by {merged}, their own "
        f"one-sided alpha {group.alpha:g}; {group.severity.replace('_', ' ')}, else {group.action}."
    )


def fate_mix_sentence(rule: FateMixRule) -> str:
    """What becomes of the mirror's askings."""
    shares = ", ".join(f"{fate.replace('_', ' ')} {x:g}" for fate, x in rule.shares.items())
    return (
        f"{rule.id}: {rule.title}; fates of the mirror's askings against {shares}, sharpest near "
        f"{rule.weight:g} askings, its own alpha {rule.alpha:g}; "
        f"{rule.severity.replace('_', ' ')}, else {rule.action}."
    )


def between_looks_sentences(protocol: Protocol) -> tuple[str, ...]:
    """Everything that is read between looks."""
    mix = protocol.fate_mix
    return (
        *map(anytime_sentence, protocol.anytime_safety),
        *map(group_sentence, protocol.anytime_groups),
        *(() if mix is None else (fate_mix_sentence(mix),)),
    )


def re_estimation_sentence(plan: ReEstimation) -> str:
    """The one change of the planned total."""
    zone = ""
    if plan.lower_zone is not None and plan.upper_zone is not None:
        zone = f" for a conditional power of {plan.lower_zone:g} to {plan.upper_zone:g}"
    return (
        f"{plan.kind.replace('_', ' ').capitalize()} at {plan.look}{zone}: up to {plan.cap_pairs} "
        f"evaluable pairs for a power of {plan.target_power:g}. "
        f"Who is unblinded: {plan.who_is_unblinded}"
    )


def size_sentence(design: SizeDesign) -> str:
    """What the size of one hypothesis was reckoned from."""
    nuisance = _numbers(design.nuisance)
    return (
        f"{design.hypothesis}: power {design.power:g} at a true effect of {design.true_effect:g}"
        f"{f' ({nuisance})' if nuisance else ''}; {design.pairs_per_subject:g} pairs per subject "
        f"(coefficient of variation {design.cv_of_pairs:g}), correlation within a subject "
        f"{design.icc:g}, {design.ascertainment:g} of outcomes known."
    )


def simulation_sentences(plan: Simulation) -> Iterator[str]:
    """How often and how exactly, then each truth."""
    yield (
        f"Until the standard error of a share is {plan.target_se:g}, at most "
        f"{plan.most_replicates} trials each, seed {plan.seed}."
    )
    yield from map(_scenario, plan.scenarios)
    if plan.correlations:
        written = ", ".join(f"{one} and {other} {rho:g}" for one, other, rho in plan.correlations)
        basis = f" {plan.correlation_basis}" if plan.correlation_basis else ""
        yield f"Correlation of statistics at the same look: {written}.{basis}"


def _scenario(scenario: Scenario) -> str:
    nuisance = _numbers(scenario.nuisance)
    others = _numbers({f"of {name}": value for name, value in scenario.true_effects.items()})
    effects = f"true effect {scenario.true_effect:g}{f', {others}' if others else ''}"
    parts = [f"{effects}{f' ({nuisance})' if nuisance else ''}"]
    if scenario.drift != "none":
        parts.append(f"drift {scenario.drift.replace('_', ' ')}")
    parts += [f"looks moved by up to {scenario.jitter:g}"] if scenario.jitter else []
    parts += [f"{scenario.missing_share:g} of outcomes missing"] if scenario.missing_share else []
    parts += [f"{scenario.late_share:g} late"] if scenario.late_share else []
    parts += ["futility ignored"] if scenario.ignore_futility else []
    return f"{scenario.id}: {', '.join(parts)}."


def _numbers(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {values[name]}" for name in sorted(values))
