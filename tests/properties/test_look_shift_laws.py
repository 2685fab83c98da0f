"""A margin is subtracted once in every path: shifting data and margin together changes nothing.

result(data, null = -m) == result(data + m, null = 0) - m, through whole looks.
"""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.conduct import conduct
from evaluation.results import HypothesisResult, LookResults
from protocols.schema import Protocol
from protocols.vocabulary import Verdict
from tests.support.means import means_pairs, means_protocol
from tests.support.simulator import first_evaluable, lock_of

PASSING = {Verdict.SUPERIOR, Verdict.NON_INFERIOR, Verdict.NON_INFERIOR_BUT_WORSE}


def _made(protocol: Protocol, effect: float, seed: int) -> Sequence[HypothesisResult]:
    pairs = means_pairs(protocol, effect, seed=seed)
    found: list[LookResults] = []
    for look, n in (("L1", 180), ("L2", 380), ("L3", 600)):
        data = lock_of(protocol, first_evaluable(pairs, n), look=look)
        found.append(conduct(protocol, data, found))
    return [results.hypotheses[0] for results in found]


def _close(mine: float | None, theirs: float | None, shift: float = 0.0) -> None:
    if theirs is None:
        assert mine is None
        return
    assert mine == pytest.approx(theirs - shift, rel=1e-7, abs=1e-7)


def _same(mine: HypothesisResult, theirs: HypothesisResult, margin: float) -> None:
    assert (mine.shown, mine.shown_at) == (theirs.shown, theirs.shown_at)
    assert (mine.verdict in PASSING) == (theirs.verdict in PASSING)
    _close(mine.primary.estimate, theirs.primary.estimate, margin)
    _close(mine.primary.p_value, theirs.primary.p_value)
    for one, other in zip(mine.primary.intervals, theirs.primary.intervals, strict=True):
        _close(one.low, other.low, margin)
        _close(one.high, other.high, margin)
    for before, after in zip(mine.boundaries, theirs.boundaries, strict=True):
        for name in ("statistical_information", "alpha_spent", "z", "statistic", "crossed"):
            _close(getattr(before, name), getattr(after, name))
    assert mine.sequential is not None
    assert theirs.sequential is not None
    _close(mine.sequential.repeated_p, theirs.sequential.repeated_p)
    _close(mine.sequential.sequential_p, theirs.sequential.sequential_p)
    _close(mine.sequential.bias_adjusted, theirs.sequential.bias_adjusted, margin)
    for item, like in zip(mine.sequential.inferences, theirs.sequential.inferences, strict=True):
        assert (item.kind, item.claim, item.level) == (like.kind, like.claim, like.level)
        _close(item.estimate, like.estimate, margin)
        _close(item.low, like.low, margin)
        _close(item.high, like.high, margin)
        _close(item.p_value, like.p_value)
    for ahead, later in zip(mine.sequential.ahead, theirs.sequential.ahead, strict=True):
        _close(ahead.any_look, later.any_look)
        _close(ahead.last_look, later.last_look)


@settings(max_examples=8, deadline=None)
@given(
    margin=st.floats(0.5, 20),
    beyond=st.floats(-1.0, 4.5),  # how far the effect lies beyond the margin
    seed=st.integers(0, 10_000),
    claim=st.sampled_from(["repeated", "stagewise", "estimate_order", "likelihood_ratio_order"]),
    late=st.sampled_from(["repeated", "weighted", "deletion"]),
)
def test_a_margin_shifts_with_the_data_through_whole_looks(
    margin: float, beyond: float, seed: int, claim: str, late: str
) -> None:
    words = {"claim_interval": claim, "late_outcomes": late}
    inferior = _made(means_protocol(margin=margin, **words), beyond - margin, seed)
    superior = _made(means_protocol(margin=None, **words), beyond, seed)
    for mine, theirs in zip(inferior, superior, strict=True):
        _same(mine, theirs, margin)
