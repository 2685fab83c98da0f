"""Safety rules: counted on evaluable pairs, exact bounds, no verdict without data."""

import numpy as np
import pytest

from evaluation.conduct import conduct
from evaluation.inference.safety.bounds import clustered_bounds, exact_lower, exact_upper
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


def _clustered(truth: Truth) -> tuple[SafetyResult, SafetyResult]:
    """The rule where pairs cluster by subject, and where the protocol takes them as independent."""
    return _designed(truth, "subject"), _designed(truth, "none")


def _designed(truth: Truth, cluster: str) -> SafetyResult:
    def edit(document: Document) -> None:
        document["monitoring"]["looks"] = [{"id": "L1", "information": 1.0}]
        document["design"]["cluster"] = cluster

    protocol = example_protocol(edit)
    pairs = simulate_pairs(protocol, truth)
    return conduct(protocol, lock_of(protocol, pairs, look="L1"), []).safety[0]


def test_subjects_who_come_back_widen_the_bounds_and_change_no_count() -> None:
    truth = Truth(n=1200, pairs_per_subject=20, subject_correlation=0.9)
    clustered, plain = _clustered(truth)
    assert (clustered.n_events, clustered.n_among) == (plain.n_events, plain.n_among)
    assert clustered.low is not None
    assert clustered.high is not None
    assert plain.low is not None
    assert plain.high is not None
    assert clustered.low < plain.low
    assert clustered.high > plain.high


def test_subjects_who_never_come_back_leave_the_exact_bounds() -> None:
    clustered, plain = _clustered(Truth(n=400))
    assert (clustered.low, clustered.high) == (plain.low, plain.high)


def test_a_rule_without_events_counts_each_subject_once() -> None:
    subjects = np.repeat(np.arange(30), 10)
    found = clustered_bounds(np.zeros(300, dtype=np.int64), subjects, 0.95)
    assert found.low == 0
    assert found.high == pytest.approx(1 - 0.05 ** (1 / 30))


def test_within_is_wrongly_said_no_more_often_than_registered() -> None:
    """On the limit, 120 subjects with 10 pairs and an intraclass correlation of 0.3."""
    rng, limit, n_wrong, runs = np.random.default_rng(3), 0.1, 0, 1000
    subjects = np.repeat(np.arange(120), 10)
    for _ in range(runs):
        share = rng.beta(limit * (1 / 0.3 - 1), (1 - limit) * (1 / 0.3 - 1), 120)
        events = (rng.random(1200) < share[subjects]).astype(np.int64)
        n_wrong += clustered_bounds(events, subjects, 0.975).high < limit
    assert n_wrong / runs < 0.045
