"""Worst and best case against every assignment of the unknown outcomes, tried one by one."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from evaluation.conduct import conduct
from gateway.store.records import PairRecord
from protocols.schema import Protocol
from protocols.vocabulary import OutcomeState
from tests.support.example_protocol import Document, example_protocol, hypothesis
from tests.support.simulator import Truth, lock_of, simulate_pairs

UNKNOWN = 7
TESTS = {
    "auc": "delong",
    "sensitivity": "clustered_difference",
    "specificity": "tango_score",
    "brier": "clustered_difference",
    "accuracy": "tango_score",
    "log_loss": "clustered_difference",
    "net_benefit": "clustered_difference",
}
LOSSES = ("brier", "log_loss")
PARAMETERS = {"log_loss": {"clip": 0.01}, "net_benefit": {"threshold": 0.3}}


def _protocol(measure: str) -> Protocol:
    def edit(document: Document) -> None:
        document["monitoring"]["looks"] = [{"id": "L1", "information": 1.0}]
        direction = "lower_is_better" if measure in LOSSES else "higher_is_better"
        document["endpoints"][0] |= {
            "measure": measure,
            "direction": direction,
            "parameters": PARAMETERS.get(measure, {}),
        }
        document["hypotheses"] = [hypothesis("H1", "AUC", test=TESTS[measure], margin=0.3)]

    return example_protocol(edit)


def _told(pair: PairRecord, outcome: bool | None) -> PairRecord:
    state = OutcomeState.MISSING if outcome is None else OutcomeState.ASCERTAINED
    return replace(pair, outcome=outcome, outcome_state=state)


def _estimate(protocol: Protocol, pairs: list[PairRecord]) -> float:
    results = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    estimate = results.hypotheses[0].primary.estimate
    assert estimate is not None
    return estimate


@pytest.mark.parametrize("measure", sorted(TESTS))
def test_the_bounds_are_the_extremes_over_every_assignment(measure: str) -> None:
    protocol = _protocol(measure)
    truth = Truth(n=40, prevalence=0.4, candidate_failure_share=0.15, seed=4)
    known = list(simulate_pairs(protocol, truth))
    open_pairs = [_told(pair, None) for pair in known[:UNKNOWN]] + known[UNKNOWN:]
    bounds = conduct(protocol, lock_of(protocol, open_pairs, look="L1"), []).hypotheses[0].missing
    tried = [
        _estimate(protocol, [_told(p, o) for p, o in zip(known, guess, strict=False)] + known[7:])
        for guess in itertools.product((False, True), repeat=UNKNOWN)
    ]
    worst, best = (max(tried), min(tried)) if measure in LOSSES else (min(tried), max(tried))
    assert bounds.n_unascertained == UNKNOWN
    assert bounds.worst_estimate == pytest.approx(worst, abs=1e-9)
    assert bounds.best_estimate == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("measure", sorted(TESTS))
def test_without_unknown_outcomes_both_bounds_are_the_estimate(measure: str) -> None:
    protocol = _protocol(measure)
    pairs = simulate_pairs(protocol, Truth(n=300))
    result = conduct(protocol, lock_of(protocol, pairs, look="L1"), []).hypotheses[0]
    claim = result.primary.intervals[0]
    assert result.missing.worst_estimate == pytest.approx(result.primary.estimate, abs=1e-12)
    assert result.missing.best_estimate == pytest.approx(result.primary.estimate, abs=1e-12)
    bad_end = claim.high if measure in LOSSES else claim.low
    assert result.missing.worst_low == pytest.approx(bad_end, abs=1e-9)
    assert result.missing.verdict_survives_worst_case is True


def _survives(n_unknown: int, edit: Callable[[Document], None]) -> bool | None:
    """Of a hypothesis that is shown, whether the claim stands whatever the unknown outcomes are."""

    def whole(document: Document) -> None:
        document["monitoring"]["looks"] = [{"id": "L1", "information": 1.0}]
        edit(document)

    protocol = example_protocol(whole)
    pairs = list(simulate_pairs(protocol, Truth(n=800, candidate_separation=1.5, seed=3)))
    told = [_told(pair, None) for pair in pairs[:n_unknown]] + pairs[n_unknown:]
    found = conduct(protocol, lock_of(protocol, told, look="L1"), []).hypotheses[0]
    assert found.shown, found.verdict_sentence
    return found.missing.verdict_survives_worst_case


def _ratio(document: Document) -> None:
    found = hypothesis("H1", "SENS", test="tang_score_ratio", margin=0.75)
    found["effect"] = "candidate_over_standard_of_care"
    found["margin"]["scale"] = "ratio"
    document["hypotheses"] = [found]


def _equivalence(document: Document) -> None:
    found = hypothesis("H1", "SPEC", test="tango_score", margin=0.15)
    document["hypotheses"] = [found | {"framework": "equivalence"}]


@pytest.mark.parametrize("edit", [_ratio, _equivalence])
def test_a_claim_survives_a_few_unknown_outcomes_and_not_many(
    edit: Callable[[Document], None],
) -> None:
    assert _survives(2, edit) is True
    assert _survives(300, edit) is False
