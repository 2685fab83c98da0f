"""The full pipeline, many times: encounters are made, locked, and conducted as in production.

    rehearse(protocol, "scenario id", "H1", workers=2) -> Rehearsal
    casts_of(protocol, scenario) -> hypotheses whose encounters are the same, and what is left out
    waves(cast, protocol.simulation, hand=hand, workers=2) -> all trials so far, after every wave

Whole trials are run under a registered scenario until the standard error of every share of claims
is the registered `target_se`, or `most_replicates` are done. Looks come when their evaluable pairs
are there; each is conducted by `evaluation.conduct.conduct` on a lock, with the looks before as
read from their bytes. A hypothesis ends with its claim, with a futility bound (unless the scenario
ignores it), with a bound for harm that does more than notify, or with the last look; the trial
ends with the last of its hypotheses.

Replicate i draws from its own stream, so that it is the same trial whatever the number of workers
and batches; whether to go on is asked after every `BLOCK` replicates. For many replicates of an
ideal trial use sufficient statistics, with which this agrees: there a trial costs a few numbers,
here as much as its looks. What the trials come to is in `rehearsed`.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.archive import from_bytes, to_bytes
from evaluation.clocks import planned_lock_us
from evaluation.conduct import conduct
from evaluation.design.simulation.streams import scenario_key
from evaluation.plan import plan_of
from evaluation.planning.generated import (
    MINUTE_US,
    START_US,
    Cast,
    Encounters,
    Scene,
    cast_of,
    encounters,
    scene_of,
)
from evaluation.planning.workers import Hand
from evaluation.results import HypothesisResult, LookResults
from evaluation.safety_watch import watch
from gateway.store.arrivals import Arrival
from gateway.store.records import Completeness, LockedData, LockedFacts, PairRecord
from protocols.canonical import digest_of
from protocols.errors import UsageError
from protocols.schema import AnytimeGroup, AnytimeRule, Protocol, Scenario, Simulation
from protocols.vocabulary import OutcomeState

BLOCK = 200  # replicates between two questions whether to go on
CHUNK = 10  # replicates that a worker takes at a time
GATED = ("fixed_sequence", "holm", "hochberg", "hommel", "fallback", "graph")
_GAP = 0.02  # least share of the planned pairs between two looks


@dataclass(frozen=True, slots=True)
class Limits:
    """One inference at the stop; a limit that does not exist is None, and so is open."""

    kind: str  # naive | repeated | stagewise
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Replicate:
    """How one hypothesis of a trial ended: at which look (from 0), with what, on how many pairs.

    Pairs are evaluable ones. `estimate` is the naive one, None where there is none. `harm_after`
    are the pairs at the first look that crossed a harm bound up to then, `alarms_after` those at
    the first alarm of each of `alarms_of`, in the whole trial.
    """

    number: int
    look: int
    claimed: bool
    futile: bool
    harmful: bool
    evaluable: int
    estimate: float | None
    information: float | None
    inferences: tuple[Limits, ...]
    harm_after: int | None
    alarms_after: tuple[int | None, ...]

    @property
    def alarm_after(self) -> int | None:
        """The pairs at the first of all alarms."""
        return min((n for n in self.alarms_after if n is not None), default=None)


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: where it ended, and how each of its hypotheses did."""

    number: int
    look: int
    evaluable: int
    ends: tuple[Replicate, ...]


def casts_of(protocol: Protocol, scenario: Scenario) -> tuple[list[Cast], list[str]]:
    """All hypotheses in one cast; or each in its own where nothing binds them and that is possible.

    What cannot be rehearsed is left out with a sentence.
    """
    wanted = [hypothesis.id for hypothesis in protocol.hypotheses]
    try:
        scenes = [_scene(protocol, scenario, code) for code in wanted]
        return [cast_of(scenes)], []
    except UsageError as problem:
        said = str(problem)
    if protocol.multiplicity.procedure in GATED:
        bound = "their procedure tests all hypotheses together, so none is rehearsed alone"
        return [], [f"{scenario.id}: {said.rstrip('.')}; {bound}."]
    casts, notes = [], [f"{scenario.id}: {said}"] if len(wanted) > 1 else []
    for code in wanted:
        try:
            casts.append(cast_of([_scene(protocol, scenario, code)]))
        except UsageError as problem:
            notes.append(f"{scenario.id}, {code}: {problem}")
    return casts, list(dict.fromkeys(notes))


