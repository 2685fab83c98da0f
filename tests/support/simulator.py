"""One in-memory trial with known truth, used by evaluation, report and attack tests.

Scores are binormal: an event lies `separation` standard deviations above a non-event on each arm's
latent scale, and the score is the calibrated probability given that value. So the true AUC of an
arm is Phi(separation / sqrt(2)), whatever the prevalence.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.results import LookResults
from gateway.store.records import ArmRecord, Completeness, LockedData, LockedFacts, PairRecord
from protocols.canonical import digest_of
from protocols.schema import Protocol
from protocols.schema.conduct import ArmPlan
from protocols.vocabulary import Fate, OutcomeState
from tests.support.example_protocol import example_protocol

FloatArray = npt.NDArray[np.float64]
START_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is so in the simulated world; shares lie in [0, 1]."""

    n: int = 600
    seed: int = 1
    prevalence: float = 0.25
    standard_of_care_separation: float = 1.2
    candidate_separation: float = 1.2
    correlation: float = 0.6  # of the arms' latent values, given the outcome
    candidate_failure_share: float = 0.0
    candidate_failure_share_in_events: float | None = None  # None: the same as in non-events
    standard_of_care_failure_share: float = 0.0
    missing_outcome_share: float = 0.0
    conflict_share: float = 0.0
    pairs_per_subject: int = 1
    subject_correlation: float = 0.0  # share of the latent variance that a subject's pairs share
    ineligible_share: float = 0.0
    not_sampled_share: float = 0.0
    duplicate_share: float = 0.0
    pending: int = 0  # this many last pairs still wait for the candidate

    @property
    def auc_difference(self) -> float:
        """The true effect, candidate minus standard of care, when every call is answered."""
        return auc_of(self.candidate_separation) - auc_of(self.standard_of_care_separation)


def auc_of(separation: float) -> float:
    return NormalDist().cdf(separation / 2**0.5)


def simulate(protocol: Protocol, truth: Truth, *, look: str | None = None) -> LockedData:
    """A lock of a whole simulated trial, at the last planned look unless another is named."""
    final = protocol.monitoring.looks[-1].id
    return lock_of(protocol, simulate_pairs(protocol, truth), look=look or final)


def simulate_pairs(protocol: Protocol, truth: Truth) -> tuple[PairRecord, ...]:
    rng = np.random.default_rng(truth.seed)
    outcome = rng.random(truth.n) < truth.prevalence
    subject = np.arange(truth.n) // truth.pairs_per_subject
    latent = _latent(rng, truth, outcome=outcome, subject=subject)
    draws = rng.random((7, truth.n))
    ages = rng.integers(20, 95, truth.n)
    women = rng.random(truth.n) < 0.5
    return tuple(
        _pair(
            protocol,
            truth,
            i=i,
            outcome=bool(outcome[i]),
            subject=int(subject[i]),
            latent=(float(latent[0, i]), float(latent[1, i])),
            draws=draws[:, i],
            inputs={"age": int(ages[i]), "sex": "female" if women[i] else "male"},
        )
        for i in range(truth.n)
    )


def lock_of(
    protocol: Protocol,
    pairs: Sequence[PairRecord],
    *,
    look: str,
    accrual_closed: bool = False,
    deviations: tuple[dict[str, str], ...] = (),
    refusals: tuple[dict[str, str], ...] = (),
) -> LockedData:
    """Freeze pairs as a store would: facts counted from the pairs, ordinals in the given order."""
    ordered = tuple(replace(pair, ordinal=i) for i, pair in enumerate(pairs))
    facts = LockedFacts(
        trial=protocol.protocol.id,
        look=look,
        protocol_digest=digest_of(protocol),
        locked_at_us=START_US + 100_000 * MINUTE_US,
        accrual_closed=accrual_closed,
        completeness=_completeness(ordered),
        deviations=deviations,
        refusals=refusals,
        outcome_conflicts=sum(p.outcome_state is OutcomeState.CONFLICT for p in ordered),
    )
    digest = hashlib.sha256(repr((facts, ordered)).encode()).hexdigest()
    return LockedData(lock_id=f"sha256:{digest}", facts=facts, pairs=ordered)


def first_evaluable(pairs: Sequence[PairRecord], n: int) -> tuple[PairRecord, ...]:
    """The pairs that had arrived when the n-th evaluable one did."""
    seen = 0
    for i, pair in enumerate(pairs):
        seen += _is_evaluable(pair)
        if seen == n:
            return tuple(pairs[: i + 1])
    raise AssertionError(f"only {seen} evaluable pairs were simulated")


def _is_evaluable(pair: PairRecord) -> bool:
    answered = pair.standard_of_care.score is not None and pair.candidate.score is not None
    counted = pair.eligible and pair.sampled and pair.duplicate_of is None
    return answered and counted and pair.outcome is not None


