"""Alpha over looks: what is spent, on which correlations, and what stays once it is shown."""

from dataclasses import replace
from statistics import NormalDist

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.boundaries import bound_of
from evaluation.conduct import conduct
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.plan import LookPlan, plan_of
from evaluation.results import Boundary, LookResults
from gateway.store.records import ArmRecord
from protocols.schema import Protocol
from protocols.vocabulary import Fate, Verdict
from tests.support.example_protocol import Document, example_protocol, hypothesis
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs

PROTOCOL = example_protocol()


def _two_looks(protocol: Protocol, truth: Truth, *, first: int = 300) -> list[LookResults]:
    pairs = simulate_pairs(protocol, truth)
    early = conduct(protocol, lock_of(protocol, first_evaluable(pairs, first), look="L1"), [])
    early = from_bytes(to_bytes(early))
    late = conduct(protocol, lock_of(protocol, pairs, look="L2"), [early])
    return [early, from_bytes(to_bytes(late))]


def _boundary(*, spent: float, z: float | None, information: float | None) -> Boundary:
    return Boundary(
        look="L1",
        number=1,
        planned_information=0.5,
        information_fraction=0.5,
        statistical_information=information,
        alpha_spent=spent,
        nominal_alpha=spent,
        z=z,
        statistic=1.0,
        crossed=False,
    )


def _look(name: str) -> LookPlan:
    return plan_of(PROTOCOL, name)


def test_the_first_bound_is_the_quantile_of_what_is_spent() -> None:
    look = _look("L1")
    bound = bound_of(look, look.hypotheses[0], evaluable=300, information=500.0, earlier=())
    assert bound.alpha_spent == pytest.approx(0.00152532, abs=1e-8)  # Lan-DeMets at 0.5
    assert bound.z == pytest.approx(NormalDist().inv_cdf(1 - bound.alpha_spent), abs=1e-8)


def test_the_second_bound_uses_the_information_that_the_first_look_had() -> None:
    early, late = _two_looks(PROTOCOL, Truth(n=650, seed=5))
    first, second = late.hypotheses[0].boundaries
    assert first == early.hypotheses[0].boundaries[0]
    assert first.statistical_information is not None
    assert second.statistical_information is not None
    clock = [first.statistical_information, second.statistical_information]
    expected = efficacy_boundaries([first.alpha_spent, second.alpha_spent], clock)[1]
    assert second.z == pytest.approx(expected, rel=1e-10)
    planned = efficacy_boundaries([first.alpha_spent, second.alpha_spent], [0.5, 1.0])[1]
    assert abs(expected - planned) > 1e-6


def test_more_information_at_the_first_look_makes_the_second_bound_lower() -> None:
    """More correlated looks waste less alpha."""
    look, plan = _look("L2"), _look("L2").hypotheses[0]
    bounds = [
        bound_of(
            look,
            plan,
            evaluable=600,
            information=1000.0,
            earlier=[_boundary(spent=0.01, z=2.3263479, information=information)],
        ).z
        for information in (300.0, 900.0)
    ]
    assert bounds[0] is not None
    assert bounds[1] is not None
    assert bounds[1] < bounds[0]


def test_the_last_look_spends_all_of_alpha_even_when_short() -> None:
    look = _look("L2")
    bound = bound_of(look, look.hypotheses[0], evaluable=450, information=9.0, earlier=())
    assert bound.alpha_spent == 0.025


def test_an_interim_look_without_new_information_spends_nothing() -> None:
    look = _look("L1")
    earlier = [_boundary(spent=0.001, z=3.09, information=600.0)]
    bound = bound_of(look, look.hypotheses[0], evaluable=400, information=590.0, earlier=earlier)
    assert (bound.alpha_spent, bound.z, bound.nominal_alpha) == (0.001, None, None)
    assert bound.warnings


