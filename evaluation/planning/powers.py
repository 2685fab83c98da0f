"""Power at the planned pairs: over effects, and over guesses of the discordance.

The effects and discordances at which power is shown are places to look at, spaced by the
registered ones; only the registered ones were planned for.
"""

from evaluation.design.size.plan import rounded_up
from evaluation.planning.bounds import passage_of
from evaluation.planning.designs import Design, replanned
from evaluation.planning.needed import needed
from evaluation.planning.sized import Sized, possible
from evaluation.results.design import (
    GridCell,
    HypothesisPower,
    PowerPoint,
)
from protocols.errors import UsageError
from protocols.methods.measures import MEASURES

STEPS = 24  # of the curve, from the edge of the null
BEYOND = 1.5  # times the registered distance
NEAR = 1e-9  # of the registered distance, within which an effect is the registered one
DISCORDANCES = (0.5, 0.75, 1.0, 1.25, 1.5)  # times the registered one
EFFECTS = (0.6, 0.8, 1.0, 1.2)  # times the registered distance


def hypothesis_power(design: Design, sized: Sized) -> HypothesisPower:
    """Raises `UsageError` as the size formulas."""
    truth = sized.design.true_effect
    there = passage_of(design, truth)
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
    truth = sized.design.true_effect
    planned = sized.distance(truth)
    edges = [design.null] if sized.other is None else [design.null, sized.other.question.null]
    end = BEYOND * planned if sized.other is None else sized.distance(edges[-1])
    steps = round(STEPS * BEYOND)
    shares = (end * step / steps for step in range(1, steps + (sized.other is None)))
    effects = [sized.effect(d) for d in shares if abs(d - planned) > NEAR * planned]
    ahead = [effect for effect in effects if possible(sized, effect)]
    everything = sorted([*edges, *ahead, truth], key=sized.distance)
    return tuple(_point(design, effect) for effect in dict.fromkeys(everything))


def _point(design: Design, effect: float) -> PowerPoint:
    found = passage_of(design, effect)
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
        found = needed(design, guess, effect).looks * guess.clusters.design_effect
        pairs = max(1, rounded_up(found))
        power = passage_of(replanned(design, guess), effect).power
    except UsageError:  # an effect larger than the discordance
        return GridCell(discordance=discordance, effect=effect, pairs=None, power=None)
    return GridCell(discordance=discordance, effect=effect, pairs=pairs, power=power)
