"""Laws of two tests on the same pairs: mirrors, clusters, second routes, interval and test."""

import math
from dataclasses import astuple
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.diagnostic.cells import (
    CANDIDATE,
    DISEASED,
    STANDARD_OF_CARE,
    Measure,
    PairedTests,
    value,
)
from evaluation.inference.diagnostic.effects import (
    Effect,
    difference,
    difference_test,
    relative,
    relative_test,
)
from evaluation.inference.diagnostic.scores import (
    ScoreTest,
    generalised_score,
    global_test,
    weighted_score,
)
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.mcnemar import mcnemar
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
MEASURES: tuple[Measure, ...] = (
    "sensitivity",
    "specificity",
    "false_positive_share",
    "ppv",
    "npv",
    "positive_likelihood_ratio",
    "negative_likelihood_ratio",
)
PREDICTIVE: tuple[Literal["ppv", "npv"], ...] = ("ppv", "npv")
LAWS = settings(max_examples=500, deadline=None)


@st.composite
def subjects(draw: st.DrawFn, *, largest: int = 6) -> PairedTests:
    """Three to twenty subjects with up to eight kinds of pair; every kind occurs somewhere."""
    k = draw(st.integers(3, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cells = rng.integers(0, largest, (k, 8)) * (rng.random((k, 8)) < draw(st.floats(0.2, 1.0)))
    cells[rng.integers(0, k, 8), np.arange(8)] += 1
    return PairedTests(cells.astype(np.int64), clustered=True)


def pooled(tests: PairedTests) -> PairedTests:
    return PairedTests(tests.totals[None, :], clustered=False)


def rows_of(tests: PairedTests) -> tuple[IntArray, IntArray]:
    """Kind and subject of every pair."""
    who, kind = np.indices(tests.cells.shape)
    often = tests.cells.ravel()
    return np.repeat(kind.ravel(), often), np.repeat(who.ravel(), often)


def counted(kind: IntArray, who: IntArray | None) -> PairedTests:
    return PairedTests.of(kind // 2 % 2 == 1, kind % 2 == 1, kind >= 4, who)


def known(found: Effect | NotEvaluable) -> Effect:
    assert isinstance(found, Effect)
    return found


@LAWS
@given(subjects(), st.sampled_from(MEASURES), st.floats(0.5, 0.99))
def test_swapping_the_arms_inverts_the_ratio(
    tests: PairedTests, measure: Measure, level: float
) -> None:
    one = known(relative(tests, measure, level=level))
    other = known(relative(tests.swapped(), measure, level=level))
    mirrored = (1 / one.estimate, 1 / one.high, 1 / one.low, one.standard_error)
    assert (other.estimate, other.low, other.high, other.standard_error) == pytest.approx(mirrored)
    assert (other.candidate, other.standard_of_care) == (one.standard_of_care, one.candidate)


@LAWS
@given(subjects(), st.sampled_from(PREDICTIVE), st.floats(0.5, 0.99))
def test_swapping_the_arms_negates_the_difference_and_the_scores(
    tests: PairedTests, measure: Literal["ppv", "npv"], level: float
) -> None:
    one = known(difference(tests, measure, level=level))
    other = known(difference(tests.swapped(), measure, level=level))
    mirrored = (-one.estimate, -one.high, -one.low)
    assert (other.estimate, other.low, other.high) == pytest.approx(mirrored, abs=1e-12)
    for data in (tests, pooled(tests)):
        score, mirror = generalised_score(data, measure), generalised_score(data.swapped(), measure)
        assert isinstance(score, ScoreTest)
        assert isinstance(mirror, ScoreTest)
        assert mirror.statistic == pytest.approx(-score.statistic, abs=1e-9)
        assert (
            math.copysign(1, score.statistic) == math.copysign(1, one.estimate)
            or abs(one.estimate) < 1e-12
        )


@LAWS
@given(subjects(), st.integers(0, 2**32 - 1), st.sampled_from(MEASURES))
def test_order_of_rows_and_names_of_subjects_change_no_byte(
    tests: PairedTests, order: int, measure: Measure
) -> None:
    kind, who = rows_of(tests)
    places = np.random.default_rng(order).permutation(len(kind))
    one = counted(kind, who)
    other = counted(kind[places], 1000 - 7 * who[places])
    assert relative(one, measure, level=0.9) == relative(other, measure, level=0.9)
    assert global_test(one) == global_test(other)
    assert generalised_score(one, "ppv") == generalised_score(other, "ppv")


def _log_of(totals: FloatArray, measure: Measure) -> float:
    """A measure's log ratio by its textbook definition from eight weighted totals."""
    logs = []
    for flag in (CANDIDATE, STANDARD_OF_CARE):
        tp, fn = (totals * DISEASED * f for f in (flag, 1 - flag))
        fp, tn = (totals * (1 - DISEASED) * f for f in (flag, 1 - flag))
        a, b, c, d = tp.sum(), fn.sum(), fp.sum(), tn.sum()
        logs.append(
            {
                "sensitivity": a / (a + b),
                "specificity": d / (c + d),
                "false_positive_share": c / (c + d),
                "ppv": a / (a + c),
                "npv": d / (b + d),
                "positive_likelihood_ratio": a / (a + b) / (c / (c + d)),
                "negative_likelihood_ratio": b / (a + b) / (d / (c + d)),
            }[measure]
        )
    return math.log(logs[0] / logs[1])


@LAWS
@given(subjects(), st.sampled_from(MEASURES))
def test_the_linearised_error_is_the_slope_in_each_subjects_weight(
    tests: PairedTests, measure: Measure
) -> None:
    """Infinitesimal jackknife by numerical differentiation, without a formula of the module."""
    totals, k = tests.totals.astype(float), len(tests.cells)
    step = 1e-5
    slopes = [
        (_log_of(totals + step * own, measure) - _log_of(totals - step * own, measure)) / (2 * step)
        for own in tests.cells
    ]
    expected = math.sqrt(k / (k - 1) * sum(slope**2 for slope in slopes))
    found = known(relative(tests, measure, level=0.9))
    assert found.standard_error == pytest.approx(expected, rel=1e-5, abs=1e-7)
    assert math.log(found.estimate) == pytest.approx(_log_of(totals, measure), abs=1e-10)


@LAWS
@given(subjects(), st.sampled_from(PREDICTIVE))
def test_the_difference_has_the_slope_in_each_subjects_weight(
    tests: PairedTests, measure: Literal["ppv", "npv"]
) -> None:
    totals, k, step = tests.totals.astype(float), len(tests.cells), 1e-5

    def gap(weighted: FloatArray) -> float:
        truth = DISEASED if measure == "ppv" else 1 - DISEASED
        values = []
        for flag in (CANDIDATE, STANDARD_OF_CARE):
            said = flag if measure == "ppv" else 1 - flag
            values.append((weighted * truth * said).sum() / (weighted * said).sum())
        return float(values[0] - values[1])

    slopes = [
        (gap(totals + step * own) - gap(totals - step * own)) / (2 * step) for own in tests.cells
    ]
    expected = math.sqrt(k / (k - 1) * sum(slope**2 for slope in slopes))
    found = known(difference(tests, measure, level=0.9))
    assert found.standard_error == pytest.approx(expected, rel=1e-5, abs=1e-8)
    assert found.estimate == pytest.approx(gap(totals), abs=1e-12)


@LAWS
@given(subjects(largest=4), st.sampled_from(MEASURES))
def test_one_pair_for_each_subject_gives_the_independent_error_but_for_its_factor(
    tests: PairedTests, measure: Measure
) -> None:
    kind, _ = rows_of(tests)
    n = len(kind)
    single = known(relative(counted(kind, np.arange(n)), measure, level=0.9))
    plain = known(relative(counted(kind, None), measure, level=0.9))
    assert single.standard_error == pytest.approx(plain.standard_error * math.sqrt(n / (n - 1)))
    assert (single.estimate, single.df, plain.df) == (plain.estimate, n - 1, None)


@LAWS
@given(subjects(), st.sampled_from(MEASURES))
def test_splitting_a_subject_changes_the_error_only(tests: PairedTests, measure: Measure) -> None:
    first = tests.cells[0] // 2
    cells = np.vstack([first, tests.cells[0] - first, tests.cells[1:]])
    one = known(relative(tests, measure, level=0.9))
    other = known(relative(PairedTests(cells, clustered=True), measure, level=0.9))
    kept = (one.estimate, one.centre, one.candidate, one.standard_of_care)
    assert (other.estimate, other.centre, other.candidate, other.standard_of_care) == kept
    assert other.df == len(tests.cells)


@LAWS
@given(
    subjects(),
    st.sampled_from(MEASURES),
    st.floats(0.3, 1.0),
    st.floats(0.001, 0.3),
    st.booleans(),
    st.sampled_from(list(Direction)),
)
def test_the_interval_excludes_the_margin_exactly_when_the_test_rejects(
    tests: PairedTests,
    measure: Measure,
    margin: float,
    alpha: float,
    clustered: bool,
    direction: Direction,
) -> None:
    data = tests if clustered else pooled(tests)
    ratio = margin if direction is HIGHER else 1 / margin
    found = relative_test(data, measure, margin=ratio, direction=direction, level=1 - 2 * alpha)
    if isinstance(found, Estimate) and abs(found.p_value - alpha) > 1e-9:
        excluded = found.low > ratio if direction is HIGHER else found.high < ratio
        assert excluded == (found.p_value < alpha)
        assert found.information == pytest.approx(found.standard_error**-2)
    if measure in PREDICTIVE:
        gap = 1 - margin
        held = difference_test(
            data,
            "ppv" if measure == "ppv" else "npv",
            margin=gap,
            direction=direction,
            level=1 - 2 * alpha,
        )
        if isinstance(held, Estimate) and abs(held.p_value - alpha) > 1e-9:
            excluded = held.low > -gap if direction is HIGHER else held.high < gap
            assert excluded == (held.p_value < alpha)


@LAWS
@given(subjects())
def test_a_relative_share_has_the_published_error(tests: PairedTests) -> None:
    """Pepe 2003: the discordant pairs over the product of both arms' positives."""
    data = pooled(tests)
    table = data.table(diseased=True)
    expected = math.sqrt(table.n_discordant / (table.n_candidate * table.n_standard_of_care))
    assert known(relative(data, "sensitivity", level=0.9)).standard_error == pytest.approx(expected)


@LAWS
@given(subjects())
def test_a_likelihood_ratio_has_the_errors_of_its_two_shares(tests: PairedTests) -> None:
    data = pooled(tests)
    parts = [
        known(relative(data, m, level=0.9)).standard_error ** 2
        for m in ("sensitivity", "false_positive_share")
    ]
    whole = known(relative(data, "positive_likelihood_ratio", level=0.9))
    assert whole.standard_error**2 == pytest.approx(sum(parts))


@LAWS
@given(subjects(largest=4), st.sampled_from(PREDICTIVE))
def test_the_generalised_score_is_leisenrings_double_sum(
    tests: PairedTests, measure: Literal["ppv", "npv"]
) -> None:
    """Over the positive answers of each pair: (truth - mean truth) times (arm - mean arm)."""
    kind, _ = rows_of(tests)
    truth, answers = (kind >= 4).astype(float), [kind // 2 % 2, kind % 2]
    if measure == "npv":
        truth, answers = 1 - truth, [1 - answer for answer in answers]
    n_answers = answers[0].sum() + answers[1].sum()
    mean_arm = answers[0].sum() / n_answers
    mean_truth = (truth * (answers[0] + answers[1])).sum() / n_answers
    scores = np.zeros(len(kind))
    for answer, arm in zip(answers, (1, 0), strict=True):
        scores += answer * (truth - mean_truth) * (arm - mean_arm)
    found = generalised_score(counted(kind, None), measure)
    assert isinstance(found, ScoreTest)
    assert found.statistic**2 == pytest.approx(scores.sum() ** 2 / (scores**2).sum(), abs=1e-9)


@LAWS
@given(subjects())
def test_the_weighted_score_is_kosinskis(tests: PairedTests) -> None:
    """His equation in the cells of the two tables of positive tests."""
    data = pooled(tests)
    sick, well = data.table(diseased=True), data.table(diseased=False)
    p, q = sick.n_candidate + well.n_candidate, sick.n_standard_of_care + well.n_standard_of_care
    share = (sick.n_candidate + sick.n_standard_of_care) / (p + q)
    overlap = (sick.n11 * (1 - share) ** 2 + well.n11 * share**2) / (p + q)
    gap = sick.n_candidate / p - sick.n_standard_of_care / q
    expected = gap**2 / ((share * (1 - share) - 2 * overlap) * (1 / p + 1 / q))
    found = weighted_score(data, "ppv")
    assert isinstance(found, ScoreTest)
    assert found.statistic**2 == pytest.approx(expected, rel=1e-8, abs=1e-12)


@LAWS
@given(subjects())
def test_the_joint_test_adds_two_mcnemar_statistics(tests: PairedTests) -> None:
    data = pooled(tests)
    found = global_test(data)
    assert not isinstance(found, NotEvaluable)
    parts = [_plain_mcnemar(data.table(diseased=d)) for d in (True, False)]
    assert found.statistic == pytest.approx(sum(parts))
    assert found.p_value == pytest.approx(float(special.chdtrc(2, sum(parts))))


def _plain_mcnemar(counts: PairedCounts) -> float:
    found = mcnemar(counts, kind="plain")
    assert not isinstance(found, NotEvaluable)
    assert found.statistic is not None
    return found.statistic**2


@LAWS
@given(subjects())
def test_the_joint_test_between_subjects_is_hotellings(tests: PairedTests) -> None:
    found, k = global_test(tests), len(tests.cells)
    gaps = np.stack([tests.cells @ (g * (CANDIDATE - STANDARD_OF_CARE)) for g in _CLASSES])
    sizes = np.stack([tests.cells @ g for g in _CLASSES])
    n = sizes.sum(axis=1, keepdims=True)
    effect = gaps.sum(axis=1, keepdims=True) / n
    residual = (gaps - effect * sizes) / n
    spread = k / (k - 1) * residual @ residual.T
    if isinstance(found, NotEvaluable):
        assert np.linalg.matrix_rank(spread, tol=1e-10 * np.trace(spread)) < 2
        return
    squared = (effect.T @ np.linalg.solve(spread, effect)).item()
    expected = (k - 2) / (2 * (k - 1)) * squared
    assert found.statistic == pytest.approx(expected, rel=1e-5, abs=1e-9)


_CLASSES = (DISEASED, 1 - DISEASED)


@LAWS
@given(subjects(), st.sampled_from(MEASURES))
def test_tables_of_subjects_stack_to_the_whole(tests: PairedTests, measure: Measure) -> None:
    parts = [PairedTests(cells, clustered=True) for cells in (tests.cells[2:], tests.cells[:2])]
    whole = PairedTests(np.vstack([part.cells for part in parts]), clustered=True)
    assert relative(whole, measure, level=0.9) == relative(tests, measure, level=0.9)
    assert value(whole, measure, CANDIDATE) == value(tests, measure, CANDIDATE)


@LAWS
@given(st.integers(0, 2**32 - 1), st.sampled_from(MEASURES), st.sampled_from([1, 2, 5]))
def test_tables_with_empty_cells_give_finite_numbers_or_a_reason(
    seed: int, measure: Measure, k: int
) -> None:
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 4, (k, 8)) * (rng.random((k, 8)) < 0.35)
    for clustered in (True, False):
        tests = PairedTests(cells.astype(np.int64), clustered=clustered)
        found = relative_test(tests, measure, margin=0.9, direction=HIGHER, level=0.95)
        answers: list[object] = [
            found,
            relative(tests, measure, level=0.95),
            difference(tests, "npv", level=0.95),
            generalised_score(tests, "ppv"),
            weighted_score(tests, "npv"),
            global_test(tests),
        ]
        if isinstance(found, Estimate):
            assert found.standard_error > 0
        for answer in answers:
            numbers = astuple(answer)  # type: ignore[call-overload]
            assert all(math.isfinite(x) for x in numbers if isinstance(x, float)), answer
