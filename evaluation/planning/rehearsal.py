"""The full pipeline, many times: encounters are made, locked, and conducted as in production.

    rehearse(protocol, "scenario id", "H1", workers=2) -> Rehearsal
    scene = scene_named(protocol, "scenario id", "H1")
    blocks(scene, protocol.simulation, workers=2) -> all trials so far, after every block
    summary(scene, trials, reached=False) -> Rehearsal

`rehearse` runs whole trials under a registered scenario until the standard error of the share of
claims is the registered `target_se`, or `most_replicates` are done. Looks come when their evaluable
pairs are there; each is conducted by `evaluation.conduct.conduct` on a lock, with the looks before
as read from their bytes. A trial ends with a claim, with a futility bound (unless the scenario
ignores it), with a bound for harm, or with its last look.

Replicate i draws from its own stream, so that it is the same trial whatever the number of workers
and batches; whether to go on is asked after every `BLOCK` replicates. For many replicates of an
ideal trial use `equipoise design simulate`, with which this agrees: there a trial costs a few
numbers, here as much as its looks.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from evaluation.archive import from_bytes, to_bytes
from evaluation.clocks import planned_lock_us
from evaluation.conduct import conduct
from evaluation.design.simulation.characteristics import Measured
from evaluation.design.simulation.streams import scenario_key
from evaluation.inference.arrays import exact_sum
from evaluation.plan import plan_of
from evaluation.planning.generated import (
    MINUTE_US,
    START_US,
    Encounters,
    Scene,
    encounters,
    scene_of,
)
from evaluation.results import HypothesisResult, LookResults
from evaluation.safety_watch import watch
from gateway.store.arrivals import Arrival
from gateway.store.records import Completeness, LockedData, LockedFacts, PairRecord
from protocols.canonical import digest_of
from protocols.errors import UsageError
from protocols.schema import Protocol, Simulation
from protocols.vocabulary import OutcomeState

BLOCK = 200  # replicates between two questions whether to go on
_CHUNK = 10  # replicates that a worker takes at a time
_GAP = 0.02  # least share of the planned pairs between two looks


Run = Callable[[Callable[[int], "list[Replicate]"], Iterable[int]], "Iterable[list[Replicate]]"]


@dataclass(frozen=True, slots=True)
class Replicate:
    """How one trial ended: at which look (from 0), with what, on how many evaluable pairs.

    `low` and `high` are the registered interval of the hypothesis at that look; None where there
    was no estimate. `alarm_after` counts the evaluable pairs at the first alarm of a safety rule
    between looks.
    """

    number: int
    look: int
    claimed: bool
    stopped_below: bool
    evaluable: int
    estimate: float | None
    information: float | None
    low: float | None
    high: float | None
    alarm_after: int | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Shares and means with Monte Carlo errors; `records` are the trials themselves.

    `bias` (of the naive estimate) and `coverage` are of the trials with an estimate, against the
    scenario's effect; None where it drifts. `alarms` is None without safety rules between looks,
    `pairs_to_alarm` with fewer than two alarms.
    """

    scenario: str
    hypothesis: str
    reached: bool
    claims: Measured
    claims_by_look: tuple[Measured, ...]
    below_by_look: tuple[Measured, ...]
    expected_pairs: Measured
    bias: Measured | None
    coverage: Measured | None
    alarms: Measured | None
    pairs_to_alarm: Measured | None
    records: tuple[Replicate, ...]


def rehearse(protocol: Protocol, scenario: str, hypothesis: str, *, workers: int = 1) -> Rehearsal:
    """Whole trials of one hypothesis under one registered scenario, by their ids.

    Raises `UsageError` where the protocol registers no such scenario or no size design for the
    hypothesis, or where no encounters can be made for its measure and values.
    """
    scene, plan = scene_named(protocol, scenario, hypothesis), protocol.simulation
    assert plan is not None  # noqa: S101 - scene_named has found the scenario in it
    *_, records = blocks(scene, plan, workers=workers)
    return summary(scene, records, reached=reached(records, plan.target_se))


def blocks(scene: Scene, plan: Simulation, *, workers: int = 1) -> Iterator[list[Replicate]]:
    """All trials so far, after every block, for those who show progress or may stop early."""
    records: list[Replicate] = []
    with _mapped(workers) as run:
        while len(records) < plan.most_replicates and not reached(records, plan.target_se):
            last = min(len(records) + BLOCK, plan.most_replicates)
            starts = range(len(records), last, _CHUNK)
            parts = run(partial(_chunk, scene, plan.seed, last), starts)
            records = records + [record for part in parts for record in part]
            yield records


