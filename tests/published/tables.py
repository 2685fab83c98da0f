"""Published tables as rows for the registered engine, read where they lie beside the project."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from evaluation.inference import registry
from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, Findings
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.vocabulary import Direction
from tests.journeys.published import SHARED


def lies_beside(name: str) -> pytest.MarkDecorator:
    """Skips, saying so, where the folder of that data set is absent."""
    reason = f"the data set {name} does not lie beside the project"
    return pytest.mark.skipif(not (SHARED / name).is_dir(), reason=reason)


def lines(name: str) -> Iterator[dict[str, str]]:
    """The lines of a table, by column."""
    content = (SHARED / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    yield from csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))


def number(text: str) -> float:
    """NaN where the table has nothing."""
    return float(text) if text not in ("", "NA") else float("nan")


def numbered(labels: list[str]) -> IntArray:
    """Labels as 0 .. K-1."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def rows_of(
    arms: tuple[FloatArray, FloatArray],
    outcome: BoolArray,
    *,
    cluster: IntArray | None = None,
    extra: Mapping[str, FloatArray] | None = None,
    labels: Mapping[str, tuple[str, ...]] | None = None,
) -> Rows:
    """Pairs with the candidate's values first; a value of 1 counts as a flag."""
    candidate, soc = arms
    n = len(outcome)
    return Rows(
        candidate=candidate,
        standard_of_care=soc,
        outcome=outcome,
        known=np.ones(n, dtype=np.bool_),
        cluster=np.arange(n) if cluster is None else cluster,
        clustered=cluster is not None,
        candidate_score=candidate,
        standard_of_care_score=soc,
        candidate_flag=candidate == 1,
        standard_of_care_flag=soc == 1,
        extra=extra or {},
        labels=labels or {},
    )


def independent(rows: Rows) -> Rows:
    """The same pairs, wrongly taken as of one subject each."""
    return replace(rows, cluster=np.arange(rows.n), clustered=False)


def asked(
    margin: float = 0.0,
    *,
    interval: str = "",
    direction: Direction = Direction.HIGHER_IS_BETTER,
    resamples: int = 500,
    **parameters: ParameterValue,
) -> Asked:
    """What the protocol fixes; two-sided 95 %."""
    return Asked(0.95, direction, margin, interval, parameters, seed=20201120, resamples=resamples)


def compared(word: str, rows: Rows, what: Asked) -> Estimate:
    """The registered test; fails when it has no answer."""
    found = registry.estimate(word, rows, what)
    assert isinstance(found, Estimate), found
    return found


def analysed(word: str, rows: Rows, what: Asked) -> Findings:
    """The registered analysis; fails when it has no answer."""
    found = registry.analysis(word, rows, what)
    assert isinstance(found, Findings), found
    return found


def two_sided(found: Estimate) -> float:
    """The two-sided p of a test without a margin."""
    return 2 * min(found.p_value, 1 - found.p_value)


def area_by_counting(scores: FloatArray, outcome: BoolArray) -> float:
    """Share of pairs of an event and a non-event that are ranked rightly, ties half."""
    value, place = np.unique(scores, return_inverse=True)
    events = np.bincount(place[outcome], minlength=len(value)).astype(np.float64)
    others = np.bincount(place[~outcome], minlength=len(value)).astype(np.float64)
    right = events[:, None] * others * (np.sign(value[:, None] - value) + 1) / 2
    return float(right.sum() / (events.sum() * others.sum()))
