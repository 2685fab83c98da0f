"""Encounters that never were, under a registered scenario: what a lock would hold of them.

For hypotheses on the area under the ROC curve (binormal scores) and on answers that are right or
wrong among events, non-events or all. What a scenario's words mean is as in `conducts`; what a pair
is made of:

- clusters: subjects have `pairs_per_subject` pairs on average, in random order of arrival; a
  subject shares `icc` of the variance of the latent values that its pairs are made from;
- areas: both scores are normal given the outcome, an event lying sqrt(2) Phi^-1(area) higher;
- right or wrong: only-candidate, only-standard-of-care and agreeing pairs by the discordance and
  the effect. Agreeing pairs are right in half of the cases, or as often as a registered
  `share_standard_of_care` asks for; accuracy has events in half of the pairs without a prevalence.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.orientation import null_effect, null_ratio, sign_of
from evaluation.plan import HypothesisPlan
from evaluation.planning.conducts import effect_in
from gateway.store.records import ArmRecord, PairRecord
from protocols.errors import UsageError
from protocols.reading import flag_of
from protocols.schema import ArmPlan, Protocol, Scenario, SizeDesign
from protocols.vocabulary import Fate, OutcomeState

RIGHT_OR_WRONG = frozenset({"sensitivity", "specificity", "accuracy"})
START_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
MINUTE_US = 60_000_000
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Scene:
    """One hypothesis under one scenario; `values` are the size design's with those of the scenario.

    `edge` is the effect on the edge of the null.
    """

    protocol: Protocol
    plan: HypothesisPlan
    scenario: Scenario
    design: SizeDesign
    values: Mapping[str, float]
    edge: float

    @property
    def measure(self) -> str:
        return str(self.plan.endpoint.measure)

    @property
    def effect(self) -> float:
        return effect_in(self.scenario, self.plan.hypothesis.id)


@dataclass(frozen=True, slots=True)
class Cast:
    """Hypotheses whose encounters are the same ones; the first says how subjects come back."""

    scenes: tuple[Scene, ...]

    @property
    def protocol(self) -> Protocol:
        return self.scenes[0].protocol

    @property
    def scenario(self) -> Scenario:
        return self.scenes[0].scenario

    @property
    def design(self) -> SizeDesign:
        return self.scenes[0].design

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(scene.plan.hypothesis.id for scene in self.scenes)

    def about(self, outcome: bool) -> Scene:
        """Whose values say who is right among events, or among non-events."""
        word = "sensitivity" if outcome else "specificity"
        return next((s for s in self.scenes if s.measure in (word, "accuracy")), self.scenes[0])


@dataclass(frozen=True, slots=True)
class Encounters:
    """Pairs with the outcome that is true, and whether it never comes or comes late."""

    pairs: tuple[PairRecord, ...]
    never: BoolArray
    late: BoolArray


def scene_of(plan: HypothesisPlan, scenario: Scenario, design: SizeDesign) -> Scene:
    """Raises `UsageError` for a measure or values that no encounters can be made from."""
    null = null_ratio if plan.scale == "ratio" else null_effect
    values = {**design.nuisance, **scenario.nuisance}
    edge = null(plan.margin, plan.endpoint.direction)
    scene = Scene(plan.protocol, plan, scenario, design, values, edge)
    if scene.measure not in RIGHT_OR_WRONG | {"auc"}:
        message = f"No encounters can be made for {scene.measure}; simulate its design instead."
        raise UsageError("REHEARSAL_MEASURE", message)
    for effect in (scene.effect, edge if scenario.drift == "half_way" else None):
        if effect is not None:
            _possible(scene, effect)
    return scene


def cast_of(scenes: Sequence[Scene]) -> Cast:
    """Raises `UsageError(REHEARSAL_TOGETHER)` where no encounters serve all of them."""
    measures = {scene.measure for scene in scenes}
    if not (len(measures) == 1 or measures == {"sensitivity", "specificity"}):
        raise _apart(f"no encounters serve {', '.join(sorted(measures))} at once")
    for what, values in (
        ("outcomes", {scene.plan.endpoint.outcome for scene in scenes}),
        ("prevalences", {scene.values.get("prevalence") for scene in scenes}),
        ("subjects or ascertainments", {_coming(scene.design) for scene in scenes}),
    ):
        if len(values) > 1:
            raise _apart(f"their {what} differ")
    for measure in measures:
        alike = [scene for scene in scenes if scene.measure == measure]
        if len({_truth(scene) for scene in alike}) > 1:
            raise _apart(f"their values or effects for {measure} differ")
    return Cast(tuple(scenes))


def _coming(design: SizeDesign) -> tuple[float, ...]:
    return (design.pairs_per_subject, design.cv_of_pairs, design.icc, design.ascertainment)


def _truth(scene: Scene) -> tuple[object, ...]:
    """What encounters of one measure are made from."""
    later = scene.edge if scene.scenario.drift == "half_way" else None
    return (scene.effect, scene.plan.scale, later, tuple(sorted(scene.values.items())))


def _apart(why: str) -> UsageError:
    return UsageError("REHEARSAL_TOGETHER", f"The hypotheses are not rehearsed together: {why}.")


def encounters(cast: Cast, n: int, rng: np.random.Generator) -> Encounters:
    """`n` encounters in order of arrival; everything random comes from `rng`."""
    subject = _subjects(cast.design, n, rng)
    scene = cast.scenes[0]
    prevalence = scene.values.get("prevalence", HALF)
    outcome = rng.random(n) < prevalence
    if scene.measure == "auc":
        arms = _ranked(scene, _effects(scene, n), outcome, subject=subject, rng=rng)
    else:
        arms = _judged(cast, outcome, subject=subject, rng=rng)
    missing = rng.random((2, n))
    pairs = tuple(
        _pair(scene, i, subject=int(subject[i]), outcome=bool(outcome[i]), scores=arms[:, i])
        for i in range(n)
    )
    asked = cast.scenario
    return Encounters(pairs, missing[0] < asked.missing_share, missing[1] < asked.late_share)


def _effects(scene: Scene, n: int) -> FloatArray:
    effect = np.full(n, scene.effect)
    if scene.scenario.drift == "half_way":
        planned = scene.protocol.sample_size.evaluable_pairs / scene.design.ascertainment
        effect[math.ceil(HALF * planned) :] = scene.edge
    return effect


def _subjects(design: SizeDesign, n: int, rng: np.random.Generator) -> IntArray:
    """The subject of each pair; sizes beyond one are gamma-Poisson where they vary that much."""
    extra = design.pairs_per_subject - 1
    if extra <= 0:
        return np.arange(n)
    variance = (design.cv_of_pairs * design.pairs_per_subject) ** 2
    if variance > extra:
        shape = extra**2 / (variance - extra)
        more = rng.negative_binomial(shape, shape / (shape + extra), n)
    else:
        more = np.floor(extra) + (rng.random(n) < extra % 1)
    label = np.repeat(np.arange(n), 1 + np.asarray(more, dtype=np.int64))[:n]
    return np.asarray(rng.permutation(label), dtype=np.int64)


def _latent(scene: Scene, subject: IntArray, rows: int, rng: np.random.Generator) -> FloatArray:
    """Standard normals, (rows, pairs), of which a subject shares `icc` of the variance."""
    n, icc = len(subject), scene.design.icc
    own, shared = rng.standard_normal((rows, n)), rng.standard_normal((rows, n))
    return np.asarray(math.sqrt(icc) * shared[:, subject] + math.sqrt(1 - icc) * own)


def _ranked(
    scene: Scene,
    effect: FloatArray,
    outcome: BoolArray,
    *,
    subject: IntArray,
    rng: np.random.Generator,
) -> FloatArray:
    values = scene.values
    rho = np.where(
        outcome,
        values.get("correlation_events", values.get("correlation", 0.0)),
        values.get("correlation_nonevents", values.get("correlation", 0.0)),
    )
    first, second = _latent(scene, subject, 2, rng)
    soc_area = values["auc_standard_of_care"]
    higher = {area: _separation(area) for area in {soc_area, *(soc_area + effect).tolist()}}
    shift = np.array([higher[area] for area in (soc_area + effect).tolist()])
    soc = first + higher[soc_area] * outcome
    candidate = rho * first + np.sqrt(1 - rho**2) * second + shift * outcome
    risk = 1 / (1 + np.exp(-np.stack([soc, candidate])))
    return np.stack(
        [
            _ranged(scene.protocol.arms.standard_of_care, risk[0]),
            _ranged(scene.protocol.arms.candidate, risk[1]),
        ]
    )


def _separation(area: float) -> float:
    return math.sqrt(2) * NormalDist().inv_cdf(area)


def _ranged(arm: ArmPlan, risk: FloatArray) -> FloatArray:
    """Risks in (0, 1) as scores in the arm's range, higher where it says that higher is riskier."""
    lower_is_riskier = arm.decision.flag_when in ("score_at_or_below", "score_below")
    share = 1 - risk if lower_is_riskier else risk
    return np.asarray(arm.output.low + (arm.output.high - arm.output.low) * share)


