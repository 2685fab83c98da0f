"""Laws of the mixed-model mean and of the exact test over patterns of signs."""

import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.mixed_linear_model import MixedLM

from evaluation.inference.base import NotEvaluable
from evaluation.inference.clusters.mixed import MixedMean, mixed_mean
from evaluation.inference.continuous.sign_flip import (
    SignFlip,
    _share_at_least,
    _share_of_totals,
    sign_flip,
)

EXAMPLES = settings(max_examples=500, deadline=None)
WHOLE = st.lists(st.integers(-9, 9), min_size=1, max_size=9).filter(any)


def _flipped(values: list[int]) -> SignFlip:
    found = sign_flip(np.array(values, dtype=float), resolution=1.0)
    assert isinstance(found, SignFlip)
    return found


@EXAMPLES
@given(WHOLE)
def test_the_exact_test_counts_every_pattern_of_signs(values: list[int]) -> None:
    patterns = [
        sum(s * abs(v) for s, v in zip(signs, values, strict=True))
        for signs in product((-1, 1), repeat=len(values))
    ]
    found, observed = _flipped(values), sum(values)
    assert found.p_greater == pytest.approx(np.mean([p >= observed for p in patterns]))
    assert found.p_less == pytest.approx(np.mean([p <= observed for p in patterns]))
    assert found.p_two_sided == pytest.approx(np.mean([abs(p) >= abs(observed) for p in patterns]))


@EXAMPLES
@given(WHOLE)
def test_turning_every_sign_swaps_the_tails(values: list[int]) -> None:
    found, turned = _flipped(values), _flipped([-v for v in values])
    assert (found.p_greater, found.p_less) == (turned.p_less, turned.p_greater)
    assert found.p_two_sided == turned.p_two_sided
    assert found.mean == -turned.mean


@settings(max_examples=500, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=5, max_size=39).filter(any))
def test_both_ways_of_counting_agree(values: list[int]) -> None:
    sizes = np.abs(np.array([v for v in values if v], dtype=np.int64))
    for threshold in (sum(values), -sum(values), 0, 3):
        counted = _share_at_least(sizes, threshold)
        assert _share_of_totals(sizes, threshold) == pytest.approx(counted, abs=1e-12)


def test_subjects_are_flipped_as_a_whole() -> None:
    values, cluster = np.array([1.0, 2.0, 3.0, -1.0]), np.array([0, 0, 1, 1])
    found = sign_flip(values, resolution=0.5, cluster=cluster)
    assert isinstance(found, SignFlip)
    assert found.p_greater == 0.25


def test_too_many_pairs_and_no_difference_are_refused() -> None:
    many = sign_flip(np.arange(1.0, 60.0), resolution=1e-6)
    none = sign_flip(np.zeros(5), resolution=1.0)
    assert isinstance(many, NotEvaluable)
    assert isinstance(none, NotEvaluable)
    assert (many.code, none.code) == ("too_many_pairs", "no_differences")


def _repeated(seed: int, spread: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(3, 12))
    cluster = np.repeat(np.arange(k), rng.integers(1, 6, k))
    values = rng.normal(size=len(cluster)) + spread * rng.normal(size=k)[cluster] + 0.3
    return values, cluster.astype(np.int64)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 1.0, 3.0]))
def test_another_library_finds_the_same_restricted_likelihood(seed: int, spread: float) -> None:
    values, cluster = _repeated(seed, spread)
    found = mixed_mean(values, cluster)
    if isinstance(found, NotEvaluable) or found.between < 0.05 * found.within:
        return  # at the edge the other search stops early
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = MixedLM(values, np.ones((len(values), 1)), groups=cluster).fit(reml=True)
    assert found.mean == pytest.approx(other.fe_params[0], rel=1e-3, abs=1e-4)
    assert found.within == pytest.approx(other.scale, rel=1e-3)
    assert found.between == pytest.approx(float(other.cov_re[0, 0]), rel=2e-3)
    n = np.bincount(cluster)
    covariance = other.scale + n * float(other.cov_re[0, 0])  # its own errors are of a Hessian
    assert found.standard_error == pytest.approx((n / covariance).sum() ** -0.5, rel=1e-3)


@EXAMPLES
@given(st.integers(0, 10**6), st.floats(-100, 100))
def test_shifting_every_difference_shifts_the_mean_and_nothing_else(
    seed: int, shift: float
) -> None:
    values, cluster = _repeated(seed, 1.0)
    one, other = mixed_mean(values, cluster), mixed_mean(values + shift, cluster)
    if isinstance(one, MixedMean) and isinstance(other, MixedMean):
        assert other.mean == pytest.approx(one.mean + shift, abs=1e-5)
        assert other.standard_error == pytest.approx(one.standard_error, rel=1e-4)


@EXAMPLES
@given(st.integers(0, 10**6))
def test_equal_numbers_of_pairs_give_the_plain_mean(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, cluster = rng.normal(size=24), np.repeat(np.arange(6), 4).astype(np.int64)
    found = mixed_mean(values, cluster)
    assert isinstance(found, MixedMean)
    assert found.mean == pytest.approx(values.mean(), abs=1e-12)
