"""Multiple imputation of outcomes that are not ascertained, and shifts of what is imputed.

Each imputed data set is analysed as a clustered paired difference; the analyses are joined by
Rubin's rules with K - 1 complete-data degrees of freedom. A shift delta asks how far the pairs
without outcome would have to differ from what the model says of them (missing not at random).
All shifts share the same random draws, so the estimate moves one way with delta.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.missing.models import Posterior, number_draws, outcome_draws
from evaluation.inference.missing.pooling import Pooled, pooled
from evaluation.inference.missing.potential import Completed, Potential
from evaluation.inference.orientation import sign_of
from protocols.vocabulary import Direction

METHOD = Method(
    name="multiple_imputation",
    sentence=(
        "Unascertained outcomes are drawn from a logistic model on both arms' answers and one "
        "input; clustered paired differences are pooled by Rubin's rules with Barnard and Rubin's "
        "degrees of freedom."
    ),
    citation="Rubin 1987; Barnard & Rubin 1999, Biometrika 86:948",
)
DELTA_METHOD = Method(
    name="delta_adjustment",
    sentence=(
        "Multiple imputation with what is imputed shifted by delta, for a registered grid of "
        "deltas; the tipping delta is the one nearest to zero that changes the verdict."
    ),
    citation=(
        "Rubin 1977, Journal of the American Statistical Association 72:538; Carpenter & Kenward "
        "2013, Multiple Imputation and its Application, chapter 10"
    ),
)
Shift = Literal["event", "candidate"]
"""What delta moves: the log-odds of the event in every pair without outcome, or the log-odds of
the outcome that favours the candidate where the arms differ."""
SHIFTS: dict[str, Shift] = {"event": "event", "candidate": "candidate"}


@dataclass(frozen=True, slots=True)
class Imputing:
    """How to impute: predictors (n, q), the way coefficients are drawn, seed, number m >= 2."""

    x: FloatArray
    posterior: Posterior
    seed: int
    m: int


@dataclass(frozen=True, slots=True)
class Imputed:
    """The pooled analysis, with the mean of each arm's pooled value and of the sizes."""

    pooled: Pooled
    candidate: float
    standard_of_care: float
    n_pairs: int
    n_clusters: int


def imputed_differences(
    pairs: Potential,
    how: Imputing,
    *,
    deltas: Sequence[float],
    shift: Shift,
    margin: float,
    direction: Direction,
    level: float,
) -> tuple[Imputed | NotEvaluable, ...] | NotEvaluable:
    """The pooled difference for each delta; delta 0 is imputation at random.

    Refuses what the outcome's model refuses; a single delta is refused where an imputed data set
    cannot be analysed.
    """
    draws = outcome_draws(
        how.x,
        pairs.outcome,
        pairs.known,
        pairs.cluster,
        posterior=how.posterior,
        seed=how.seed,
        m=how.m,
    )
    if isinstance(draws, NotEvaluable):
        return draws
    unknown = ~pairs.known
    moved: FloatArray | float = 1.0
    if shift == "candidate":
        moved = sign_of(direction) * np.sign(pairs.gain[unknown])

    def completed() -> Iterator[list[Completed]]:
        for draw in draws:
            sets = []
            for delta in deltas:
                outcome = pairs.outcome & pairs.known
                outcome[unknown] = draw.events(delta * moved)
                sets.append(pairs.completed(outcome))
            yield sets

    return _pooled_for_each(
        completed(), len(deltas), margin=margin, direction=direction, level=level
    )


def imputed_numbers(
    difference: FloatArray,
    known: BoolArray,
    cluster: IntArray,
    how: Imputing,
    *,
    deltas: Sequence[float],
    shift: Shift,
    margin: float,
    direction: Direction,
    level: float,
) -> tuple[Imputed | NotEvaluable, ...] | NotEvaluable:
    """As `imputed_differences` for numbers: unknown paired differences from a linear model.

    `delta` is added to each imputed difference, in the endpoint's unit; with the shift `candidate`
    its sign is turned where less is better, so that positive always favours the candidate. Refuses
    what `number_draws` refuses.
    """
    draws = number_draws(
        how.x, difference, known, cluster, posterior=how.posterior, seed=how.seed, m=how.m
    )
    if isinstance(draws, NotEvaluable):
        return draws
    turn = sign_of(direction) if shift == "candidate" else 1
    zero = np.zeros(len(difference))

    def completed() -> Iterator[list[Completed]]:
        for draw in draws:
            sets = []
            for delta in deltas:
                values = difference.copy()
                values[~known] = draw + turn * delta
                sets.append(Completed(values, zero, cluster))
            yield sets

    return _pooled_for_each(
        completed(), len(deltas), margin=margin, direction=direction, level=level
    )


def _pooled_for_each(
    imputations: Iterator[list[Completed]],
    n_deltas: int,
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> tuple[Imputed | NotEvaluable, ...]:
    found: list[list[Estimate | NotEvaluable]] = [[] for _ in range(n_deltas)]
    for sets in imputations:
        for answers, data in zip(found, sets, strict=True):
            answers.append(
                clustered_difference(
                    data.candidate,
                    data.standard_of_care,
                    data.cluster,
                    margin=0.0,
                    direction=direction,
                    level=level,
                )
            )
    return tuple(
        _joined(answers, margin=margin, direction=direction, level=level) for answers in found
    )


def _joined(
    answers: Sequence[Estimate | NotEvaluable],
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Imputed | NotEvaluable:
    usable: list[Estimate] = []
    for answer in answers:
        if isinstance(answer, NotEvaluable):
            return answer
        usable.append(answer)
    n_clusters = min(answer.n_clusters for answer in usable)
    result = pooled(
        [answer.estimate for answer in usable],
        [answer.standard_error**2 for answer in usable],
        n=n_clusters,
        n_parameters=1,
        margin=margin,
        direction=direction,
        level=level,
    )
    if isinstance(result, NotEvaluable):
        return result
    m = len(usable)
    return Imputed(
        result,
        sum(answer.candidate or 0.0 for answer in usable) / m,
        sum(answer.standard_of_care or 0.0 for answer in usable) / m,
        min(answer.n_pairs for answer in usable),
        n_clusters,
    )


def tipping_delta(deltas: Sequence[float], holds: Sequence[bool | None]) -> float | None:
    """The delta nearest to 0 whose verdict differs from that at 0; the smaller one of two as near.

    `holds` says for each delta whether the test rejects at the margin, None where it has no answer.
    None also without a verdict at 0.
    """
    at = dict(zip(deltas, holds, strict=True))
    base = at.get(0.0)
    if base is None:
        return None
    tipped = [delta for delta, verdict in at.items() if verdict is not None and verdict != base]
    return min(tipped, key=lambda delta: (abs(delta), delta), default=None)