def _cells(cast: Cast, outcome: BoolArray) -> FloatArray:
    """`cells_of` for each pair, (3, pairs): events and non-events may have their own."""
    found = np.empty((3, len(outcome)))
    for value in (True, False):
        scene, rows = cast.about(value), outcome == value
        effect = _effects(scene, len(outcome))[rows].tolist()
        table = {one: cells_of(scene, one) for one in set(effect)}
        found[:, rows] = np.array([table[one] for one in effect]).reshape(-1, 3).T
    return found


def _judged(
    cast: Cast, outcome: BoolArray, *, subject: IntArray, rng: np.random.Generator
) -> FloatArray:
    """Scores on either side of the threshold, from who is right."""
    scene = cast.scenes[0]
    soc_only, neither, both = _cells(cast, outcome)
    ndtr = np.vectorize(NormalDist().cdf)
    u = ndtr(_latent(scene, subject, 1, rng)[0])
    soc_right = (u < soc_only) | ((u >= soc_only + neither) & (u < soc_only + neither + both))
    candidate_right = u >= soc_only + neither
    arms = scene.protocol.arms
    return np.stack(
        [
            _flagging(arms.standard_of_care, soc_right == outcome),
            _flagging(arms.candidate, candidate_right == outcome),
        ]
    )


def cells_of(scene: Scene, effect: float) -> tuple[float, float, float]:
    """Shares of only the standard of care right, neither, both; the rest is only the candidate."""
    discordant, share = scene.values["discordance"], scene.values.get("share_standard_of_care")
    if scene.plan.scale == "ratio":
        if share is None:
            raise KeyError("share_standard_of_care")
        effect = (effect - 1) * share
    soc_only = (discordant - effect) / 2
    both = (1 - discordant) / 2 if share is None else share - soc_only
    return soc_only, 1 - discordant - both, both