def _latent(
    rng: np.random.Generator,
    truth: Truth,
    *,
    outcome: npt.NDArray[np.bool_],
    subject: npt.NDArray[np.int_],
) -> FloatArray:
    """Two correlated unit-variance values per pair, shifted by each arm's separation in events."""
    rho, icc = truth.correlation, truth.subject_correlation
    mix = np.linalg.cholesky(np.array([[1.0, rho], [rho, 1.0]]))
    shared = mix @ rng.standard_normal((2, int(subject.max()) + 1))
    own = mix @ rng.standard_normal((2, truth.n))
    noise = np.sqrt(icc) * shared[:, subject] + np.sqrt(1 - icc) * own
    shift = np.array([truth.standard_of_care_separation, truth.candidate_separation])
    return np.asarray(noise + shift[:, None] * outcome, dtype=np.float64)


def _pair(
    protocol: Protocol,
    truth: Truth,
    *,
    i: int,
    outcome: bool,
    subject: int,
    latent: tuple[float, float],
    draws: FloatArray,
    inputs: dict[str, float | int | str | bool | None],
) -> PairRecord:
    fates = _fates(truth, i=i, outcome=outcome, draws=draws)
    state = OutcomeState.ASCERTAINED
    if draws[5] < truth.missing_outcome_share:
        state = OutcomeState.MISSING
    elif draws[6] < truth.conflict_share:
        state = OutcomeState.CONFLICT
    ineligible = fates[1] is Fate.INELIGIBLE
    return PairRecord(
        ordinal=i,
        pair_id=hashlib.sha256(f"{truth.seed}/{i}".encode()).hexdigest()[:32],
        subject=f"subject-{subject}",
        encounter=f"encounter-{i}",
        arrived_at_us=START_US + i * MINUTE_US,
        eligible=not ineligible,
        ineligible_reason="adult" if ineligible else None,
        sampled=fates[1] is not Fate.NOT_SAMPLED,
        duplicate_of="earlier" if fates[1] is Fate.DUPLICATE else None,
        inputs=inputs,
        standard_of_care=_arm(
            protocol.arms.standard_of_care,
            fates[0],
            probability=_posterior(latent[0], truth.standard_of_care_separation, truth.prevalence),
            duration_ms=2 + 3 * float(draws[0]),
        ),
        candidate=_arm(
            protocol.arms.candidate,
            fates[1],
            probability=_posterior(latent[1], truth.candidate_separation, truth.prevalence),
            duration_ms=5 + 10 * float(draws[1]),
        ),
        outcome_state=state,
        outcome=outcome if state is OutcomeState.ASCERTAINED else None,
        further={},
    )


def _fates(truth: Truth, *, i: int, outcome: bool, draws: FloatArray) -> tuple[Fate, Fate]:
    soc = Fate.FAILED if draws[0] < truth.standard_of_care_failure_share else Fate.ANSWERED
    failing = truth.candidate_failure_share
    if outcome and truth.candidate_failure_share_in_events is not None:
        failing = truth.candidate_failure_share_in_events
    if draws[2] < truth.ineligible_share:
        return soc, Fate.INELIGIBLE
    if draws[3] < truth.not_sampled_share:
        return soc, Fate.NOT_SAMPLED
    if draws[4] < truth.duplicate_share:
        return soc, Fate.DUPLICATE
    if i >= truth.n - truth.pending:
        return soc, Fate.PENDING
    return soc, Fate.TIMED_OUT if draws[1] < failing else Fate.ANSWERED


def _posterior(latent: float, separation: float, prevalence: float) -> float:
    log_odds = np.log(prevalence / (1 - prevalence)) + separation * (latent - separation / 2)
    return float(1 / (1 + np.exp(-log_odds)))


def _arm(plan: ArmPlan, fate: Fate, *, probability: float, duration_ms: float) -> ArmRecord:
    if fate is not Fate.ANSWERED:
        asked = fate is Fate.TIMED_OUT or fate is Fate.FAILED
        return ArmRecord(fate, None, None, None, 800.0 if asked else None, 1.0 if asked else None)
    lower_is_riskier = plan.decision.flag_when in ("score_at_or_below", "score_below")
    score = 1 - probability if lower_is_riskier else probability
    threshold = plan.decision.threshold
    flag = {
        "score_at_or_above": score >= threshold,
        "score_above": score > threshold,
        "score_at_or_below": score <= threshold,
        "score_below": score < threshold,
    }[plan.decision.flag_when]
    return ArmRecord(fate, score, flag, None, duration_ms, 1.0)


def _completeness(pairs: Sequence[PairRecord]) -> Completeness:
    fates: dict[str, dict[str, int]] = {"standard_of_care": {}, "candidate": {}}
    for pair in pairs:
        for arm, record in (
            ("standard_of_care", pair.standard_of_care),
            ("candidate", pair.candidate),
        ):
            fates[arm][record.fate] = fates[arm].get(record.fate, 0) + 1
    return Completeness(len(pairs), len(pairs), 0, (), fates)


def example_results(truth: Truth | None = None, *, final: bool = True) -> LookResults:
    """What the engine finds in a simulated trial of the example protocol, as read from bytes."""
    protocol = example_protocol()
    pairs = simulate_pairs(protocol, truth or Truth(n=700, missing_outcome_share=0.03))
    first = conduct(protocol, lock_of(protocol, first_evaluable(pairs, 300), look="L1"), [])
    if not final:
        return from_bytes(to_bytes(first))
    last = conduct(protocol, lock_of(protocol, pairs, look="L2"), [from_bytes(to_bytes(first))])
    return from_bytes(to_bytes(last))
