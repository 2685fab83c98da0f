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
from evaluation.re_estimation import replayed_record, with_change
from evaluation.results import (
    Boundary,
    HypothesisResult,
    LookResults,
    ReEstimationResult,
    Result,
)
from evaluation.rounding import to_digits
from evaluation.weighting import Combined, reached_by, weighed
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
        departure
        for found in results.hypotheses
        for departure in _departures(protocol, found, results.re_estimation)
    ) + tuple(_resizing(protocol, results))


def _departures(
    protocol: Protocol, found: HypothesisResult, record: ReEstimationResult | None
) -> Iterator[Departure]:
    for k, stored in enumerate(found.boundaries):
        look = _look_of(protocol, found.boundaries, k, record)
        again = replayed(look, _plan_of(look, found), stored, found.boundaries[:k])
        fields = _differing(stored, again)
        if fields:
            yield Departure(found.id, stored.look, fields)


def _look_of(
    protocol: Protocol, boundaries: Sequence[Boundary], k: int, record: ReEstimationResult | None
) -> LookPlan:
    """The k-th look of the log as it was planned when it was made."""
    names, stored = [boundary.look for boundary in boundaries], boundaries[k]
    look = replace(plan_of(protocol, stored.look, names[:k]), moment=stored.clock_reading)
    changed = record is not None and record.look in names[:k]
    return with_change(look, record if changed else None)


def _plan_of(look: LookPlan, found: HypothesisResult) -> HypothesisPlan:
    return next(h for h in look.hypotheses if h.hypothesis.id == found.id)


def _resizing(protocol: Protocol, results: LookResults) -> Iterator[Departure]:
    """The change of the planned total, from its inputs and the log of the look that made it."""
    stored, plan = results.re_estimation, protocol.re_estimation
    if stored is None:
        return
    found = next((h for h in results.hypotheses if h.id == stored.hypothesis), None)
    names = [boundary.look for boundary in found.boundaries] if found else []
    if found is None or plan is None or plan.look != stored.look or stored.look not in names:
        yield Departure(stored.hypothesis, stored.look, ("re_estimation",))
        return
    k = names.index(stored.look)
    look = _look_of(protocol, found.boundaries, k, None)
    boundary, earlier = found.boundaries[k], found.boundaries[:k]
    bound = _bound(look, _plan_of(look, found), boundary, earlier)
    again = replayed_record(look, bound, found.boundaries[: k + 1], stored)
    fields = _differing(stored, again)
    if fields:
        places = tuple(f"re_estimation.{field}" for field in fields)
        yield Departure(stored.hypothesis, stored.look, places)


def _evaluable(look: LookPlan, stored: Boundary) -> int:
    return round(stored.information_fraction * look.planned_pairs)


def _bound(
    look: LookPlan, plan: HypothesisPlan, stored: Boundary, earlier: Sequence[Boundary]
) -> Bound:
    shared = look.protocol.multiplicity.graph is not None
    return bound_of(
        look,
        plan,
        evaluable=_evaluable(look, stored),
        information=_weighted(look, stored, earlier)[0],
        earlier=earlier,
        level=stored.level if shared else None,
    )


def _weighted(
    look: LookPlan, stored: Boundary, earlier: Sequence[Boundary]
) -> tuple[float | None, float | None]:
    """Information and z: as stored, or combined again from the stages where they are combined."""
    own = stored.unweighted
    if not look.weighted or own is None:
        return stored.statistical_information, stored.statistic
    found = weighed(look, reached_by(look, earlier), own.information, own.statistic)
    if not isinstance(found, Combined):
        return None, None
    return to_digits(found.information), to_digits(found.statistic)


def replayed(
    look: LookPlan, plan: HypothesisPlan, stored: Boundary, earlier: Sequence[Boundary]
) -> Boundary:
    """The boundary of a look from its inputs alone, as stored, and the looks before it."""
    evaluable = _evaluable(look, stored)
    information, statistic = _weighted(look, stored, earlier)
    bound = _bound(look, plan, stored, earlier)
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
        unweighted=stored.unweighted,
    )


def _crossed(stored: Boundary, bound: Bound) -> bool | None:
    """Whether the statistic reaches the bound; None where it was not tested at all."""
    if stored.crossed is None or bound.z is None or stored.statistic is None:
        return None
    if abs(stored.statistic - bound.z) < TIE:
        return stored.crossed
    return stored.statistic >= bound.z


def _differing(stored: Result, again: Result) -> tuple[str, ...]:
    pairs = (rounded(stored.model_dump(mode="json")), rounded(again.model_dump(mode="json")))
    before, after = pairs
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ("log",)
    return tuple(
        name
        for name in before
        if canonical_json({name: before[name]}) != canonical_json({name: after[name]})
    )
