"""Group sequential graphs: each hypothesis has its own looks, spending and information.

Maurer & Bretz 2013, Stat Biopharm Res 5:311. When a hypothesis is rejected its alpha moves on, and
every other is held against the bound of its spending function evaluated anew at its larger
level. The repeated p-value of a look (Jennison & Turnbull; Liu & Anderson 2008, JASA 103:1621) is
the level from which on that look rejects, so one number for each look serves every level the
graph may reach. This needs bounds that fall as alpha rises, which holds for the usual families.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy import special

from evaluation.design.multiplicity.graphs import Graph, State, shortcut_adjusted, start, without
from evaluation.design.multiplicity.levels import checked_alpha, reaches
from evaluation.design.repeated import repeated_p, sequential_p
from protocols.errors import UsageError

NEVER = 0.49999  # the search for a repeated p ends a little above: such a look rejects at no level
ROOT = 1e-9  # relative accuracy of a repeated p, within which it counts as on the boundary

Spend = Callable[[float, Sequence[float]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class LookedAt:
    """One hypothesis over the trial's looks; None where it was not tested.

    `p` are one-sided p-values of each look alone, `information` that of the hypothesis, `times`
    its spending times in [0, 1]; `spend(alpha, times)` gives its cumulative alpha.
    """

    p: tuple[float | None, ...]
    information: tuple[float | None, ...]
    times: tuple[float | None, ...]
    spend: Spend

    def __post_init__(self) -> None:
        if not len(self.p) == len(self.information) == len(self.times):
            message = "A look has a p-value, an information and a spending time."
            raise UsageError("LENGTHS_DIFFER", message)
        if any(p is not None and not 0 <= p <= 1 for p in self.p):
            raise UsageError("P_RANGE", "A p-value lies in [0, 1].")
        for one in zip(self.p, self.information, self.times, strict=True):
            if len({value is None for value in one}) > 1:
                message = "A look that was not tested has neither p-value nor information."
                raise UsageError("LOOK_INCOMPLETE", message)

    def repeated(self) -> tuple[float | None, ...]:
        """The repeated p-value of each look; None where it was not tested, 1 where none is."""
        information: list[float] = []
        times: list[float] = []
        found: list[float | None] = []
        for p, here, time in zip(self.p, self.information, self.times, strict=True):
            if p is None or here is None or time is None:
                found.append(None)
                continue
            information.append(here)
            times.append(time)
            found.append(self._repeated(p, tuple(information), tuple(times)))
        return tuple(found)

    def latest(self) -> tuple[float | None, float | None]:
        """The repeated p-value of the last look, and the smallest of all looks; see `repeated`.

        Takes a few walks through the looks, however many there are.
        """
        looks = zip(self.p, self.information, self.times, strict=True)
        tested = [
            (p, here, time)
            for p, here, time in looks
            if p is not None and here is not None and time is not None
        ]
        if not tested:
            return None, None
        p, information, times = (tuple(column) for column in zip(*tested, strict=True))
        last = None if self.p[-1] is None else self._repeated(p[-1], information, times)
        smallest = sequential_p(
            [_z(value) for value in p],
            information,
            lambda alpha, k: self.spend(alpha, times[:k]),
            at_most=None if last is None or last > NEVER else last,
        )
        return last, smallest if smallest < NEVER else 1.0

    def _repeated(
        self, p: float, information: tuple[float, ...], times: tuple[float, ...]
    ) -> float:
        if p > NEVER:  # a bound below z = 0 would be needed
            return 1.0
        value = repeated_p(_z(p), information, lambda alpha: self.spend(alpha, times))
        return value if value < NEVER else 1.0


def _z(p: float) -> float:
    return -float(special.ndtri(min(max(p, 1e-300), 1 - 1e-16)))


@dataclass(frozen=True, slots=True)
class SequentialDecisions:
    """What a group sequential graph rejects; looks count from 1, 0 says never.

    `declared_at` is the look at which a hypothesis is rejected, `crossed_at` the look whose
    statistic does it: earlier only when looking back. `repeated_p` is by hypothesis and look.
    `adjusted_p` are the graph's adjusted sequential p-values, which belong to looking back;
    None without it. `weights` are what is left for the hypotheses not rejected.
    """

    declared_at: tuple[int, ...]
    crossed_at: tuple[int, ...]
    repeated_p: tuple[tuple[float | None, ...], ...]
    adjusted_p: tuple[float, ...] | None
    weights: tuple[float, ...]

    @property
    def rejected(self) -> tuple[bool, ...]:
        return tuple(look > 0 for look in self.declared_at)


def sequential_graph(
    graph: Graph, hypotheses: Sequence[LookedAt], alpha: float, *, look_back: bool
) -> SequentialDecisions:
    """Goes through the looks in order and rejects what the graph allows at each.

    `look_back` also holds a hypothesis whose level has grown against the bounds of earlier
    looks; it must be registered. Raises `UsageError` where looks or hypotheses differ in number.
    """
    checked_alpha(alpha)
    if len(hypotheses) != graph.size:
        raise UsageError("LENGTHS_DIFFER", "Each hypothesis of the graph needs its looks.")
    n_looks = len(hypotheses[0].p)
    if any(len(hypothesis.p) != n_looks for hypothesis in hypotheses):
        raise UsageError("LENGTHS_DIFFER", "Each hypothesis has an entry for each look.")
    repeated = tuple(hypothesis.repeated() for hypothesis in hypotheses)
    state = start(graph)
    declared, crossed = [0] * graph.size, [0] * graph.size
    for look in range(1, n_looks + 1):
        first = 1 if look_back else look
        looks = range(first, look + 1)
        while found := _next(state, declared, repeated, alpha=alpha, looks=looks):
            j, at = found
            declared[j], crossed[j] = look, at
            state = without(state, j)
    adjusted = shortcut_adjusted(graph, [_least(looks) for looks in repeated])
    return SequentialDecisions(
        declared_at=tuple(declared),
        crossed_at=tuple(crossed),
        repeated_p=repeated,
        adjusted_p=adjusted if look_back else None,
        weights=tuple(state.weights.tolist()),
    )


def _next(
    state: State,
    declared: Sequence[int],
    repeated: Sequence[Sequence[float | None]],
    *,
    alpha: float,
    looks: range,
) -> tuple[int, int] | None:
    """The next hypothesis that can be rejected, and the look that does it."""
    for j, values in enumerate(repeated):
        if declared[j]:
            continue
        level = float(state.weights[j]) * alpha
        for look in looks:
            value = values[look - 1]
            if value is not None and reaches(value, level, rounding=ROOT):
                return j, look
    return None


def _least(looks: Sequence[float | None]) -> float:
    return min((value for value in looks if value is not None), default=1.0)
