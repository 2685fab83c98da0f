"""What an endpoint's measure makes of a pair: one number per arm, and who is in the denominator.

A candidate without an answer is wrong in a binary measure, has the worst rank in AUC and the
largest loss in the Brier score, in every population that keeps it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.populations import BoolArray, FloatArray, IntArray, Sample
from protocols.endpoints import flag_is_correct
from protocols.schema import Arms
from protocols.schema.conduct import ArmPlan

Measure = Literal["auc", "sensitivity", "specificity", "brier"]

BINARY: tuple[Measure, ...] = ("sensitivity", "specificity")
LARGEST_LOSS = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """The pairs in an endpoint's denominator.

    Values are risk scores (higher is riskier) for AUC, 0 or 1 for a binary measure and squared
    losses for the Brier score.
    """

    measure: Measure
    candidate: FloatArray
    standard_of_care: FloatArray
    outcome: BoolArray
    subject: IntArray

    def take(self, mask: BoolArray) -> "Measured":
        """The pairs for which `mask` is true."""
        return Measured(
            self.measure,
            self.candidate[mask],
            self.standard_of_care[mask],
            self.outcome[mask],
            self.subject[mask],
        )

    @property
    def n(self) -> int:
        return len(self.outcome)

    @property
    def n_events(self) -> int:
        return int(self.outcome.sum())

    @property
    def n_subjects(self) -> int:
        return len(np.unique(self.subject))


def measured(measure: Measure, sample: Sample, arms: Arms) -> Measured:
    """Values of the pairs of `sample` that are in the measure's denominator.

    Every pair of `sample` must have an ascertained outcome.
    """
    match measure:
        case "auc":
            candidate, standard_of_care = risks(sample, arms)
        case "sensitivity" | "specificity":
            candidate, standard_of_care = _correctness(measure, sample)
        case "brier":
            candidate, standard_of_care = losses(sample, sample.outcome == 1, arms)
    data = Measured(measure, candidate, standard_of_care, sample.outcome == 1, sample.subject)
    return data.take(in_denominator(measure, sample))


def in_denominator(measure: Measure, sample: Sample) -> BoolArray:
    """Which pairs the measure looks at: events, non-events, or all."""
    match measure:
        case "sensitivity" | "specificity":
            flags = np.zeros(sample.n, dtype=np.bool_)
            return np.asarray(~np.isnan(_right(measure, flags, sample.outcome)))
        case "auc" | "brier":
            return np.ones(sample.n, dtype=np.bool_)


def risks(sample: Sample, arms: Arms) -> tuple[FloatArray, FloatArray]:
    """Both arms' scores turned so that higher is riskier, candidate first; no answer ranks worst.

    Needs ascertained outcomes: the worst rank is the lowest for an event, the highest otherwise.
    """
    worst = np.where(sample.outcome == 1, -np.inf, np.inf)
    candidate = _sign(arms.candidate) * sample.candidate_score
    candidate = np.where(sample.candidate_answered, candidate, worst)
    return candidate, _sign(arms.standard_of_care) * sample.standard_of_care_score


def higher_is_riskier(plan: ArmPlan) -> bool:
    """Read from what is flagged; the direction of a score is never guessed from data."""
    return plan.decision.flag_when in ("score_at_or_above", "score_above")


def _sign(plan: ArmPlan) -> float:
    return 1.0 if higher_is_riskier(plan) else -1.0


def _correctness(
    measure: Literal["sensitivity", "specificity"], sample: Sample
) -> tuple[FloatArray, FloatArray]:
    candidate = _right(measure, sample.candidate_flag, sample.outcome)
    missed = ~sample.candidate_answered & ~np.isnan(candidate)
    candidate[missed] = 0.0
    return candidate, _right(measure, sample.standard_of_care_flag, sample.outcome)


def _right(
    measure: Literal["sensitivity", "specificity"], flag: BoolArray, outcome: IntArray
) -> FloatArray:
    """1 right, 0 wrong, NaN outside of the denominator, by the protocol's own definition."""
    right = np.empty(len(flag), dtype=np.float64)
    for said in (False, True):
        for happened in (False, True):
            meaning = flag_is_correct(measure, said, happened)
            cell = (flag == said) & (outcome == int(happened))
            right[cell] = np.nan if meaning is None else float(meaning)
    return right


def losses(sample: Sample, happened: BoolArray, arms: Arms) -> tuple[FloatArray, FloatArray]:
    """Squared errors of both arms' event probabilities if `happened` were so, candidate first."""
    candidate = (probability_of_event(sample.candidate_score, arms.candidate) - happened) ** 2
    candidate = np.where(sample.candidate_answered, candidate, LARGEST_LOSS)
    known = probability_of_event(sample.standard_of_care_score, arms.standard_of_care)
    return candidate, (known - happened) ** 2


def probability_of_event(scores: FloatArray, plan: ArmPlan) -> FloatArray:
    """A probability that flags when it is low speaks of the event's absence."""
    return scores if higher_is_riskier(plan) else 1 - scores
