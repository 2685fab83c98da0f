"""Laws of measurements held against each other: agreement, lines, concordance, zones, ranges."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.inference.continuous.concordance import IccForm, concordance, intraclass
from evaluation.inference.continuous.error_grids import Grid, zones
from evaluation.inference.continuous.glucose import glucose_summary
from evaluation.inference.continuous.limits_of_agreement import (
    Agreement,
    LimitInterval,
    Replicates,
    limits_of_agreement,
    replicated_limits,
)
from evaluation.inference.continuous.regression import Line, deming, passing_bablok
from evaluation.inference.continuous.tolerance import within_tolerance

SEEDS = st.integers(0, 2**32 - 1)
GRIDS: st.SearchStrategy[Grid] = st.sampled_from(["clarke", "parkes_type_1", "parkes_type_2"])
INTERVALS: list[LimitInterval] = ["exact", "mover", "approximate", "approximate_1986"]
SWAPPED_FORMS: list[IccForm] = [
    "one_way_single",
    "agreement_single",
    "consistency_single",
    "one_way_average",
    "agreement_average",
    "consistency_average",
]
Arms = tuple[FloatArray, FloatArray]


@st.composite
def measured(draw: st.DrawFn, *, smallest: int = 4, largest: int = 40) -> Arms:
    """Two measurements of one quantity, both with error, on a line that rises."""
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.integers(smallest, largest))
    truth = rng.normal(100, 15, n)
    slope, noise = draw(st.sampled_from([0.7, 1.0, 1.5])), draw(st.sampled_from([1.0, 5.0]))
    candidate = slope * truth + rng.normal(0, noise, n)
    return candidate.round(2), (truth + rng.normal(0, noise, n)).round(2)


def agreed(pair: Arms, interval: LimitInterval) -> Agreement:
    found = limits_of_agreement(*pair, multiplier=1.96, interval=interval, level=0.95)
    assert isinstance(found, Agreement)
    return found


@settings(max_examples=500)
@given(measured(), st.sampled_from(INTERVALS))
def test_swapping_the_arms_mirrors_the_limits_of_agreement(
    pair: Arms, interval: LimitInterval
) -> None:
    one, other = agreed(pair, interval), agreed((pair[1], pair[0]), interval)
    assert one.lower_interval is not None
    assert other.upper_interval is not None
    assert (one.bias, one.lower, one.upper) == (-other.bias, -other.upper, -other.lower)
    assert one.lower_interval == tuple(-x for x in reversed(other.upper_interval))
    assert one.lower_interval[0] < one.lower < one.lower_interval[1]


@settings(max_examples=500)
@given(measured(smallest=6), st.sampled_from(["constant", "varying"]), SEEDS)
def test_pairs_repeated_exactly_add_a_variance_within_of_zero(
    pair: Arms, replicates: Replicates, seed: int
) -> None:
    twice = np.concatenate((pair[0], pair[0])), np.concatenate((pair[1], pair[1]))
    cluster = np.tile(np.arange(len(pair[0]), dtype=np.int64), 2)
    order = np.random.default_rng(seed).permutation(len(cluster))
    both = [
        replicated_limits(
            twice[0][rows],
            twice[1][rows],
            cluster[rows],
            replicates=replicates,
            multiplier=1.96,
            interval="mover",
            level=0.95,
        )
        for rows in (np.arange(len(cluster)), order)
    ]
    once = agreed(pair, "mover")
    assert both[0] == both[1]
    assert isinstance(both[0], Agreement)
    assert [both[0].bias, both[0].sd] == pytest.approx([once.bias, once.sd], rel=1e-9)
    assert both[0].upper_interval == pytest.approx(once.upper_interval, rel=1e-9)


def lined(found: Line | NotEvaluable) -> Line:
    assume(isinstance(found, Line))
    assert isinstance(found, Line)
    return found


@settings(max_examples=500)
@given(measured(), st.sampled_from([0.25, 1.0, 3.0]))
def test_swapping_the_arms_turns_demings_line_round(pair: Arms, ratio: float) -> None:
    one = lined(deming(*pair, error_ratio=ratio, level=0.95))
    other = lined(deming(pair[1], pair[0], error_ratio=1 / ratio, level=0.95))
    slope = one.slope.estimate
    assert other.slope.estimate == pytest.approx(1 / slope, rel=1e-7)
    assert other.intercept.estimate == pytest.approx(
        -one.intercept.estimate / slope, rel=1e-6, abs=1e-6
    )


@settings(max_examples=500)
@given(measured(largest=15))
def test_demings_line_is_the_principal_axis_and_its_error_the_refitted_one(pair: Arms) -> None:
    def axis(keep: FloatArray) -> float:
        y, x = pair[0][keep.astype(bool)], pair[1][keep.astype(bool)]
        vector = np.linalg.eigh(np.cov(x, y))[1][:, -1]
        return float(vector[1] / vector[0])

    n = len(pair[0])
    found = lined(deming(*pair, error_ratio=1.0, level=0.95))
    whole = axis(np.ones(n))
    assume(abs(whole) < 50)
    left = np.array([axis(np.arange(n) != i) for i in range(n)])
    assume(np.abs(left).max() < 50)
    assert found.slope.estimate == pytest.approx(whole, rel=1e-7)
    assert found.slope.standard_error == pytest.approx(
        math.sqrt(((left - whole) ** 2).sum()), rel=1e-5
    )


@settings(max_examples=500)
@given(measured(smallest=8, largest=25))
def test_swapping_the_arms_turns_passing_and_babloks_slope_round(pair: Arms) -> None:
    one = lined(passing_bablok(*pair, level=0.95))
    other = lined(passing_bablok(pair[1], pair[0], level=0.95))
    assume(one.reason is None and other.reason is None)
    assert one.slope.low is not None
    assert one.slope.high is not None
    assume(one.slope.low > 0.01)
    expected = 1 / one.slope.estimate, 1 / one.slope.high, 1 / one.slope.low
    got = other.slope.estimate, other.slope.low, other.slope.high
    assert got == pytest.approx(expected, rel=1e-9)


@settings(max_examples=500)
@given(measured())
def test_concordance_is_one_less_the_expected_squared_difference(pair: Arms) -> None:
    found = concordance(*pair, level=0.95)
    swapped = concordance(pair[1], pair[0], level=0.95)
    assert not isinstance(found, NotEvaluable)
    assert not isinstance(swapped, NotEvaluable)
    x, y = pair
    apart = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    assert found.estimate == pytest.approx(1 - ((x - y) ** 2).mean() / apart, abs=1e-9)
    assert found.estimate == pytest.approx(found.correlation * found.bias_correction, rel=1e-9)
    assert swapped.low == pytest.approx(found.low, rel=1e-9)
    assert swapped.location_shift == pytest.approx(-found.location_shift, rel=1e-9, abs=1e-12)


@settings(max_examples=500)
@given(measured(), st.sampled_from(SWAPPED_FORMS))
def test_intraclass_forms_follow_from_variances_and_do_not_know_the_arms(
    pair: Arms, form: IccForm
) -> None:
    found = intraclass(np.column_stack(pair), form=form, level=0.95)
    swapped = intraclass(np.column_stack(pair[::-1]), form=form, level=0.95)
    assert not isinstance(found, NotEvaluable)
    assert not isinstance(swapped, NotEvaluable)
    assert swapped.estimate == pytest.approx(found.estimate, rel=1e-9)
    x, y = pair
    n = len(x)
    cross = 2 * float(np.cov(x, y)[0, 1])
    both = float(x.var(ddof=1) + y.var(ddof=1))
    gap = float((x - y).mean() ** 2)
    d2 = float(((x - y) ** 2).sum()) / n
    single = {
        "consistency": cross / both,
        "agreement": cross / (both + gap - (x - y).var(ddof=1) / n),
        "one_way": ((both + cross) / 2 - d2 / 2) / ((both + cross) / 2 + d2 / 2),
    }[form.rsplit("_", 1)[0]]
    expected = single if form.endswith("single") else 2 * single / (1 + single)
    assert found.estimate == pytest.approx(expected, rel=1e-7, abs=1e-9)
    if found.low is not None and found.high is not None:
        assert found.low < found.estimate < found.high


@settings(max_examples=500)
@given(GRIDS, st.integers(1, 600), st.integers(1, 600), st.integers(0, 300))
def test_moving_an_answer_away_from_the_reference_never_improves_a_parkes_zone(
    grid: Grid, reference: int, answer: int, further: int
) -> None:
    assume(grid != "clarke")
    moved = answer + further if answer >= reference else max(1, answer - further)
    found = zones(
        np.array([answer, moved], dtype=float),
        np.array([reference, reference], dtype=float),
        grid=grid,
        mg_dl_per_unit=1.0,
    )
    assert not isinstance(found, NotEvaluable)
    assert found[0] <= found[1]


@settings(max_examples=500)
@given(GRIDS, st.integers(1, 600), st.integers(1, 600))
def test_a_zone_does_not_depend_on_the_unit(grid: Grid, reference: int, answer: int) -> None:
    x, y = np.array([reference / 18.0]), np.array([answer / 18.0])
    one = zones(y, x, grid=grid, mg_dl_per_unit=18.0)
    other = zones(np.round(y * 18), np.round(x * 18), grid=grid, mg_dl_per_unit=1.0)
    assert not isinstance(one, NotEvaluable)
    assert not isinstance(other, NotEvaluable)
    assert one.tolist() == other.tolist()


@settings(max_examples=500)
@given(st.lists(st.integers(20, 450), min_size=1, max_size=60))
def test_shares_below_in_and_above_range_add_up(values: list[int]) -> None:
    found = glucose_summary(np.array(values, dtype=float))
    assert not isinstance(found, NotEvaluable)
    assert found.below_70 + found.in_range + found.above_180 == pytest.approx(1)
    assert found.below_54 <= found.below_70
    assert found.above_250 <= found.above_180
    assert found.gmi == pytest.approx(3.31 + 0.02392 * float(np.mean(values)))


@settings(max_examples=500)
@given(measured(), st.integers(0, 60), st.integers(0, 30))
def test_a_wider_tolerance_never_loses_an_answer(pair: Arms, percent: int, absolute: int) -> None:
    narrow = within_tolerance(*pair, relative=percent / 100, absolute=float(absolute))
    wide = within_tolerance(*pair, relative=percent / 100, absolute=float(absolute + 1))
    assert (narrow <= wide).all()