def test_a_last_look_without_new_information_takes_what_is_left_by_the_union_bound() -> None:
    look = _look("L2")
    earlier = [_boundary(spent=0.005, z=2.5758293, information=600.0)]
    bound = bound_of(look, look.hypotheses[0], evaluable=600, information=590.0, earlier=earlier)
    assert bound.nominal_alpha == pytest.approx(0.02)
    assert bound.z == pytest.approx(NormalDist().inv_cdf(0.98))
    assert bound.warnings


def test_next_to_no_new_information_counts_as_none() -> None:
    look = _look("L2")
    earlier = [_boundary(spent=0.005, z=2.5758293, information=600.0)]
    bound = bound_of(look, look.hypotheses[0], evaluable=600, information=600.01, earlier=earlier)
    assert bound.nominal_alpha == pytest.approx(0.02)


def test_an_interim_look_on_everything_leaves_nothing_for_the_last() -> None:
    early, late = _two_looks(PROTOCOL, Truth(n=700, candidate_separation=1.0, seed=2), first=650)
    assert early.hypotheses[0].boundaries[0].alpha_spent == 0.025
    result = late.hypotheses[0]
    assert result.verdict is Verdict.NOT_EVALUABLE
    assert result.boundaries[1].z is None
    assert "All of alpha was spent" in (result.reason or "")


def test_seven_hundredths_of_a_hundred_pairs_are_seven() -> None:
    def edit(document: Document) -> None:
        document["sample_size"]["evaluable_pairs"] = 100
        document["monitoring"]["looks"][0]["information"] = 0.07
        document["monitoring"]["tolerance"] = 0

    assert plan_of(example_protocol(edit), "L1").required_pairs == 7


def test_a_spend_too_small_for_a_number_is_said_to_be_none() -> None:
    look = _look("L1")
    bound = bound_of(look, look.hypotheses[0], evaluable=1, information=1.0, earlier=())
    assert (bound.alpha_spent, bound.z) == (0.0, None)
    assert "Too few evaluable pairs" in (bound.reason or "")


def test_looks_without_pairs_spend_nothing() -> None:
    look = _look("L1")
    bound = bound_of(look, look.hypotheses[0], evaluable=0, information=None, earlier=())
    assert (bound.alpha_spent, bound.z) == (0.0, None)


def test_what_is_shown_once_stays_shown_and_says_where() -> None:
    pairs = simulate_pairs(PROTOCOL, Truth(n=300, candidate_separation=2.2, seed=8))
    early = conduct(PROTOCOL, lock_of(PROTOCOL, pairs, look="L1"), [])
    assert early.hypotheses[0].shown_at == "L1"
    worse = simulate_pairs(PROTOCOL, Truth(n=900, candidate_separation=0.6, seed=9))
    both = (*pairs, *worse)
    late = conduct(PROTOCOL, lock_of(PROTOCOL, both, look="L2"), [early])
    result = late.hypotheses[0]
    assert result.shown
    assert result.shown_at == "L1"
    assert result.verdict is Verdict.NON_INFERIOR
    assert "the interval alone would not show it" in result.verdict_sentence


def test_that_what_was_shown_is_inferior_now_is_said() -> None:
    pairs = simulate_pairs(PROTOCOL, Truth(n=300, candidate_separation=2.2, seed=8))
    early = conduct(PROTOCOL, lock_of(PROTOCOL, pairs, look="L1"), [])
    worse = simulate_pairs(PROTOCOL, Truth(n=900, candidate_separation=0.1, seed=9))
    late = conduct(PROTOCOL, lock_of(PROTOCOL, worse, look="L2"), [early])
    assert late.hypotheses[0].shown
    assert "would say that the candidate is inferior" in late.headline
    assert late.recommendation.rule == "keep"