def scene_named(protocol: Protocol, scenario: str, hypothesis: str) -> Scene:
    """The registered scenario for a hypothesis; raises as `rehearse`."""
    plans = plan_of(protocol, protocol.monitoring.looks[-1].id).hypotheses
    asked = protocol.simulation.scenarios if protocol.simulation is not None else ()
    plan = next((p for p in plans if p.hypothesis.id == hypothesis), None)
    found = next((s for s in asked if s.id == scenario), None)
    designs = protocol.sample_size.design
    design = next((d for d in designs if d.hypothesis == hypothesis), None)
    if plan is None or found is None or design is None:
        message = f"No scenario {scenario}, or no size design of {hypothesis}, is registered."
        raise UsageError("REHEARSAL_UNKNOWN", message)
    return scene_of(plan, found, design)


@contextmanager
def _mapped(workers: int) -> Iterator[Run]:
    """`map`, or the same over processes; results come in the order of what was given."""
    if workers <= 1:
        yield map
        return
    with ProcessPoolExecutor(workers) as pool:
        yield pool.map


def _chunk(scene: Scene, seed: int, last: int, first: int) -> list[Replicate]:
    return replicates(scene, seed=seed, first=first, n=min(_CHUNK, last - first))


def replicates(scene: Scene, *, seed: int, first: int, n: int) -> list[Replicate]:
    """Trials first, ..., first + n - 1, each the same whatever else is run."""
    name = f"rehearsed:{scene.scenario.id}:{scene.plan.hypothesis.id}"
    key = np.array(scenario_key(seed, name), dtype=np.uint64)
    found = []
    for number in range(first, first + n):
        stream = np.random.Philox(key=key, counter=[0, 0, 0, number])
        found.append(_trial(scene, number, np.random.Generator(stream)))
    return found


def _trial(scene: Scene, number: int, rng: np.random.Generator) -> Replicate:
    protocol = scene.protocol
    looks = protocol.monitoring.looks
    planned = protocol.sample_size.evaluable_pairs
    targets = _targets(scene, rng)
    enrolled = math.ceil(max(targets[-1], planned) / scene.design.ascertainment)
    made = encounters(scene, enrolled, rng)
    known = np.cumsum(~made.never)
    before: list[LookResults] = []
    for place, (look, target) in enumerate(zip(looks, targets, strict=True)):
        final = place == len(looks) - 1
        cut = min(int(np.searchsorted(known, target)) + 1, enrolled)
        data = _locked(scene, _seen(made, cut, final=final), look=look.id, final=final)
        results = from_bytes(to_bytes(conduct(protocol, data, before)))
        found = next(h for h in results.hypotheses if h.id == scene.plan.hypothesis.id)
        below = _below(scene, found)
        if found.shown or below or final:
            break
        before.append(results)
    interval = found.primary.intervals[0] if found.primary.intervals else None
    return Replicate(
        number=number,
        look=place,
        claimed=found.shown,
        stopped_below=below and not found.shown,
        evaluable=results.facts.evaluable_pairs,
        estimate=found.primary.estimate,
        information=found.primary.information,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        alarm_after=_alarm_after(protocol, data.pairs),
    )


def _targets(scene: Scene, rng: np.random.Generator) -> list[float]:
    """Evaluable pairs at which each look comes, moved by up to `jitter` and kept in order."""
    planned, jitter = scene.protocol.sample_size.evaluable_pairs, scene.scenario.jitter
    looks = scene.protocol.monitoring.looks
    factors = 1 + rng.uniform(-jitter, jitter, len(looks))
    targets: list[float] = []
    for look, factor in zip(looks, factors.tolist(), strict=True):
        least = targets[-1] + _GAP * planned if targets else 2.0
        targets.append(max(round(look.information * planned * factor), math.ceil(least)))
    return targets


def _seen(made: Encounters, cut: int, *, final: bool) -> tuple[PairRecord, ...]:
    """The pairs so far, without the outcomes that never come or are still on their way."""
    gone = made.never[:cut] | (made.late[:cut] & (not final))
    return tuple(
        replace(pair, outcome=None, outcome_state=OutcomeState.MISSING) if missing else pair
        for pair, missing in zip(made.pairs[:cut], gone.tolist(), strict=True)
    )


