"""Power of several hypotheses together at the planned pairs: of all of them, or of one at least.

What holds whatever their dependence is always given. It is exact where they share no pair, or under
the correlations that `simulation.correlations` registers where nothing stops a trial from below;
alpha that is passed on, and stops below, are counted by `equipoise design simulate`.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.design.multiplicity.orthants import any_exceeds
from evaluation.design.size.plan import rounded_up
from evaluation.design.size.search import rising
from evaluation.inference.arrays import FloatArray
from evaluation.planning.designs import SHARING, Design
from evaluation.planning.needed import power_with
from evaluation.planning.sized import Sized
from evaluation.results.design import HypothesisPower, JointPower
from evaluation.results.size_sentences import NO_PAIR
from protocols.errors import UsageError
from protocols.schema import Protocol

MOST_STATISTICS = 24  # of hypotheses times looks, for an exact probability
DISJOINT = {"sensitivity", "specificity"}
REGISTERED = "the registered correlations"

Sizes = Sequence[tuple[Design, Sized]]


@dataclass(frozen=True, slots=True)
class _Known:
    value: float
    why: str


def joint_powers(
    protocol: Protocol, designs: Sizes, powers: Sequence[HypothesisPower]
) -> tuple[JointPower, ...]:
    """Of each group that must all be shown; where alpha is shared, of one hypothesis at least."""
    held = {design.id: (design, sized) for design, sized in designs}
    known = {power.id: power.power for power in powers}
    if protocol.multiplicity.procedure in SHARING:
        codes = tuple(known)
        return (_any(protocol, codes, held, known),) if len(codes) > 1 else ()
    groups = [tuple(group) for group in protocol.multiplicity.order]
    return tuple(
        _all(protocol, group, held, known)
        for group in groups
        if len(group) > 1 and all(code in known for code in group)
    )


def _all(
    protocol: Protocol,
    codes: tuple[str, ...],
    held: dict[str, tuple[Design, Sized]],
    known: dict[str, float],
) -> JointPower:
    group = [held[code] for code in codes]
    powers = [known[code] for code in codes]
    exact = _exact(protocol, group, powers, every=True)
    return JointPower(
        kind="all",
        hypotheses=codes,
        independent=math.prod(powers),
        at_least=_at_least(powers),
        at_most=min(powers),
        exact=None if exact is None else exact.value,
        exact_by=None if exact is None else exact.why,
        asked=protocol.sample_size.power,
        pairs=_pairs(protocol, group),
    )


def _any(
    protocol: Protocol,
    codes: tuple[str, ...],
    held: dict[str, tuple[Design, Sized]],
    known: dict[str, float],
) -> JointPower:
    """The first claim is made with first shares; procedures by Simes' test claim no less."""
    powers = [known[code] for code in codes]
    exact = _exact(protocol, [held[code] for code in codes], powers, every=False)
    if not _by_bonferroni(protocol):
        exact = None
    return JointPower(
        kind="any",
        hypotheses=codes,
        independent=1 - math.prod(1 - power for power in powers),
        at_least=max(powers),
        at_most=min(1.0, math.fsum(powers)) if _by_bonferroni(protocol) else 1.0,
        exact=None if exact is None else exact.value,
        exact_by=None if exact is None else exact.why,
        asked=protocol.sample_size.power,
        pairs=None,
    )


def _by_bonferroni(protocol: Protocol) -> bool:
    graph = protocol.multiplicity.graph
    simes = graph is not None and graph.local_test == "simes"
    return not simes and protocol.multiplicity.procedure not in ("hochberg", "hommel")


def _at_least(powers: Sequence[float]) -> float:
    return max(0.0, 1 - math.fsum(1 - power for power in powers))


def _disjoint(group: Sizes) -> bool:
    """Sensitivity counts pairs with the event, specificity those without."""
    measures = [design.plan.endpoint.measure for design, _ in group]
    return len(measures) == len(DISJOINT) and set(measures) == DISJOINT


def _exact(
    protocol: Protocol, group: Sizes, powers: Sequence[float], *, every: bool
) -> _Known | None:
    if _disjoint(group):
        both = math.prod(powers)
        return _Known(both if every else math.fsum(powers) - both, NO_PAIR)
    size = len(group) * len(group[0][0].fractions)
    stopped = any(not math.isinf(bound) for design, _ in group for bound in design.stops)
    two_sided = any(design.equivalence for design, _ in group)
    matrix = _registered(protocol, [design.id for design, _ in group])
    if matrix is None or stopped or two_sided or size > MOST_STATISTICS:
        return None
    value = all_claimed(group, matrix) if every else 1 - _none_claimed(group, matrix)
    return _Known(min(1.0, max(0.0, value)), REGISTERED)


def _registered(protocol: Protocol, codes: Sequence[str]) -> FloatArray | None:
    """The registered correlations of these hypotheses' statistics at one look, where all are."""
    if protocol.simulation is None:
        return None
    told = {frozenset((a, b)): rho for a, b, rho in protocol.simulation.correlations}
    matrix = np.eye(len(codes))
    for i, j in itertools.combinations(range(len(codes)), 2):
        rho = told.get(frozenset((codes[i], codes[j])))
        if rho is None:
            return None
        matrix[i, j] = matrix[j, i] = rho
    return matrix


def all_claimed(group: Sizes, correlation: FloatArray) -> float:
    """That each crosses a bound of its own at some look, by inclusion and exclusion."""
    total = 0.0
    for some in range(len(group) + 1):
        for chosen in itertools.combinations(range(len(group)), some):
            picked = [group[i] for i in chosen]
            sign = -1.0 if some % 2 else 1.0
            total += sign * _none_claimed(picked, correlation[np.ix_(chosen, chosen)])
    return total


def _none_claimed(group: Sizes, correlation: FloatArray) -> float:
    """Statistics of two looks correlate by the root of their information's ratio."""
    if not group:
        return 1.0
    looks = np.sqrt(np.array(group[0][0].fractions))
    between = np.minimum.outer(looks, looks) / np.maximum.outer(looks, looks)
    drifts = [sized.drift(sized.design.true_effect) for _, sized in group]
    distances = [
        np.array(design.upper) - drift * looks
        for (design, _), drift in zip(group, drifts, strict=True)
    ]
    return 1 - any_exceeds(np.concatenate(distances), np.kron(correlation, between))


def _pairs(protocol: Protocol, group: Sizes) -> int | None:
    """With which all have the trial's power together: exact without a shared pair, else careful."""
    together = math.prod if _disjoint(group) else _at_least

    def value(pairs: float) -> float:
        powers = [power_with(d, s, s.design.true_effect, pairs=pairs) for d, s in group]
        return together(powers)

    try:
        found = rising(value, protocol.sample_size.power, protocol.sample_size.evaluable_pairs)
    except UsageError:
        return None
    return max(1, rounded_up(found))
