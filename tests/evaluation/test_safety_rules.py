"""Safety rules: counted on evaluable pairs, exact bounds, no verdict without data."""

import pytest

from evaluation.conduct import conduct
from evaluation.inference.safety import exact_lower, exact_upper
from evaluation.results import SafetyResult
from protocols.vocabulary import SafetyVerdict
from tests.support.example_protocol import Document, example_protocol, safety_rule
from tests.support.simulator import Truth, lock_of, simulate_pairs


def _safety(truth: Truth, **change: object) -> SafetyResult:
    def edit(document: Document) -> None:
        document["monitoring"]["looks"] = [{"id": "L1", "information": 1.0}]
        document["safety"] = [safety_rule() | change]

    protocol = example_protocol(edit)
    pairs = simulate_pairs(protocol, truth)
    return conduct(protocol, lock_of(protocol, pairs, look="L1"), []).safety[0]


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        (0.02, SafetyVerdict.LIMIT_EXCEEDED),
        (0.5, SafetyVerdict.WITHIN_LIMIT),
        (0.13, SafetyVerdict.NOT_SETTLED),
    ],
)
def test_the_bounds_settle_the_limit_or_leave_it_open(limit: float, verdict: SafetyVerdict) -> None:
    result = _safety(Truth(n=400), limit=limit)
    assert result.verdict is verdict
    assert result.low == exact_lower(result.n_events, result.n_among, 0.95)
    assert result.high == exact_upper(result.n_events, result.n_among, 0.95)


def test_a_candidate_without_an_answer_has_missed_the_event() -> None:
    answered = _safety(Truth(n=400))
    silent = _safety(Truth(n=400, candidate_failure_share=1.0))
    assert silent.n_among == answered.n_among
    assert silent.net_discordant is not None
    assert silent.n_events == silent.net_discordant.n01 > answered.n_events
    assert silent.net_discordant.n11 == silent.net_discordant.n10 == 0


def test_a_rule_about_nobody_is_not_evaluable() -> None:
    result = _safety(Truth(n=50), among="outcome and not outcome")
    assert result.verdict is SafetyVerdict.NOT_EVALUABLE
    assert (result.share, result.low, result.high) == (None, None, None)
    assert result.reason is not None


def test_pairs_that_a_rule_cannot_judge_are_left_out_and_told() -> None:
    truth = Truth(n=400, candidate_failure_share=0.2)
    result = _safety(truth, event="candidate.score > 0.9", among="standard_of_care.score >= 0")
    assert result.n_among < 400
    assert f"{400 - result.n_among} pairs lack a value" in result.sentence


def test_an_exceeded_limit_stops_the_trial() -> None:
    def edit(document: Document) -> None:
        document["safety"] = [safety_rule(limit=0.01)]

    protocol = example_protocol(edit)
    pairs = simulate_pairs(protocol, Truth(n=400, candidate_separation=2.0))
    results = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    assert results.safety[0].verdict is SafetyVerdict.LIMIT_EXCEEDED
    assert results.recommendation.recommendation == "stop"
