"""All hypotheses under registered scenarios: what must be registered, and what is then said."""

import math

import pytest

from evaluation.planning.document import needing_sizes
from evaluation.planning.rehearsal import casts_of, trials
from evaluation.planning.rehearsed import together_in_trials
from evaluation.planning.simulating import found_in, joint_tallies, runs_of, tallies
from evaluation.planning.together import found_together, joints_of
from evaluation.planning.workers import hands
from evaluation.results.design import SimulatedTogether
from protocols.schema import Graph, Protocol, Scenario, Simulation
from tests.support.planned_protocol import futility, harm, planned_protocol, with_stops

FOUR = 4.0
UNRELATED = (("H1", "H2", 0.0),)


def _plan(scenario: dict[str, object], **changes: object) -> Simulation:
    plan = planned_protocol().simulation
    assert plan is not None
    asked = plan.scenarios[1].model_copy(update=scenario)
    fresh = {"scenarios": (asked,), "correlations": UNRELATED, "correlation_basis": "Disjoint."}
    return plan.model_copy(update=fresh | changes)


def _scenario(plan: Simulation) -> Scenario:
    return plan.scenarios[0]


def _with(protocol: Protocol, plan: Simulation, **fields: object) -> Protocol:
    shared = protocol.multiplicity.model_copy(update=fields)
    return protocol.model_copy(update={"simulation": plan, "multiplicity": shared})


def _together(protocol: Protocol, plan: Simulation) -> SimulatedTogether:
    ((joint,), notes) = joints_of(plan, protocol)
    assert notes == []
    with hands(1) as hand:
        *_, tally = joint_tallies(joint, plan, hand=hand, workers=1)
    return found_together(joint, tally, plan, interrupted=False)


def _graph(weights: dict[str, float]) -> Graph:
    return Graph(
        alpha=0.025,
        weights=weights,
        transitions=(("H1", "H2", 1.0), ("H2", "H1", 1.0)),
        local_test="bonferroni",
        justification=None,
        look_back=False,
    )


def test_unrelated_co_primaries_are_both_claimed_with_the_product_of_their_powers() -> None:
    protocol, plan = planned_protocol(), _plan({}, most_replicates=40_000, target_se=0.0005)
    found = _together(protocol, plan)
    alone = []
    for run in runs_of(plan, needing_sizes(protocol)):
        *_, tally = tallies(run, plan)
        alone.append(found_in(run, tally, plan, interrupted=False).claims)
    product = alone[0].value * alone[1].value
    error = math.hypot(found.all_claims.standard_error, *(a.standard_error for a in alone))
    assert abs(found.all_claims.value - product) < FOUR * error
    assert found.claims[0] == found.claims[1] == found.any_claim == found.all_claims
    assert found.family_error is None
    assert found.family_error_reason == "No hypothesis is a true null in this scenario."


def test_one_true_null_among_co_primaries_is_claimed_less_often_than_alpha() -> None:
    plan = _plan({"true_effects": {"H1": -0.1}}, most_replicates=40_000, target_se=0.0005)
    found = _together(planned_protocol(), plan)
    assert found.true_nulls == ("H1",)
    assert found.family_error is not None
    assert 0.015 < found.family_error.value < 0.025 + FOUR * found.family_error.standard_error


def test_a_graph_keeps_alpha_and_passes_it_on() -> None:
    protocol = planned_protocol()
    plan = _plan(
        {"true_effect": 0.0, "true_effects": {"H2": -0.05}},
        most_replicates=60_000,
        target_se=0.0001,
    )
    order = (("H1",), ("H2",))
    waiting = _with(
        protocol, plan, procedure="graph", order=order, graph=_graph({"H1": 1.0, "H2": 0.0})
    )
    found = _together(waiting, plan)
    assert found.true_nulls == ("H2",)
    assert found.family_error is not None
    assert found.family_error == found.claims[1]
    assert 0.02 < found.claims[1].value < 0.025 + FOUR * found.claims[1].standard_error
    assert found.claims[0].value > 0.9
    by_look = math.fsum(share.value for share in found.claims_by_look[0])
    assert by_look == pytest.approx(found.claims[0].value)


def test_drifting_effects_have_no_true_null() -> None:
    found = _together(planned_protocol(), _plan({"drift": "half_way"}))
    assert found.family_error is None
    assert found.family_error_reason == "Effects drift, so no hypothesis is a true null throughout."


def test_without_a_registered_correlation_nothing_is_said_of_both() -> None:
    found, (reason,) = joints_of(_plan({}, correlations=()), planned_protocol())
    assert found == []
    assert "no correlation of their statistics is registered" in reason


