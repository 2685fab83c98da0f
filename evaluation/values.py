"""What an endpoint's measure makes of one pair: one number per arm, NaN outside the denominator.

A candidate without an answer that its population keeps is wrong in a binary measure, has the worst
rank in a ranking, the largest loss in a loss and the largest error in its registered range. Where a
measure is about acting on alerts (`recall_at_alert_rate`, `net_benefit`) it raises none. In raw
answers (`score`, `category`) it has the worst value for a hypothesis, and is left out of analyses,
which an invented answer would distort.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.columns import Column
from evaluation.inference.continuous.tolerance import within_tolerance
from evaluation.populations import UNKNOWN, BoolArray, FloatArray, IntArray, Sample
from protocols.endpoints import flag_is_correct
from protocols.schema import Arms, Endpoint
from protocols.schema.conduct import ArmPlan
from protocols.vocabulary import Direction

LARGEST_LOSS = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a measure may look at; `happened` is 1, 0 or UNKNOWN.

    `tested`: the values are for a hypothesis, where a silent candidate must not go unpunished.
    """

    endpoint: Endpoint
    arms: Arms
    sample: Sample
    happened: IntArray
    columns: Mapping[str, Column]
    tested: bool = False

    def number(self, name: str) -> float:
        """A registered parameter of the measure; the linter has seen to its type."""
        return float(self.endpoint.parameters[name])  # type: ignore[arg-type]

    @property
    def event(self) -> FloatArray:
        """1 or 0, NaN where the outcome is not ascertained."""
        return np.where(self.happened == UNKNOWN, np.nan, self.happened.astype(np.float64))


Values = tuple[FloatArray, FloatArray]  # candidate first


def values_of(seen: Seen) -> Values:
    """Both arms' values of every pair of the sample, candidate first."""
    return VALUES[seen.endpoint.measure](seen)


def higher_is_riskier(plan: ArmPlan) -> bool:
    """Read from what is flagged; the direction of a score is never guessed from data."""
    return plan.decision.flag_when in ("score_at_or_above", "score_above")


def risks(sample: Sample, happened: IntArray, arms: Arms) -> Values:
    """Both arms' scores turned so that higher is riskier; no answer ranks worst.

    Needs ascertained outcomes: the worst rank is the lowest for an event, the highest otherwise.
    """
    worst = np.where(happened == 1, -np.inf, np.inf)
    candidate = _sign(arms.candidate) * sample.candidate_score
    candidate = np.where(sample.candidate_answered, candidate, worst)
    return candidate, _sign(arms.standard_of_care) * sample.standard_of_care_score


def probability_of_event(scores: FloatArray, plan: ArmPlan) -> FloatArray:
    """A probability that flags when it is low speaks of the event's absence."""
    return scores if higher_is_riskier(plan) else 1 - scores


def probabilities(sample: Sample, arms: Arms) -> Values:
    """Both arms' probabilities of the event, NaN where there is no answer."""
    return (
        probability_of_event(sample.candidate_score, arms.candidate),
        probability_of_event(sample.standard_of_care_score, arms.standard_of_care),
    )


def _sign(plan: ArmPlan) -> float:
    return 1.0 if higher_is_riskier(plan) else -1.0


def _correctness(seen: Seen) -> Values:
    sample = seen.sample
    candidate = _right(seen, sample.candidate_flag)
    missed = ~sample.candidate_answered & ~np.isnan(candidate)
    candidate[missed] = 0.0
    return candidate, _right(seen, sample.standard_of_care_flag)


def _right(seen: Seen, flag: BoolArray) -> FloatArray:
    """1 right, 0 wrong, NaN outside of the denominator, by the protocol's own definition."""
    right = np.full(len(flag), np.nan)
    for said in (False, True):
        for happened in (False, True):
            meaning = flag_is_correct(seen.endpoint.measure, said, happened)
            cell = (flag == said) & (seen.happened == int(happened))
            right[cell] = np.nan if meaning is None else float(meaning)
    return right


def _flagged(seen: Seen) -> Values:
    sample = seen.sample
    worst = float(seen.endpoint.direction is Direction.LOWER_IS_BETTER)
    candidate = np.where(sample.candidate_answered, sample.candidate_flag, worst)
    return candidate.astype(np.float64), sample.standard_of_care_flag.astype(np.float64)


def _flags(seen: Seen) -> Values:
    """Flags as they count for predictive values: no answer is the wrong flag."""
    candidate = flag_or_wrong(seen.sample, seen.happened).astype(np.float64)
    known = ~np.isnan(seen.event)
    flags = seen.sample.standard_of_care_flag.astype(np.float64)
    return np.where(known, candidate, np.nan), np.where(known, flags, np.nan)


def flag_or_wrong(sample: Sample, happened: IntArray) -> BoolArray:
    """The candidate's flag; where it gave no answer, the wrong one."""
    flags = np.where(sample.candidate_answered, sample.candidate_flag, happened != 1)
    return flags.astype(np.bool_)


def _ranking(seen: Seen) -> Values:
    known = ~np.isnan(seen.event)
    candidate, standard_of_care = risks(seen.sample, seen.happened, seen.arms)
    return np.where(known, candidate, np.nan), np.where(known, standard_of_care, np.nan)


def _alerts(seen: Seen) -> Values:
    """Ranks under an alert budget: a candidate without an answer raises no alert at all."""
    candidate, standard_of_care = _ranking(seen)
    silent = ~seen.sample.candidate_answered & ~np.isnan(candidate)
    return np.where(silent, -np.inf, candidate), standard_of_care


