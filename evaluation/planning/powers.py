"""Power at the planned pairs: over effects, over guesses of the discordance, and jointly.

The effects and discordances at which power is shown are places to look at, spaced by the
registered ones; only the registered ones were planned for.
"""

import math
from collections.abc import Sequence

from evaluation.design.size.plan import Normal
from evaluation.planning.bounds import passage
from evaluation.planning.designs import Design
from evaluation.planning.sized import Sized, possible
from evaluation.planning.sizes import plan_with_looks
from evaluation.results.design import (
    GridCell,
    HypothesisPower,
    JointPower,
    PowerPoint,
)
from protocols.errors import UsageError
from protocols.methods.measures import MEASURES

STEPS = 24  # of the curve, from the edge of the null
BEYOND = 1.5  # times the registered distance
DISCORDANCES = (0.5, 0.75, 1.0, 1.25, 1.5)  # times the registered one
EFFECTS = (0.6, 0.8, 1.0, 1.2)  # times the registered distance


def hypothesis_power(design: Design, sized: Sized) -> HypothesisPower:
    """Raises `UsageError` as the size formulas."""
    truth = sized.design.true_effect
    there = passage(design, truth, sized.drift(truth))
    return HypothesisPower(
        id=design.id,
        endpoint_title=design.plan.endpoint.title,
        measure=design.plan.endpoint.measure,
        scale=design.plan.scale,
        null_effect=design.null,
        true_effect=truth,
        registered=sized.design.power,
        power=there.power,
        expected_pairs=there.expected_pairs,
        curve=_curve(design, sized),
        grid=_grid(design, sized),
    )


def _curve(design: Design, sized: Sized) -> tuple[PowerPoint, ...]:
    """From the edge of the null past the registered effect, which is one of the points.

    Effects that the nuisance values rule out are left out.
    """
    planned = sized.distance(sized.design.true_effect)
    shares = [step / STEPS for step in range(round(STEPS * BEYOND) + 1)]
    effects = [sized.effect(planned * share) for share in shares if share != 1]
    ahead = [effect for effect in effects if possible(sized, effect)]
    everything = sorted([design.null, *ahead, sized.design.true_effect], key=sized.distance)
    return tuple(_point(design, sized, effect) for effect in dict.fromkeys(everything))


def _point(design: Design, sized: Sized, effect: float) -> PowerPoint:
    found = passage(design, effect, sized.drift(effect))
    return PowerPoint(effect=effect, power=found.power, expected_pairs=found.expected_pairs)


def _grid(design: Design, sized: Sized) -> tuple[tuple[GridCell, ...], ...]:
    """Paired proportions on the scale of a difference; empty for anything else."""
    if MEASURES[design.plan.endpoint.measure].kind != "binary" or design.plan.scale != "difference":
        return ()
    guessed = sized.nuisance["discordance"]
    planned = sized.distance(sized.design.true_effect)
    effects = [sized.effect(planned * share) for share in EFFECTS]
    return tuple(
        tuple(_cell(design, sized, guessed * share, effect) for effect in effects)
        for share in DISCORDANCES
        if guessed * share <= 1
    )


def _cell(design: Design, sized: Sized, discordance: float, effect: float) -> GridCell:
    guess = sized.under({"discordance": discordance})
    try:
        normal: Normal = guess.normal(effect)
        pairs = normal.size(plan_with_looks(design, guess), "").n_pairs
        power = passage(design, effect, guess.drift(effect)).power
    except UsageError:  # an effect larger than the discordance
        return GridCell(discordance=discordance, effect=effect, pairs=None, power=None)
    return GridCell(discordance=discordance, effect=effect, pairs=pairs, power=power)


def joint_powers(
    order: Sequence[Sequence[str]], powers: Sequence[HypothesisPower]
) -> tuple[JointPower, ...]:
    """For each group of several hypotheses that all must be shown, and whose powers are known.

    Independence is what sensitivity and specificity have, which share no pair; the smaller number
    is Bonferroni's, which holds whatever the dependence.
    """
    known = {power.id: power.power for power in powers}
    groups = [group for group in order if len(group) > 1 and all(code in known for code in group)]
    return tuple(
        JointPower(
            hypotheses=tuple(group),
            independent=math.prod(known[code] for code in group),
            at_least=max(0.0, 1 - math.fsum(1 - known[code] for code in group)),
        )
        for group in groups
    )
