"""Laws of subjects who come back: every registered test of a mean difference and a ratio."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluation.inference import registry
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters import mcnemar as published
from evaluation.inference.clusters import stacked
from evaluation.inference.orientation import upper_tail
from evaluation.inference.partials import CountPartial
from evaluation.inference.proportions.difference import score_statistic
from evaluation.inference.rows import Asked, Rows
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
Pairs = tuple[FloatArray, FloatArray, IntArray]
laws = settings(max_examples=500)
DIFFERENCES = [
    "clustered_difference",
    "clustered_difference_cr2",
    "subject_weighted_difference",
    "jackknife_difference",
    "durkalski_margin",
    "yang_margin",
    "clustered_score",
    "bootstrap_difference",
]
SUBJECT_WEIGHTED = {"subject_weighted_difference", "durkalski_margin"}
POOLED = [word for word in DIFFERENCES if word not in SUBJECT_WEIGHTED]


@st.composite
def pairs(draw: st.DrawFn, *, largest: int = 40) -> Pairs:
    """Flags of both arms and the subject of each pair; two subjects at least."""
    n = draw(st.integers(4, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    subjects = rng.integers(0, draw(st.integers(2, n)), n)
    subjects[:2] = 0, 1
    lean = rng.normal(0, draw(st.sampled_from([0.0, 1.0])), n)[subjects]
    soc = rng.random(n) < 1 / (1 + np.exp(-lean))
    candidate = np.where(rng.random(n) < draw(st.floats(0.1, 0.9)), ~soc, soc)
    return candidate.astype(np.float64), soc.astype(np.float64), subjects.astype(np.int64)


def rows_of(data: Pairs) -> Rows:
    candidate, soc, cluster = data
    known = np.ones(len(cluster), dtype=np.bool_)
    return Rows(
        candidate=candidate,
        standard_of_care=soc,
        outcome=known,
        known=known,
        cluster=np.unique(cluster, return_inverse=True)[1].astype(np.int64),
        clustered=True,
        candidate_score=candidate,
        standard_of_care_score=soc,
        candidate_flag=candidate > 0.5,
        standard_of_care_flag=soc > 0.5,
    )


def estimate(
    word: str,
    data: Pairs,
    *,
    margin: float = 0.0,
    direction: Direction = HIGHER,
    level: float = 0.95,
) -> Estimate | NotEvaluable:
    asked = Asked(level, direction, margin, seed=7, resamples=60)
    return registry.estimate(word, rows_of(data), asked)


@laws
@given(pairs(), st.floats(0.0, 0.3), st.sampled_from(list(Direction)), st.sampled_from(DIFFERENCES))
def test_the_interval_excludes_the_margin_exactly_when_p_is_below_alpha(
    data: Pairs, margin: float, direction: Direction, word: str
) -> None:
    found = estimate(word, data, margin=margin, direction=direction, level=0.9)
    if isinstance(found, Estimate) and abs(found.p_value - 0.05) > 1e-9:
        excluded = found.low > -margin if direction is HIGHER else found.high < margin
        assert excluded == (found.p_value < 0.05)


@laws
@given(pairs(), st.sampled_from([w for w in DIFFERENCES if w != "bootstrap_difference"]))
def test_swapping_the_arms_mirrors_the_test(data: Pairs, word: str) -> None:
    candidate, soc, cluster = data
    one, other = estimate(word, data), estimate(word, (soc, candidate, cluster))
    if isinstance(one, NotEvaluable) or isinstance(other, NotEvaluable):
        assert isinstance(one, NotEvaluable)
        assert isinstance(other, NotEvaluable)
        assert one.code == other.code
        return
    assert other.estimate == pytest.approx(-one.estimate, abs=1e-12)
    assert other.statistic == pytest.approx(-one.statistic, rel=1e-9, abs=1e-9)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low), rel=1e-9, abs=1e-9)


@laws
@given(pairs(), st.sampled_from([*DIFFERENCES, "clustered_ratio"]), st.integers(0, 2**32 - 1))
def test_permuting_the_rows_changes_no_byte(data: Pairs, word: str, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(data[0]))
    shuffled = data[0][order], data[1][order], data[2][order]
    margin = 1.0 if word == "clustered_ratio" else 0.1
    assert estimate(word, data, margin=margin) == estimate(word, shuffled, margin=margin)


@laws
@given(pairs())
def test_one_pair_a_subject_is_the_paired_t_test(data: Pairs) -> None:
    candidate, soc, _ = data
    alone = candidate, soc, np.arange(len(soc))
    for word in DIFFERENCES[:4]:
        found = estimate(word, alone)
        if isinstance(found, NotEvaluable):
            assert (candidate - soc == candidate[0] - soc[0]).all()
            continue
        reference = stats.ttest_rel(candidate, soc, alternative="greater")
        assert found.statistic == pytest.approx(reference.statistic, rel=1e-9, abs=1e-12)
        assert found.p_value == pytest.approx(reference.pvalue, rel=1e-9)


@laws
@given(pairs(), st.sampled_from(POOLED))
def test_splitting_a_subject_changes_the_error_only(data: Pairs, word: str) -> None:
    candidate, soc, cluster = data
    split = cluster.copy()
    split[np.flatnonzero(cluster == cluster[-1])[::2]] = cluster.max() + 1
    one, other = estimate(word, data), estimate(word, (candidate, soc, split))
    if isinstance(one, Estimate) and isinstance(other, Estimate):
        assert one.estimate == pytest.approx(other.estimate, abs=1e-14)
        assert one.n_clusters <= other.n_clusters


@laws
@given(pairs(), st.floats(0.0, 0.3))
def test_the_clustered_score_is_the_least_favourable_of_its_three_parts(
    data: Pairs, margin: float
) -> None:
    score, between = (
        estimate(word, data, margin=margin) for word in ("clustered_score", "clustered_difference")
    )
    if isinstance(score, NotEvaluable):
        return
    counts = CountPartial.of(data[0] > 0.5, data[1] > 0.5, data[2]).table()
    tango = score_statistic(counts, -margin)
    statistics = [tango, _largest_around_the_margin(data, margin)]
    if isinstance(between, Estimate):
        statistics.append(between.statistic)
    nearest = min(statistics, key=abs)
    differ = len(set(data[2][data[0] != data[1]].tolist()))
    assert score.df is not None
    assert 1 <= score.df <= max(differ - 1, 1)
    assert score.statistic == pytest.approx(nearest, rel=1e-5, abs=1e-12)
    assert score.p_value == pytest.approx(upper_tail(nearest, score.df), rel=1e-4)


def _largest_around_the_margin(data: Pairs, margin: float) -> float:
    """Second route: every effect between the margin and the estimate, one by one."""
    candidate, soc, cluster = data
    index = np.unique(cluster, return_inverse=True)[1]
    size = np.bincount(index).astype(np.float64)
    sums = np.bincount(index, weights=candidate - soc)
    mean = float((candidate - soc).mean())
    way = np.linspace(0, mean + margin, 4001)[1:]
    spread = ((sums - size * (mean - way[:, None])) ** 2).sum(axis=1)
    k, square = len(size), (len(cluster) * way) ** 2
    left = np.where(k * spread > square, k * spread - square, np.inf)
    statistic = np.sign(way) * np.sqrt((k - 1) * square / left)
    return float(statistic[np.abs(statistic).argmax()])


@laws
@given(st.integers(2, 12), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_subjects_of_one_size_make_all_errors_alike(k: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(2, k * size))
    data = values[0], values[1], np.repeat(np.arange(k), size)
    plain = estimate("clustered_difference", data)
    assert isinstance(plain, Estimate)
    for word in DIFFERENCES[1:4]:
        found = estimate(word, data)
        assert isinstance(found, Estimate)
        assert found.standard_error == pytest.approx(plain.standard_error, rel=1e-9)
        assert found.df == pytest.approx(k - 1, rel=1e-9)


@settings(max_examples=500, deadline=None)
@given(pairs(largest=24))
def test_estimating_equations_with_independence_are_the_pooled_difference(data: Pairs) -> None:
    found = stacked.arm_effect(*data, link="identity", working="independence")
    plain = estimate("clustered_difference", data)
    if isinstance(plain, Estimate) and isinstance(found, stacked.ArmEffect):
        assert found.estimate == pytest.approx(plain.estimate, abs=1e-12)
        shrunk = plain.standard_error * math.sqrt(1 - 1 / plain.n_clusters)
        assert found.sandwich == pytest.approx(shrunk, rel=1e-9)


@laws
@given(pairs())
def test_published_statistics_without_a_margin_are_the_squares_of_the_forms_with_one(
    data: Pairs,
) -> None:
    tables = CountPartial.of(data[0] > 0.5, data[1] > 0.5, data[2]).tables()
    yang, found = published.yang(tables), estimate("yang_margin", data)
    if isinstance(found, Estimate) and not isinstance(yang, NotEvaluable):
        assert found.statistic**2 == pytest.approx(yang.chi_squared, rel=1e-9, abs=1e-12)
    own, mean = estimate("durkalski_margin", data), estimate("subject_weighted_difference", data)
    if isinstance(own, Estimate) and isinstance(mean, Estimate):
        shrunk = mean.standard_error * math.sqrt(1 - 1 / mean.n_clusters)
        assert own.standard_error == pytest.approx(shrunk, rel=1e-9)


@laws
@given(pairs())
def test_one_pair_a_subject_makes_durkalskis_test_mcnemars(data: Pairs) -> None:
    partial = CountPartial.of(data[0] > 0.5, data[1] > 0.5, np.arange(len(data[0])))
    found = published.durkalski(partial.tables())
    if not isinstance(found, NotEvaluable):
        square = score_statistic(partial.table(), 0.0) ** 2
        assert found.chi_squared == pytest.approx(square, rel=1e-9, abs=1e-12)


@laws
@given(pairs(), st.floats(0.5, 1.0))
def test_swapping_the_arms_inverts_the_ratio(data: Pairs, margin: float) -> None:
    candidate, soc, cluster = data
    one = estimate("clustered_ratio", data, margin=margin)
    swapped = soc, candidate, cluster
    other = estimate("clustered_ratio", swapped, margin=1 / margin, direction=LOWER)
    if isinstance(one, NotEvaluable) or isinstance(other, NotEvaluable):
        assert type(one) is type(other)
        return
    assert other.estimate == pytest.approx(1 / one.estimate, rel=1e-9)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-6, abs=1e-6)
    assert (other.low, other.high) == pytest.approx((1 / one.high, 1 / one.low), rel=1e-6)
    assert (one.low > margin) == (one.p_value < 0.025) or abs(one.p_value - 0.025) < 1e-9
