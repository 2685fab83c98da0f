"""Looks that were not planned, looks passed over, and information that does not grow."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from evaluation.boundaries import bound_of
from evaluation.conduct import conduct
from evaluation.design.clocks import Clock, FinalLook, Look, Plan, look_records
from evaluation.design.spending import spent
from evaluation.errors import EvaluationError
from evaluation.look import run_look, verify_look
from evaluation.plan import plan_of
from evaluation.results import LookResults
from gateway.store.engine import Store, open_store
from gateway.store.reads import refusals
from gateway.store.records import PairRecord
from protocols.errors import RefusedError
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import (
    MINUTE_US,
    START_US,
    Truth,
    first_evaluable,
    lock_of,
    simulate_pairs,
)
from tests.support.stored_trial import register_trial, store_pairs

LATER_US = START_US + 10_000 * MINUTE_US


def _protocol(*, unplanned: str = "allowed", skipped: str = "allowed") -> Protocol:
    def edit(document: Document) -> None:
        document["monitoring"] |= {"unplanned_looks": unplanned, "skipped_looks": skipped}
        document["monitoring"]["looks"] = [
            {"id": "L1", "information": 0.4},
            {"id": "L2", "information": 0.7},
            {"id": "L3", "information": 1.0},
        ]

    return example_protocol(edit)


def _made(
    protocol: Protocol, looks: Sequence[tuple[str, int]], truth: Truth
) -> tuple[LookResults, ...]:
    pairs = simulate_pairs(protocol, truth)
    found: list[LookResults] = []
    for name, n in looks:
        data = lock_of(protocol, first_evaluable(pairs, n), look=name)
        found.append(conduct(protocol, data, found))
    return tuple(found)


def test_unplanned_and_skipped_looks_spend_as_the_clock_says() -> None:
    """The records of the pure clock at the same information and the same pairs."""
    protocol = _protocol()
    made = _made(
        protocol,
        [("L1", 240), ("unplanned_1", 330), ("L3", 620)],
        Truth(n=640, seed=5),
    )
    boundaries = made[-1].hypotheses[0].boundaries
    records = look_records(
        [
            Look(b.statistical_information or 0.0, moment=pairs, final=b.look == "L3")
            for b, pairs in zip(boundaries, (240, 330, 620), strict=True)
        ],
        Plan(maximum=600.0, clock=Clock.EVENT, final=FinalLook.FULL_ALPHA),
        lambda t: spent("lan_demets_obrien_fleming", 0.025, t),
    )
    assert [b.number for b in boundaries] == [1, 2, 3]
    for mine, theirs in zip(boundaries, records, strict=True):
        assert mine.alpha_spent == pytest.approx(theirs.cumulative_alpha)
        assert mine.z == pytest.approx(theirs.bound)
    assert boundaries[1].planned_information is None
    assert made[-1].facts.final
    said = " ".join(made[-1].limits)
    assert "Look unplanned_1 was not in the plan" in said
    assert "Planned look L2 was passed over" in said


def test_a_misspelt_look_does_not_become_a_look() -> None:
    with pytest.raises(RefusedError, match="called unplanned_1"):
        plan_of(_protocol(), "l1")
    with pytest.raises(RefusedError):
        plan_of(_protocol(unplanned="forbidden"), "unplanned_1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/trial.sqlite", create=True)
    yield opened
    opened.close()


def _pairs(protocol: Protocol, n: int) -> Sequence[PairRecord]:
    return simulate_pairs(protocol, Truth(n=n, candidate_separation=1.3))


def _run(store: Store, protocol: Protocol, look: str) -> LookResults:
    trial = protocol.protocol.id
    return run_look(store, trial, look, actor="ben", at_us=LATER_US).results


def _refused(store: Store, protocol: Protocol, look: str) -> str:
    with pytest.raises(RefusedError) as caught:
        _run(store, protocol, look)
    assert refusals(store, protocol.protocol.id)[-1].code == caught.value.code
    return caught.value.code


def test_a_store_takes_looks_that_were_allowed_and_verifies_them(store: Store) -> None:
    protocol = _protocol()
    register_trial(store, protocol)
    store_pairs(store, protocol, _pairs(protocol, 430))
    assert _run(store, protocol, "unplanned_1").facts.look_number == 1
    assert _run(store, protocol, "L2").facts.look_number == 2
    assert _refused(store, protocol, "L1") == "LOOK_OUT_OF_ORDER"
    assert _refused(store, protocol, "unplanned_1") == "LOOK_REPEATED"
    assert _refused(store, protocol, "unplanned_3") == "LOOK_UNPLANNED"
    for look in ("unplanned_1", "L2"):
        assert verify_look(store, protocol.protocol.id, look).same


def test_no_look_follows_the_last_one(store: Store) -> None:
    protocol = _protocol()
    register_trial(store, protocol)
    store_pairs(store, protocol, _pairs(protocol, 640))
    assert _run(store, protocol, "L3").facts.final
    assert _refused(store, protocol, "unplanned_1") == "LOOK_OUT_OF_ORDER"
    assert _refused(store, protocol, "L2") == "LOOK_OUT_OF_ORDER"


def test_a_look_that_may_not_be_skipped_is_waited_for(store: Store) -> None:
    protocol = _protocol(skipped="forbidden")
    register_trial(store, protocol)
    store_pairs(store, protocol, _pairs(protocol, 640))
    assert _run(store, protocol, "unplanned_1").facts.look_number == 1
    assert _refused(store, protocol, "L2") == "LOOK_OUT_OF_ORDER"


def test_looks_before_must_be_those_that_were_made() -> None:
    protocol = _protocol(skipped="forbidden")
    pairs = simulate_pairs(protocol, Truth(n=640))
    data = lock_of(protocol, first_evaluable(pairs, 430), look="L2")
    with pytest.raises(EvaluationError, match="needs the results of"):
        conduct(protocol, data, [])
    free = _protocol()
    later = _made(free, [("L2", 430)], Truth(n=640))
    early = lock_of(free, first_evaluable(pairs, 430), look="L1")
    with pytest.raises(EvaluationError, match="needs the results of"):
        conduct(free, early, later)


def test_less_information_than_before_is_told_and_spends_nothing() -> None:
    protocol = _protocol()
    first = _made(protocol, [("L1", 240)], Truth(n=640, seed=5))[0]
    boundaries = first.hypotheses[0].boundaries
    look = plan_of(protocol, "L2", ["L1"])
    less = (boundaries[0].statistical_information or 0.0) * 0.9
    bound = bound_of(look, look.hypotheses[0], evaluable=420, information=less, earlier=boundaries)
    assert bound.z is None
    assert bound.alpha_spent == boundaries[0].alpha_spent
    assert "less than at an earlier look" in bound.warnings[0]
