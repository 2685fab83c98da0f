"""Proper scores of probabilities: the loss of each pair, and the paired difference of its mean.

Lower is better. Losses are means over pairs, so their difference is `clustered_difference`:
K/(K-1) and Student's t with K-1 degrees of freedom, and the paired t-test where no subject
comes back. Redelmeier, Bloch & Hickam 1991, J Clin Epidemiol 44:1141.
"""

import math

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, exact_sum
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.probabilities.predicted import not_probabilities
from protocols.errors import UsageError
from protocols.vocabulary import Direction

BRIER = Method(
    name="brier_score",
    sentence="Mean squared distance of the probability from what happened; lower is better.",
    citation=(
        "Brier 1950, Monthly Weather Review 78:1; Redelmeier, Bloch & Hickam 1991, "
        "Journal of Clinical Epidemiology 44:1141"
    ),
)
LOG_LOSS = Method(
    name="log_loss",
    sentence=(
        "Mean of minus the logarithm of the probability given to what happened, with "
        "probabilities kept the registered distance from 0 and 1; lower is better."
    ),
    citation="Good 1952, Journal of the Royal Statistical Society B 14:107",
)


def brier_losses(probability: FloatArray, outcome: FloatArray) -> FloatArray | NotEvaluable:
    """(p - y)^2 of every pair, in [0, 1]; refuses values that are no probabilities."""
    refusal = not_probabilities(probability, outcome)
    return refusal if refusal is not None else (probability - outcome) ** 2


def log_losses(
    probability: FloatArray, outcome: FloatArray, *, clip: float
) -> FloatArray | NotEvaluable:
    """-log of the probability given to what happened, of every pair.

    `clip` in [0, 0.5) keeps probabilities that far from 0 and 1; it belongs to the protocol, and
    another raises `UsageError`. Refuses as `not_probabilities`, and at a clip of 0 a certain
    prediction that was wrong: its loss is infinite.
    """
    if not 0 <= clip < 0.5:
        raise UsageError("PARAMETER", f"A clip lies in [0, 0.5), not at {clip}.")
    refusal = not_probabilities(probability, outcome)
    if refusal is not None:
        return refusal
    kept = np.clip(probability, clip, 1 - clip)
    wrong = int(np.count_nonzero(kept == 1 - outcome))
    if wrong:
        reason = (
            f"{wrong} of {len(kept)} predictions are certain and wrong, so their log loss is "
            "infinite; the protocol may register a clip."
        )
        return NotEvaluable("infinite_loss", reason)
    event = outcome == 1
    losses = np.empty(len(kept))
    losses[event] = -np.log(kept[event])
    losses[~event] = -np.log1p(-kept[~event])
    if clip > 0:  # 1 - (1 - clip) is not clip to the last bit
        losses = np.minimum(losses, -math.log(clip))
    return losses + 0.0


def mean_loss(losses: FloatArray) -> float:
    """The mean, correctly rounded."""
    return exact_sum(losses) / len(losses)


def loss_difference(
    candidate: FloatArray | NotEvaluable,
    standard_of_care: FloatArray | NotEvaluable,
    cluster: IntArray,
    *,
    margin: float,
    level: float,
    direction: Direction = Direction.LOWER_IS_BETTER,
) -> Estimate | NotEvaluable:
    """Difference of two arms' mean losses against a margin (positive, in the loss's unit).

    Takes the losses as `brier_losses` and `log_losses` give them, refusals included. Refuses as
    `clustered_difference`: one subject, identical losses, a constant difference.
    """
    if isinstance(candidate, NotEvaluable):
        return candidate
    if isinstance(standard_of_care, NotEvaluable):
        return standard_of_care
    return clustered_difference(
        candidate, standard_of_care, cluster, margin=margin, direction=direction, level=level
    )


def scaled(score: float, share: float) -> float | None:
    """1 - Brier / (share (1 - share)): what is left of the error of predicting the prevalence.

    None where every outcome is alike. Steyerberg et al. 2010, Epidemiology 21:128.
    """
    reference = share * (1 - share)
    return None if reference == 0 or not math.isfinite(score) else 1 - score / reference
