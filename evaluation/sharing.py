"""One alpha for several hypotheses over the looks: Holm, fallback, graphs, Hochberg, Hommel.

With Bonferroni tests the alpha of a shown hypothesis travels along the graph, and every other is
held anew against the bound of its spending at the larger alpha (Maurer & Bretz 2013, Stat Biopharm
Res 5:311). With Simes tests the hypotheses not yet shown are tested by the closed procedure on
their repeated p-values; those shown at an earlier look leave it, as every intersection that holds
them is rejected. What agrees with a claim is that of the weakest population that must agree, so
alpha is passed on by what is shown and by nothing less.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from evaluation.decide import Decided, Evidence, Settled, decide
from evaluation.design.multiplicity.closure import Group, closed_test
from evaluation.design.multiplicity.graphs import (
    Graph,
    State,
    shortcut_adjusted,
    start,
    updated,
    without,
)
from evaluation.design.multiplicity.graphs import fallback_graph as chain
from evaluation.design.multiplicity.levels import reaches
from evaluation.design.multiplicity.sequential_graphs import ROOT
from evaluation.design.multiplicity.stepwise import adjusted
from evaluation.design.repeated import nominal_alpha
from evaluation.plan import LookPlan
from evaluation.repeated import RepeatedP, repeated_ps, seen_looks
from evaluation.results import LookResults, SharedAlpha, TestResult
from evaluation.rounding import to_digits
from protocols.schema import Graph as Sharing
from protocols.schema import Multiplicity
from protocols.vocabulary import Framework, Verdict

SHOWN_BY = {
    Framework.NON_INFERIORITY: Verdict.NON_INFERIOR,
    Framework.SUPERIORITY: Verdict.SUPERIOR,
    Framework.EQUIVALENCE: Verdict.EQUIVALENT,
}
HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Asking:
    """A look that asks: `at` gives the evidence of a hypothesis at a level of its own."""

    look: LookPlan
    plan: Multiplicity
    codes: tuple[str, ...]
    at: Callable[[str, float | None], Evidence]
    previous: tuple[LookResults, ...]


@dataclass(slots=True)
class Sharer:
    """The graph part-way; who has been shown, and who passed alpha on to whom."""

    asking: Asking
    sharing: Sharing
    graph: Graph
    state: State
    found: dict[str, Settled] = field(default_factory=dict)
    shown: list[int] = field(default_factory=list)
    passed_on_by: dict[int, list[str]] = field(default_factory=dict)

    def take_out(self, j: int) -> None:
        """Hypothesis j is shown: its alpha goes along the graph."""
        codes = self.asking.codes
        for other in range(self.graph.size):
            gives = self.state.weights[j] > 0 and self.state.transitions[j, other] > 0
            if gives and other not in self.shown:
                self.passed_on_by.setdefault(other, []).append(codes[j])
        self.state = without(self.state, j)
        self.shown.append(j)


def settle_shared(sharing: Sharing, asking: Asking) -> dict[str, Settled]:
    """Every hypothesis at this look, by id, with its share of alpha."""
    graph = graph_of(sharing, asking.plan, asking.codes)
    sharer = Sharer(asking, sharing, graph, start(graph))
    _take_out_earlier(sharer)
    p = _ps(sharer)
    if sharing.local_test == "simes":
        _closed(sharer, p)
    else:
        _shortcut(sharer)
    return {
        code: replace(sharer.found[code], shared=_shared(sharer, j, p))
        for j, code in enumerate(asking.codes)
    }


def graph_of(sharing: Sharing, plan: Multiplicity, codes: Sequence[str]) -> Graph:
    """The graph of the procedure; Holm shares by weight, fallback goes down the order."""
    weights = tuple(sharing.weights[code] for code in codes)
    size = len(codes)
    if plan.procedure == "graph":
        shares = {(a, b): share for a, b, share in sharing.transitions}
        rows = tuple(tuple(shares.get((a, b), 0.0) for b in codes) for a in codes)
        return Graph(weights, rows)
    if plan.procedure == "fallback":
        order = [code for group in plan.order for code in group]
        edges = chain([sharing.weights[code] for code in order]).transitions
        place = [order.index(code) for code in codes]
        return Graph(weights, tuple(tuple(edges[i][j] for j in place) for i in place))
    rows = tuple(_by_weight(weights, i) for i in range(size))
    return Graph(weights, rows)


def _by_weight(weights: Sequence[float], i: int) -> tuple[float, ...]:
    others = [0.0 if j == i else weight for j, weight in enumerate(weights)]
    if not any(others):
        others = [float(j != i) for j in range(len(weights))]
    total = sum(others) or 1.0
    return tuple(other / total for other in others)


def _take_out_earlier(sharer: Sharer) -> None:
    """What an earlier look has shown, in the order in which it did, at the alpha it had then."""
    asking = sharer.asking
    for results in asking.previous:
        by_id = {h.id: h for h in results.hypotheses}
        for j, code in enumerate(asking.codes):
            earlier = by_id[code]
            if not earlier.shown or j in sharer.shown:
                continue
            level = earlier.shared.local_alpha if earlier.shared else 0.0
            evidence = asking.at(code, level)
            decided = decide(evidence, look=asking.look.look.id)
            sharer.found[code] = Settled(evidence, replace(decided, claimed=True))
            sharer.take_out(j)


def _shortcut(sharer: Sharer) -> None:
    """Bonferroni tests: whoever is shown passes on, and all others are held anew."""
    asking = sharer.asking
    tried: dict[int, float] = {}
    moved = True
    while moved:
        moved = False
        for j, code in enumerate(asking.codes):
            level = float(sharer.state.weights[j]) * sharer.sharing.alpha
            if j in sharer.shown or tried.get(j) == level:
                continue
            tried[j] = level
            if _tested(sharer, code, level).shown:
                sharer.take_out(j)
                moved = True
                break


def _tested(sharer: Sharer, code: str, level: float) -> Decided:
    evidence = sharer.asking.at(code, to_digits(level))  # as stored, so that a replay agrees
    decided = decide(evidence, look=sharer.asking.look.look.id)
    if not decided.shown and sharer.sharing.look_back and evidence.given_up_at is None:
        decided = _looking_back(sharer, evidence, decided)
    sharer.found[code] = Settled(evidence, replace(decided, claimed=decided.shown))
    return decided


def _looking_back(sharer: Sharer, evidence: Evidence, decided: Decided) -> Decided:
    """Whether an earlier look's statistic crosses its bound at the alpha that is there now."""
    asking, code = sharer.asking, evidence.plan.hypothesis.id
    values = _p_of_looks(asking.previous, code)
    for step in evidence.bound.trail:
        if step.number > len(values):
            continue
        p = values[step.number - 1]
        if p is not None and p <= nominal_alpha(step.z):
            name = asking.previous[step.number - 1].facts.look
            reason = f"The statistic of look {name} crosses its bound at the alpha passed on since."
            verdict = SHOWN_BY[evidence.plan.hypothesis.framework]
            return replace(decided, verdict=verdict, shown_at=asking.look.look.id, reason=reason)
    return decided


