"""One alpha for several hypotheses: a look decides as the procedures themselves do."""

import json
from collections.abc import Sequence

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.boundaries import bound_of
from evaluation.conduct import conduct
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.multiplicity.closure import Group, closed_test
from evaluation.design.multiplicity.graphs import Graph, fallback_graph, graph, holm_graph
from evaluation.design.multiplicity.sequential_graphs import LookedAt, sequential_graph
from evaluation.design.multiplicity.stepwise import adjusted
from evaluation.design.repeated import nominal_alpha
from evaluation.design.spending import cumulative_alpha
from evaluation.plan import plan_of
from evaluation.results import HypothesisResult, LookResults
from protocols.schema import Protocol
from protocols.vocabulary import Verdict
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs
from tests.support.watched import share_alpha

THIRDS = [1 / 3, 1 / 3, 1 / 3]
CYCLE = [["H1", "H2", 0.5], ["H1", "H3", 0.5], ["H2", "H1", 1.0], ["H3", "H1", 0.3]]
CYCLE_GRAPH = graph([0.6, 0.4, 0.0], [[0, 0.5, 0.5], [1, 0, 0], [0.3, 0, 0]])


def _protocol(procedure: str, weights: list[float], **fields: object) -> Protocol:
    def edit(document: Document) -> None:
        share_alpha(document, procedure, weights, **fields)

    return example_protocol(edit)


def _looks(protocol: Protocol, truth: Truth, *, first: int = 300) -> tuple[LookResults, ...]:
    pairs = simulate_pairs(protocol, truth)
    early = conduct(protocol, lock_of(protocol, first_evaluable(pairs, first), look="L1"), [])
    early = from_bytes(to_bytes(early))
    return early, conduct(protocol, lock_of(protocol, pairs, look="L2"), [early])


def _weakest(found: HypothesisResult) -> float:
    return max(r.p_value or 0.0 for r in (found.primary, *found.supporting))


def _looked_at(looks: Sequence[LookResults], j: int) -> LookedAt:
    found = [results.hypotheses[j] for results in looks]

    def spend(alpha: float, times: Sequence[float]) -> Sequence[float]:
        return cumulative_alpha("lan_demets_obrien_fleming", alpha, times)

    last = found[-1].boundaries
    return LookedAt(
        p=tuple(_weakest(h) for h in found),
        information=tuple(b.statistical_information for b in last),
        times=(last[0].information_fraction, 1.0),
        spend=spend,
    )


@pytest.mark.parametrize("look_back", [False, True])
@pytest.mark.parametrize(
    ("procedure", "weights", "fields", "expected"),
    [
        ("holm", THIRDS, {}, holm_graph(3)),
        ("fallback", [0.5, 0.3, 0.2], {}, fallback_graph([0.5, 0.3, 0.2])),
        ("graph", [0.6, 0.4, 0.0], {"transitions": CYCLE}, CYCLE_GRAPH),
    ],
)
def test_a_look_rejects_what_the_group_sequential_graph_does(
    procedure: str, weights: list[float], fields: Document, expected: Graph, *, look_back: bool
) -> None:
    protocol = _protocol(procedure, weights, look_back=look_back, **fields)
    for seed in range(4):
        truth = Truth(n=620, candidate_separation=1.2 + 0.15 * seed, seed=seed)
        looks = _looks(protocol, truth)
        hypotheses = [_looked_at(looks, j) for j in range(3)]
        wanted = sequential_graph(expected, hypotheses, 0.025, look_back=look_back)
        mine = [h.shown_at for h in looks[-1].hypotheses]
        assert mine == [f"L{k}" if k else None for k in wanted.declared_at]
        for j, found in enumerate(looks[-1].hypotheses):
            assert found.shared is not None
            assert found.shared.repeated_p == pytest.approx(wanted.repeated_p[j][-1], rel=1e-7)
            if wanted.adjusted_p is not None:
                assert found.shared.adjusted_p == pytest.approx(wanted.adjusted_p[j], rel=1e-7)
            if not found.shown:
                level = wanted.weights[j] * 0.025
                assert found.shared.local_alpha == pytest.approx(level, abs=1e-12)


