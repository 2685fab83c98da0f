"""Laws of paired numbers: signed ranks, agreement, lines, grids; symmetry and second routes."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters import means as clusters
from evaluation.inference.continuous.differences import paired_equivalence, paired_t
from evaluation.inference.continuous.hodges_lehmann import shift, wilcoxon_signed_rank
from evaluation.inference.continuous.signed_rank import Zeros, signed_rank
from evaluation.inference.continuous.walsh import WalshAverages, in_units
from protocols.vocabulary import Direction
from tests.properties.strategies import ALPHAS

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
ZEROS = st.sampled_from(["wilcox", "pratt"])
SEEDS = st.integers(0, 2**32 - 1)
RESOLUTIONS = st.sampled_from([1.0, 0.5, 0.1, 0.01])
Arms = tuple[FloatArray, FloatArray]


@st.composite
def arms(draw: st.DrawFn, *, smallest: int = 2, largest: int = 60) -> Arms:
    """Both arms' values on a grid, from coarse (ties, zeros) to fine."""
    rng = np.random.default_rng(draw(SEEDS))
    n, step = draw(st.integers(smallest, largest)), draw(RESOLUTIONS)
    spread, away = draw(st.sampled_from([1, 3, 20])), draw(st.integers(-3, 3))
    soc = rng.integers(0, 40, n) * step
    candidate = soc + (rng.integers(-spread, spread + 1, n) + away) * step
    return candidate.astype(np.float64), soc.astype(np.float64)


def by_ranks(
    pair: Arms, margin: float, direction: Direction, zeros: Zeros, *, alpha: float
) -> Estimate | NotEvaluable:
    return wilcoxon_signed_rank(
        *pair,
        margin=margin,
        direction=direction,
        level=1 - 2 * alpha,
        resolution=0.01,
        zeros=zeros,
    )


def answered(found: Estimate | NotEvaluable) -> Estimate:
    assume(isinstance(found, Estimate))
    assert isinstance(found, Estimate)
    return found


@settings(max_examples=500)
@given(arms(), st.integers(0, 300), ALPHAS, st.sampled_from(list(Direction)), ZEROS)
def test_the_rank_interval_excludes_the_margin_exactly_when_the_test_rejects(
    pair: Arms, hundredths: int, alpha: float, direction: Direction, zeros: Zeros
) -> None:
    margin = hundredths / 100
    found = answered(by_ranks(pair, margin, direction, zeros, alpha=alpha))
    outside = found.low > -margin if direction is HIGHER else found.high < margin
    assert outside == (found.p_value < alpha)
    assert found.low <= found.estimate <= found.high
    assert all(math.isfinite(x) for x in (found.statistic, found.standard_error, found.low))


@settings(max_examples=500)
@given(arms(), st.integers(0, 300), ZEROS)
def test_swapping_arms_and_direction_mirrors_the_rank_test(
    pair: Arms, hundredths: int, zeros: Zeros
) -> None:
    margin = hundredths / 100
    one = answered(by_ranks(pair, margin, HIGHER, zeros, alpha=0.025))
    other = answered(by_ranks(pair[::-1], margin, LOWER, zeros, alpha=0.025))
    assert (one.statistic, one.p_value) == (other.statistic, other.p_value)
    assert one.standard_error == other.standard_error
    assert (one.estimate, one.low, one.high) == (-other.estimate, -other.high, -other.low)


@settings(max_examples=500)
@given(arms(), ZEROS, SEEDS)
def test_the_order_of_pairs_changes_no_byte(pair: Arms, zeros: Zeros, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(pair[0]))
    mixed = pair[0][order], pair[1][order]
    assert by_ranks(pair, 0.5, HIGHER, zeros, alpha=0.025) == by_ranks(
        mixed, 0.5, HIGHER, zeros, alpha=0.025
    )
    one, other = (
        paired_t(*both, margin=0.5, direction=HIGHER, level=0.95) for both in (pair, mixed)
    )
    assert one == other


