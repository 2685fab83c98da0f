"""A clock that was set back hides no outcome from the watch and takes nothing back that counted."""

from gateway.store.arrivals import Arrival, arrivals
from gateway.store.capture import OutcomeItem, report_outcomes
from gateway.store.engine import Store
from protocols.vocabulary import OutcomeState
from tests.gateway.store.ward import MINUTE_US, START_US, TRIAL, answer_all, request, ship_requests


def _report(store: Store, minute: int, *, value: bool) -> None:
    at_us = START_US + minute * MINUTE_US
    item = OutcomeItem(pair_id="pair-000001", value=value, ascertained_at_us=at_us, source="feed")
    report_outcomes(store, [item], trial=TRIAL, received_at_us=at_us)


def _found(store: Store, minute: int) -> Arrival:
    at_us = START_US + minute * MINUTE_US
    (found,) = arrivals(store, TRIAL, at_us=at_us, past=False)
    return found


def test_what_a_fast_clock_stamped_counts_when_the_clock_is_right_again(store: Store) -> None:
    ship_requests(store, request(1))
    answer_all(store, "pair-000001")
    _report(store, 1_000_000, value=True)  # two years ahead
    assert _found(store, 10).record.outcome is True
    assert _found(store, 10).entered_at_us == START_US + 1_000_000 * MINUTE_US


def test_a_correction_that_a_set_back_clock_stamped_earlier_comes_later(store: Store) -> None:
    ship_requests(store, request(1))
    answer_all(store, "pair-000001")
    _report(store, 60, value=True)
    before = _found(store, 61)
    _report(store, 20, value=False)  # the clock was set back by an hour
    assert _found(store, 61) == before
    assert before.record.outcome_state is OutcomeState.ASCERTAINED


def test_a_report_of_the_same_moment_still_contradicts(store: Store) -> None:
    ship_requests(store, request(1))
    answer_all(store, "pair-000001")
    _report(store, 60, value=True)
    _report(store, 60, value=False)
    assert _found(store, 61).record.outcome_state is OutcomeState.CONFLICT
