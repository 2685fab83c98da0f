"""Laws of areas and of clustered means: second routes, symmetry, row order, singletons."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.means import (
    ClusterTotals,
    clustered_difference,
    difference_of_totals,
)
from evaluation.inference.discrimination.areas import delong
from evaluation.inference.discrimination.placements import (
    Placements,
    Subjects,
    delong_variance,
    left_out_areas,
    obuchowski_variance,
    placements,
)
from protocols.vocabulary import Direction
from tests.properties.strategies import MARGINS, Scored, scored

HIGHER = Direction.HIGHER_IS_BETTER


def double_loop(scores: FloatArray, outcome: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Placements by comparing every event with every non-event, as the paper defines them."""
    event, other = scores[outcome][:, None], scores[~outcome][None, :]
    psi = np.where(event > other, 1.0, np.where(event == other, 0.5, 0.0))
    return psi.mean(axis=1), psi.mean(axis=0)


def quadratic_delong(data: Scored) -> tuple[float, float]:
    """Difference and variance by the definition of 1988, with matrices."""
    candidate, soc, outcome, _ = data
    c10, c01 = double_loop(candidate, outcome)
    s10, s01 = double_loop(soc, outcome)
    variance = np.var(c10 - s10, ddof=1) / len(c10) + np.var(c01 - s01, ddof=1) / len(c01)
    return float(c10.mean() - s10.mean()), float(variance)


def estimated(data: Scored, *, clustered: bool = False, margin: float = 0.05) -> Estimate | None:
    candidate, soc, outcome, cluster = data
    found = delong(
        candidate, soc, outcome, margin=margin, level=0.95, cluster=cluster if clustered else None
    )
    return None if isinstance(found, NotEvaluable) else found


@given(scored(), MARGINS)
@settings(max_examples=500)
def test_placements_by_sorting_equal_the_double_loop(data: Scored, margin: float) -> None:
    found = estimated(data, margin=margin)
    difference, variance = quadratic_delong(data)
    if found is None:
        assert variance == pytest.approx(0, abs=1e-12)
        return
    assert found.estimate == pytest.approx(difference, abs=1e-12)
    assert found.standard_error**2 == pytest.approx(variance, rel=1e-9)
    assert found.statistic == pytest.approx((difference + margin) / variance**0.5, rel=1e-8)


@given(scored(), MARGINS, st.sampled_from(["independent", "clustered"]))
@settings(max_examples=500)
def test_an_area_interval_excludes_the_margin_exactly_when_the_test_rejects(
    data: Scored, margin: float, pairs: str
) -> None:
    found = estimated(data, clustered=pairs == "clustered", margin=margin)
    if found is not None and abs(found.p_value - 0.025) > 1e-9:
        assert (found.low > -margin) == (found.p_value < 0.025)


@given(scored())
@settings(max_examples=500)
def test_swapping_the_arms_mirrors_the_area_difference(data: Scored) -> None:
    candidate, soc, outcome, cluster = data
    for clustered in (False, True):
        one = estimated(data, clustered=clustered, margin=0.0)
        other = estimated((soc, candidate, outcome, cluster), clustered=clustered, margin=0.0)
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert other.statistic == pytest.approx(-one.statistic, rel=1e-9, abs=1e-12)
            assert (other.low, other.high) == pytest.approx((-one.high, -one.low), abs=1e-12)


@given(scored(), st.integers(0, 2**32 - 1))
@settings(max_examples=500)
def test_row_order_changes_no_bit_of_an_area_difference(data: Scored, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(data[2]))
    candidate, soc, outcome, cluster = data
    shuffled = candidate[order], soc[order], outcome[order], cluster[order]
    for clustered in (False, True):
        assert estimated(data, clustered=clustered) == estimated(shuffled, clustered=clustered)


def quadratic_obuchowski(data: Scored) -> float:
    """The variance of 1997 from the double loop, subject by subject."""
    candidate, soc, outcome, cluster = data
    (c10, c01), (s10, s01) = double_loop(candidate, outcome), double_loop(soc, outcome)
    effect, m, n = c10.mean() - s10.mean(), len(c10), len(c01)
    labels = np.unique(cluster)
    events, others = cluster[outcome], cluster[~outcome]
    x = np.array([(c10 - s10 - effect)[events == label].sum() for label in labels])
    y = np.array([(c01 - s01 - effect)[others == label].sum() for label in labels])
    i10, i01, k = len(np.unique(events)), len(np.unique(others)), len(labels)
    own = i10 / (i10 - 1) * (x @ x) / m**2 + i01 / (i01 - 1) * (y @ y) / n**2
    return float(own + 2 * k / (k - 1) * (x @ y) / (m * n))


@given(scored())
@settings(max_examples=500)
def test_the_variance_between_subjects_equals_the_double_loop(data: Scored) -> None:
    found = estimated(data, clustered=True)
    if found is not None:
        assert found.standard_error**2 == pytest.approx(quadratic_obuchowski(data), rel=1e-8)