def _locked(scene: Scene, pairs: Sequence[PairRecord], *, look: str, final: bool) -> LockedData:
    n = len(pairs)
    planned = planned_lock_us(scene.protocol.monitoring, look)
    fates = {arm: {"answered": n} for arm in ("standard_of_care", "candidate")}
    facts = LockedFacts(
        trial=scene.protocol.protocol.id,
        look=look,
        protocol_digest=digest_of(scene.protocol),
        locked_at_us=START_US + (n + 1) * MINUTE_US if planned is None else planned,
        accrual_closed=final,
        completeness=Completeness(n, n, 0, (), fates),
        deviations=(),
        refusals=(),
        outcome_conflicts=0,
    )
    name = f"rehearsed/{scene.scenario.id}/{look}/{n}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    return LockedData(lock_id=f"sha256:{digest}", facts=facts, pairs=tuple(pairs))


def _below(scene: Scene, found: HypothesisResult) -> bool:
    """Whether the look ends the trial below: harm always, futility unless it is ignored."""
    bound = found.boundaries[-1]
    futile = any(reading.crossed is True for reading in bound.futility)
    harmful = any(reading.crossed is True for reading in bound.harm)
    return harmful or (futile and not scene.scenario.ignore_futility)


def _alarm_after(protocol: Protocol, pairs: Sequence[PairRecord]) -> int | None:
    """How many evaluable pairs had come when a rule between looks first raised its alarm."""
    if not protocol.anytime_safety:
        return None
    arrivals = [
        Arrival(p, p.arrived_at_us, None if p.outcome is None else p.arrived_at_us) for p in pairs
    ]
    units = [one.raised_by for one in watch(protocol, arrivals).rules]
    raised = [unit.entered_at_us for unit in units if unit is not None]
    if not raised:
        return None
    times = [a.entered_at_us for a in arrivals if a.entered_at_us is not None]
    return sum(at <= min(raised) for at in times)


def reached(records: Sequence[Replicate], target_se: float) -> bool:
    """Whether the share of claims is known as well as registered.

    Of (claims + 1) / (n + 2), so that a block without any claim does not look exact."""
    n = len(records)
    share = (sum(r.claimed for r in records) + 1) / (n + 2)
    return n > 0 and math.sqrt(share * (1 - share) / n) <= target_se


def summary(scene: Scene, records: Sequence[Replicate], *, reached: bool) -> Rehearsal:
    """What the trials come to; their order does not matter."""
    looks = range(len(scene.protocol.monitoring.looks))
    drifts, truth = scene.scenario.drift != "none", scene.scenario.true_effect
    known = [r for r in records if r.estimate is not None and r.low is not None]
    watched = bool(scene.protocol.anytime_safety)
    alarms = [r.alarm_after for r in records if r.alarm_after is not None]
    held = [r.low <= truth <= r.high for r in known if r.low is not None and r.high is not None]
    return Rehearsal(
        scenario=scene.scenario.id,
        hypothesis=scene.plan.hypothesis.id,
        reached=reached,
        claims=_share([r.claimed for r in records]),
        claims_by_look=tuple(_share([r.claimed and r.look == k for r in records]) for k in looks),
        below_by_look=tuple(
            _share([r.stopped_below and r.look == k for r in records]) for k in looks
        ),
        expected_pairs=_mean([float(r.evaluable) for r in records]),
        bias=None
        if drifts or len(known) < 2
        else _mean([r.estimate - truth for r in known if r.estimate is not None]),
        coverage=None if drifts or not held else _share(held),
        alarms=_share([r.alarm_after is not None for r in records]) if watched else None,
        pairs_to_alarm=_mean([float(n) for n in alarms]) if len(alarms) > 1 else None,
        records=tuple(sorted(records, key=lambda r: r.number)),
    )


def _share(found: Sequence[bool]) -> Measured:
    share = sum(found) / len(found)
    return Measured(share, math.sqrt(share * (1 - share) / len(found)))


def _mean(values: Sequence[float]) -> Measured:
    x = np.array(values)
    mean = exact_sum(x) / len(x)
    spread = exact_sum((x - mean) ** 2) / max(len(x) - 1, 1)
    return Measured(mean, math.sqrt(spread / len(x)))
