"""A protocol in a page of plain sentences, for the people who sign it."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from protocols.canonical import digest_of
from protocols.plan_sentences import (
    between_looks_sentences,
    futility_sentence,
    graph_sentences,
    harm_sentence,
    monitoring_facts,
    re_estimation_sentence,
    simulation_sentences,
    size_sentence,
)
from protocols.schema import (
    Analysis,
    AnalysisPopulation,
    ArmPlan,
    Endpoint,
    FurtherOutcome,
    Hypothesis,
    Protocol,
)
from protocols.sentences import alternative, null_hypothesis

WIDTH = 96


@dataclass(frozen=True, slots=True)
class HypothesisSummary:
    """One hypothesis with its two sentences; `margin` is on the endpoint's scale."""

    id: str
    endpoint: str
    framework: str
    margin: float | None
    alpha: float
    test: str
    null_hypothesis: str
    alternative: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences and numbers of one protocol, in the order in which they are read."""

    trial: str
    version: str
    date: str
    title: str
    digest: str
    standard_of_care: str
    candidate: str
    hypotheses: tuple[HypothesisSummary, ...]
    order: str
    sharing: tuple[str, ...]
    analyses: tuple[str, ...]
    further_outcomes: tuple[str, ...]
    looks: tuple[str, ...]
    sample_size: str
    size_design: tuple[str, ...]
    monitoring: tuple[str, ...]
    futility: tuple[str, ...]
    harm_bounds: tuple[str, ...]
    re_estimation: tuple[str, ...]
    simulation: tuple[str, ...]
    populations: tuple[str, ...]
    subgroups: tuple[str, ...]
    safety: tuple[str, ...]
    anytime_safety: tuple[str, ...]
    decision: tuple[str, ...]
    decided_by: tuple[str, ...]
    signed_by: tuple[str, ...]


def summary_of(protocol: Protocol) -> Summary:
    """Collect what the signatories read."""
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    identity, size = protocol.protocol, protocol.sample_size
    return Summary(
        trial=identity.id,
        version=identity.version,
        date=identity.date,
        title=identity.title,
        digest=digest_of(protocol),
        standard_of_care=_arm(protocol.arms.standard_of_care),
        candidate=_arm(protocol.arms.candidate),
        hypotheses=tuple(_hypothesis(h, endpoints[h.endpoint]) for h in protocol.hypotheses),
        order=" → ".join(" and ".join(group) for group in protocol.multiplicity.order),
        sharing=tuple(_sharing(protocol)),
        analyses=tuple(map(_analysis, protocol.analyses)),
        further_outcomes=tuple(map(_further_outcome, protocol.further_outcomes)),
        looks=tuple(_looks(protocol)),
        sample_size=f"{size.evaluable_pairs} evaluable pairs for a power of {size.power:g}.",
        size_design=tuple(map(size_sentence, size.design)),
        monitoring=tuple(f"{what}: {how}." for what, how in monitoring_facts(protocol.monitoring)),
        futility=tuple(map(futility_sentence, protocol.futility)),
        harm_bounds=tuple(map(harm_sentence, protocol.harm_bounds)),
        re_estimation=tuple(map(re_estimation_sentence, filter(None, [protocol.re_estimation]))),
        simulation=tuple(simulation_sentences(protocol.simulation) if protocol.simulation else ()),
        populations=tuple(map(_population, protocol.analysis_populations)),
        subgroups=tuple(
            f"{group.title}: {', '.join(level.title for level in group.levels)}."
            for group in protocol.subgroups
        ),
        safety=tuple(_safety(protocol)),
        anytime_safety=between_looks_sentences(protocol),
        decision=tuple(
            f"{rule.at.replace('_', ' ')}: if {rule.when}, {rule.recommendation.replace('_', ' ')}."
            for rule in protocol.decision_rule.rules
        ),
        decided_by=protocol.decision_rule.decided_by,
        signed_by=tuple(
            f"{person.name}, {person.role.replace('_', ' ')}"
            for person in protocol.roles
            if person.signs
        ),
    )


def _arm(plan: ArmPlan) -> str:
    relation = plan.decision.flag_when.removeprefix("score_").replace("_", " ")
    return (
        f"{plan.name} {plan.version} ({plan.kind.replace('_', ' ')}), flags at a score "
        f"{relation} {plan.decision.threshold:g}; {plan.digest[:19]}…"
    )


def _hypothesis(hypothesis: Hypothesis, endpoint: Endpoint) -> HypothesisSummary:
    return HypothesisSummary(
        id=hypothesis.id,
        endpoint=endpoint.title,
        framework=hypothesis.framework.value,
        margin=hypothesis.margin.value if hypothesis.margin else None,
        alpha=hypothesis.alpha,
        test=f"{hypothesis.test}{_parameters(hypothesis)}",
        null_hypothesis=null_hypothesis(hypothesis, endpoint),
        alternative=alternative(hypothesis, endpoint),
    )


def _analysis(analysis: Analysis) -> str:
    return (
        f"{analysis.id}, {analysis.role}: {analysis.title}; {analysis.endpoint} by "
        f"{analysis.estimator}{_parameters(analysis)}, interval {analysis.interval} at "
        f"{analysis.level:g}, in {analysis.population}."
    )


def _parameters(registered: Endpoint | Hypothesis | Analysis) -> str:
    given = registered.parameters
    return f" ({', '.join(f'{name} {given[name]}' for name in sorted(given))})" if given else ""


def _further_outcome(outcome: FurtherOutcome) -> str:
    kind = outcome.type.replace("_", " ")
    arms = " for each arm" if outcome.per_arm else ""
    return f"{outcome.name}, {kind}{arms}, {outcome.basis}: {outcome.definition}"


def _sharing(protocol: Protocol) -> Iterator[str]:
    multiplicity = protocol.multiplicity
    yield f"{multiplicity.procedure.replace('_', ' ').capitalize()}: {multiplicity.reason}"
    if multiplicity.graph is not None:
        yield from graph_sentences(multiplicity.graph)


def _looks(protocol: Protocol) -> Iterator[str]:
    planned = protocol.sample_size.evaluable_pairs
    for look in protocol.monitoring.looks:
        pairs = look.information * planned
        yield f"{look.id} at {pairs:.0f} evaluable pairs ({look.information:g} of the information)."


def _population(population: AnalysisPopulation) -> str:
    silence = population.candidate_without_answer.replace("_", " ")
    return (
        f"{population.id}, {population.role}: {population.definition} "
        f"A candidate without an answer: {silence}."
    )


def _safety(protocol: Protocol) -> Iterator[str]:
    for rule in protocol.safety:
        yield (
            f"{rule.id}: {rule.title}; at most {rule.limit:g} of pairs with {rule.among} "
            f"(one-sided bound at {rule.confidence:g}), else {rule.action}."
        )


def summary_lines(summary: Summary) -> list[str]:
    """The summary for a screen."""
    lines = wrap(summary.title, WIDTH)
    lines += [f"{summary.trial}, version {summary.version} of {summary.date}", summary.digest]
    lines += _block("Arms", [f"Standard of care: {summary.standard_of_care}"])
    lines += _paragraph(f"Candidate: {summary.candidate}")
    lines += _block("Hypotheses, tested in the order " + summary.order, [])
    for item in summary.hypotheses:
        margin = "no margin" if item.margin is None else f"margin {item.margin:g}"
        framework = item.framework.replace("_", "-")
        lines += _paragraph(
            f"{item.id} ({framework}, {margin}, one-sided alpha {item.alpha:g}, {item.test})"
        )
        lines += _paragraph(f"  H0: {item.null_hypothesis}")
        lines += _paragraph(f"  H1: {item.alternative}")
    lines += _block("Multiplicity", summary.sharing)
    lines += _block("Further analyses (no verdict)", summary.analyses or ("None.",))
    lines += _block("Further outcomes", summary.further_outcomes or ("None.",))
    lines += _block("Looks", [*summary.looks, summary.sample_size, *summary.size_design])
    lines += _block("Monitoring", summary.monitoring)
    lines += _block("Futility", summary.futility or ("None.",))
    lines += _block("Bounds for harm", summary.harm_bounds or ("None.",))
    lines += _block("Re-estimation of the size", summary.re_estimation or ("None.",))
    lines += _block("Simulation", summary.simulation or ("None.",))
    lines += _block("Analysis populations", summary.populations)
    lines += _block("Subgroups (described, not tested)", summary.subgroups)
    lines += _block("Safety", summary.safety)
    lines += _block("Safety at any time", summary.anytime_safety or ("None.",))
    lines += _block("Decision rule: the first that holds", summary.decision)
    lines += _paragraph(f"Decided by: {', '.join(summary.decided_by)}.")
    lines += _block("Signed by", summary.signed_by)
    return lines


def _block(title: str, texts: tuple[str, ...] | list[str]) -> list[str]:
    return ["", title, *(line for text in texts for line in _paragraph(text))]


def _paragraph(text: str) -> list[str]:
    lead = " " * (len(text) - len(text.lstrip()) + 2)
    return wrap(text.strip(), WIDTH, initial_indent=lead, subsequent_indent=lead + "  ")
