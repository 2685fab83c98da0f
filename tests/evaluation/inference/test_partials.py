"""Sums without rounding, and parts that are senseless."""

import math

import numpy as np
import pytest

from evaluation.inference.arrays import cluster_sums
from evaluation.inference.partials import CountPartial, TotalsPartial
from protocols.errors import UsageError


def test_terms_that_cancel_leave_the_small_one() -> None:
    values = np.array([1e16, 1.0, -1e16, 5e-324])
    assert cluster_sums(values, np.zeros(4, dtype=np.int64), 1).tolist() == [1.0]


def test_a_negative_sum_near_the_end_of_double_precision() -> None:
    values = np.array([-1.7e308, 1.0e292])
    assert cluster_sums(values, np.zeros(2, dtype=np.int64), 1).tolist() == [math.fsum(values)]


@pytest.mark.parametrize("values", [[math.nan, 1.0], [math.inf, 1.0], [1.7e308, 1.7e308]])
def test_numbers_without_a_sum_are_a_mistake_of_the_caller(values: list[float]) -> None:
    with pytest.raises(UsageError):
        cluster_sums(np.array(values), np.zeros(2, dtype=np.int64), 1)


def test_a_subject_may_be_cut_between_parts() -> None:
    first = TotalsPartial.of(np.array([0.1]), np.array([0.2]), np.array([7]))
    second = TotalsPartial.of(np.array([0.2, 0.3]), np.array([0.7, 1e-9]), np.array([7, 3]))
    whole = TotalsPartial.merged([first, second])
    totals = whole.finish()
    assert whole.labels.tolist() == [3, 7]
    assert totals.n.tolist() == [1.0, 2.0]
    assert totals.candidate.tolist() == [0.3, math.fsum([0.1, 0.2])]


def test_tables_of_subjects_come_in_the_order_of_their_labels() -> None:
    flags = np.array([True, False, True])
    found = CountPartial.of(flags, ~flags, np.array([5, 5, 2]))
    assert [t.n10 for t in found.tables()] == [1, 1]
    assert found.table().n == 3


def test_columns_of_different_lengths_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError):
        TotalsPartial.of(np.zeros(2), np.zeros(3), np.zeros(3, dtype=np.int64))
    with pytest.raises(UsageError):
        CountPartial.of(np.zeros(2, bool), np.zeros(2, bool), np.zeros(3, dtype=np.int64))