@given(scored())
@settings(max_examples=500)
def test_splitting_a_subject_leaves_the_area_difference_alone(data: Scored) -> None:
    candidate, soc, outcome, cluster = data
    split = cluster.copy()
    split[np.flatnonzero(cluster == cluster[0])[0]] = cluster.max() + 1
    one = estimated(data, clustered=True)
    other = estimated((candidate, soc, outcome, split), clustered=True)
    if one is not None and other is not None:
        assert (one.estimate, one.candidate) == (other.estimate, other.candidate)


@given(scored(), st.permutations(range(40)))
@settings(max_examples=500)
def test_the_names_of_subjects_do_not_matter(data: Scored, names: list[int]) -> None:
    candidate, soc, outcome, cluster = data
    renamed = np.array(names, dtype=np.int64)[cluster] * 1000 - 7
    assert estimated((candidate, soc, outcome, renamed), clustered=True) == estimated(
        data, clustered=True
    )


@given(scored())
@settings(max_examples=500)
def test_leaving_a_subject_out_by_counting_equals_computing_anew(data: Scored) -> None:
    candidate, _, outcome, cluster = data
    units = Subjects.of(cluster, outcome)
    found = left_out_areas(candidate, outcome, units)
    for subject in range(units.n):
        kept = units.index != subject
        if outcome[kept].any() and not outcome[kept].all():
            anew = placements(candidate[kept], outcome[kept]).area
            assert found[subject] == pytest.approx(anew, rel=1e-12)
        else:
            assert np.isnan(found[subject])


@given(scored())
@settings(max_examples=500)
def test_one_encounter_for_each_subject_is_delong(data: Scored) -> None:
    candidate, soc, outcome, _ = data
    c, s = placements(candidate, outcome), placements(soc, outcome)
    parts = Placements(c.event - s.event, c.non_event - s.non_event)
    alone = np.arange(len(outcome), dtype=np.int64)
    clustered = obuchowski_variance(parts, outcome, alone)
    assert clustered == pytest.approx(delong_variance(parts), rel=1e-12, abs=1e-18)


@given(scored(), st.integers(2, 5))
@settings(max_examples=500)
def test_an_order_preserving_change_of_scale_changes_nothing(data: Scored, power: int) -> None:
    candidate, soc, outcome, cluster = data
    assert estimated((candidate, np.exp(soc) * power, outcome, cluster)) == estimated(data)


def clustered_mean(data: Scored, margin: float = 0.1) -> Estimate | NotEvaluable:
    _, soc, outcome, cluster = data
    other = outcome.astype(np.float64)
    return clustered_difference(soc, other, cluster, margin=margin, direction=HIGHER, level=0.9)


@given(scored(), st.integers(0, 2**32 - 1))
@settings(max_examples=500)
def test_row_order_changes_no_bit_of_a_clustered_mean(data: Scored, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(data[2]))
    candidate, soc, outcome, cluster = data
    shuffled = candidate[order], soc[order], outcome[order], cluster[order]
    assert clustered_mean(data) == clustered_mean(shuffled)


@given(scored())
@settings(max_examples=500)
def test_one_encounter_for_each_subject_is_the_paired_t_test(data: Scored) -> None:
    candidate, soc, outcome, _ = data
    alone = np.arange(len(soc), dtype=np.int64)
    found = clustered_mean((candidate, soc, outcome, alone))
    assert isinstance(found, Estimate)
    iid = np.std(soc - outcome, ddof=1) / np.sqrt(len(soc))
    assert found.standard_error == pytest.approx(iid, rel=1e-12)


@given(scored())
@settings(max_examples=500)
def test_splitting_a_subject_changes_only_the_standard_error(data: Scored) -> None:
    candidate, soc, outcome, cluster = data
    split = cluster.copy()
    split[np.flatnonzero(cluster == cluster[0])[0]] = cluster.max() + 1
    one, other = clustered_mean(data), clustered_mean((candidate, soc, outcome, split))
    if isinstance(one, Estimate) and isinstance(other, Estimate):
        assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
        assert one.candidate == pytest.approx(other.candidate, rel=1e-12)


@given(scored(), st.integers(1, 5))
@settings(max_examples=500)
def test_subjects_spread_over_partitions_merge_to_the_whole(data: Scored, parts: int) -> None:
    _, soc, outcome, cluster = data
    other = outcome.astype(np.float64)
    whole = ClusterTotals.of(soc, other, cluster)
    pieces = [
        ClusterTotals.of(soc[mine], other[mine], cluster[mine])
        for mine in (cluster % parts == part for part in range(parts))
        if mine.any()
    ]
    merged = pieces[-1]
    for piece in pieces[-2::-1]:
        merged = merged.merge(piece)
    one = difference_of_totals(whole, margin=0.1, direction=HIGHER, level=0.95)
    assert one == difference_of_totals(merged, margin=0.1, direction=HIGHER, level=0.95)


@given(scored(), MARGINS)
@settings(max_examples=500)
def test_the_t_interval_excludes_the_margin_exactly_when_the_test_rejects(
    data: Scored, margin: float
) -> None:
    found = clustered_mean(data, margin)
    assert isinstance(found, Estimate)
    if abs(found.p_value - 0.05) > 1e-9:
        assert (found.low > -margin) == (found.p_value < 0.05)
    assert dataclasses.is_dataclass(found)