def _one_look(procedure: str, weights: list[float], seed: int, **fields: object) -> LookResults:
    def edit(document: Document) -> None:
        share_alpha(document, procedure, weights, **fields)
        document["monitoring"]["looks"] = [{"id": "L1", "information": 1.0}]

    protocol = example_protocol(edit)
    truth = Truth(n=620, candidate_separation=1.1 + 0.1 * seed, seed=seed)
    return conduct(protocol, lock_of(protocol, simulate_pairs(protocol, truth), look="L1"), [])


@pytest.mark.parametrize("procedure", ["hochberg", "hommel"])
@pytest.mark.parametrize("seed", range(5))
def test_at_one_look_step_up_procedures_reject_by_their_adjusted_p(
    procedure: str, seed: int
) -> None:
    found = _one_look(procedure, THIRDS, seed).hypotheses
    wanted = adjusted([_weakest(h) for h in found], procedure)
    assert [h.shown for h in found] == [p <= 0.025 for p in wanted]
    for hypothesis in found:
        assert hypothesis.shared is not None
        crossed = (hypothesis.shared.repeated_p or 1.0) <= hypothesis.shared.local_alpha * (
            1 + 1e-9
        )
        assert hypothesis.shown == crossed


@pytest.mark.parametrize("seed", range(4))
def test_a_simes_graph_rejects_by_the_closed_test(seed: int) -> None:
    simes = {"local_test": "simes", "justification": "All count the same pairs."}
    found = _one_look("graph", [0.6, 0.4, 0.0], seed, transitions=CYCLE, **simes).hypotheses
    p = [_weakest(h) for h in found]
    groups = (Group((0, 1, 2), "simes"),)
    wanted = closed_test(CYCLE_GRAPH, p, 0.025, groups=groups, justification="Same pairs.")
    assert [h.shown for h in found] == list(wanted.rejected)


def test_a_hypothesis_without_alpha_waits_for_what_is_passed_on() -> None:
    fields = {"transitions": [["H1", "H3", 1.0]]}
    protocol = _protocol("graph", [1.0, 0.0, 0.0], **fields)
    poor = _looks(protocol, Truth(n=620, candidate_separation=0.8, seed=3))[1].hypotheses
    assert [h.verdict for h in poor[1:]] == [Verdict.NOT_TESTED, Verdict.NOT_TESTED]
    assert poor[2].boundaries[-1].z is None
    assert "No alpha has been passed on" in poor[2].verdict_sentence
    good = _looks(protocol, Truth(n=900, candidate_separation=2.2, seed=3))[1].hypotheses
    assert good[0].shown
    assert good[2].shared is not None
    assert good[2].shared.passed_on_by == ("H1",)
    assert good[2].shared.local_alpha == pytest.approx(0.025)
    assert good[2].shown
    assert good[1].verdict is Verdict.NOT_TESTED


def test_a_hypothesis_without_alpha_waits_where_two_looks_lie_ahead() -> None:
    def edit(document: Document) -> None:
        share_alpha(document, "graph", [1.0, 0.0, 0.0], transitions=[["H1", "H3", 1.0]])
        shares = {"L1": 0.3, "L2": 0.6, "L3": 1.0}
        looks = [{"id": name, "information": share} for name, share in shares.items()]
        document["monitoring"]["looks"] = looks

    protocol = example_protocol(edit)
    pairs = simulate_pairs(protocol, Truth(n=200, candidate_separation=0.8))
    first = conduct(protocol, lock_of(protocol, pairs, look="L1"), []).hypotheses
    assert [h.verdict for h in first[1:]] == [Verdict.NOT_TESTED, Verdict.NOT_TESTED]
    assert first[0].sequential is not None
    assert first[0].sequential.ahead
    assert all(h.sequential is not None and not h.sequential.ahead for h in first[1:])


def test_a_claim_is_read_at_the_level_of_its_own_alpha() -> None:
    protocol = _protocol("holm", THIRDS)
    found = _looks(protocol, Truth(n=620, candidate_separation=1.4, seed=6))[1].hypotheses
    for hypothesis in found:
        shared, bound = hypothesis.shared, hypothesis.boundaries[-1]
        assert shared is not None
        repeated = hypothesis.primary.intervals[0]
        assert repeated.kind == "repeated"
        assert repeated.level == pytest.approx(1 - 2 * shared.local_alpha)
        assert bound.level == pytest.approx(shared.local_alpha)
        assert bound.z is not None
        assert bound.nominal_alpha == pytest.approx(nominal_alpha(bound.z))
        assert bound.crossed == ((hypothesis.primary.p_value or 1.0) <= bound.nominal_alpha)