def _censored_ranking(seen: Seen) -> Values:
    """Concordance with a censored time: the subject who had the event is the riskier one."""
    event = seen.columns["event"].values
    candidate, standard_of_care = risks(seen.sample, (event == 1).astype(np.int64), seen.arms)
    known = ~np.isnan(event)
    return np.where(known, candidate, np.nan), np.where(known, standard_of_care, np.nan)


def _brier(seen: Seen) -> Values:
    return _losses(seen, lambda p, y: (p - y) ** 2, np.full(seen.sample.n, LARGEST_LOSS))


def _log_loss(seen: Seen) -> Values:
    clip = seen.number("clip")

    def loss(p: FloatArray, y: FloatArray) -> FloatArray:
        kept = np.clip(p, clip, 1 - clip)
        return np.asarray(-np.where(y == 1, np.log(kept), np.log1p(-kept)))

    return _losses(seen, loss, np.full(seen.sample.n, -math.log(clip)))


def _net_benefit(seen: Seen) -> Values:
    """True positives less false positives at the odds of the threshold (Vickers & Elkin 2006).

    A candidate without an answer has nobody treated: no benefit and no harm.
    """
    threshold = seen.number("threshold")
    cost = threshold / (1 - threshold)

    def benefit(p: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray(np.where(p >= threshold, np.where(y == 1, 1.0, -cost), 0.0))

    return _losses(seen, benefit, np.zeros(seen.sample.n))


def _losses(
    seen: Seen, loss: Callable[[FloatArray, FloatArray], FloatArray], worst: FloatArray
) -> Values:
    event, answered = seen.event, seen.sample.candidate_answered
    candidate, standard_of_care = probabilities(seen.sample, seen.arms)
    filled = np.where(answered, candidate, 0.5)  # replaced by the worst loss below
    own = np.where(answered, loss(filled, event), worst)
    return (
        np.where(np.isnan(event), np.nan, own),
        np.where(np.isnan(event), np.nan, loss(standard_of_care, event)),
    )


def _errors(power: int) -> Callable[[Seen], Values]:
    def errors(seen: Seen) -> Values:
        reference, plan = seen.columns["reference"].values, seen.arms.candidate.output
        largest = np.maximum(np.abs(plan.low - reference), np.abs(plan.high - reference))
        own = np.abs(seen.sample.candidate_score - reference)
        candidate = np.where(seen.sample.candidate_answered, own, largest) ** power
        return candidate, np.abs(seen.sample.standard_of_care_score - reference) ** power

    return errors


def _within_tolerance(seen: Seen) -> Values:
    """1 where the answer lies within the larger of both tolerances of the reference."""
    reference = seen.columns["reference"].values
    relative, absolute = seen.number("relative"), seen.number("absolute")

    def within(scores: FloatArray) -> FloatArray:
        inside = within_tolerance(scores, reference, relative=relative, absolute=absolute)
        return np.where(np.isnan(reference), np.nan, inside)

    return within(seen.sample.candidate_score), within(seen.sample.standard_of_care_score)


def _in_range(seen: Seen) -> Values:
    low, high = seen.number("low"), seen.number("high")

    def inside(values: FloatArray) -> FloatArray:
        return np.where(np.isnan(values), np.nan, (values >= low) & (values <= high))

    candidate, standard_of_care = _recorded(seen)
    return inside(candidate), inside(standard_of_care)


def _recorded(seen: Seen) -> Values:
    """An outcome that was recorded for each arm, whatever the arm answered."""
    return seen.columns["candidate_value"].values, seen.columns["standard_of_care_value"].values


def _times(seen: Seen) -> Values:
    return seen.columns["candidate_time"].values, seen.columns["standard_of_care_time"].values


def _raw(seen: Seen) -> Values:
    """The arms' answers; for a hypothesis the worst of its range where there is none."""
    output = seen.arms.candidate.output
    higher = seen.endpoint.direction is Direction.HIGHER_IS_BETTER
    return _answers(seen, np.full(seen.sample.n, output.low if higher else output.high))


def _category(seen: Seen) -> Values:
    """The arms' classes; for a hypothesis the one farthest from the reference without an answer."""
    output, reference = seen.arms.candidate.output, seen.columns["reference"].values
    down = reference - output.low >= output.high - reference
    return _answers(seen, np.where(down, output.low, output.high))


def _answers(seen: Seen, worst: FloatArray) -> Values:
    sample = seen.sample
    filled = np.where(sample.candidate_answered, sample.candidate_score, worst)
    return (filled if seen.tested else sample.candidate_score), sample.standard_of_care_score


VALUES: dict[str, Callable[[Seen], Values]] = {
    "auc": _ranking,
    "pr_auc": _ranking,
    "partial_auc": _ranking,
    "sensitivity_at_specificity": _ranking,
    "recall_at_alert_rate": _alerts,
    "c_index": _censored_ranking,
    "sensitivity": _correctness,
    "specificity": _correctness,
    "accuracy": _correctness,
    "flagged": _flagged,
    "within_tolerance": _within_tolerance,
    "in_range": _in_range,
    "ppv": _flags,
    "npv": _flags,
    "positive_likelihood_ratio": _flags,
    "negative_likelihood_ratio": _flags,
    "brier": _brier,
    "log_loss": _log_loss,
    "net_benefit": _net_benefit,
    "absolute_error": _errors(1),
    "squared_error": _errors(2),
    "value": _recorded,
    "score": _raw,
    "category": _category,
    "hazard": _times,
}
