"""Repeated and sequential p-values of one hypothesis over the looks, from what was stored of them.

A look whose information had not grown has none. What looks spend at another alpha follows from
where the registered clock stood, so one p-value a look serves every alpha that a graph may pass on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.boundaries import Bound
from evaluation.design.boundaries import CLOSEST
from evaluation.design.multiplicity.sequential_graphs import LookedAt
from evaluation.plan import LookPlan
from evaluation.results import Boundary
from evaluation.spending import spending_by


@dataclass(frozen=True, slots=True)
class Seen:
    """One look of one hypothesis: information, where the clock stood, and its place in the plan."""

    information: float | None
    time: float
    place: int | None
    all_of_it: bool  # a last look that spends full alpha


def seen_looks(
    look: LookPlan, bound: Bound, *, information: float | None, earlier: Sequence[Boundary]
) -> tuple[Seen, ...]:
    """The looks before and this one."""
    monitoring = look.protocol.monitoring
    places = {planned.id: place for place, planned in enumerate(monitoring.looks, start=1)}
    before = [
        Seen(b.statistical_information, b.spending_time or 0.0, places.get(b.look), all_of_it=False)
        for b in earlier
    ]
    full = look.final and monitoring.final_look == "full_alpha"
    here = Seen(information, bound.time or 0.0, look.place, all_of_it=full)
    return _grown((*before, here))


def _grown(looks: Sequence[Seen]) -> tuple[Seen, ...]:
    """Information that did not grow is none."""
    highest, kept = 0.0, []
    for seen in looks:
        here = seen.information
        if here is None or here - highest < CLOSEST * here:
            kept.append(Seen(None, seen.time, seen.place, seen.all_of_it))
            continue
        highest = here
        kept.append(seen)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class RepeatedP:
    """The smallest alpha of all looks together at which a look would have claimed.

    `here` is that of the last look, `smallest` of all so far (sequential); None where no look that
    could claim is meant.
    """

    here: float | None
    smallest: float | None


def repeated_ps(look: LookPlan, looks: Sequence[Seen], p: Sequence[float | None]) -> RepeatedP:
    """Of these looks with their one-sided p-values, None where there is none."""
    spending = look.protocol.monitoring.spending

    def spend(alpha: float, places: Sequence[float]) -> tuple[float, ...]:
        spent, found = 0.0, []
        for place in places:
            seen = looks[int(place)]
            here = spending_by(spending, alpha, time=seen.time, number=seen.place)
            spent = alpha if seen.all_of_it else max(spent, here)
            found.append(spent)
        return tuple(found)

    known = [
        value is not None and seen.information is not None
        for value, seen in zip(p, looks, strict=True)
    ]
    seen = LookedAt(
        p=tuple(value if ok else None for value, ok in zip(p, known, strict=True)),
        information=tuple(
            s.information if ok else None for s, ok in zip(looks, known, strict=True)
        ),
        times=tuple(float(i) if ok else None for i, ok in enumerate(known)),
        spend=spend,
    )
    return RepeatedP(*seen.latest())
