"""Which pairs count: rows of the store become the columns of the registered populations.

The only door of pandas. Rows are sorted by pair id, so that no sum depends on the order in which
pairs came in; arrival order matters only where the protocol keeps the first prediction of an
encounter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaluation.inference.arrays import n_distinct
from gateway.store.records import ArmRecord, PairRecord
from protocols.schema import AnalysisPopulation, Protocol
from protocols.vocabulary import Fate

if TYPE_CHECKING:
    from collections.abc import Callable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

UNKNOWN = -1  # an outcome that is not ascertained

LEAVES = (
    # reason, the box of the flow diagram that it leads out of
    ("ineligible", "recorded"),
    ("not_sampled", "eligible"),
    ("duplicate", "sampled"),
    ("later_prediction_of_encounter", "sampled"),
    ("standard_of_care_without_answer", "counted"),
    ("candidate_pending", "counted"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The pairs of one population as aligned columns.

    `outcome` is 1, 0 or UNKNOWN; scores are NaN and flags False where an arm gave no answer;
    `subject` numbers the subjects from 0.
    """

    population: AnalysisPopulation
    records: tuple[PairRecord, ...]
    subject: IntArray
    outcome: IntArray
    standard_of_care_score: FloatArray
    standard_of_care_flag: BoolArray
    candidate_answered: BoolArray
    candidate_score: FloatArray
    candidate_flag: BoolArray

    def take(self, mask: BoolArray) -> "Sample":
        """The pairs for which `mask` is true."""
        return self.at(np.flatnonzero(mask))

    def at(self, places: IntArray) -> "Sample":
        """The pairs at these places, in their order."""
        return Sample(
            population=self.population,
            records=tuple(self.records[i] for i in places.tolist()),
            subject=self.subject[places],
            outcome=self.outcome[places],
            standard_of_care_score=self.standard_of_care_score[places],
            standard_of_care_flag=self.standard_of_care_flag[places],
            candidate_answered=self.candidate_answered[places],
            candidate_score=self.candidate_score[places],
            candidate_flag=self.candidate_flag[places],
        )

    def evaluable(self) -> "Sample":
        """The pairs with an ascertained outcome."""
        return self.take(self.outcome != UNKNOWN)

    @property
    def n(self) -> int:
        return len(self.records)

    @property
    def n_events(self) -> int:
        return int((self.outcome == 1).sum())

    @property
    def n_subjects(self) -> int:
        return n_distinct(self.subject)


class Pairs:
    """All locked pairs as one table; `left` names why a pair is in no population."""

    def __init__(self, protocol: Protocol, pairs: Sequence[PairRecord], *, final: bool) -> None:
        records = sorted(pairs, key=lambda pair: pair.pair_id)
        self._records = tuple(records)
        self._table = _table(protocol, records)
        self._table["left"] = _leaving(self._table, final=final)

    def sample(self, population: AnalysisPopulation) -> Sample:
        """The pairs of a population."""
        mask = self._table["left"] == ""
        if population.candidate_without_answer == "excluded":
            mask &= self._table["candidate_answered"]
        return self._sample(population, mask)

    def asked(self, population: AnalysisPopulation) -> Sample:
        """Every pair that both arms should have answered, answered or not."""
        unanswered = "standard_of_care_without_answer"
        return self._sample(population, self._table["left"].isin(("", unanswered)))

    def left(self) -> dict[str, int]:
        """How many pairs leave for each reason, zeros kept."""
        counts = self._table["left"].value_counts()
        return {reason: int(counts.get(reason, 0)) for reason, _ in LEAVES}

    def ineligible_reasons(self) -> tuple[tuple[str, int], ...]:
        """How many pairs are ineligible, by criterion."""
        rows = self._table.loc[self._table["left"] == "ineligible", "ineligible_reason"]
        return tuple(sorted((str(k), int(v)) for k, v in rows.value_counts().items()))

    @property
    def n_evaluable(self) -> int:
        """The spending clock: both predictions and an ascertained outcome (glossary)."""
        return int((self._evaluable() & (self._table["outcome"] != UNKNOWN)).sum())

    @property
    def n_events(self) -> int:
        """Evaluable pairs whose outcome is the event."""
        return int((self._evaluable() & (self._table["outcome"] == 1)).sum())

    def _evaluable(self) -> "pd.Series[bool]":
        return (self._table["left"] == "") & self._table["candidate_answered"]

    def _sample(self, population: AnalysisPopulation, mask: "pd.Series[bool]") -> Sample:
        rows = self._table[mask]
        kept = mask.to_numpy(dtype=np.bool_)
        codes, _ = pd.factorize(rows["subject"])
        return Sample(
            population=population,
            records=tuple(r for r, k in zip(self._records, kept, strict=True) if k),
            subject=np.asarray(codes, dtype=np.int64),
            outcome=rows["outcome"].to_numpy(dtype=np.int64),
            standard_of_care_score=rows["standard_of_care_score"].to_numpy(dtype=np.float64),
            standard_of_care_flag=rows["standard_of_care_flag"].to_numpy(dtype=np.bool_),
            candidate_answered=rows["candidate_answered"].to_numpy(dtype=np.bool_),
            candidate_score=rows["candidate_score"].to_numpy(dtype=np.float64),
            candidate_flag=rows["candidate_flag"].to_numpy(dtype=np.bool_),
        )