def test_that_a_population_no_longer_shows_what_was_shown_is_said() -> None:
    pairs = simulate_pairs(PROTOCOL, Truth(n=300, candidate_separation=2.2, seed=8))
    early = conduct(PROTOCOL, lock_of(PROTOCOL, pairs, look="L1"), [])
    silent = ArmRecord(Fate.FAILED, None, None, None, None, None)
    # Only a pair without an answer tells the arms apart, and the per-protocol set leaves it out.
    alike = [
        replace(pair, candidate=pair.standard_of_care if i else silent)
        for i, pair in enumerate(simulate_pairs(PROTOCOL, Truth(n=700)))
    ]
    late = conduct(PROTOCOL, lock_of(PROTOCOL, alike, look="L2"), [early])
    result = late.hypotheses[0]
    assert result.verdict is Verdict.NON_INFERIOR
    assert result.shown_at == "L1"
    assert "At this look “Per-protocol set” would not show it." in result.verdict_sentence


def test_a_t_test_crosses_by_its_p_value_and_is_told_on_the_normal_scale() -> None:
    def edit(document: Document) -> None:
        document["design"]["cluster"] = "subject"

    protocol = example_protocol(edit)
    truth = Truth(n=320, candidate_separation=1.6, pairs_per_subject=16)
    pairs = simulate_pairs(protocol, truth)
    result = conduct(protocol, lock_of(protocol, pairs, look="L1"), []).hypotheses[0]
    bound = result.boundaries[0]
    assert result.primary.statistic is not None
    assert result.primary.p_value is not None
    assert bound.statistic is not None
    assert bound.statistic < result.primary.statistic
    assert bound.statistic == pytest.approx(NormalDist().inv_cdf(1 - result.primary.p_value))
    assert bound.crossed is (result.primary.p_value <= bound.nominal_alpha)


def _sequence(procedure: str, order: list[list[str]]) -> Protocol:
    def edit(document: Document) -> None:
        document["hypotheses"] += [
            hypothesis("H2", "SENS", test="tango_score", margin=0.15),
            hypothesis("H3", "AUC", test="delong", margin=None),
        ]
        document["multiplicity"] = {
            "procedure": procedure,
            "order": order,
            "graph": None,
            "reason": "As the panel ordered.",
        }

    return example_protocol(edit)


def test_a_fixed_sequence_stops_at_the_first_that_is_not_shown() -> None:
    protocol = _sequence("fixed_sequence", [["H1"], ["H2"], ["H3"]])
    results = _two_looks(protocol, Truth(n=700, candidate_separation=0.9, seed=11))[1]
    first, second, third = results.hypotheses
    assert not first.shown
    assert second.verdict is third.verdict is Verdict.NOT_TESTED
    assert second.boundaries[-1].crossed is None
    assert second.primary.estimate is not None
    assert "H1 is not shown" in (second.reason or "")


def test_a_fixed_sequence_goes_on_after_what_is_shown() -> None:
    protocol = _sequence("fixed_sequence", [["H1"], ["H3"], ["H2"]])
    truth = Truth(n=900, candidate_separation=2.2, seed=12)
    results = _two_looks(protocol, truth, first=600)[1]
    assert {h.id: h.verdict for h in results.hypotheses}["H3"] is Verdict.SUPERIOR


def test_co_primary_hypotheses_are_each_tested_and_counted_in_the_headline() -> None:
    protocol = _sequence("co_primary", [["H1", "H2", "H3"]])
    results = _two_looks(protocol, Truth(n=700, seed=13))[1]
    shown = sum(h.shown for h in results.hypotheses)
    assert all(h.verdict is not Verdict.NOT_TESTED for h in results.hypotheses)
    assert results.headline.startswith(f"{shown} of 3 co-primary hypotheses are shown.")


def test_a_hypothesis_whose_group_does_not_pass_is_shown_but_supports_no_claim() -> None:
    protocol = _sequence("fixed_sequence", [["H1"], ["H2", "H3"]])
    results = _two_looks(protocol, Truth(n=700, candidate_separation=1.3, seed=2))[1]
    first, second, third = results.hypotheses
    assert (first.claimed, second.shown, third.shown) == (True, True, False)
    assert not second.claimed
    assert second.verdict is Verdict.NON_INFERIOR
    assert second.verdict_sentence.endswith(
        "Alone it supports no claim: H3 of its group not shown."
    )
    assert "in sensitivity (margin 0.15), which alone supports no claim." in results.headline
