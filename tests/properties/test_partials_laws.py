"""Laws of parts that merge, and of resampling by subject."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.inference.arrays import FloatArray, cluster_sums, exact_sum
from evaluation.inference.clusters.differences import mean_of_sums
from evaluation.inference.clusters.means import difference_of_totals
from evaluation.inference.partials import CountPartial, TotalsPartial
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.resampling import (
    Replicates,
    bootstrap,
    bootstrap_totals,
    jackknife,
    jackknife_totals,
    subject_weights,
)
from protocols.vocabulary import Direction

HIGHER = Direction.HIGHER_IS_BETTER
laws = settings(max_examples=500)
SEEDS = st.integers(0, 2**32 - 1)


def _numbers(rng: np.random.Generator, n: int, spread: int) -> FloatArray:
    values = np.ldexp(rng.normal(size=n), rng.integers(-spread, spread + 1, n))
    values[rng.random(n) < 0.2] = 0.0
    return values


@laws
@given(SEEDS, st.integers(1, 60), st.integers(1, 8), st.sampled_from([0, 20, 400]))
def test_parts_cut_anywhere_merge_to_the_same_bytes(
    seed: int, n: int, parts: int, spread: int
) -> None:
    rng = np.random.default_rng(seed)
    candidate, soc = _numbers(rng, n, spread), _numbers(rng, n, spread)
    cluster, part = rng.integers(0, 1 + n // 3, n), rng.integers(0, parts, n)
    whole = TotalsPartial.of(candidate, soc, cluster).finish()
    order = rng.permutation(np.unique(part))
    merged = TotalsPartial.merged(
        [TotalsPartial.of(*(x[part == p] for x in (candidate, soc, cluster))) for p in order]
    ).finish()
    for one, other in ((whole, merged),):
        assert one.candidate.tobytes() == other.candidate.tobytes()
        assert one.standard_of_care.tobytes() == other.standard_of_care.tobytes()
        assert one.n.tobytes() == other.n.tobytes()
    asked = {"margin": 0.1, "direction": HIGHER, "level": 0.95}
    assert difference_of_totals(whole, **asked) == difference_of_totals(merged, **asked)  # type: ignore[arg-type]


@laws
@given(SEEDS, st.integers(1, 60), st.integers(1, 8))
def test_merging_parts_of_parts_is_merging_parts(seed: int, n: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    columns = rng.random((2, n)) < 0.5
    cluster, part = rng.integers(0, 9, n), rng.integers(0, parts, n)
    pieces = [
        CountPartial.of(columns[0][part == p], columns[1][part == p], cluster[part == p])
        for p in np.unique(part)
    ]
    nested = pieces[0]
    for piece in pieces[1:]:
        nested = CountPartial.merged([piece, nested])
    whole = CountPartial.of(columns[0], columns[1], cluster)
    for found in (CountPartial.merged(pieces), nested):
        assert found.cells.tobytes() == whole.cells.tobytes()
        assert found.labels.tobytes() == whole.labels.tobytes()
    assert whole.table() == PairedCounts.of(columns[0], columns[1])


@laws
@given(
    st.lists(
        st.one_of(
            st.sampled_from([0.0, -0.0, 1.0, 2.0**52, 2.0**53, -(2.0**53), 0.1, 1e300, -1e300]),
            st.integers(-(2**53), 2**53).map(float),
            st.floats(-1e9, 1e9),
        ),
        max_size=9,
    )
)
def test_whole_numbers_add_up_as_all_others(values: list[float]) -> None:
    assert repr(exact_sum(np.array(values, dtype=np.float64))) == repr(math.fsum(values))


@laws
@given(SEEDS, st.integers(1, 50), st.sampled_from([0, 30, 500]))
def test_sums_by_subject_are_correctly_rounded(seed: int, n: int, spread: int) -> None:
    rng = np.random.default_rng(seed)
    values = _numbers(rng, n, spread)
    values = np.concatenate((values, -values[::2]))
    index = rng.integers(0, 3, len(values))
    sums = cluster_sums(values, index, 3)
    assert sums.tolist() == [math.fsum(values[index == k]) for k in range(3)]


@laws
@given(SEEDS, st.integers(1, 40), st.booleans())
def test_every_resample_has_as_many_subjects_in_every_stratum(
    seed: int, k: int, stratified: bool
) -> None:
    strata = np.arange(k) % 3
    drawn = subject_weights(k, seed=seed, resamples=3, strata=strata if stratified else None)
    for weights in drawn:
        assert weights.sum() == k
        if stratified:
            assert np.bincount(strata, weights).tolist() == np.bincount(strata).tolist()


@laws
@given(SEEDS, st.integers(2, 20), st.integers(1, 30))
def test_weights_on_rows_and_totals_by_subject_are_one_bootstrap(
    seed: int, k: int, more: int
) -> None:
    rng = np.random.default_rng(seed)
    cluster = np.concatenate((np.arange(k), rng.integers(0, k, more)))
    values = rng.integers(-9, 9, len(cluster)).astype(np.float64)
    sums = np.column_stack(
        (cluster_sums(values, cluster, k), np.bincount(cluster).astype(np.float64))
    )
    fast = bootstrap_totals(sums, mean_of_sums, seed=seed, resamples=5)
    slow = bootstrap(lambda w: float(w @ values / w.sum()), cluster, seed=seed, resamples=5)
    assert isinstance(fast, Replicates)
    assert isinstance(slow, Replicates)
    assert fast.values.tolist() == pytest.approx(slow.values.tolist(), rel=1e-12, abs=1e-12)
    left_out = jackknife(lambda w: float(w @ values / w.sum()), cluster)
    assert jackknife_totals(sums, mean_of_sums) == pytest.approx(left_out, rel=1e-12, abs=1e-12)
