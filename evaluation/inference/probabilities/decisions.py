"""What acting above a probability would be worth: net benefit, decision curve, flag scores.

A pair is flagged where its probability is at or above the threshold t. Net benefit counts a
flagged event as 1 and a flagged non-event as -t/(1-t), per pair: a paired mean, so differences
are `clustered_difference`. Vickers & Elkin 2006, Medical Decision Making 26:565.
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.probabilities.predicted import not_probabilities, share_of_events
from protocols.errors import UsageError

NET_BENEFIT = Method(
    name="net_benefit",
    sentence=(
        "True positives less false positives weighted by the odds of the threshold, a pair; "
        "each arm's and the paired difference, with treating all beside them."
    ),
    citation="Vickers & Elkin 2006, Medical Decision Making 26:565",
)
DECISION_CURVE = Method(
    name="decision_curve",
    sentence=(
        "Net benefit of both arms, of treating all and of treating none over the registered "
        "thresholds, with pointwise intervals of the difference."
    ),
    citation=(
        "Vickers & Elkin 2006, Medical Decision Making 26:565; "
        "Vickers et al. 2008, BMC Medical Informatics and Decision Making 8:53"
    ),
)


def odds_of(threshold: float) -> float:
    """t / (1 - t): how many false alarms one missed event is worth. UsageError outside [0, 1)."""
    if not 0 <= threshold < 1:
        raise UsageError("PARAMETER", f"A threshold lies in [0, 1), not at {threshold}.")
    return threshold / (1 - threshold)


def contributions(
    probability: FloatArray, outcome: FloatArray, *, threshold: float
) -> FloatArray | NotEvaluable:
    """Net benefit of every pair: 1, 0 or -t/(1-t); refuses values that are no probabilities."""
    weight = odds_of(threshold)
    refusal = not_probabilities(probability, outcome)
    if refusal is not None:
        return refusal
    flagged = probability >= threshold
    return np.where(flagged, np.where(outcome == 1, 1.0, -weight), 0.0) + 0.0


def treat_all(outcome: FloatArray, *, threshold: float) -> float:
    """Net benefit of flagging every pair; of flagging none it is 0."""
    share = share_of_events(outcome)
    return share - (1 - share) * odds_of(threshold)


@dataclass(frozen=True, slots=True)
class AtPrevalence:
    """Net benefit where the event has another prevalence than in the sample."""

    arm: float
    treat_all: float


def at_prevalence(
    probability: FloatArray, outcome: FloatArray, *, threshold: float, prevalence: float
) -> AtPrevalence | NotEvaluable:
    """Sensitivity and false positive share of the sample, weighted by a prevalence in [0, 1].

    For samples drawn by outcome. Refuses one class; UsageError for a prevalence outside [0, 1].
    """
    if not 0 <= prevalence <= 1:
        raise UsageError("PARAMETER", f"A prevalence lies in [0, 1], not at {prevalence}.")
    weight = odds_of(threshold)
    counted = flags(probability, outcome, threshold=threshold)
    if isinstance(counted, NotEvaluable):
        return counted
    if counted.events == 0 or counted.others == 0:
        return NotEvaluable("one_class", "A share of events or of non-events has no denominator.")
    sensitivity = counted.true_positive / counted.events
    false_positive = counted.false_positive / counted.others
    arm = sensitivity * prevalence - false_positive * (1 - prevalence) * weight
    return AtPrevalence(arm, prevalence - (1 - prevalence) * weight)


@dataclass(frozen=True, slots=True)
class Flags:
    """One arm's flags against the outcome, in whole numbers."""

    true_positive: int
    false_positive: int
    events: int
    others: int

    @property
    def f1(self) -> float | None:
        """2 TP / (flagged + events); None where nothing is flagged and no event happened."""
        size = self.true_positive + self.false_positive + self.events
        return 2 * self.true_positive / size if size else None

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean of sensitivity and specificity; None for one class."""
        if self.events == 0 or self.others == 0:
            return None
        specificity = (self.others - self.false_positive) / self.others
        return (self.true_positive / self.events + specificity) / 2

    @property
    def matthews(self) -> float | None:
        """Correlation of flag and outcome; None where either is constant. Matthews 1975."""
        flagged = self.true_positive + self.false_positive
        spared = self.events + self.others - flagged
        size = flagged * spared * self.events * self.others
        if size == 0:
            return None
        total = self.events + self.others
        return (self.true_positive * total - flagged * self.events) / math.sqrt(size)


def flags(
    probability: FloatArray, outcome: FloatArray, *, threshold: float
) -> Flags | NotEvaluable:
    """Counts at a threshold; refuses values that are no probabilities."""
    refusal = not_probabilities(probability, outcome)
    if refusal is not None:
        return refusal
    flagged, event = probability >= threshold, outcome == 1
    return Flags(
        int(np.count_nonzero(flagged & event)),
        int(np.count_nonzero(flagged & ~event)),
        int(exact_sum(outcome)),
        int(np.count_nonzero(~event)),
    )
