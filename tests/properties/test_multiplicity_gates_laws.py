"""Gatekeeping holds the family-wise error whichever of its hypotheses are true."""

import itertools
import math

import numpy as np
import pytest

from evaluation.design.multiplicity.gatekeeping import (
    Component,
    Families,
    mixture_gatekeeping,
    two_sequences,
)
from evaluation.inference.arrays import FloatArray

ALPHA = 0.1
TRUE_SETS = [true for true in itertools.product((False, True), repeat=4) if any(true)]


def drawn(true: tuple[bool, ...], trials: int) -> FloatArray:
    """True hypotheses have uniform p-values, false ones p = 0: the worst that can happen."""
    uniform = np.random.default_rng(5).random((trials, 4))
    return np.where(np.array(true), uniform, 0.0)


def assert_level(wrong: int, trials: int) -> None:
    error = math.sqrt(ALPHA * (1 - ALPHA) / trials)
    assert wrong / trials < ALPHA + 3.5 * error, wrong / trials


@pytest.mark.slow
@pytest.mark.parametrize("true", TRUE_SETS)
@pytest.mark.parametrize("component", ["holm", "hochberg"])
def test_two_sequences_with_retesting_hold_their_level(
    true: tuple[bool, ...], component: str
) -> None:
    wrong = 0
    for p in drawn(true, 4000):
        first, second = two_sequences(
            p[0::2].tolist(),
            p[1::2].tolist(),
            [0.6, 1.0],
            component=component,  # type: ignore[arg-type]
            retest=True,
        )
        both = np.stack([first, second], axis=1).ravel()
        wrong += bool((both[np.array(true)] <= ALPHA).any())
    assert_level(wrong, 4000)


@pytest.mark.slow
@pytest.mark.parametrize("true", TRUE_SETS)
@pytest.mark.parametrize("component", ["holm", "hochberg", "hommel"])
@pytest.mark.parametrize("modified", [False, True])
def test_mixtures_hold_their_level(
    true: tuple[bool, ...], component: Component, *, modified: bool
) -> None:
    families = Families(((0, 1), (2, 3)), ((), (), (0,), ()), ((), (), (), (0, 1)), (0.5, 1.0))
    wrong = 0
    for p in drawn(true, 1500):
        found = mixture_gatekeeping(
            p.tolist(), families, component=component, modified=modified, exhaust=True
        )
        wrong += bool((np.array(found)[np.array(true)] <= ALPHA).any())
    assert_level(wrong, 1500)
