"""One look end to end on simulated trials with known truth."""

import random
from dataclasses import replace

import pytest

from evaluation.archive import to_bytes
from evaluation.conduct import conduct
from evaluation.errors import EvaluationError
from evaluation.results import HypothesisResult, LookResults
from protocols.vocabulary import Verdict
from tests.support.example_protocol import Document, example_protocol, hypothesis, one_look_protocol
from tests.support.simulator import (
    Truth,
    lock_of,
    simulate,
    simulate_pairs,
)

GOOD = Truth(n=2000, candidate_separation=1.5, seed=3)
BAD = Truth(n=2000, candidate_separation=0.5, seed=3)


def _binary(document: Document) -> None:
    document["hypotheses"] = [
        hypothesis(
            "H1",
            "SENS",
            test="tango_score",
            margin=0.1,
            sensitivity_tests=("mcnemar_exact", "mcnemar_midp"),
        )
    ]
    document["endpoints"][0]["role"] = "key_secondary"
    document["endpoints"][1]["role"] = "primary"


def _first(results: LookResults) -> HypothesisResult:
    return results.hypotheses[0]


def test_a_better_candidate_is_shown_non_inferior_and_goes_on() -> None:
    protocol = one_look_protocol()
    results = conduct(protocol, simulate(protocol, GOOD), [])
    assert _first(results).verdict is Verdict.NON_INFERIOR
    assert results.recommendation.recommendation == "randomised_pilot"
    assert results.headline.startswith("The candidate is non-inferior to the standard of care")


def test_a_much_worse_candidate_is_inferior_and_is_not_kept() -> None:
    protocol = one_look_protocol()
    results = conduct(protocol, simulate(protocol, BAD), [])
    assert _first(results).verdict is Verdict.INFERIOR
    assert results.recommendation.recommendation in ("keep_standard_of_care", "stop")


def test_the_repeated_interval_holds_the_true_effect_as_often_as_it_says() -> None:
    """60 trials, 95 % level: fewer than 51 hits would happen once in some thousand times."""
    protocol = one_look_protocol()
    hits = 0
    for seed in range(60):
        truth = Truth(n=300, candidate_separation=1.4, seed=100 + seed)
        claim = _first(conduct(protocol, simulate(protocol, truth), [])).primary.intervals[0]
        assert claim.kind == "repeated"
        hits += claim.low <= truth.auc_difference <= claim.high
    assert hits >= 51


def test_candidate_failures_push_the_full_set_below_the_per_protocol_set() -> None:
    protocol = one_look_protocol()
    truth = replace(GOOD, candidate_failure_share=0.15)
    result = _first(conduct(protocol, simulate(protocol, truth), []))
    full, per_protocol = result.primary.estimate, result.supporting[0].estimate
    assert full is not None
    assert per_protocol is not None
    assert full < per_protocol - 0.03
    assert result.primary.n_pairs > result.supporting[0].n_pairs


def test_a_failed_candidate_is_wrong_in_sensitivity_and_in_specificity() -> None:
    def edit(document: Document) -> None:
        document["hypotheses"] += [
            hypothesis("H2", "SENS", test="tango_score", margin=0.1),
            hypothesis("H3", "SPEC", test="tango_score", margin=0.1),
        ]
        document["multiplicity"] = {
            "procedure": "fixed_sequence",
            "order": [["H1"], ["H2"], ["H3"]],
            "graph": None,
            "reason": "In order of weight.",
        }

    protocol = one_look_protocol(edit)
    truth = Truth(n=400, candidate_failure_share=1.0)
    results = conduct(protocol, simulate(protocol, truth), [])
    for result in results.hypotheses[1:]:
        assert result.primary.table is not None
        assert result.primary.table.n11 == result.primary.table.n10 == 0


def test_populations_that_disagree_are_not_robust_and_show_nothing() -> None:
    """The per-protocol set decides here and ignores failures; the full set does not."""

    def swap(document: Document) -> None:
        full, per_protocol = document["analysis_populations"]
        full["role"], per_protocol["role"] = "supporting", "primary"

    protocol = one_look_protocol(swap)
    truth = replace(GOOD, candidate_separation=1.25, candidate_failure_share=0.2)
    result = _first(conduct(protocol, simulate(protocol, truth), []))
    assert result.verdict is Verdict.NOT_ROBUST
    assert not result.shown
    assert result.reason == "Shown in “Per-protocol set”, but not in “Full analysis set”."


def test_what_the_supporting_set_would_have_passed_is_said() -> None:
    protocol = one_look_protocol()
    truth = replace(GOOD, candidate_separation=1.25, candidate_failure_share=0.2)
    result = _first(conduct(protocol, simulate(protocol, truth), []))
    assert not result.shown
    assert (
        result.reason
        == "Not shown in “Full analysis set”, although it would be in “Per-protocol set”."
    )


def test_the_order_of_pairs_changes_nothing_but_the_lock() -> None:
    protocol = one_look_protocol()
    pairs = list(simulate_pairs(protocol, replace(GOOD, n=300, missing_outcome_share=0.1)))
    straight = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    random.Random(7).shuffle(pairs)
    shuffled = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    shuffled = shuffled.model_copy(update={"digests": straight.digests})
    assert to_bytes(shuffled) == to_bytes(straight)


