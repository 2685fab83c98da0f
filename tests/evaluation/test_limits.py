"""What a look says that it cannot show."""

from evaluation.conduct import conduct
from protocols.schema import Protocol
from tests.support.example_protocol import example_protocol, one_look_protocol
from tests.support.simulator import Truth, lock_of, simulate_pairs

PAIRS = simulate_pairs(example_protocol(), Truth(n=400))


def _limits(protocol: Protocol, *, look: str = "L1", accrual_closed: bool = False) -> str:
    locked = lock_of(protocol, PAIRS, look=look, accrual_closed=accrual_closed)
    return " ".join(conduct(protocol, locked, []).limits)


def test_that_safety_bounds_hold_for_one_look_only_is_said() -> None:
    assert "at each of the 2 planned looks by itself" in _limits(example_protocol())
    assert "planned looks by itself" not in _limits(one_look_protocol())


def test_that_accrual_ended_short_of_the_plan_is_said() -> None:
    short = one_look_protocol()
    sentence = "Accrual was closed at 400 of 600 planned evaluable pairs"
    assert sentence in _limits(short, accrual_closed=True)
    assert sentence not in _limits(example_protocol(), accrual_closed=True)