def test_without_a_size_design_nothing_is_said_of_both() -> None:
    protocol = planned_protocol()
    size = protocol.sample_size.model_copy(update={"design": protocol.sample_size.design[:1]})
    found, (reason,) = joints_of(_plan({}), protocol.model_copy(update={"sample_size": size}))
    assert found == []
    assert "H2 has no size design" in reason


@pytest.mark.parametrize("effect", [0.0, 0.05])
def test_a_harm_bound_is_falsely_signalled_no_more_often_than_its_alpha(effect: float) -> None:
    protocol = with_stops(harms=(harm(),))
    plan = _plan({"true_effect": effect, "missing_share": 0.0}, most_replicates=40_000)
    run = next(runs_of(plan, needing_sizes(protocol)))
    *_, tally = tallies(run, plan.model_copy(update={"target_se": 0.0001}))
    found = found_in(run, tally, plan, interrupted=False)
    assert found.harm is not None
    assert found.harm.false is True
    assert found.harm.share.value <= 0.01 + FOUR * math.sqrt(0.01 * 0.99 / 40_000)


def test_a_worse_candidate_is_signalled_early_and_it_is_no_false_alarm() -> None:
    protocol = with_stops(futility("z", (0.1, 0.6)), harms=(harm(),))
    plan = _plan({"true_effect": -0.15, "nuisance": {"discordance": 0.2}})
    run = next(runs_of(plan, needing_sizes(protocol)))
    *_, tally = tallies(run, plan)
    found = found_in(run, tally, plan, interrupted=False)
    assert found.harm is not None
    assert found.harm.false is False
    assert found.harm.share.value > 0.5
    assert found.harm.pairs is not None
    assert 400 <= found.harm.pairs.value < 1000
    assert found.harm_by_look[0].value > 0.2
    stops = (*found.claims_by_look, *found.futility_by_look, *found.harm_by_look)
    assert math.fsum(share.value for share in stops) <= 1 + 1e-9


def test_sensitivity_and_specificity_are_rehearsed_in_the_same_trials() -> None:
    plan = _plan({"true_effects": {"H2": -0.05}})
    protocol = _with(planned_protocol(), plan)
    ((cast,), notes) = casts_of(protocol, _scenario(plan))
    assert (cast.ids, notes) == (("H1", "H2"), [])
    found = together_in_trials(cast, trials(cast, 3, 0, 6), plan, interrupted=False)
    assert found is not None
    assert found.correlation == "generated"
    assert found.true_nulls == ("H2",)
    assert found.replicates == 6


def test_what_no_encounters_serve_is_rehearsed_apart_or_left_out() -> None:
    protocol = planned_protocol()
    first, second = protocol.sample_size.design
    other = second.model_copy(update={"nuisance": {"discordance": 0.12, "prevalence": 0.5}})
    size = protocol.sample_size.model_copy(update={"design": (first, other)})
    apart = protocol.model_copy(update={"sample_size": size})
    plan = _plan({})
    casts, (note,) = casts_of(apart, _scenario(plan))
    assert [cast.ids for cast in casts] == [("H1",), ("H2",)]
    assert "their prevalences differ" in note
    gated = _with(apart, plan, procedure="fixed_sequence", order=(("H1",), ("H2",)))
    casts, (note,) = casts_of(gated, _scenario(plan))
    assert casts == []
    assert "their procedure tests all hypotheses together" in note


@pytest.mark.slow
def test_both_engines_agree_on_hypotheses_together() -> None:
    plan = _plan(
        {"true_effects": {"H1": -0.05, "H2": -0.02}, "missing_share": 0.0},
        most_replicates=40_000,
        target_se=0.0005,
    )
    protocol = planned_protocol()
    once = tuple(
        design.model_copy(
            update={"pairs_per_subject": 1.0, "cv_of_pairs": 0.0, "icc": 0.0, "ascertainment": 1.0}
        )
        for design in protocol.sample_size.design
    )
    size = protocol.sample_size.model_copy(update={"design": once})
    protocol = _with(protocol, plan).model_copy(update={"sample_size": size})
    quick = _together(protocol, plan)
    ((cast,), _) = casts_of(protocol, _scenario(plan))
    full = together_in_trials(cast, trials(cast, 3, 0, 500), plan, interrupted=False)
    assert full is not None
    pairs = [(full.all_claims, quick.all_claims), (full.expected_pairs, quick.expected_pairs)]
    for ours, theirs in pairs:
        error = math.hypot(ours.standard_error, theirs.standard_error)
        assert abs(ours.value - theirs.value) < 3 * error