def _closed(sharer: Sharer, p: Sequence[RepeatedP]) -> None:
    """Simes tests on all that is not shown yet; each is held against what the others leave it."""
    codes, back = sharer.asking.codes, sharer.sharing.look_back
    left = [j for j in range(len(codes)) if j not in sharer.shown]
    values = {j: (p[j].smallest if back else p[j].here) for j in left}
    held = {j: 1.0 if values[j] is None else float(values[j] or 0.0) for j in left}
    shown = []
    for j in left:
        level = _local(sharer, held, j)
        if _tested(sharer, codes[j], level).shown:
            shown.append(j)
    for j in shown:
        sharer.take_out(j)


def _local(sharer: Sharer, p: dict[int, float], j: int) -> float:
    """The largest p-value with which hypothesis j would be rejected, the others as they are."""
    alpha = sharer.sharing.alpha

    def rejected(value: float) -> bool:
        found = _adjusted_of(sharer, {**p, j: value})
        return reaches(found[j], alpha, rounding=ROOT)

    low, high = 0.0, alpha
    if rejected(high):
        return high
    if not rejected(low):
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rejected(middle) else (low, middle)
    return low


def _adjusted_of(sharer: Sharer, p: dict[int, float]) -> dict[int, float]:
    """Adjusted p-values of those that are left, by the registered procedure."""
    left, plan = sorted(p), sharer.asking.plan
    values = [p[j] for j in left]
    if plan.procedure in ("hochberg", "hommel"):
        share = min(1.0, sum(sharer.graph.weights)) or 1.0
        found = [value / share for value in adjusted(values, plan.procedure)]
    else:
        whole = updated(sharer.graph, [j for j in range(sharer.graph.size) if j not in p])
        rows = tuple(tuple(whole.transitions[i][j] for j in left) for i in left)
        part = Graph(tuple(whole.weights[j] for j in left), rows)
        group = Group(tuple(range(len(left))), "simes")
        reason = sharer.sharing.justification or ""
        decisions = closed_test(
            part, values, sharer.sharing.alpha, groups=(group,), justification=reason
        )
        found = list(decisions.adjusted_p)
    return dict(zip(left, found, strict=True))


