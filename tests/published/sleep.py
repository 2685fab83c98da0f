"""Sleep staged by five people and a model: votes, consensus, and F1 as the publication has them.

Guillot et al. 2020, IEEE TNSRE, doi:10.1109/TNSRE.2020.3011181: people are ranked each night by
how well they agree with the others; a tie of votes goes to the one who ranks first.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray
from tests.published.tables import lines

SCORERS = tuple(f"scorer_{i}" for i in range(1, 6))
MODEL = "model_SimpleNet"
STAGES = ("wake", "N1", "N2", "N3", "REM")


@dataclass(frozen=True, slots=True)
class Consensus:
    """The stage most people saw (-1 not scored), and the share of them who did."""

    stage: IntArray
    share: FloatArray


@dataclass(frozen=True, slots=True)
class Night:
    """Stages by who gave them, one value an epoch; people best agreeing first in `ranked`."""

    name: str
    stages: dict[str, IntArray]
    ranked: tuple[str, ...]

    def of_the_best_four(self) -> Consensus:
        """What a model is held against."""
        return consensus([self.stages[who] for who in self.ranked[:4]])

    def without(self, scorer: str) -> Consensus:
        """What that person is held against: the other four."""
        return consensus([self.stages[who] for who in self.ranked if who != scorer])


def nights() -> list[Night]:
    """The nights of the table in its order."""
    columns: dict[str, dict[str, list[int]]] = {}
    for row in lines("sleep_dodh/dodh_hypnograms.csv.gz"):
        night = columns.setdefault(row["record"], defaultdict(list))
        for who in (MODEL, *SCORERS):
            night[who].append(int(row[who]))
    return [_night(name, found) for name, found in columns.items()]


def _night(name: str, columns: dict[str, list[int]]) -> Night:
    stages = {who: np.array(column, dtype=np.int64) for who, column in columns.items()}
    agreement = {who: _soft_agreement(stages, who) for who in SCORERS}
    return Night(name, stages, tuple(sorted(SCORERS, key=lambda who: -agreement[who])))


def _soft_agreement(stages: dict[str, IntArray], who: str) -> float:
    """Mean of the votes of others for one's own stage, over the votes for their favourite."""
    votes = _votes([stages[other] for other in SCORERS if other != who])
    own = votes[stages[who] + 1, np.arange(votes.shape[1])]
    return float((own / votes.max(axis=0)).mean())


def _votes(people: list[IntArray]) -> IntArray:
    """Votes by stage (from -1) and epoch."""
    return np.array([(np.array(people) == stage).sum(axis=0) for stage in range(-1, len(STAGES))])


def consensus(people: list[IntArray]) -> Consensus:
    """The majority; the first of the people decides ties."""
    votes = _votes(people)
    favourite = votes.argmax(axis=0) - 1
    tied = (votes == votes.max(axis=0)).sum(axis=0) > 1
    stage = np.where(tied, people[0], favourite)
    share = votes[stage + 1, np.arange(len(stage))] / len(people)
    return Consensus(stage, share)


def f1(stages: IntArray, reference: Consensus) -> float:
    """F1 by stage, weighted by the reference's frequencies; epochs weigh by the votes' share."""
    scored = reference.stage != -1
    given, true, weight = stages[scored], reference.stage[scored], reference.share[scored]
    total = 0.0
    for stage in range(len(STAGES)):
        frequency = weight[true == stage].sum()
        hit = weight[(true == stage) & (given == stage)].sum()
        if frequency > 0:
            total += frequency * 2 * hit / (frequency + weight[given == stage].sum())
    return float(total / weight.sum())
