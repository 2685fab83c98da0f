"""Alpha spent by information, events and days: at looks, in a store, and on replay."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.clocks import DAY_US, days_since_start, planned_lock_us, start_us
from evaluation.conduct import conduct
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.spending import spent
from evaluation.look import run_look, verify_look
from evaluation.replay import departures
from evaluation.results import Boundary, LookResults
from gateway.store.capture import close_accrual
from gateway.store.engine import Store, open_store
from protocols.errors import RefusedError
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs

ALPHA = 0.025
TRUTH = Truth(n=700, seed=5)


def _protocol(clock: str, maximum: Document, start: str | None = None, **more: str) -> Protocol:
    def edit(document: Document) -> None:
        document["monitoring"] |= {
            "clock": clock,
            "clock_maximum": maximum,
            "clock_start": start,
            **more,
        }

    return example_protocol(edit)


def _looks(protocol: Protocol) -> tuple[LookResults, LookResults]:
    pairs = simulate_pairs(protocol, TRUTH)
    early = conduct(protocol, lock_of(protocol, first_evaluable(pairs, 300), look="L1"), [])
    early = from_bytes(to_bytes(early))
    late = conduct(protocol, lock_of(protocol, pairs, look="L2"), [early])
    return early, from_bytes(to_bytes(late))


def _boundaries(made: tuple[LookResults, LookResults]) -> tuple[Boundary, Boundary]:
    first, second = made[-1].hypotheses[0].boundaries
    return first, second


def _information(boundary: Boundary) -> float:
    assert boundary.statistical_information is not None
    return boundary.statistical_information


def _spent(time: float) -> float:
    return spent("lan_demets_obrien_fleming", ALPHA, time)


@pytest.mark.parametrize("maximum", [4000.0, 2500.0])
def test_information_spends_by_its_own_maximum(maximum: float) -> None:
    protocol = _protocol("information", {"H1": maximum}, final_look="information_fraction")
    made = _looks(protocol)
    first, second = _boundaries(made)
    for found in (first, second):
        time = min(1.0, _information(found) / maximum)
        assert found.spending_time == pytest.approx(time)
        assert found.alpha_spent == pytest.approx(_spent(time), rel=1e-9)
        assert found.clock_reading is None
    wanted = efficacy_boundaries(
        [first.alpha_spent, second.alpha_spent], [_information(first), _information(second)]
    )
    assert (first.z, second.z) == pytest.approx(wanted)
    assert departures(protocol, made[-1]) == ()


def test_events_are_counted_among_evaluable_pairs() -> None:
    protocol = _protocol("events", {"events": 160})
    made = _looks(protocol)
    pairs = first_evaluable(simulate_pairs(protocol, TRUTH), 300)
    n_events = sum(pair.outcome is True for pair in pairs)
    first, second = _boundaries(made)
    assert first.clock_reading == n_events
    assert first.spending_time == pytest.approx(n_events / 160)
    assert first.alpha_spent == pytest.approx(_spent(n_events / 160))
    assert second.spending_time == 1.0
    assert departures(protocol, made[-1]) == ()


def test_a_reading_that_was_changed_does_not_replay() -> None:
    protocol = _protocol("events", {"events": 160})
    _, late = _looks(protocol)
    found = late.hypotheses[0]
    moved = found.boundaries[0].model_copy(update={"clock_reading": 79.0})
    changed = found.model_copy(update={"boundaries": (moved, found.boundaries[1])})
    broken = late.model_copy(update={"hypotheses": (changed, *late.hypotheses[1:])})
    assert "alpha_spent" in departures(protocol, broken)[0].fields


def test_a_rehearsed_look_comes_on_its_planned_day() -> None:
    monitoring = _protocol("calendar", {"days": 200}, "2026-02-01").monitoring
    at_us = planned_lock_us(monitoring, "L1")
    assert at_us is not None
    assert days_since_start(monitoring, at_us) == 100
    assert planned_lock_us(_protocol("events", {"events": 9}).monitoring, "L1") is None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/trial.sqlite", create=True)
    yield opened
    opened.close()


def _filled(store: Store, protocol: Protocol, n: int) -> Protocol:
    register_trial(store, protocol)
    store_pairs(store, protocol, simulate_pairs(protocol, Truth(n=n, seed=5)))
    return protocol


def _run(store: Store, protocol: Protocol, look: str, at_us: int) -> LookResults:
    return run_look(store, protocol.protocol.id, look, actor="ben", at_us=at_us).results


def test_a_look_waits_for_its_day_whatever_has_come_in(store: Store) -> None:
    protocol = _protocol("calendar", {"days": 200}, "2026-02-01")
    _filled(store, protocol, 400)
    begin = start_us(protocol.monitoring)
    with pytest.raises(RefusedError, match=r"needs 95 days .* and 60.5 have passed"):
        _run(store, protocol, "L1", begin + int(60.5 * DAY_US))
    made = _run(store, protocol, "L1", begin + 110 * DAY_US)
    first = made.hypotheses[0].boundaries[0]
    assert (first.clock_reading, first.spending_time) == (110.0, 0.55)
    assert first.alpha_spent == pytest.approx(_spent(0.55))
    assert verify_look(store, protocol.protocol.id, "L1").same


def test_a_look_waits_for_its_events(store: Store) -> None:
    protocol = _protocol("events", {"events": 400})
    _filled(store, protocol, 400)
    at_us = start_us(_protocol("calendar", {"days": 1}, "2030-01-01").monitoring)
    with pytest.raises(RefusedError, match="needs 190 events and there are"):
        _run(store, protocol, "L1", at_us)
    close_accrual(store, protocol.protocol.id, reason="No more.", actor="ada", at_us=at_us)
    short = _run(store, protocol, "L1", at_us + 1)
    reading = short.hypotheses[0].boundaries[0].clock_reading
    assert reading is not None
    assert reading < 190
    assert verify_look(store, protocol.protocol.id, "L1").same