def _table(protocol: Protocol, records: Sequence[PairRecord]) -> pd.DataFrame:
    columns: dict[str, Callable[[PairRecord], object]] = {
        "ordinal": lambda r: r.ordinal,
        "subject": lambda r: r.subject,
        "encounter": lambda r: r.encounter,
        "eligible": lambda r: r.eligible,
        "ineligible_reason": lambda r: r.ineligible_reason or "",
        "sampled": lambda r: r.sampled,
        "duplicate": lambda r: r.duplicate_of is not None,
        "standard_of_care_answered": lambda r: answered(r.standard_of_care),
        "standard_of_care_score": lambda r: _score(r.standard_of_care),
        "standard_of_care_flag": lambda r: r.standard_of_care.flag is True,
        "candidate_answered": lambda r: answered(r.candidate),
        "candidate_pending": lambda r: r.candidate.fate is Fate.PENDING,
        "candidate_score": lambda r: _score(r.candidate),
        "candidate_flag": lambda r: r.candidate.flag is True,
        "outcome": lambda r: UNKNOWN if r.outcome is None else int(r.outcome),
    }
    first = protocol.design.repeated_predictions == "first_per_encounter"
    table = pd.DataFrame({name: [read(r) for r in records] for name, read in columns.items()})
    table["repeats"] = _later_predictions(table) if first else False
    return table


def _later_predictions(table: pd.DataFrame) -> "pd.Series[bool]":
    """Among the pairs that could count, those after the first of their encounter."""
    could = table["eligible"] & table["sampled"] & ~table["duplicate"]
    ordered = table[could].sort_values("ordinal", kind="stable")
    later = ordered["encounter"].duplicated(keep="first")
    return later.reindex(table.index, fill_value=False).astype(bool)


def _leaving(table: pd.DataFrame, *, final: bool) -> "pd.Series[str]":
    """The first reason by which each pair leaves; empty for a pair that counts.

    At an interim look a pair that still waits for the candidate is not known yet and waits for the
    next look. At the last look nothing is coming any more: it counts as a candidate without answer.
    """
    left = pd.Series("", index=table.index, dtype=object)
    conditions = {
        "ineligible": ~table["eligible"].astype(bool),
        "not_sampled": ~table["sampled"].astype(bool),
        "duplicate": table["duplicate"].astype(bool),
        "later_prediction_of_encounter": table["repeats"].astype(bool),
        "standard_of_care_without_answer": ~table["standard_of_care_answered"].astype(bool),
        "candidate_pending": table["candidate_pending"].astype(bool) & (not final),
    }
    for reason, _ in LEAVES:
        left = left.mask((left == "") & conditions[reason], reason)
    return left


def answered(arm: ArmRecord) -> bool:
    """Whether a whole, valid answer came in time."""
    return arm.fate is Fate.ANSWERED


def _score(arm: ArmRecord) -> float:
    return float("nan") if arm.score is None else float(arm.score)