def _ps(sharer: Sharer) -> tuple[RepeatedP, ...]:
    """Repeated p-values of every hypothesis."""
    asking = sharer.asking
    found = []
    for code in asking.codes:
        evidence = asking.at(code, sharer.sharing.alpha)
        earlier = evidence.before.boundaries if evidence.before else ()
        information = evidence.primary.information
        looks = seen_looks(asking.look, evidence.bound, information=information, earlier=earlier)
        here = _weakest((evidence.primary, *evidence.supporting))
        given_up = evidence.given_up_at is not None
        p = (*_p_of_looks(asking.previous, code), 1.0 if given_up else here)
        found.append(repeated_ps(asking.look, looks, p))
    return tuple(found)


def _p_of_looks(previous: Sequence[LookResults], code: str) -> tuple[float | None, ...]:
    hypotheses = (next(h for h in r.hypotheses if h.id == code) for r in previous)
    return tuple(_weakest((h.primary, *h.supporting)) for h in hypotheses)


def _weakest(results: Sequence[TestResult]) -> float | None:
    """The largest p-value of the populations that must agree; 1 where one of them has none."""
    if results[0].p_value is None:
        return None
    return max(1.0 if result.p_value is None else result.p_value for result in results)


def _shared(sharer: Sharer, j: int, p: Sequence[RepeatedP]) -> SharedAlpha:
    asking, code = sharer.asking, sharer.asking.codes[j]
    sequential = [values.smallest for values in p]
    others = [asking.codes[i] for i in sharer.shown if i != j]
    by_all = asking.plan.procedure in ("hochberg", "hommel")
    level = sharer.found[code].evidence.bound.level
    return SharedAlpha(
        procedure=asking.plan.procedure,
        alpha=sharer.sharing.alpha,
        local_alpha=level,
        passed_on_by=tuple(others if by_all else sharer.passed_on_by.get(j, [])),
        repeated_p=p[j].here,
        sequential_p=sequential[j],
        adjusted_p=_all_adjusted(sharer, sequential)[j] if sharer.sharing.look_back else None,
    )


def _all_adjusted(sharer: Sharer, sequential: Sequence[float | None]) -> Sequence[float]:
    values = [1.0 if value is None else value for value in sequential]
    if sharer.sharing.local_test == "bonferroni":
        return shortcut_adjusted(sharer.graph, values)
    found = _adjusted_of(sharer, dict(enumerate(values)))
    return [min(1.0, found[j]) for j in range(len(values))]
