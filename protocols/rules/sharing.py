"""One alpha for several hypotheses: weights, transitions, and what Simes' test asks for."""

from collections import defaultdict
from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.rules.names import suggestion
from protocols.schema import Graph, Multiplicity, Protocol

SHARING = frozenset({"holm", "hochberg", "hommel", "fallback", "graph"})
SIMES = frozenset({"hochberg", "hommel"})
BONFERRONI = frozenset({"holm", "fallback"})
ROUNDING = 1e-9  # thirds written to nine digits may sum to a little more than 1
PLACE = "multiplicity.graph"


def graph_present(protocol: Protocol) -> Iterator[Finding]:
    """A procedure that shares alpha says how; the others have nothing to share."""
    plan = protocol.multiplicity
    if (plan.graph is not None) == (plan.procedure in SHARING):
        return
    if plan.graph is None:
        message = f"`{plan.procedure}` shares one alpha, and nothing says how."
        remedy = "Write alpha, weights, transitions, local_test, justification and look_back."
    else:
        message = f"`{plan.procedure}` shares no alpha, so it has no graph."
        remedy = "Write graph: null, or a procedure that shares alpha."
    yield error(Code.MULTIPLICITY_GRAPH, PLACE, message, remedy)


def _known(protocol: Protocol) -> list[str]:
    return [hypothesis.id for hypothesis in protocol.hypotheses]


def graph_names(protocol: Protocol) -> Iterator[Finding]:
    """Weights are of all hypotheses and no others; transitions lead from one to another."""
    graph, known = protocol.multiplicity.graph, _known(protocol)
    if graph is None:
        return
    used = [(f"{PLACE}.weights.{name}", name) for name in graph.weights]
    for index, (source, target, _) in enumerate(graph.transitions):
        used += [(f"{PLACE}.transitions[{index}][0]", source)]
        used += [(f"{PLACE}.transitions[{index}][1]", target)]
    for path, name in used:
        if name not in known:
            message, remedy = f"There is no hypothesis `{name}`.", suggestion(name, known)
            yield error(Code.UNKNOWN_HYPOTHESIS, path, message, remedy)
    for name in known:
        if name not in graph.weights:
            message = f"The hypothesis `{name}` has no weight."
            remedy = "Write 0 if it gets alpha from others only."
            yield error(Code.MULTIPLICITY_GRAPH, f"{PLACE}.weights", message, remedy)


def graph_shares(protocol: Protocol) -> Iterator[Finding]:
    """Nobody gives away more than there is."""
    graph = protocol.multiplicity.graph
    if graph is None:
        return
    total = sum(graph.weights.values())
    if total > 1 + ROUNDING:
        message = f"The weights sum to {total:g}, more than all of alpha."
        yield error(Code.GRAPH_SHARES, f"{PLACE}.weights", message, "Let them sum to at most 1.")
    rows: defaultdict[str, float] = defaultdict(float)
    for source, _, share in graph.transitions:
        rows[source] += share
    for source, passed in rows.items():
        if passed > 1 + ROUNDING:
            message = f"`{source}` passes on {passed:g} of its alpha."
            remedy = "The shares from one hypothesis sum to at most 1."
            yield error(Code.GRAPH_SHARES, f"{PLACE}.transitions", message, remedy)
    edges = [(source, target) for source, target, _ in graph.transitions]
    for index, (source, target) in enumerate(edges):
        if source == target or (source, target) in edges[:index]:
            message = f"The transition from `{source}` to `{target}` is a loop or stands twice."
            path = f"{PLACE}.transitions[{index}]"
            yield error(Code.GRAPH_SHARES, path, message, "Write each pair of two once.")


def graph_form(protocol: Protocol) -> Iterator[Finding]:
    """Transitions, local test and weights are those of the procedure."""
    plan = protocol.multiplicity
    if plan.graph is None or plan.procedure not in SHARING:
        return
    for field, problem, remedy in _misfits(plan, plan.graph):
        message = f"`{plan.procedure}` {problem}."
        yield error(Code.MULTIPLICITY_GRAPH, f"{PLACE}.{field}", message, remedy)


def _misfits(plan: Multiplicity, graph: Graph) -> Iterator[tuple[str, str, str]]:
    word = plan.procedure
    if (word == "graph") != bool(graph.transitions):
        wanted = "needs transitions" if word == "graph" else "has transitions of its own"
        yield "transitions", wanted, "Write transitions for graph, [] for the others."
    if word in SIMES and graph.local_test != "simes":
        yield "local_test", "rests on Simes' test", "Write local_test: simes."
    if word in BONFERRONI and graph.local_test != "bonferroni":
        yield "local_test", "rests on Bonferroni's test", "Write local_test: bonferroni."
    if word in SIMES and len(set(graph.weights.values())) > 1:
        yield "weights", "weighs all hypotheses alike", "Give each the same weight, or use graph."


def justified(protocol: Protocol) -> Iterator[Finding]:
    """Simes' test may be too liberal under some dependence, so someone says why not here."""
    plan = protocol.multiplicity
    if plan.graph is None or plan.graph.justification is not None:
        return
    if plan.procedure in SIMES or plan.graph.local_test == "simes":
        message = "Simes' test holds alpha only under positive dependence, and nothing says why."
        remedy = "Say why the statistics are positively dependent, or use holm or bonferroni."
        yield error(Code.CORRELATION_UNJUSTIFIED, f"{PLACE}.justification", message, remedy)


def shared_alpha(protocol: Protocol) -> Iterator[Finding]:
    """Every hypothesis is tested within the alpha that is shared."""
    graph = protocol.multiplicity.graph
    if graph is None:
        return
    others = [h.id for h in protocol.hypotheses if h.alpha != graph.alpha]
    if others:
        message = f"The shared alpha is {graph.alpha:g}, that of {', '.join(others)} is another."
        remedy = "Write the shared alpha at every hypothesis; weights divide it."
        yield error(Code.ALPHA_DIFFERS, f"{PLACE}.alpha", message, remedy)


RULES = (graph_present, graph_names, graph_shares, graph_form, justified, shared_alpha)
