"""Outcomes that came after the lock of an earlier look, of pairs that had arrived before it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from evaluation.populations import Sample, answered
from evaluation.results import LateOutcomes, LookResults

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def late_outcomes(sample: Sample, previous: Sequence[LookResults]) -> tuple[LateOutcomes, ...]:
    """How many there are of each look before; `sample` is the primary population.

    Counted are evaluable pairs. A pair whose reports have since come to contradict each other is
    evaluable no more, and counts against those that came.
    """
    known = sample.evaluable().records
    arrived = [record.arrived_at_us for record in known if answered(record.candidate)]
    return tuple(_since(results, arrived) for results in previous)


def _since(results: LookResults, arrived_us: Sequence[int]) -> LateOutcomes:
    facts = results.facts
    locked_us = (datetime.fromisoformat(facts.locked_at) - EPOCH) // timedelta(microseconds=1)
    then = facts.evaluable_pairs
    before = sum(at_us <= locked_us for at_us in arrived_us)
    late = max(0, before - then)
    return LateOutcomes(
        look=facts.look, n_then=then, n_late=late, n_new=max(0, len(arrived_us) - then - late)
    )
