"""A missing number: booked, still possible, or missing for good."""

from pathlib import Path

from gateway.journal_reader import GapLine
from gateway.mirror.tail import HOLE_PATIENCE_S, Run, Tail
from tests.support.trial_folder import record


def _tail(*booked: int, shipped_seq: int = 0) -> Tail:
    tail = Tail("e", Path("journal"), Path("gaps"), None, shipped_seq)
    tail.booked = {seq: GapLine("e", seq, f"pair-{seq}", 0, "budget") for seq in booked}
    return tail


def _run(*numbers: int) -> Run:
    return Run(tuple(record(number) for number in numbers), (), numbers[-1])


def _numbers(run: Run) -> list[int]:
    return [item.seq for item in run.records]


def test_rows_without_a_hole_pass_whole() -> None:
    run = _run(4, 5, 6)
    assert _tail(shipped_seq=3).up_to_hole(run, live=True) is run


def test_a_booked_number_is_no_hole() -> None:
    run = _run(1, 4)
    assert _tail(2, 3).up_to_hole(run, live=True) is run


def test_the_loader_stops_before_a_number_that_may_still_be_booked() -> None:
    cut = _tail().up_to_hole(_run(1, 2, 4, 5), live=True)
    assert (_numbers(cut), cut.through) == ([1, 2], 2)


def test_a_dead_gateway_books_nothing_any_more() -> None:
    run = _run(1, 2, 4)
    assert _tail().up_to_hole(run, live=False) is run


def test_patience_with_one_hole_ends_and_begins_anew_with_the_next() -> None:
    now_s = 100.0
    tail, run = _tail(), _run(1, 3, 5)
    tail.clock = lambda: now_s
    assert _numbers(tail.up_to_hole(run, live=True)) == [1]
    now_s += HOLE_PATIENCE_S
    assert _numbers(tail.up_to_hole(run, live=True)) == [1, 3]
    now_s += HOLE_PATIENCE_S
    assert _numbers(tail.up_to_hole(run, live=True)) == [1, 3, 5]
