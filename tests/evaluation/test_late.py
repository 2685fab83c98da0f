"""Outcomes that came after an earlier lock, told from pairs that arrived after it."""

from dataclasses import replace

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from protocols.vocabulary import OutcomeState
from tests.support.example_protocol import example_protocol
from tests.support.simulator import START_US, Truth, lock_of, simulate_pairs


def test_pairs_of_the_second_in_which_a_look_was_locked_are_told_apart() -> None:
    protocol = example_protocol()
    pairs = simulate_pairs(protocol, Truth(n=640, seed=2))
    pairs = tuple(replace(p, arrived_at_us=START_US + i * 1000) for i, p in enumerate(pairs))
    unknown = [replace(p, outcome=None, outcome_state=OutcomeState.MISSING) for p in pairs[:40]]
    then = (*unknown, *pairs[40:360])
    data = lock_of(protocol, then, look="L1")
    data = replace(data, facts=replace(data.facts, locked_at_us=START_US + 359_500))
    first = from_bytes(to_bytes(conduct(protocol, data, [])))
    assert first.facts.locked_at == "2026-01-01T00:00:00.359500Z"
    last = conduct(protocol, lock_of(protocol, pairs, look="L2"), [first])
    (since,) = last.late
    assert (since.n_then, since.n_late, since.n_new) == (320, 40, 280)