@pytest.mark.parametrize("arm", ["candidate", "standard_of_care"])
def test_a_score_that_flags_when_low_is_read_as_riskier_when_low(arm: str) -> None:
    def low(document: Document) -> None:
        reading = document["arms"][arm]["decision"]
        reading["flag_when"], reading["threshold"] = "score_at_or_below", 0.75

    straight = one_look_protocol()
    turned = one_look_protocol(low)
    one = conduct(straight, simulate(straight, GOOD), [])
    other = conduct(turned, simulate(turned, GOOD), [])
    assert _first(one).primary.estimate == pytest.approx(_first(other).primary.estimate, abs=1e-12)
    assert one.frequencies == other.frequencies
    expected = [c.expected for c in one.calibration]
    assert expected == pytest.approx([c.expected for c in other.calibration])


def test_identical_arms_are_not_evaluable_and_never_shown() -> None:
    protocol = one_look_protocol()
    pairs = [
        replace(pair, candidate=pair.standard_of_care) for pair in simulate_pairs(protocol, GOOD)
    ]
    results = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    result = _first(results)
    assert result.verdict is Verdict.NOT_EVALUABLE
    assert result.primary.estimate is None
    assert result.primary.not_evaluable is not None
    assert result.boundaries[-1].z is None


def test_an_empty_lock_gives_reasons_and_no_numbers() -> None:
    protocol = one_look_protocol()
    results = conduct(protocol, lock_of(protocol, (), look="L1"), [])
    assert _first(results).verdict is Verdict.NOT_EVALUABLE
    assert results.safety[0].share is None
    assert results.recommendation.recommendation == "keep_standard_of_care"


def test_sensitivity_tests_stand_beside_the_registered_test() -> None:
    protocol = one_look_protocol(_binary)
    result = _first(conduct(protocol, simulate(protocol, GOOD), []))
    assert [test.test for test in result.sensitivity] == ["mcnemar_exact", "mcnemar_midp"]
    assert all(test.p_value is not None for test in result.sensitivity)
    assert result.primary.standard_of_care is not None
    assert result.primary.standard_of_care.low is not None


def test_subjects_as_clusters_lead_to_t_and_to_the_number_of_subjects() -> None:
    def cluster(document: Document) -> None:
        document["design"]["cluster"] = "subject"

    protocol = one_look_protocol(cluster)
    truth = Truth(n=400, pairs_per_subject=4, subject_correlation=0.8)
    primary = _first(conduct(protocol, simulate(protocol, truth), [])).primary
    assert primary.n_subjects == 100
    assert primary.df == 99


def test_tango_on_clustered_pairs_is_an_error_and_no_number() -> None:
    def edit(document: Document) -> None:
        _binary(document)
        document["design"]["cluster"] = "subject"

    protocol = one_look_protocol(edit)
    with pytest.raises(EvaluationError, match="clustered_difference"):
        conduct(protocol, simulate(protocol, GOOD), [])


def test_the_brier_score_is_a_loss_where_lower_is_better() -> None:
    def edit(document: Document) -> None:
        endpoint = document["endpoints"][0]
        endpoint |= {"measure": "brier", "direction": "lower_is_better"}
        document["hypotheses"] = [hypothesis("H1", "AUC", test="clustered_difference", margin=0.01)]

    protocol = one_look_protocol(edit)
    result = _first(conduct(protocol, simulate(protocol, GOOD), []))
    assert result.primary.estimate is not None
    assert result.primary.estimate < 0
    assert result.verdict is Verdict.NON_INFERIOR
    worse = _first(conduct(protocol, simulate(protocol, BAD), []))
    assert worse.verdict is Verdict.INFERIOR


@pytest.mark.parametrize("arm", ["candidate", "standard_of_care"])
def test_a_probability_that_flags_when_low_has_the_loss_of_the_event(arm: str) -> None:
    def brier(document: Document) -> None:
        endpoint = document["endpoints"][0]
        endpoint |= {"measure": "brier", "direction": "lower_is_better"}
        document["hypotheses"] = [hypothesis("H1", "AUC", test="clustered_difference", margin=0.01)]

    def survival(document: Document) -> None:
        brier(document)
        reading = document["arms"][arm]["decision"]
        reading["flag_when"], reading["threshold"] = "score_at_or_below", 0.75

    truth = replace(GOOD, missing_outcome_share=0.05, candidate_failure_share=0.02)
    straight, turned = one_look_protocol(brier), one_look_protocol(survival)
    one = _first(conduct(straight, simulate(straight, truth), []))
    other = _first(conduct(turned, simulate(turned, truth), []))
    assert other.primary.estimate == pytest.approx(one.primary.estimate, abs=1e-12)
    assert other.missing.worst_estimate == pytest.approx(one.missing.worst_estimate, abs=1e-12)
    assert other.missing.best_estimate == pytest.approx(one.missing.best_estimate, abs=1e-12)


