"""What stands beside a registered analysis: whose subjects, which margin, and why there is none."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.conduct import conduct
from evaluation.inference.base import NotEvaluable
from evaluation.inference.missing.models import logistic
from evaluation.results import AnalysisResult
from gateway.store.records import ArmRecord
from protocols.methods.measures import Measure
from protocols.methods.table import ESTIMATORS, TESTS
from protocols.schema import Protocol
from protocols.vocabulary import Fate
from tests.support.every_word import pairs_for, protocol_for
from tests.support.simulator import Truth, lock_of, simulate_pairs

SILENT = Truth(n=240, candidate_failure_share=0.1)


def _analysis(protocol: Protocol, truth: Truth = SILENT) -> AnalysisResult:
    pairs = simulate_pairs(protocol, truth)
    return conduct(protocol, lock_of(protocol, pairs, look="L1"), []).analyses[0]


def _protocol(word: str, measure: Measure) -> Protocol:
    return protocol_for(word, ESTIMATORS[word], measure)


def test_subjects_are_those_of_the_pairs_that_were_used() -> None:
    found = _analysis(_protocol("brier_score", "brier"))
    assert found.not_evaluable is None
    assert 0 < found.n_subjects <= found.n_pairs < SILENT.n


def test_a_claim_without_a_registered_margin_says_that_it_is_superiority() -> None:
    spec = ESTIMATORS["tipping_point"]
    protocol = protocol_for("tipping_point", spec, "sensitivity")
    data = lock_of(protocol, pairs_for(protocol, spec, "sensitivity"), look="L1")
    (found,) = conduct(protocol, data, []).analyses
    assert "the margin is 0 here, and the claim that may hold or be lost is superiority." in (
        " ".join(found.warnings)
    )


def test_a_claim_with_a_registered_margin_says_nothing_of_superiority() -> None:
    protocol = _protocol("tipping_point", "sensitivity")
    (analysis,) = protocol.analyses
    of_first = analysis.model_copy(
        update={"estimator": "worst_and_best_case", "endpoint": "AUC", "interval": "delong"}
    )
    found = _analysis(protocol.model_copy(update={"analyses": (of_first,)}))
    assert not [warning for warning in found.warnings if "superiority" in warning]


def test_a_missing_probability_is_counted_and_a_way_out_is_named() -> None:
    found = _analysis(_protocol("calibration_gap", "brier"))
    assert found.not_evaluable is not None
    assert "pairs lack a probability of the candidate; a population that leaves out" in (
        found.not_evaluable
    )


def test_a_group_without_events_is_named_and_not_called_complete_separation() -> None:
    rng = np.random.default_rng(3)
    silent = np.arange(400) < 20
    event = (rng.random(400) < 0.3) & ~silent
    x = np.column_stack((np.ones(400), rng.normal(size=400), silent.astype(np.float64)))
    found = logistic(x, event)
    assert isinstance(found, NotEvaluable)
    assert found.code == "model_not_estimable"
    assert "A group of 20 pairs" in found.reason


@pytest.mark.parametrize(
    ("word", "measure"), [("kappa_difference", "category"), ("clustered_difference", "score")]
)
def test_a_silent_candidate_does_not_gain_where_it_counts_as_a_failure(
    word: str, measure: Measure
) -> None:
    spec = TESTS[word]
    protocol = protocol_for(word, spec, measure)
    silent = ArmRecord(Fate.TIMED_OUT, None, None, None, 800.0, 1.0)
    pairs = [
        replace(pair, candidate=silent) if i % 3 == 0 else pair
        for i, pair in enumerate(pairs_for(protocol, spec, measure))
    ]
    found = conduct(protocol, lock_of(protocol, pairs, look="L1"), []).hypotheses[1]
    whole, answered = found.primary, found.supporting[0]
    assert whole.n_pairs > answered.n_pairs
    assert whole.candidate is not None
    assert answered.candidate is not None
    assert whole.candidate.value < answered.candidate.value


def test_a_silent_candidate_raises_no_alert_under_an_alert_budget() -> None:
    spec = TESTS["bootstrap_rank_difference"]
    protocol = protocol_for("bootstrap_rank_difference", spec, "recall_at_alert_rate")
    silent = ArmRecord(Fate.TIMED_OUT, None, None, None, 800.0, 1.0)
    pairs = [
        replace(pair, candidate=silent if not pair.outcome and i % 3 == 0 else pair.candidate)
        for i, pair in enumerate(pairs_for(protocol, spec, "recall_at_alert_rate"))
    ]
    found = conduct(protocol, lock_of(protocol, pairs, look="L1"), []).hypotheses[1]
    assert found.primary.candidate is not None
    assert found.supporting[0].candidate is not None
    # silence on non-events costs no alert, so it cannot lower the share of events found
    assert found.primary.candidate.value >= found.supporting[0].candidate.value - 1e-12


def test_a_silent_candidate_has_nobody_treated_in_net_benefit() -> None:
    spec = TESTS["clustered_difference"]
    protocol = protocol_for("clustered_difference", spec, "net_benefit")
    silent = ArmRecord(Fate.TIMED_OUT, None, None, None, 800.0, 1.0)
    pairs = [
        replace(pair, candidate=silent if i % 3 == 0 else pair.candidate)
        for i, pair in enumerate(pairs_for(protocol, spec, "net_benefit"))
    ]
    found = conduct(protocol, lock_of(protocol, pairs, look="L1"), []).hypotheses[1]
    whole, answered = found.primary, found.supporting[0]
    assert whole.candidate is not None
    assert answered.candidate is not None
    assert answered.n_pairs < whole.n_pairs
    total = whole.candidate.value * whole.n_pairs
    assert total == pytest.approx(answered.candidate.value * answered.n_pairs)


def test_the_verdict_on_a_time_names_a_hazard_ratio() -> None:
    spec = TESTS["cox_marginal"]
    protocol = protocol_for("cox_marginal", spec, "hazard")
    pairs = pairs_for(protocol, spec, "hazard")
    found = conduct(protocol, lock_of(protocol, pairs, look="L1"), []).hypotheses[1]
    assert "hazard ratio " in found.verdict_sentence.lower()