def _scene(protocol: Protocol, scenario: Scenario, hypothesis: str) -> Scene:
    plans = plan_of(protocol, protocol.monitoring.looks[-1].id).hypotheses
    plan = next((p for p in plans if p.hypothesis.id == hypothesis), None)
    designs = protocol.sample_size.design
    design = next((d for d in designs if d.hypothesis == hypothesis), None)
    if plan is None or design is None:
        raise UsageError("REHEARSAL_UNKNOWN", f"No size design of {hypothesis} is registered.")
    return scene_of(plan, scenario, design)


def scene_named(protocol: Protocol, scenario: str, hypothesis: str) -> Scene:
    """The registered scenario for a hypothesis.

    Raises `UsageError` where the protocol registers no such scenario or no size design for the
    hypothesis, or where no encounters can be made for its measure and values.
    """
    asked = protocol.simulation.scenarios if protocol.simulation is not None else ()
    found = next((s for s in asked if s.id == scenario), None)
    if found is None:
        raise UsageError("REHEARSAL_UNKNOWN", f"No scenario {scenario} is registered.")
    return _scene(protocol, found, hypothesis)


def waves(cast: Cast, plan: Simulation, *, hand: Hand, workers: int) -> Iterator[list[Trial]]:
    """All trials so far, after every wave of chunks, until enough is known."""
    found: list[Trial] = []
    while not enough(found, plan):
        until = min((len(found) // BLOCK + 1) * BLOCK, plan.most_replicates)
        starts = range(len(found), min(until, len(found) + workers * CHUNK), CHUNK)
        asked = [(cast, plan.seed, first, min(CHUNK, until - first)) for first in starts]
        found = found + [trial for part in hand(trials, asked) for trial in part]
        yield found


def enough(found: Sequence[Trial], plan: Simulation) -> bool:
    """Asked at the end of a block only."""
    n = len(found)
    return n >= plan.most_replicates or (n % BLOCK == 0 and reached(found, plan.target_se))


def reached(found: Sequence[Trial], target_se: float) -> bool:
    """Whether every share of claims is known as well as registered.

    Of (claims + 1) / (n + 2), so that a block without any claim does not look exact.
    """
    n = len(found)
    counts = [
        sum(end.claimed for end in ends) for ends in zip(*(t.ends for t in found), strict=True)
    ]
    shares = [(count + 1) / (n + 2) for count in counts]
    return n > 0 and all(math.sqrt(p * (1 - p) / n) <= target_se for p in shares)


def replicates(scene: Scene, *, seed: int, first: int, n: int) -> list[Replicate]:
    """Trials of one hypothesis alone."""
    return [trial.ends[0] for trial in trials(Cast((scene,)), seed, first, n)]


def trials(cast: Cast, seed: int, first: int, n: int) -> list[Trial]:
    """Trials first, ..., first + n - 1, each the same whatever else is run."""
    name = f"rehearsed:{cast.scenario.id}:{'+'.join(cast.ids)}"
    key = np.array(scenario_key(seed, name), dtype=np.uint64)
    found = []
    for number in range(first, first + n):
        stream = np.random.Philox(key=key, counter=[0, 0, 0, number])
        found.append(_trial(cast, number, np.random.Generator(stream)))
    return found


def _trial(cast: Cast, number: int, rng: np.random.Generator) -> Trial:
    protocol = cast.protocol
    looks = protocol.monitoring.looks
    planned = protocol.sample_size.evaluable_pairs
    targets = _targets(cast, rng)
    resizing = protocol.re_estimation
    most = planned if resizing is None else max(planned, resizing.cap_pairs)
    enrolled = math.ceil(max(targets[-1], planned) * most / planned / cast.design.ascertainment)
    made = encounters(cast, enrolled, rng)
    known = np.cumsum(~made.never)
    before: list[LookResults] = []
    ends: dict[str, Replicate] = {}
    harm: dict[str, int] = {}
    for place, (look, target) in enumerate(zip(looks, targets, strict=True)):
        final = place == len(looks) - 1
        wanted = target * _growth(before, planned)
        cut = min(int(np.searchsorted(known, wanted)) + 1, enrolled)
        data = _locked(cast, _seen(made, cut, final=final), look=look.id, final=final)
        results = from_bytes(to_bytes(conduct(protocol, data, before)))
        for found in results.hypotheses:
            if found.id in cast.ids and found.id not in ends:
                end = _end(cast, found, number, place, results.facts.evaluable_pairs)
                if end.harm_after is not None:
                    harm.setdefault(found.id, end.harm_after)
                if end.claimed or end.futile or end.harmful or final:
                    ends[found.id] = replace(end, harm_after=harm.get(found.id))
        if len(ends) == len(cast.ids):
            break
        before.append(results)
    alarms = _alarms_after(protocol, data.pairs)
    return Trial(
        number=number,
        look=place,
        evaluable=results.facts.evaluable_pairs,
        ends=tuple(replace(ends[code], alarms_after=alarms) for code in cast.ids),
    )


def _end(cast: Cast, found: HypothesisResult, number: int, place: int, evaluable: int) -> Replicate:
    """How a hypothesis stands at a look. Harm ends it unless its bounds only notify."""
    bound = found.boundaries[-1]
    low = any(reading.crossed is True for reading in bound.futility)
    futile = low and not cast.scenario.ignore_futility and not found.shown
    signals = [reading for reading in bound.harm if reading.crossed is True]
    harmful = any(reading.action != "notify" for reading in signals) and not found.shown
    said = found.sequential.inferences if found.sequential is not None else ()
    return Replicate(
        number=number,
        look=place,
        claimed=found.shown,
        futile=futile and not harmful,
        harmful=harmful,
        evaluable=evaluable,
        estimate=found.primary.estimate,
        information=found.primary.information,
        inferences=tuple(Limits(i.kind, i.estimate, i.low, i.high) for i in said),
        harm_after=evaluable if signals else None,
        alarms_after=(),
    )


def _growth(before: Sequence[LookResults], planned: int) -> float:
    """By how much a look before has enlarged the planned total."""
    record = before[-1].re_estimation if before else None
    return 1.0 if record is None else record.total_pairs / planned


def _targets(cast: Cast, rng: np.random.Generator) -> list[float]:
    """Evaluable pairs at which each look comes, moved by up to `jitter` and kept in order."""
    planned, jitter = cast.protocol.sample_size.evaluable_pairs, cast.scenario.jitter
    looks = cast.protocol.monitoring.looks
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


def _locked(cast: Cast, pairs: Sequence[PairRecord], *, look: str, final: bool) -> LockedData:
    n = len(pairs)
    planned = planned_lock_us(cast.protocol.monitoring, look)
    fates = {arm: {"answered": n} for arm in ("standard_of_care", "candidate")}
    facts = LockedFacts(
        trial=cast.protocol.protocol.id,
        look=look,
        protocol_digest=digest_of(cast.protocol),
        locked_at_us=START_US + (n + 1) * MINUTE_US if planned is None else planned,
        accrual_closed=final,
        completeness=Completeness(n, n, 0, (), fates),
        deviations=(),
        refusals=(),
        outcome_conflicts=0,
    )
    name = f"rehearsed/{cast.scenario.id}/{look}/{n}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    return LockedData(lock_id=f"sha256:{digest}", facts=facts, pairs=tuple(pairs))


def alarms_of(protocol: Protocol) -> tuple[AnytimeRule | AnytimeGroup, ...]:
    """What is watched between looks: rules, then groups of them.

    The mix of fates is not: in these encounters every asking is answered.
    """
    return (*protocol.anytime_safety, *protocol.anytime_groups)


def _alarms_after(protocol: Protocol, pairs: Sequence[PairRecord]) -> tuple[int | None, ...]:
    """How many evaluable pairs had come when each of `alarms_of` first raised its alarm."""
    if not protocol.anytime_safety:
        return ()
    arrivals = [
        Arrival(p, p.arrived_at_us, None if p.outcome is None else p.arrived_at_us) for p in pairs
    ]
    times = [a.entered_at_us for a in arrivals if a.entered_at_us is not None]
    watched = watch(protocol, arrivals)
    raised = [rule.raised_by for rule in watched.rules]
    raised += [group.raised_by for group in watched.groups]
    return tuple(
        None if unit is None else sum(at <= unit.entered_at_us for at in times) for unit in raised
    )
