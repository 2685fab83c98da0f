"""Laws of numbers read off a ranking's curve, of their resamples, and of averages over readers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.discrimination.areas import delong
from evaluation.inference.discrimination.comparison import (
    Drawing,
    RankComparison,
    compared,
    rank_test,
)
from evaluation.inference.discrimination.curves import (
    Ranking,
    area,
    average_precision,
    curve_of,
    partial_area,
    recall_at,
    sensitivity_at,
    statistic_of,
)
from evaluation.inference.discrimination.placements import delong_variance, placements
from evaluation.inference.discrimination.readers import (
    Covariance,
    Crossed,
    Effect,
    averaged_difference,
    crossed,
    reader_areas,
    reader_test,
)
from protocols.vocabulary import Direction
from tests.properties.strategies import MARGINS, Scored, scored

HIGHER = Direction.HIGHER_IS_BETTER
NUMBERS = {
    "specificity_low": 0.6,
    "specificity_high": 0.95,
    "specificity": 0.8,
    "alert_rate": 0.3,
}
MEASURES = st.sampled_from(
    ["auc", "pr_auc", "partial_auc", "sensitivity_at_specificity", "recall_at_alert_rate"]
)
SHARES = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
SEEDS = st.integers(0, 2**32 - 1)
LAW = settings(max_examples=500, deadline=None)


@given(scored(), MEASURES, SEEDS)
@LAW
def test_a_weighted_curve_is_the_curve_of_repeated_rows(
    data: Scored, measure: str, seed: int
) -> None:
    scores, _, outcome, _ = data
    weights = np.random.default_rng(seed).integers(0, 4, len(scores))
    statistic = statistic_of(measure, NUMBERS)
    found = statistic(Ranking.of(scores, outcome).curve(weights))
    if not weights.any():
        assert found is None
        return
    repeated = statistic(curve_of(np.repeat(scores, weights), np.repeat(outcome, weights)))
    if found is None:
        assert repeated is None
    else:
        assert found == pytest.approx(repeated, rel=1e-12, abs=1e-15)


@given(scored(), MEASURES, SEEDS)
@LAW
def test_row_order_and_scale_change_no_bit_of_a_measure(
    data: Scored, measure: str, seed: int
) -> None:
    _, scores, outcome, _ = data
    order = np.random.default_rng(seed).permutation(len(scores))
    statistic = statistic_of(measure, NUMBERS)
    found = statistic(curve_of(scores, outcome))
    assert statistic(curve_of(np.exp(scores)[order], outcome[order])) == found
    assert found is not None
    assert 0 <= found <= 1


@given(scored())
@LAW
def test_the_area_of_a_curve_is_that_of_placements(data: Scored) -> None:
    scores, _, outcome, _ = data
    curve = curve_of(scores, outcome)
    assert area(curve) == placements(scores, outcome).area
    assert partial_area(curve, low=0.0, high=1.0) == pytest.approx(area(curve), rel=1e-12)


@given(scored(), st.integers(1, 19))
@LAW
def test_parts_of_an_area_add_up_to_it(data: Scored, twentieths: int) -> None:
    scores, _, outcome, _ = data
    curve, cut = curve_of(scores, outcome), twentieths / 20
    parts = partial_area(curve, low=0.0, high=cut), partial_area(curve, low=cut, high=1.0)
    assert parts[0] is not None
    assert parts[1] is not None
    assert parts[0] + parts[1] == pytest.approx(area(curve), rel=1e-12)


@given(scored())
@LAW
def test_a_ranking_upside_down_has_the_rest_of_the_area(data: Scored) -> None:
    scores, _, outcome, _ = data
    found, other = area(curve_of(scores, outcome)), area(curve_of(-scores, outcome))
    assert found is not None
    assert other is not None
    assert found + other == pytest.approx(1.0, rel=1e-14)


@given(scored())
@LAW
def test_average_precision_is_the_sum_over_thresholds(data: Scored) -> None:
    scores, _, outcome, _ = data
    total, before = 0.0, 0.0
    for threshold in np.unique(scores)[::-1]:
        flagged = scores >= threshold
        recall = outcome[flagged].sum() / outcome.sum()
        total += (recall - before) * outcome[flagged].mean()
        before = recall
    assert average_precision(curve_of(scores, outcome)) == pytest.approx(total, rel=1e-12)


@given(scored(), SHARES, SHARES)
@LAW
def test_sensitivity_falls_with_specificity_and_rises_with_alerts(
    data: Scored, one: float, other: float
) -> None:
    scores, _, outcome, _ = data
    curve, low, high = curve_of(scores, outcome), min(one, other), max(one, other)
    strict, mild = sensitivity_at(curve, specificity=high), sensitivity_at(curve, specificity=low)
    few, many = recall_at(curve, alert_rate=low), recall_at(curve, alert_rate=high)
    assert strict is not None
    assert mild is not None
    assert few is not None
    assert many is not None
    assert strict <= mild + 1e-12
    assert few <= many + 1e-12
    assert sensitivity_at(curve, specificity=0.0) == recall_at(curve, alert_rate=1.0) == 1.0


@given(scored(), SHARES)
@LAW
def test_without_ties_a_measure_is_counted_at_its_threshold(data: Scored, share: float) -> None:
    _, scores, outcome, _ = data  # all different
    n_others, n = int((~outcome).sum()), len(outcome)
    ranked = np.sort(scores)[::-1]
    allowed = round(share * n_others)
    spared = np.sort(scores[~outcome])[::-1]
    above = spared[allowed] if allowed < n_others else -np.inf
    exact = 1 - allowed / n_others
    found = sensitivity_at(curve_of(scores, outcome), specificity=exact)
    assert found == pytest.approx((scores[outcome] > above).mean(), abs=1e-12)
    k = round(share * n)
    flagged = scores >= ranked[k - 1] if k else np.zeros(n, dtype=bool)
    recall = recall_at(curve_of(scores, outcome), alert_rate=k / n)
    assert recall == pytest.approx(flagged[outcome].sum() / outcome.sum(), abs=1e-12)


def resampled(data: Scored, measure: str, *, by_outcome: bool = False) -> RankComparison | None:
    candidate, soc, outcome, cluster = data
    found = compared(
        (candidate, soc),
        outcome,
        cluster,
        statistic=statistic_of(measure, NUMBERS),
        drawing=Drawing(seed=7, resamples=25, by_outcome=by_outcome),
    )
    return None if isinstance(found, NotEvaluable) else found


def judged(data: Scored, measure: str, margin: float = 0.0) -> Estimate | NotEvaluable | None:
    found = resampled(data, measure)
    if found is None:
        return None
    return rank_test(found, margin=margin, level=0.95, direction=HIGHER)


@given(scored(largest=25), MEASURES, SEEDS)
@LAW
def test_row_order_changes_no_bit_of_a_resampled_difference(
    data: Scored, measure: str, seed: int
) -> None:
    candidate, soc, outcome, cluster = data
    order = np.random.default_rng(seed).permutation(len(outcome))
    shuffled = candidate[order], soc[order], outcome[order], cluster[order]
    assert judged(data, measure) == judged(shuffled, measure)


@given(scored(largest=25), MEASURES)
@LAW
def test_swapping_the_arms_mirrors_a_resampled_difference(data: Scored, measure: str) -> None:
    candidate, soc, outcome, cluster = data
    one, other = judged(data, measure), judged((soc, candidate, outcome, cluster), measure)
    if isinstance(one, Estimate):
        assert isinstance(other, Estimate)
        assert other.statistic == -one.statistic
        assert (other.low, other.high) == (-one.high, -one.low)
    else:
        assert not isinstance(other, Estimate)


@given(scored(largest=25), MEASURES, MARGINS)
@LAW
def test_a_resampled_interval_excludes_the_margin_exactly_when_the_test_rejects(
    data: Scored, measure: str, margin: float
) -> None:
    found = judged(data, measure, margin)
    if isinstance(found, Estimate) and abs(found.p_value - 0.025) > 1e-9:
        assert (found.low > -margin) == (found.p_value < 0.025)


Readings = tuple[FloatArray, FloatArray, BoolArray, FloatArray, IntArray]


@st.composite
def readings(draw: st.DrawFn) -> Readings:
    """One to four readers rate every case with both arms from 1 to 5."""
    n_readers, n = draw(st.integers(1, 4)), draw(st.integers(6, 20))
    rng = np.random.default_rng(draw(SEEDS))
    truth = rng.random(n) < 0.5
    truth[:2], truth[2:4] = True, False
    case = rng.normal(size=n) + truth
    rating = case + rng.normal(size=(2, n_readers, n)) * draw(st.sampled_from([0.3, 1.0]))
    arms = np.clip(np.round(rating + 2), 1, 5).reshape(2, -1)
    reader = np.repeat(np.arange(n_readers, dtype=np.float64), n)
    cases = np.tile(np.arange(n, dtype=np.int64), n_readers)
    return arms[0], arms[1], np.tile(truth, n_readers), reader, cases


EFFECTS: st.SearchStrategy[Effect] = st.sampled_from(["random", "fixed"])
COVARIANCES: st.SearchStrategy[Covariance] = st.sampled_from(["delong", "jackknife"])


def table_of(data: Readings) -> Crossed | None:
    candidate, soc, outcome, reader, case = data
    found = crossed((candidate, soc), outcome, reader, case)
    return None if isinstance(found, NotEvaluable) else found


def read(
    data: Readings, effect: Effect, covariance: Covariance, margin: float = 0.0
) -> Estimate | None:
    table = table_of(data)
    if table is None:
        return None
    found = reader_test(table, covariance=covariance, readers=effect, margin=margin, level=0.95)
    return found if isinstance(found, Estimate) else None


@given(readings(), EFFECTS, COVARIANCES, SEEDS)
@LAW
def test_row_order_changes_no_bit_of_a_reader_average(
    data: Readings, effect: Effect, covariance: Covariance, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(data[2]))
    candidate, soc, outcome, reader, case = data
    shuffled = candidate[order], soc[order], outcome[order], reader[order], case[order]
    assert read(shuffled, effect, covariance) == read(data, effect, covariance)


@given(readings(), EFFECTS, COVARIANCES)
@LAW
def test_swapping_the_arms_mirrors_a_reader_average(
    data: Readings, effect: Effect, covariance: Covariance
) -> None:
    candidate, soc, outcome, reader, case = data
    one = read(data, effect, covariance)
    other = read((soc, candidate, outcome, reader, case), effect, covariance)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert other.statistic == pytest.approx(-one.statistic, rel=1e-6, abs=1e-9)
        assert (other.low, other.high) == pytest.approx((-one.high, -one.low), rel=1e-6, abs=1e-9)


@given(readings(), EFFECTS, COVARIANCES, MARGINS)
@LAW
def test_a_reader_interval_excludes_the_margin_exactly_when_the_test_rejects(
    data: Readings, effect: Effect, covariance: Covariance, margin: float
) -> None:
    found = read(data, effect, covariance, margin)
    if found is not None and abs(found.p_value - 0.025) > 1e-9:
        assert (found.low > -margin) == (found.p_value < 0.025)


@given(readings())
@LAW
def test_one_fixed_reader_is_delong(data: Readings) -> None:
    candidate, soc, outcome, reader, case = data
    alone = reader == 0
    arms = candidate[alone], soc[alone], outcome[alone]
    plain = delong(*arms, margin=0.05, level=0.95)
    found = read((*arms, reader[alone], case[alone]), "fixed", "delong", 0.05)
    if isinstance(plain, Estimate):
        assert found is not None
        assert found.estimate == pytest.approx(plain.estimate, abs=1e-12)
        assert found.statistic == pytest.approx(plain.statistic, rel=1e-7)


@given(readings())
@LAW
def test_fixed_readers_have_the_variance_of_averaged_placements(data: Readings) -> None:
    table = table_of(data)
    if table is None:
        return
    areas, j = reader_areas(table, covariance="delong"), table.n_readers
    parts = [
        placements(table.scores[0, i], table.outcome).less(
            placements(table.scores[1, i], table.outcome)
        )
        for i in range(j)
    ]
    summed = parts[0]
    for part in parts[1:]:
        summed = type(part)(summed.event + part.event, summed.non_event + part.non_event)
    variance = delong_variance(summed) / j**2
    found = averaged_difference(areas, readers="fixed")
    if isinstance(found, NotEvaluable):
        assert variance == pytest.approx(0, abs=1e-12)
    elif areas.same_arm >= areas.neither:
        assert found.standard_error**2 == pytest.approx(variance, rel=1e-7, abs=1e-15)
    else:
        assert found.standard_error**2 >= variance - 1e-15
