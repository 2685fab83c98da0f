"""Rows of a ranking endpoint, and what a protocol asks of them."""

from collections.abc import Mapping

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.rows import Asked, ParameterValue, Rows


def rows_of(
    arms: tuple[FloatArray, FloatArray],
    outcome: BoolArray,
    cluster: IntArray,
    reader: FloatArray | None = None,
) -> Rows:
    none = np.zeros(len(outcome), dtype=bool)
    return Rows(
        candidate=arms[0],
        standard_of_care=arms[1],
        outcome=outcome,
        known=np.ones(len(outcome), dtype=bool),
        cluster=cluster,
        clustered=True,
        candidate_score=arms[0],
        standard_of_care_score=arms[1],
        candidate_flag=none,
        standard_of_care_flag=none,
        extra={} if reader is None else {"reader": reader},
    ).canonical()


def asked(parameters: Mapping[str, ParameterValue] | None = None, *, interval: str = "") -> Asked:
    words: dict[str, ParameterValue] = {"strata": "outcome", **(parameters or {})}
    return Asked(level=0.95, interval=interval, parameters=words, seed=4, resamples=200)
