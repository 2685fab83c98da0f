"""The scenarios that every design is held against, and rules that recompute bounds as observed.

Effects are measured from the null: 0 is the least favourable null (a loss of exactly the
margin), `distance` the truth of no difference.
"""

from collections.abc import Callable, Sequence

import numpy as np

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.simulation.trials import Bounds, Rule, Scenario
from protocols.errors import UsageError

_JITTERS = 16
_JITTER = 0.2
_GAP = 0.02  # least share of the planned maximum between jittered looks


def spending_rule(
    spend: Callable[[float], float],
    planned: Sequence[float],
    *,
    lower: Sequence[float] | None = None,
) -> Rule:
    """Bounds by spending at observed information; the last look spends all that is left.

    `spend` gives cumulative one-sided alpha by spending time, which is information over the
    planned maximum, at most 1. `lower` are futility bounds of the planned looks, carried to
    others on their straight line over sqrt(information) (none before the first).
    """
    if lower is not None and len(lower) != len(planned):
        raise UsageError("LENGTHS_DIFFER", "Each planned look has its futility bound.")
    most = planned[-1]

    def rule(information: tuple[float, ...]) -> Bounds:
        times = [min(1.0, here / most) for here in information]
        times[-1] = 1.0
        alphas = [spend(time) for time in times]
        upper = efficacy_boundaries(alphas, information)
        return Bounds(upper, carried(lower, planned, information))

    return rule


def carried(
    lower: Sequence[float] | None, planned: Sequence[float], information: Sequence[float]
) -> tuple[float, ...] | None:
    """Lower bounds of the planned looks at other information, on straight lines over its root.

    None where no look has one; -inf before the first that has.
    """
    if lower is None:
        return None
    finite = [(i, z) for i, z in zip(planned, lower, strict=True) if np.isfinite(z)]
    if not finite:
        return None
    at, z = (np.array(column) for column in zip(*finite, strict=True))
    here = np.array(information)
    carried = np.interp(np.sqrt(here), np.sqrt(at), z)
    early = here < at[0] * (1 - 1e-9)
    return tuple(np.where(early, -np.inf, carried).tolist())


def fixed_rule(upper: Sequence[float], lower: Sequence[float] | None = None) -> Rule:
    """The same z bounds at whatever information: right only where it comes as planned."""
    bounds = Bounds(tuple(upper), None if lower is None else tuple(lower))
    return lambda _: bounds


def registered_scenarios(
    planned: Sequence[float], distance: float, *, seed: int
) -> tuple[Scenario, ...]:
    """All scenarios at planned information `planned` and a truth `distance` from the null.

    Conduct that could cost type I error is run under the least favourable null and under no
    difference. Look times vary by up to 20 % of themselves in 16 patterns drawn from `seed`.
    """
    looks = tuple(float(here) for here in planned)
    if not distance > 0:
        raise UsageError("SCENARIO", "The margin leaves a positive distance to the null.")
    conducts: dict[str, tuple[tuple[float, ...], ...]] = {
        "planned": (looks,),
        "information_under_run": ((*looks[:-1], _between(looks, 0.8)),),
        "information_over_run": ((*looks[:-1], 1.2 * looks[-1]),),
        "look_jitter": jittered(looks, _JITTER, seed=seed),
        "extra_look": (_with_extra(looks),),
    }
    truths = {"least_favourable_null": 0.0, "no_difference": distance}
    made = [
        Scenario(f"{conduct}:{truth}", effect, patterns)
        for conduct, patterns in conducts.items()
        for truth, effect in truths.items()
    ]
    half = looks[-1] / 2
    return (
        *made,
        Scenario("planned:half_way", distance / 2, (looks,)),
        Scenario("drift_to_null", distance, (looks,), changes_at=half, later_effect=0.0),
        Scenario("drift_from_null", 0.0, (looks,), changes_at=half, later_effect=distance),
        Scenario("ignored_futility:least_favourable_null", 0.0, (looks,), obeys_futility=False),
        Scenario("ignored_futility:no_difference", distance, (looks,), obeys_futility=False),
    )


def _between(looks: tuple[float, ...], share: float) -> float:
    """`share` of the last look, but clearly after the one before it."""
    before = looks[-2] if len(looks) > 1 else 0.0
    return max(share * looks[-1], (before + looks[-1]) / 2)


def _with_extra(looks: tuple[float, ...]) -> tuple[float, ...]:
    before = looks[-2] if len(looks) > 1 else 0.0
    return (*looks[:-1], (before + looks[-1]) / 2, looks[-1])


def jittered(looks: tuple[float, ...], share: float, *, seed: int) -> tuple[tuple[float, ...], ...]:
    """16 patterns of looks, each look moved by up to `share` of itself and kept in order."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    factors = 1 + rng.uniform(-share, share, (_JITTERS, len(looks)))
    made = []
    for row in factors:
        here: list[float] = []
        for value in (np.array(looks) * row).tolist():
            least = here[-1] + _GAP * looks[-1] if here else 0.0
            here.append(max(value, least))
        made.append(tuple(here))
    return tuple(made)
