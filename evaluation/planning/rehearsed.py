"""What rehearsed trials come to: the same figures as those of sufficient statistics.

Estimates are on the effect's own scale, held against the scenario's true effect; there are none
where it drifts. Hypotheses of one cast are in the same trials, so what is said of them together
has the correlation of their encounters.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.design.simulation.families import FamilyRecords, Gates, claimed_of
from evaluation.inference.arrays import exact_sum
from evaluation.inference.orientation import sign_of
from evaluation.planning.generated import Cast, Scene
from evaluation.planning.rehearsal import (
    Replicate,
    Trial,
    alarms_of,
    reached,
    scene_named,
    waves,
)
from evaluation.planning.simulating import no_worse
from evaluation.planning.together import EDGE, JointTally, procedure_of, share, together
from evaluation.planning.workers import hands
from evaluation.results.design import (
    EstimationAtStop,
    HarmSignals,
    RuleAlarms,
    Simulated,
    SimulatedScenario,
    SimulatedTogether,
)
from protocols.schema import Protocol, Simulation


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One hypothesis alone: its figures, and the trials themselves."""

    found: SimulatedScenario
    records: tuple[Replicate, ...]


def rehearse(protocol: Protocol, scenario: str, hypothesis: str, *, workers: int = 1) -> Rehearsal:
    """Whole trials of one hypothesis under one registered scenario, by their ids.

    Raises `UsageError` as `scene_named`.
    """
    cast, plan = Cast((scene_named(protocol, scenario, hypothesis),)), protocol.simulation
    assert plan is not None  # noqa: S101 - scene_named has found the scenario in it
    with hands(workers) as hand:
        *_, trials = waves(cast, plan, hand=hand, workers=workers)
    (found,) = found_in_trials(cast, trials, plan, interrupted=False)
    return Rehearsal(found, tuple(trial.ends[0] for trial in trials))


def found_in_trials(
    cast: Cast, trials: Sequence[Trial], plan: Simulation, *, interrupted: bool
) -> tuple[SimulatedScenario, ...]:
    """Every hypothesis of the cast; two trials or more, whose order does not matter."""
    return tuple(
        summary(
            scene,
            [trial.ends[place] for trial in trials],
            reached=reached(trials, plan.target_se),
            interrupted=interrupted,
        )
        for place, scene in enumerate(cast.scenes)
    )


def summary(
    scene: Scene, records: Sequence[Replicate], *, reached: bool, interrupted: bool = False
) -> SimulatedScenario:
    """The figures of one hypothesis."""
    protocol = scene.protocol
    looks = range(len(protocol.monitoring.looks))
    pairs = mean([float(r.evaluable) for r in records])
    planned = protocol.sample_size.evaluable_pairs

    def by_look(ended: Callable[[Replicate], bool]) -> tuple[Simulated, ...]:
        return tuple(counted([ended(r) and r.look == k for r in records]) for k in looks)

    bounded = any(bound.hypothesis == scene.plan.hypothesis.id for bound in protocol.harm_bounds)
    return SimulatedScenario(
        scenario=scene.scenario.id,
        hypothesis=scene.plan.hypothesis.id,
        true_effect=scene.effect,
        drift=None,
        replicates=len(records),
        reached=reached,
        interrupted=interrupted,
        claims=counted([r.claimed for r in records]),
        claims_by_look=by_look(lambda r: r.claimed),
        futility_by_look=by_look(lambda r: r.futile),
        harm_by_look=by_look(lambda r: r.harmful),
        expected_pairs=pairs,
        expected_information=Simulated(
            value=pairs.value / planned, standard_error=pairs.standard_error / planned
        ),
        estimation=_estimation(scene, records),
        harm=_signals([r.harm_after for r in records], _false(scene)) if bounded else None,
        alarms=_signals([r.alarm_after for r in records], None)
        if protocol.anytime_safety
        else None,
        rules=tuple(
            RuleAlarms(
                rule=one.id,
                title=one.title,
                signals=_signals([r.alarms_after[place] for r in records], None),
            )
            for place, one in enumerate(alarms_of(protocol))
        ),
    )


