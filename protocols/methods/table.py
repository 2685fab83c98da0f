"""Every word for a method, gathered from its families in two tables; no word stands for two."""

from collections.abc import Mapping
from typing import Final, TypeVar

from protocols.methods import (
    agreement,
    clusters,
    continuous,
    diagnostic,
    discrimination,
    events,
    missing,
    probabilities,
    proportions,
    safety,
    subgroups,
)
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec

Spec = TypeVar("Spec", HypothesisTestSpec, EstimatorSpec)


def merged(*tables: Mapping[str, Spec]) -> dict[str, Spec]:
    """One table of several.

    Raises
    ------
    ValueError
        A word stands in two of them.
    """
    whole: dict[str, Spec] = {}
    for table in tables:
        if twice := sorted(set(whole) & set(table)):
            raise ValueError(f"two families use the same words: {', '.join(twice)}")
        whole.update(table)
    return whole


TESTS: Final[dict[str, HypothesisTestSpec]] = merged(
    proportions.TESTS,
    clusters.TESTS,
    diagnostic.TESTS,
    discrimination.TESTS,
    probabilities.TESTS,
    continuous.TESTS,
    agreement.TESTS,
    events.TESTS,
    safety.TESTS,
    missing.TESTS,
    subgroups.TESTS,
)
"""Word of `hypotheses[].test` -> what it asks for."""

ESTIMATORS: Final[dict[str, EstimatorSpec]] = merged(
    proportions.ESTIMATORS,
    clusters.ESTIMATORS,
    diagnostic.ESTIMATORS,
    discrimination.ESTIMATORS,
    probabilities.ESTIMATORS,
    continuous.ESTIMATORS,
    agreement.ESTIMATORS,
    events.ESTIMATORS,
    safety.ESTIMATORS,
    missing.ESTIMATORS,
    subgroups.ESTIMATORS,
)
"""Word of `analyses[].estimator` -> what it asks for."""
