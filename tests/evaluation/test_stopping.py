"""Where a trial stops: the registered claim and its bound, other orders, late outcomes."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from evaluation.conduct import conduct
from evaluation.design.after.orderings import Ordering, Plan, bias_adjusted_estimate, ordered_p
from evaluation.design.stagewise import stagewise_p
from evaluation.inferences import DISAGREES, leaves_out
from evaluation.plan import plan_of
from evaluation.results import HypothesisResult, Inference, LookResults, SequentialInference
from protocols.schema import Protocol
from tests.support.means import means_pairs, means_protocol
from tests.support.simulator import first_evaluable, lock_of
from tests.support.watched import futility_rule

BINDING = futility_rule(
    looks=["L1", "L2"], values=[0.3, 0.8], binding=True, binding_reason="The contract ends it."
)


def _looks(
    protocol: Protocol, effect: float, last: int = 600, *, seed: int = 6, n: int = 0
) -> list[LookResults]:
    pairs = means_pairs(protocol, effect, n=n or last, seed=seed)
    found: list[LookResults] = []
    for look, enough in (("L1", 180), ("L2", 360), ("L3", last)):
        data = lock_of(
            protocol, first_evaluable(pairs, enough), look=look, accrual_closed=look == "L3"
        )
        found.append(conduct(protocol, data, found))
    return found


def _sequential(results: LookResults) -> SequentialInference:
    found = results.hypotheses[0].sequential
    assert found is not None
    return found


def _kind(results: LookResults, kind: str) -> Inference:
    return next(i for i in _sequential(results).inferences if i.kind == kind)


def _claim(results: LookResults) -> str:
    (word,) = [i.kind for i in _sequential(results).inferences if i.claim]
    return word


def _last(results: LookResults) -> tuple[float, float, float]:
    """z, bound and alpha spent at the last look."""
    found = results.hypotheses[0].boundaries[-1]
    assert found.z is not None
    assert found.statistic is not None
    return found.statistic, found.z, found.alpha_spent


def _to_the_bound(protocol: Protocol, beyond: float, last: int) -> HypothesisResult | None:
    """The last look of a trial that ends `beyond` its bound, none where it stopped before."""
    effect = 1.6
    for _ in range(3):
        made = _looks(protocol, effect, last)
        z, bound, _ = _last(made[-1])
        effect *= (bound + beyond) / z
    found = made[-1].hypotheses[0]
    return None if found.shown_at in ("L1", "L2") or not found.boundaries[-1].z else found


NEAR = (-0.2, -0.03, -1e-4, 1e-4, 0.03, 0.2)


@pytest.mark.parametrize("claim", ["stagewise", "estimate_order", "likelihood_ratio_order"])
@pytest.mark.parametrize(
    ("last", "final", "futility"),
    [
        (600, "full_alpha", []),
        (480, "full_alpha", []),
        (480, "information_fraction", []),
        (600, "full_alpha", [BINDING]),
    ],
)
def test_at_the_last_look_the_claim_leaves_out_the_margin_when_the_bound_is_crossed(
    claim: str, last: int, final: str, futility: list[dict[str, object]]
) -> None:
    """Also where an under-run leaves alpha unspent, and where binding futility lowers bounds."""
    protocol = _watched(
        means_protocol(margin=None, claim_interval=claim, final_look=final), futility
    )
    for beyond in NEAR[1:5] if claim == "stagewise" else (-0.03, 0.03):
        found = _to_the_bound(protocol, beyond, last)
        assert found is not None
        crossed = found.boundaries[-1].crossed
        assert crossed is (beyond > 0)
        sequential = found.sequential
        assert sequential is not None
        plan = plan_of(protocol, "L3").hypotheses[0]
        (claimed,) = [item for item in sequential.inferences if item.claim]
        assert claimed.kind == claim
        assert leaves_out(plan, claimed) is crossed
        assert DISAGREES not in sequential.reasons
        staged = next(item for item in sequential.inferences if item.kind == "stagewise")
        assert leaves_out(plan, staged) is crossed
        assert found.shown is crossed


def _watched(protocol: Protocol, futility: Sequence[dict[str, object]]) -> Protocol:
    document = protocol.model_dump(mode="json") | {"futility": list(futility)}
    return Protocol.model_validate_json(json.dumps(document))


def test_a_last_look_that_leaves_alpha_unspent_has_an_interval_at_what_was_spent() -> None:
    protocol = means_protocol(margin=None, final_look="information_fraction")
    made = _looks(protocol, 1.0, 480)
    _, _, spent = _last(made[-1])
    assert 0 < spent < 0.025
    assert _kind(made[-1], "stagewise").level == pytest.approx(1 - 2 * spent)
    assert _kind(made[1], "stagewise").level == 0.95
    assert "leaves alpha unspent" in " ".join(made[-1].limits)


def test_the_stage_wise_p_is_that_of_looks_that_binding_futility_ends() -> None:
    protocol = _watched(means_protocol(margin=None), [BINDING])
    made = _looks(protocol, 1.6)
    steps = made[-1].hypotheses[0].boundaries
    information = [s.statistical_information or 0.0 for s in steps]
    bounds = [s.z or 0.0 for s in steps]
    lower = [max(f.z for f in s.futility if f.z is not None) for s in steps[:-1]]
    at_bound = stagewise_p(bounds[-1], bounds[:-1], information, lower=lower)
    assert at_bound == pytest.approx(0.025, rel=1e-8)
    assert stagewise_p(bounds[-1], bounds[:-1], information) > 0.0251
    z, _, _ = _last(made[-1])
    wanted = stagewise_p(z, bounds[:-1], information, lower=lower)
    assert _kind(made[-1], "stagewise").p_value == pytest.approx(wanted, rel=1e-6)


def _plan(results: LookResults) -> Plan:
    steps = results.hypotheses[0].boundaries
    return Plan(
        tuple(s.statistical_information or 0.0 for s in steps), tuple(s.z or 0.0 for s in steps)
    )


@pytest.mark.parametrize(
    ("word", "ordering"),
    [
        ("estimate_order", Ordering.ESTIMATE),
        ("likelihood_ratio_order", Ordering.LIKELIHOOD_RATIO),
    ],
)
def test_a_registered_order_is_that_of_the_whole_plan(word: str, ordering: Ordering) -> None:
    made = _looks(means_protocol(margin=None, claim_interval=word), 1.7)
    last = made[-1]
    z, _, _ = _last(last)
    assert [_claim(results) for results in made] == ["repeated", "repeated", word]
    wanted = ordered_p(z, 3, _plan(last), ordering=ordering)
    assert _kind(last, word).p_value == pytest.approx(wanted, rel=1e-6)
    assert "By the order of the" in last.hypotheses[0].verdict_sentence


def test_a_stop_before_the_end_orders_by_the_looks_that_were_to_come() -> None:
    made = _looks(means_protocol(margin=None, claim_interval="estimate_order"), 8.0)
    first = made[0]
    assert first.hypotheses[0].shown_at == "L1"
    assert _claim(first) == "estimate_order"
    item, staged = _kind(first, "estimate_order"), _kind(first, "stagewise")
    assert item.low is not None
    assert item.low > 0
    assert item.p_value <= staged.p_value * 1.01


def test_the_bias_adjusted_estimate_stands_where_the_trial_ends_and_nowhere_else() -> None:
    made = _looks(means_protocol(margin=None), 1.7)
    assert _sequential(made[0]).bias_adjusted is None
    z, _, _ = _last(made[-1])
    plan = _plan(made[-1])
    unit = (made[-1].hypotheses[0].primary.estimate or 0.0) / (z / plan.information[-1] ** 0.5)
    assert _sequential(made[-1]).bias_adjusted == pytest.approx(
        bias_adjusted_estimate(z, 3, plan) * unit, rel=1e-6
    )
    early = _looks(means_protocol(margin=None), 8.0)[0]
    naive, adjusted = _kind(early, "naive").estimate, _sequential(early).bias_adjusted
    assert adjusted is not None
    assert 0 < adjusted < naive


def test_late_outcomes_enter_as_if_the_look_that_stopped_had_not_been() -> None:
    made = _looks(means_protocol(margin=None, late_outcomes="deletion"), 3.5)
    shown = made[1].hypotheses[0].shown_at
    assert shown in ("L1", "L2")
    last = made[-1]
    steps = last.hypotheses[0].boundaries
    before = [s for s in steps if s.number < (1 if shown == "L1" else 2)]
    information = [s.statistical_information or 0.0 for s in (*before, steps[-1])]
    wanted = stagewise_p(steps[-1].statistic or 0.0, [s.z or 0.0 for s in before], information)
    assert _claim(last) == "deletion"
    assert _kind(last, "deletion").p_value == pytest.approx(wanted, rel=1e-6)
    assert "By the deletion of the look that stopped" in last.hypotheses[0].verdict_sentence


def test_late_outcomes_that_turn_a_claim_around_are_said_beside_it() -> None:
    protocol = means_protocol(margin=None, late_outcomes="weighted")
    strong = means_pairs(protocol, 8.0, n=180, seed=3)
    weak = means_pairs(protocol, -8.0, n=420, seed=4)
    both = (*strong, *(replace(p, pair_id=f"z{p.pair_id}", subject=f"z{p.subject}") for p in weak))
    first = conduct(protocol, lock_of(protocol, strong, look="L1"), [])
    second = conduct(protocol, lock_of(protocol, both, look="L2"), [first])
    found = second.hypotheses[0]
    assert found.shown_at == "L1"
    assert _claim(second) == "weighted"
    assert "With what came late it no longer leaves out the margin." in found.verdict_sentence