def _false(scene: Scene) -> bool | None:
    return None if scene.scenario.drift != "none" else no_worse(scene.plan, scene.effect)


def _signals(after: Sequence[int | None], false: bool | None) -> HarmSignals:
    told = [float(n) for n in after if n is not None]
    return HarmSignals(
        share=counted([n is not None for n in after]),
        pairs=mean(told) if len(told) > 1 else None,
        false=false,
    )


def _estimation(scene: Scene, records: Sequence[Replicate]) -> EstimationAtStop | None:
    """None where the effect drifts, or where no trial has an estimate."""
    known = [r for r in records if r.estimate is not None]
    if scene.scenario.drift != "none" or len(known) < 2:
        return None
    truth = scene.effect
    staged = [i.estimate - truth for r in known for i in r.inferences if i.kind == "stagewise"]
    naive = [r.estimate - truth for r in known if r.estimate is not None]
    return EstimationAtStop(
        replicates=len(known),
        unit="effect",
        bias_naive=mean(naive),
        bias_median_unbiased=mean(staged) if len(staged) > 1 else None,
        rmse_naive=root_mean(naive),
        rmse_median_unbiased=root_mean(staged) if len(staged) > 1 else None,
        coverage_naive=_covered(known, "naive", truth),
        coverage_repeated=_covered(known, "repeated", truth),
        coverage_stagewise=_covered(known, "stagewise", truth),
    )


def _covered(records: Sequence[Replicate], kind: str, truth: float) -> Simulated | None:
    """How often an interval of this kind holds the truth, where a trial has one."""
    held = [
        (i.low is None or i.low <= truth) and (i.high is None or truth <= i.high)
        for r in records
        for i in r.inferences
        if i.kind == kind
    ]
    return counted(held) if held else None


def together_in_trials(
    cast: Cast, trials: Sequence[Trial], plan: Simulation, *, interrupted: bool
) -> SimulatedTogether | None:
    """All hypotheses of the protocol, where they are in the same trials."""
    registered = tuple(hypothesis.id for hypothesis in cast.protocol.hypotheses)
    if len(registered) < 2 or cast.ids != registered:
        return None
    looks = len(cast.protocol.monitoring.looks)
    shown = np.array([[e.look if e.claimed else -1 for e in trial.ends] for trial in trials])
    ended = np.array([trial.look for trial in trials])
    procedure = procedure_of(cast.protocol, registered)
    claimed = claimed_of(procedure, shown) if isinstance(procedure, Gates) else shown >= 0
    nothing = JointTally(
        0,
        np.zeros(1 << len(registered), dtype=np.int64),
        np.zeros((1, looks), dtype=np.int64),
        np.zeros((len(registered), looks), dtype=np.int64),
    )
    tally = nothing.and_(FamilyRecords(np.zeros_like(ended), ended, shown, claimed))
    drifts = cast.scenario.drift != "none"
    return together(
        registered,
        cast.scenario.id,
        tally,
        procedure=cast.protocol.multiplicity.procedure,
        nulls=None if drifts else [_null(scene) for scene in cast.scenes],
        correlation="generated",
        pairs=mean([float(trial.evaluable) for trial in trials]),
        reached=reached(trials, plan.target_se),
        interrupted=interrupted,
    )


def _null(scene: Scene) -> bool:
    """Whether the effect lies on the edge of the null or beyond."""
    return sign_of(scene.plan.endpoint.direction) * (scene.effect - scene.edge) <= EDGE


def counted(found: Sequence[bool]) -> Simulated:
    """A share of trials."""
    return share(sum(found), len(found))


def mean(values: Sequence[float]) -> Simulated:
    """A mean with its standard error, in any order."""
    x = np.array(values)
    centre = exact_sum(x) / len(x)
    spread = exact_sum((x - centre) ** 2) / max(len(x) - 1, 1)
    return Simulated(value=centre, standard_error=math.sqrt(spread / len(x)))


def root_mean(errors: Sequence[float]) -> Simulated:
    """A root mean square with its standard error, by the delta method."""
    found = mean([error**2 for error in errors])
    root = math.sqrt(found.value)
    return Simulated(value=root, standard_error=found.standard_error / (2 * root) if root else 0.0)
