"""Replay a look's log: what it stored of every look gives the same bounds again, without the data.

Read are, of each look in turn, the evaluable pairs, what the clock read, the information, the
statistics and the alpha that was held; computed again are spending time, alpha spent, bounds,
crossings, futility and harm, each from that look and the looks before it only. Compared are the
bytes that the results keep.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evaluation.archive import rounded
from evaluation.boundaries import Bound, bound_of, boundary_of
from evaluation.futility import Here, futility_readings
from evaluation.harm import Worse, harm_readings
from evaluation.plan import HypothesisPlan, LookPlan, plan_of
from evaluation.results import Boundary, HypothesisResult, LookResults
from protocols.canonical import canonical_json
from protocols.schema import Protocol

TIE = 1e-9  # a statistic this near its bound was decided on more digits than are stored


@dataclass(frozen=True, slots=True)
class Departure:
    """One look of one hypothesis whose stored log does not follow from itself."""

    hypothesis: str
    look: str
    fields: tuple[str, ...]

    def sentence(self) -> str:
        """For people: what differs where."""
        return f"{self.hypothesis} at look {self.look}: {', '.join(self.fields)}"


def departures(protocol: Protocol, results: LookResults) -> tuple[Departure, ...]:
    """Where the log departs from what it says itself; none where it replays to the same bytes."""
    return tuple(
        departure for found in results.hypotheses for departure in _departures(protocol, found)
    )


def _departures(protocol: Protocol, found: HypothesisResult) -> Iterator[Departure]:
    names = [boundary.look for boundary in found.boundaries]
    for k, stored in enumerate(found.boundaries):
        look = replace(plan_of(protocol, stored.look, names[:k]), moment=stored.clock_reading)
        plan = next(h for h in look.hypotheses if h.hypothesis.id == found.id)
        again = replayed(look, plan, stored, found.boundaries[:k])
        fields = _differing(stored, again)
        if fields:
            yield Departure(found.id, stored.look, fields)


def replayed(
    look: LookPlan, plan: HypothesisPlan, stored: Boundary, earlier: Sequence[Boundary]
) -> Boundary:
    """The boundary of a look from its inputs alone, as stored, and the looks before it."""
    evaluable = round(stored.information_fraction * look.planned_pairs)
    information, statistic = stored.statistical_information, stored.statistic
    shared = look.protocol.multiplicity.graph is not None
    bound = bound_of(
        look,
        plan,
        evaluable=evaluable,
        information=information,
        earlier=earlier,
        level=stored.level if shared else None,
    )
    here = Here(look, plan, bound, evaluable, information, statistic, earlier=earlier)
    worse = Worse(None, None, None)
    if stored.harm:
        first = stored.harm[0]
        worse = Worse(first.information, first.statistic, first.reason)
    watched = bool(stored.harm)
    time = bound.time or 0.0
    return boundary_of(
        look,
        bound,
        evaluable=evaluable,
        information=information,
        statistic=statistic,
        crossed=_crossed(stored, bound),
        futility=futility_readings(here),
        harm=harm_readings(look, plan, worse, time=time, earlier=earlier) if watched else (),
    )


def _crossed(stored: Boundary, bound: Bound) -> bool | None:
    """Whether the statistic reaches the bound; None where it was not tested at all."""
    if stored.crossed is None or bound.z is None or stored.statistic is None:
        return None
    if abs(stored.statistic - bound.z) < TIE:
        return stored.crossed
    return stored.statistic >= bound.z


def _differing(stored: Boundary, again: Boundary) -> tuple[str, ...]:
    pairs = (rounded(stored.model_dump(mode="json")), rounded(again.model_dump(mode="json")))
    before, after = pairs
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ("log",)
    return tuple(
        name
        for name in before
        if canonical_json({name: before[name]}) != canonical_json({name: after[name]})
    )