def test_what_was_shown_keeps_its_alpha_and_stays_shown() -> None:
    protocol = _protocol("holm", THIRDS)
    pairs = simulate_pairs(protocol, Truth(n=300, candidate_separation=2.4, seed=8))
    early = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    assert early.hypotheses[0].shown_at == "L1"
    worse = simulate_pairs(protocol, Truth(n=700, candidate_separation=0.9, seed=8))
    late = conduct(protocol, lock_of(protocol, worse, look="L2"), [early]).hypotheses
    assert late[0].shown_at == "L1"
    assert late[0].shared is not None
    assert early.hypotheses[0].shared is not None
    assert late[0].shared.local_alpha == early.hypotheses[0].shared.local_alpha


def test_looking_back_claims_with_an_earlier_statistic_and_says_so() -> None:
    """H1 has nearly all alpha; H3 crosses at L1 at the alpha that H1 passes on at L2 only."""
    fields = {"transitions": [["H1", "H3", 1.0]], "look_back": True}
    protocol = _protocol("graph", [1.0, 0.0, 0.0], **fields)
    strong = simulate_pairs(protocol, Truth(n=300, candidate_separation=2.3, seed=1))
    early = conduct(protocol, lock_of(protocol, strong, look="L1"), [])
    assert early.hypotheses[0].shown
    assert early.hypotheses[2].shown
    kept = early.hypotheses[0].model_copy(update={"shown": False, "shown_at": None})
    later = early.hypotheses[2].model_copy(update={"shown": False, "shown_at": None})
    forgotten = early.model_copy(update={"hypotheses": (kept, early.hypotheses[1], later)})
    weak = simulate_pairs(protocol, Truth(n=620, candidate_separation=1.2, seed=1))
    late = conduct(protocol, lock_of(protocol, weak, look="L2"), [forgotten]).hypotheses
    assert late[2].shown_at == "L2"
    assert "The statistic of look L1" in (late[2].reason or "")


def test_earlier_looks_are_spent_for_anew_at_the_alpha_that_came() -> None:
    """At L1 a third of alpha was held, at L2 all of it, which then was spent from L1 on."""
    protocol = _protocol("holm", THIRDS)
    spending = {"family": "lan_demets_pocock"}
    text = protocol.model_dump(mode="json")
    text["monitoring"]["spending"] |= spending
    protocol = Protocol.model_validate_json(json.dumps(text))
    early = _looks(protocol, Truth(n=620, candidate_separation=1.2, seed=2))[0]
    boundaries = early.hypotheses[0].boundaries
    look = plan_of(protocol, "L2", ["L1"])
    first = boundaries[0].statistical_information or 0.0
    bound = bound_of(
        look,
        look.hypotheses[0],
        evaluable=600,
        information=2 * first,
        earlier=boundaries,
        level=0.025,
    )
    spends = cumulative_alpha("lan_demets_pocock", 0.025, [0.5, 1.0])
    assert boundaries[0].alpha_spent == pytest.approx(spends[0] / 3)
    assert bound.z == pytest.approx(efficacy_boundaries(spends, [first, 2 * first])[1])


def test_the_weakest_population_that_must_agree_speaks_for_a_hypothesis() -> None:
    """The per-protocol set decides here, and candidates without an answer weaken the other one."""

    def edit(document: Document) -> None:
        share_alpha(document, "holm", THIRDS)
        full, per_protocol = document["analysis_populations"]
        full["role"], per_protocol["role"] = "supporting", "primary"

    truth = Truth(n=620, candidate_separation=1.5, candidate_failure_share=0.05, seed=3)
    found = _looks(example_protocol(edit), truth)[1].hypotheses[0]
    assert (found.supporting[0].p_value or 0.0) > 2 * (found.primary.p_value or 0.0)
    assert found.shared is not None
    assert found.sequential is not None
    assert (found.shared.repeated_p or 0.0) > 2 * (found.sequential.repeated_p or 1.0)