@settings(max_examples=500)
@given(arms(smallest=3, largest=25), st.integers(0, 3))
def test_averages_are_counted_and_ranked_as_if_they_were_listed(pair: Arms, extra: int) -> None:
    units = in_units(pair[0] - pair[1], 0.01)
    listed = np.add.outer(units, units)[np.triu_indices(len(units))]
    listed = np.sort(np.concatenate([listed, *[2 * units] * extra]))
    averages = WalshAverages.of(units, extra=extra)
    assert averages.total == len(listed)
    ranks = [1, len(listed) // 2, len(listed)]
    assert [averages.ranked(rank) for rank in ranks] == [listed[rank - 1] for rank in ranks]
    assert averages.median() == float(np.median(listed)) / 2
    middle = float(listed[len(listed) // 2])
    assert averages.at_most(middle) == int((listed <= middle).sum())


@settings(max_examples=500)
@given(arms(smallest=3, largest=80), ZEROS, st.integers(-200, 200))
def test_signed_ranks_agree_with_another_implementation(
    pair: Arms, zeros: Zeros, null: int
) -> None:
    units = in_units(pair[0] - pair[1], 0.01)
    found = signed_rank(units, doubled_null=2.0 * null, zeros=zeros)
    assume(found is not None)
    assert found is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = stats.wilcoxon(
            (units - null).astype(np.float64),
            zero_method=zeros,
            correction=True,
            alternative="greater",
            method="exact" if found.exact else "approx",
        )
    assert found.statistic == other.statistic
    assert found.upper_p(found.statistic) == pytest.approx(other.pvalue, rel=1e-9)


@settings(max_examples=500)
@given(arms(smallest=6), st.integers(-50, 50))
def test_shifting_a_fine_difference_shifts_estimate_and_limits(pair: Arms, steps: int) -> None:
    rng = np.random.default_rng(steps + 50)
    pair = pair[0] + rng.permutation(len(pair[0])) / 100 + 0.003, pair[1]
    values = pair[0] - pair[1]
    one = shift(values, null=0.0, resolution=0.001, zeros="wilcox", level=0.9)
    other = shift(values + steps, null=float(steps), resolution=0.001, zeros="wilcox", level=0.9)
    assume(not isinstance(one, NotEvaluable))
    assert not isinstance(one, NotEvaluable)
    assert not isinstance(other, NotEvaluable)
    moved = [other.estimate - steps, other.low - steps, other.high - steps]
    assert moved == pytest.approx([one.estimate, one.low, one.high], abs=1e-9)
    assert one.rank.statistic == other.rank.statistic


@settings(max_examples=500)
@given(arms(), st.floats(0, 5), ALPHAS, st.sampled_from(list(Direction)))
def test_paired_t_is_the_t_test_and_agrees_with_its_interval(
    pair: Arms, margin: float, alpha: float, direction: Direction
) -> None:
    found = answered(paired_t(*pair, margin=margin, direction=direction, level=1 - 2 * alpha))
    sign = 1 if direction is HIGHER else -1
    other = stats.ttest_1samp(sign * (pair[0] - pair[1]), -margin, alternative="greater")
    assert found.p_value == pytest.approx(float(other.pvalue), rel=1e-7, abs=1e-300)
    assume(abs(found.p_value - alpha) > 1e-9)
    outside = found.low > -margin if direction is HIGHER else found.high < margin
    assert outside == (found.p_value < alpha)


@settings(max_examples=500)
@given(arms())
def test_paired_t_is_the_clustered_test_of_subjects_seen_once(pair: Arms) -> None:
    one = answered(paired_t(*pair, margin=0.3, direction=HIGHER, level=0.95))
    labels = np.arange(len(pair[0]), dtype=np.int64)
    totals = clusters.ClusterTotals.of(*pair, labels)
    other = clusters.difference_of_totals(totals, margin=0.3, direction=HIGHER, level=0.95)
    assert isinstance(other, Estimate)
    assert (one.statistic, one.low, one.high, one.df) == (
        other.statistic,
        other.low,
        other.high,
        other.df,
    )


@settings(max_examples=500)
@given(arms(), st.floats(-5, 0), st.floats(0.1, 5), ALPHAS)
def test_equivalence_is_both_tests_and_the_interval_between_the_limits(
    pair: Arms, lower: float, upper: float, alpha: float
) -> None:
    found = paired_equivalence(*pair, lower=lower, upper=upper, level=1 - 2 * alpha)
    assume(not isinstance(found, NotEvaluable))
    assert not isinstance(found, NotEvaluable)
    p_value, first, second = ttost_paired(pair[0], pair[1], lower, upper)
    assert found.p_value == pytest.approx(float(p_value), rel=1e-7, abs=1e-300)
    assert found.t_lower == pytest.approx(float(first[0]), rel=1e-7, abs=1e-9)
    assert found.t_upper == pytest.approx(float(second[0]), rel=1e-7, abs=1e-9)
    assume(abs(found.p_value - alpha) > 1e-9)
    assert (lower < found.low and found.high < upper) == (found.p_value < alpha)
