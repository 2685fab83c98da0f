"""Registered scenarios as conduct: which looks come at what information, under which drift.

Information is in shares of the planned total. What a scenario's words mean here:

- `drift: half_way`: from half of the planned information on, the effect is that on the edge of the
  null;
- `jitter`: every look moves by up to this share of itself, in 16 patterns drawn from the seed;
- `missing_share`: the trial enrols what its size design says and this share of outcomes never
  comes, so that the last look falls short where the share exceeds the one planned for;
- `late_share`: interim looks lack this share of their outcomes; the last look waits for all;
- `ignore_futility`: futility stops are not obeyed; harm stops are.

Looks come with their share of the planned pairs whatever the clock is; what the clock then reads is
the share of days or pairs, or of the registered maximum of information that so many pairs bring
under the scenario's values. `clock_notes` says so.
"""

import math
from collections.abc import Sequence
from itertools import accumulate

from evaluation.design.boundaries import CLOSEST, efficacy_boundaries
from evaluation.design.simulation.scenarios import carried, jittered
from evaluation.design.simulation.trials import Bounds, Rule, Scenario
from evaluation.planning.designs import Design
from evaluation.planning.needs import Need, lacking, refused
from evaluation.planning.sized import Sized, possible
from evaluation.spending import spending_by
from protocols import schema
from protocols.errors import Finding, UsageError

HALF = 0.5


Designs = Sequence[tuple[Design, Sized]]


def check_scenarios(plan: schema.Simulation, designs: Designs) -> None:
    """Raises `DocumentError(DESIGN_INCOMPLETE)` for values nothing reads and impossible effects."""
    known = {name for _, sized in designs for name in sized.formula.names}
    found: list[Finding] = []
    for index, asked in enumerate(plan.scenarios):
        path = f"simulation.scenarios[{index}]"
        found += [
            lacking(
                Need.NUISANCE_UNKNOWN,
                f"{path}.nuisance.{name}",
                "No size design has such a value.",
                "Take it out, or correct its name.",
            )
            for name in asked.nuisance
            if name not in known
        ]
        try:
            for _, sized in designs:
                sized.under(asked.nuisance).drift(effect_in(asked, sized.design.hypothesis))
        except UsageError as problem:
            remedy = "Make the effect agree with the nuisance values."
            found.append(lacking(Need.DESIGN_CONTRADICTION, path, str(problem), remedy))
    if found:
        raise refused(found)


def effect_in(asked: schema.Scenario, hypothesis: str) -> float:
    """The true effect of a hypothesis under a scenario, on its own scale."""
    return asked.true_effects.get(hypothesis, asked.true_effect)


def scenario_of(design: Design, sized: Sized, asked: schema.Scenario, *, seed: int) -> Scenario:
    """One registered scenario for one hypothesis."""
    looks = _looks(design, sized, asked)
    moved = jittered(looks, asked.jitter, seed=seed) if asked.jitter else (looks,)
    drifts = asked.drift == "half_way"
    return Scenario(
        name=f"{asked.id}:{design.id}",
        effect=sized.under(asked.nuisance).drift(effect_in(asked, design.id)),
        patterns=moved,
        changes_at=HALF if drifts else None,
        later_effect=0.0,
        obeys_futility=True,  # what is ignored is left out of the rule: harm still stops
    )


def _looks(design: Design, sized: Sized, asked: schema.Scenario) -> tuple[float, ...]:
    last = min(1.0, (1 - asked.missing_share) / sized.design.ascertainment)
    interim = [look * (1 - asked.late_share) for look in design.fractions[:-1]]
    before = [look for look in interim if last - look > CLOSEST * last]
    return (*before, last)


def rule_of(design: Design, asked: schema.Scenario) -> Rule:
    """Bounds as a look would compute them: alpha by the registered clock and last-look policy.

    Planned futility and harm bounds are carried to other information on their straight line over
    its root; a look that plans none has none.
    """
    stops = design.harm_stops if asked.ignore_futility else design.stops

    whole = _on_clock(design, asked)

    def rule(information: tuple[float, ...]) -> Bounds:
        places = _places(design, information)
        alphas = [
            _spent(design, here * whole, place)
            for here, place in zip(information, places, strict=True)
        ]
        kept = _carried(design, design.futility, information) if design.binding else None
        upper = efficacy_boundaries(tuple(accumulate(alphas, max)), information, lower=kept)
        lower = _carried(design, stops, information)
        return Bounds(upper, lower, _carried(design, design.harm, information))

    return rule


def _places(design: Design, information: tuple[float, ...]) -> tuple[int, ...]:
    """Which planned look each is; the last one is the last planned one, however many there are."""
    return (*range(len(information) - 1), len(design.fractions) - 1)


def _carried(
    design: Design, lower: tuple[float, ...], information: tuple[float, ...]
) -> tuple[float, ...] | None:
    found = carried(lower, design.fractions, information)
    if found is None:
        return None
    return tuple(
        bound if math.isfinite(lower[place]) else -math.inf
        for bound, place in zip(found, _places(design, information), strict=True)
    )


def _on_clock(design: Design, asked: schema.Scenario) -> float:
    """How far the planned pairs bring the clock: 1 but for one of information."""
    monitoring = design.protocol.monitoring
    if monitoring.clock != "information" or design.sized is None:
        return 1.0
    sized = design.sized.under(asked.nuisance)
    effect = sized.design.true_effect
    pair = sized.normal(effect).variance_null if possible(sized, effect) else sized.edge_variance
    return sized.independent_pairs / pair / monitoring.clock_maximum[design.id]


def clock_notes(protocol: schema.Protocol, *, full: bool) -> list[str]:
    """What simulated trials take for granted of a clock that does not count pairs."""
    clock = protocol.monitoring.clock
    if clock == "calendar":
        said = "on their registered days, with their share of the planned pairs"
        return [f"Simulated looks come {said}: days and pairs go by as planned."]
    if clock not in ("information", "events"):
        return []
    read = {
        ("information", False): "the information that the size design says so many pairs bring",
        ("information", True): "the information that their pairs bring",
        ("events", False): "as if events kept pace with pairs",
        ("events", True): "the events among their pairs",
    }[clock, full]
    by = "" if read.startswith("as if") else "by "
    return [f"Simulated looks come with their share of the planned pairs and spend {by}{read}."]


def _spent(design: Design, information: float, place: int) -> float:
    """`information` is where the clock stands, where it is not one of days."""
    monitoring = design.protocol.monitoring
    if place == len(design.fractions) - 1 and monitoring.final_look == "full_alpha":
        return design.alpha
    time = min(1.0, information)
    if monitoring.clock == "smaller_of_planned_and_observed":
        time = min(time, design.fractions[place])
    elif monitoring.clock == "calendar":
        time = design.fractions[place]  # days go by as planned, whatever has come
    return spending_by(monitoring.spending, design.alpha, time=time, number=place + 1)