def test_a_lock_of_another_protocol_is_refused() -> None:
    protocol, other = one_look_protocol(), example_protocol()
    with pytest.raises(EvaluationError) as caught:
        conduct(other, simulate(protocol, GOOD, look="L1"), [])
    assert caught.value.code == "DIGEST_MISMATCH"


def test_a_second_look_without_the_first_is_refused() -> None:
    protocol = example_protocol()
    with pytest.raises(EvaluationError) as caught:
        conduct(protocol, simulate(protocol, GOOD), [])
    assert caught.value.code == "LOOKS_BEFORE_MISSING"


def test_rules_that_leave_a_gap_are_an_error() -> None:
    def edit(document: Document) -> None:
        document["decision_rule"]["rules"] = document["decision_rule"]["rules"][:1]

    protocol = one_look_protocol(edit)
    with pytest.raises(EvaluationError) as caught:
        conduct(protocol, simulate(protocol, GOOD), [])
    assert caught.value.code == "NO_RULE_MATCHED"


def test_pending_pairs_wait_at_an_interim_look_and_count_as_failures_at_the_last() -> None:
    protocol = example_protocol()
    pairs = simulate_pairs(protocol, Truth(n=320, pending=10))
    interim = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    final = conduct(protocol, lock_of(protocol, pairs, look="L2"), [interim])
    assert [p.n_pairs for p in interim.populations] == [310, 310]
    assert [p.n_pairs for p in final.populations] == [320, 310]
    assert final.facts.evaluable_pairs == 310


def test_only_the_first_prediction_of_an_encounter_counts_where_the_protocol_says_so() -> None:
    def edit(document: Document) -> None:
        document["design"]["repeated_predictions"] = "first_per_encounter"

    protocol = one_look_protocol(edit)
    pairs = simulate_pairs(protocol, Truth(n=300))
    paired_up = [replace(pair, encounter=f"e{i // 2}") for i, pair in enumerate(pairs)]
    results = conduct(protocol, lock_of(protocol, paired_up, look="L1"), [])
    firsts = conduct(protocol, lock_of(protocol, paired_up[::2], look="L1"), [])
    assert results.facts.evaluable_pairs == 150
    assert _first(results).primary == _first(firsts).primary


def test_every_pair_is_in_the_flow_exactly_once() -> None:
    protocol = one_look_protocol()
    truth = Truth(
        n=500,
        ineligible_share=0.1,
        not_sampled_share=0.1,
        duplicate_share=0.05,
        standard_of_care_failure_share=0.05,
        candidate_failure_share=0.1,
        missing_outcome_share=0.1,
        conflict_share=0.02,
    )
    results = conduct(protocol, simulate(protocol, truth), [])
    for step, after in zip(results.flow, results.flow[1:], strict=False):
        assert step.n - sum(n for _, n in step.excluded) == after.n, step.id
    assert results.flow[-1].n == results.facts.evaluable_pairs


def test_informative_missingness_is_said_among_the_limits() -> None:
    protocol = one_look_protocol()
    truth = replace(GOOD, candidate_failure_share=0.02, candidate_failure_share_in_events=0.3)
    results = conduct(protocol, simulate(protocol, truth), [])
    pattern = results.missing_patterns[1]
    assert pattern.informative is True
    assert pattern.sentence in results.limits


def test_repeated_subjects_in_a_trial_of_independent_pairs_are_told() -> None:
    protocol = one_look_protocol()
    results = conduct(protocol, simulate(protocol, Truth(n=300, pairs_per_subject=3)), [])
    assert any("come from 100 subjects" in sentence for sentence in results.limits)


def test_more_gaps_than_the_protocol_accepts_are_told() -> None:
    protocol = one_look_protocol()
    data = simulate(protocol, Truth(n=300))
    lost = replace(data.facts.completeness, accepted=310, booked_gaps=9, unexplained=("e:4",))
    data = replace(data, facts=replace(data.facts, completeness=lost))
    results = conduct(protocol, data, [])
    assert not results.completeness.within_protocol
    assert any(sentence.startswith("10 of 310") for sentence in results.limits)


def test_a_start_before_registration_is_stamped_for_good() -> None:
    protocol = one_look_protocol()
    late = {"code": "RETROSPECTIVE_START", "severity": "major", "detail": "started", "n": "1"}
    pairs = simulate_pairs(protocol, Truth(n=300))
    results = conduct(protocol, lock_of(protocol, pairs, look="L1", deviations=(late,)), [])
    assert results.facts.retrospective
    assert results.deviations[0].n == 1
    assert any(sentence.startswith("Retrospective") for sentence in results.limits)


def test_a_t_test_far_beyond_the_bound_has_a_finite_z() -> None:
    def edit(document: Document) -> None:
        document["design"]["cluster"] = "subject"

    protocol = one_look_protocol(edit)
    truth = Truth(n=6000, candidate_separation=6.0, standard_of_care_separation=0.1)
    result = _first(conduct(protocol, simulate(protocol, truth), []))
    assert result.shown
    to_bytes(conduct(protocol, simulate(protocol, truth), []))