def _flagging(arm: ArmPlan, flagged: BoolArray) -> FloatArray:
    """A score on the registered side of the threshold."""
    output, threshold = arm.output, arm.decision.threshold
    above, below = (threshold + output.high) / 2, (threshold + output.low) / 2
    sides = {flag_of(score, arm.decision): score for score in (above, below)}
    if len(sides) < 2:
        message = f"{arm.name} flags on one side of its range only."
        raise UsageError("REHEARSAL_THRESHOLD", message)
    return np.where(flagged, sides[True], sides[False])


def _pair(scene: Scene, i: int, *, subject: int, outcome: bool, scores: FloatArray) -> PairRecord:
    arms = scene.protocol.arms
    name = hashlib.sha256(f"rehearsed/{i}".encode()).hexdigest()[:32]
    return PairRecord(
        ordinal=i + 1,
        pair_id=name,
        subject=f"subject-{subject}",
        encounter=f"encounter-{i}",
        arrived_at_us=START_US + i * MINUTE_US,
        eligible=True,
        ineligible_reason=None,
        sampled=True,
        duplicate_of=None,
        inputs={field.name: None for field in scene.protocol.inputs.fields if field.stored},
        standard_of_care=_answer(arms.standard_of_care, float(scores[0])),
        candidate=_answer(arms.candidate, float(scores[1])),
        outcome_state=OutcomeState.ASCERTAINED,
        outcome=outcome,
        further={},
    )


def _answer(arm: ArmPlan, score: float) -> ArmRecord:
    return ArmRecord(Fate.ANSWERED, score, flag_of(score, arm.decision), None, 1.0, 1.0)


def _possible(scene: Scene, effect: float) -> None:
    """Raises `UsageError` where the values leave no room for this effect, or are not there."""
    try:
        if scene.measure == "auc":
            areas = scene.values["auc_standard_of_care"], scene.values["prevalence"]
            shares = [*areas, areas[0] + effect]
            fits = all(0 < share < 1 for share in shares)
        else:
            cells = cells_of(scene, effect)
            fits = all(cell >= 0 for cell in (*cells, 1 - sum(cells)))
    except KeyError as lacking:
        message = f"A rehearsal of {scene.plan.hypothesis.id} asks for the value {lacking}."
        raise UsageError("REHEARSAL_VALUES", message) from lacking
    if not fits or sign_of(scene.plan.endpoint.direction) < 0:
        message = f"The values of {scene.scenario.id} leave no room for an effect of {effect:g}."
        raise UsageError("REHEARSAL_VALUES", message)
