"""Exact explanations: worked by hand, and what is refused."""

import itertools

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.inference.explanation import Shapley, shapley_values
from protocols.errors import UsageError


def test_the_gain_of_two_that_only_work_together_is_shared() -> None:
    found = shapley_values(
        lambda rows: np.asarray(rows.prod(axis=1)), np.array([1.0, 1.0]), np.zeros((3, 2))
    )
    assert found == Shapley((0.5, 0.5), 0.0, 1.0)


def test_a_feature_that_the_function_does_not_read_adds_nothing() -> None:
    rng = np.random.default_rng(1)
    found = shapley_values(
        lambda rows: np.exp(rows[:, 0]), rng.normal(size=4), rng.normal(size=(5, 4))
    )
    assert not isinstance(found, NotEvaluable)
    assert found.values[1:] == pytest.approx((0, 0, 0), abs=1e-12)


def test_twelve_features_are_exact_and_thirteen_a_wrong_call() -> None:
    rng = np.random.default_rng(2)
    weights, x, background = rng.normal(size=12), rng.normal(size=12), rng.normal(size=(50, 12))
    found = shapley_values(lambda rows: rows @ weights, x, background)
    assert not isinstance(found, NotEvaluable)
    assert found.values == pytest.approx(weights * (x - background.mean(axis=0)), abs=1e-9)
    with pytest.raises(UsageError, match="12 features"):
        shapley_values(lambda rows: rows[:, 0], np.zeros(13), np.zeros((2, 13)))


def test_a_function_that_is_none_is_refused() -> None:
    calls = itertools.count()

    def moody(rows: FloatArray) -> FloatArray:
        return rows[:, 0] + next(calls)

    found = shapley_values(moody, np.ones(2), np.zeros((3, 2)))
    assert isinstance(found, NotEvaluable)
    assert found.code == "not_a_function"


def test_answers_that_are_no_numbers_and_shapes_that_do_not_fit_are_told() -> None:
    found = shapley_values(lambda rows: np.full(len(rows), np.inf), np.ones(2), np.zeros((3, 2)))
    assert isinstance(found, NotEvaluable)
    assert found.code == "values_not_finite"
    with pytest.raises(UsageError, match="background"):
        shapley_values(lambda rows: rows[:, 0], np.ones(2), np.zeros((3, 3)))
    with pytest.raises(UsageError, match="one number a row"):
        shapley_values(lambda rows: rows, np.ones(2), np.zeros((3, 2)))
