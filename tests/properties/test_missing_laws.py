"""Laws of missing outcomes: symmetry, agreement with full data, bounds, tips by brute force."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.missing.cases import completions
from evaluation.inference.missing.imputation import Imputed, Imputing, imputed_differences
from evaluation.inference.missing.models import Predictor, design, outcome_draws
from evaluation.inference.missing.potential import Potential
from evaluation.inference.missing.tipping import Margin, TippingGrid, tipping_grid
from evaluation.inference.missing.weighting import weighted_difference
from evaluation.inference.missing.words import ESTIMATORS, TESTS
from evaluation.inference.proportions.difference import PairedCounts, score_test
from evaluation.inference.rows import Asked, ParameterValue
from protocols.vocabulary import Direction
from tests.properties.strategies import ALPHAS, MARGINS
from tests.support.missing_rows import MEASURES, rows_with_unknown, swapped, with_columns

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
SEEDS = st.integers(0, 2**32 - 1)
SUBJECTS = st.sampled_from([None, 12, 30])
BINARY = ("sensitivity", "specificity", "accuracy")
WORDS: Mapping[str, ParameterValue] = {
    "weights": "delay_model",
    "posterior": "normal_approximation",
    "deltas": (-1.0, 1.0),
    "shift": "candidate",
    "shares": (0.0, 1.0),
}


def asked(
    margin: float = 0.1,
    *,
    direction: Direction = HIGHER,
    level: float = 0.95,
    interval: str = "clustered_t",
    **words: ParameterValue,
) -> Asked:
    return Asked(
        level=level,
        direction=direction,
        margin=margin,
        interval=interval,
        parameters={**WORDS, **words},
        seed=7,
        resamples=3,
    )


def close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-11)


@given(SEEDS, SUBJECTS, st.floats(0.05, 1.0))
@settings(max_examples=500, deadline=None)
def test_equal_weights_give_the_clustered_difference(
    seed: int, n_subjects: int | None, probability: float
) -> None:
    rows = rows_with_unknown(seed, n_subjects=n_subjects)
    data = rows.take(rows.known)
    plain = clustered_difference(
        data.candidate,
        data.standard_of_care,
        data.cluster,
        margin=0.1,
        direction=HIGHER,
        level=0.95,
    )
    weighted = weighted_difference(
        data.candidate,
        data.standard_of_care,
        data.cluster,
        probability=np.full(data.n, probability),
        margin=0.1,
        direction=HIGHER,
        level=0.95,
    )
    if isinstance(plain, NotEvaluable):
        assert isinstance(weighted, NotEvaluable)
        return
    assert isinstance(weighted, Estimate)
    assert close(weighted.estimate, plain.estimate)
    assert close(weighted.standard_error, plain.standard_error)
    assert close(weighted.p_value, plain.p_value)
    assert weighted.df == plain.df


@given(SEEDS, SUBJECTS, st.sampled_from(MEASURES))
@settings(max_examples=500, deadline=None)
def test_swapping_the_arms_mirrors_the_weighted_difference(
    seed: int, n_subjects: int | None, measure: str
) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_with_unknown(seed, n_subjects=n_subjects, measure=measure)
    rows = with_columns(rows, covariate=rng.uniform(0.2, 1, rows.n))
    run, words = TESTS["ipw_difference"].run, asked(weights="registered")
    one = run(rows, words)
    other = run(swapped(rows), asked(direction=LOWER, weights="registered"))
    if isinstance(one, NotEvaluable):
        assert isinstance(other, NotEvaluable)
        return
    assert isinstance(other, Estimate)
    assert (other.estimate, other.statistic) == (-one.estimate, one.statistic)
    assert (other.low, other.high) == (-one.high, -one.low)


@given(SEEDS, MARGINS, ALPHAS, st.sampled_from(["ipw_difference", "imputed_difference"]))
@settings(max_examples=500, deadline=None)
def test_the_interval_excludes_the_margin_exactly_when_the_test_rejects(
    seed: int, margin: float, alpha: float, word: str
) -> None:
    direction = LOWER if seed % 2 else HIGHER
    rows = rows_with_unknown(seed, n=80, n_subjects=30)
    words = asked(margin, direction=direction, level=1 - 2 * alpha)
    found = TESTS[word].run(rows, words)
    assume(isinstance(found, Estimate))
    assert isinstance(found, Estimate)
    excluded = found.low > -margin if direction is HIGHER else found.high < margin
    if abs(found.p_value - alpha) > 1e-9:
        assert excluded == (found.p_value < alpha)


@given(SEEDS, SUBJECTS, st.sampled_from(MEASURES), st.booleans())
@settings(max_examples=500, deadline=None)
def test_with_every_outcome_known_all_methods_are_the_clustered_difference(
    seed: int, n_subjects: int | None, measure: str, bootstrap: bool
) -> None:
    rows = rows_with_unknown(seed, n_subjects=n_subjects, known_share=1.0, measure=measure)
    pairs = Potential.of(rows)
    data = pairs.completed(rows.outcome)
    plain = clustered_difference(
        data.candidate,
        data.standard_of_care,
        data.cluster,
        margin=0.0,
        direction=HIGHER,
        level=0.95,
    )
    assume(isinstance(plain, Estimate))
    assert isinstance(plain, Estimate)
    words = asked(posterior="bayesian_bootstrap" if bootstrap else "normal_approximation")
    imputed = TESTS["imputed_difference"].run(rows, words)
    weighted = TESTS["ipw_difference"].run(rows, words)
    for found in (imputed, weighted):
        assert isinstance(found, Estimate)
        assert close(found.estimate, plain.estimate)
        assert close(found.standard_error, plain.standard_error)
    case = ESTIMATORS["worst_and_best_case"].run(rows, words)
    assert isinstance(case, Findings)
    assert case.named("worst").estimate == case.named("best").estimate == plain.estimate


@given(SEEDS, st.sampled_from(sorted({*ESTIMATORS} - {"multiple_imputation"})), st.booleans())
@settings(max_examples=500, deadline=None)
def test_the_order_of_the_rows_changes_no_byte(seed: int, word: str, failing: bool) -> None:
    rows = rows_with_unknown(seed, n_subjects=20, failing=failing)
    order = np.random.default_rng(seed).permutation(rows.n)
    words, run = asked(), ESTIMATORS[word].run
    assert repr(run(rows.take(order).canonical(), words)) == repr(run(rows, words))


@given(SEEDS, st.sampled_from(MEASURES), st.sampled_from(list(Direction)), st.booleans())
@settings(max_examples=500, deadline=None)
def test_no_assignment_leaves_the_worst_and_the_best_case(
    seed: int, measure: str, direction: Direction, failing: bool
) -> None:
    rows = rows_with_unknown(seed, n=14, known_share=0.6, measure=measure, failing=failing)
    pairs = Potential.of(rows)
    unknown = np.flatnonzero(~rows.known)[:6]
    pairs = Potential.of(rows.take(np.r_[np.flatnonzero(rows.known), unknown]))
    reached = []
    for bits in itertools.product([False, True], repeat=len(unknown)):
        outcome = pairs.outcome.copy()
        outcome[~pairs.known] = bits
        data = pairs.completed(outcome)
        if len(data.candidate):
            reached.append((data.candidate - data.standard_of_care).mean())
    sides = [
        [
            (data.candidate - data.standard_of_care).mean()
            for data in completions(pairs, side=side, direction=direction)
            if len(data.candidate)
        ]
        for side in ("worst", "best")
    ]
    if direction is LOWER:
        sides.reverse()
    assume(all(sides) and len(reached) == 2 ** len(unknown))
    assert min(sides[0]) == pytest.approx(min(reached), abs=1e-12)
    assert max(sides[1]) == pytest.approx(max(reached), abs=1e-12)


@given(SEEDS, st.sampled_from(BINARY), st.booleans())
@settings(max_examples=500, deadline=None)
def test_a_shift_towards_the_candidate_never_lowers_the_estimate(
    seed: int, measure: str, higher: bool
) -> None:
    rows = rows_with_unknown(seed, measure=measure)
    found = imputed_differences(
        Potential.of(rows),
        Imputing(np.ones((rows.n, 1)), "normal_approximation", seed, 2),
        deltas=(-8.0, -1.0, 0.0, 1.0, 8.0),
        shift="candidate",
        margin=0.1,
        direction=HIGHER if higher else LOWER,
        level=0.95,
    )
    assume(not isinstance(found, NotEvaluable))
    assert not isinstance(found, NotEvaluable)
    values = [one.pooled.estimate for one in found if isinstance(one, Imputed)]
    ordered = values if higher else values[::-1]
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(ordered))


@given(SEEDS, st.sampled_from(["normal_approximation", "bayesian_bootstrap"]))
@settings(max_examples=500, deadline=None)
def test_the_same_seed_draws_the_same_outcomes_and_another_seed_others(
    seed: int, posterior: str
) -> None:
    rows = rows_with_unknown(seed, n=80, n_subjects=25)

    def drawn(own: int) -> list[list[float]]:
        found = outcome_draws(
            np.ones((rows.n, 1)),
            rows.outcome,
            rows.known,
            rows.cluster,
            posterior=posterior,  # type: ignore[arg-type]
            seed=own,
            m=2,
        )
        assert not isinstance(found, NotEvaluable)
        return [[*draw.log_odds.tolist(), *draw.uniform.tolist()] for draw in found]

    assert drawn(seed) == drawn(seed)
    assert drawn(seed) != drawn(seed + 1)


CELLS = st.integers(0, 30)


def table_of_flags(
    known: tuple[int, int, int, int], unknown: tuple[int, int, int, int], measure: str
) -> Potential:
    """Pairs by who flags (both, candidate, standard of care, neither); all known have the event."""
    n = [*known, *unknown]
    flags = np.repeat(np.tile([[1, 1], [1, 0], [0, 1], [0, 0]], (2, 1)), n, axis=0) == 1
    is_known = np.repeat([True] * 4 + [False] * 4, n)
    return Potential.of_flags(
        flags[:, 0],
        flags[:, 1],
        outcome=is_known,
        known=is_known,
        cluster=np.arange(len(is_known)),
        counts_non_events=measure == "accuracy",
    )


@given(
    st.tuples(CELLS, st.integers(1, 20), CELLS, CELLS),
    st.tuples(*[st.integers(0, 4)] * 4),
    st.sampled_from(["sensitivity", "accuracy"]),
    st.sampled_from([0.05, 0.1, 0.2]),
    st.sampled_from(list(Direction)),
)
@settings(max_examples=500, deadline=None)
def test_the_smallest_tip_is_the_one_found_by_trying_all(
    known: tuple[int, int, int, int],
    unknown: tuple[int, int, int, int],
    measure: str,
    margin: float,
    direction: Direction,
) -> None:
    pairs = table_of_flags(known, unknown, measure)
    question = Margin(margin, direction, 0.9)
    found = tipping_grid(pairs, shares=(0.0, 0.5, 1.0), asked=question, clustered=False)
    assert isinstance(found, TippingGrid)
    assert found.unresolved == (unknown[1], unknown[2])
    lost = [
        (i + j, i, j)
        for i in range(unknown[1] + 1)
        for j in range(unknown[2] + 1)
        if not question.rejects(_by_hand(known, unknown, (i, j), measure, question))
    ]
    if not lost:
        assert found.smallest is None
        return
    assert found.smallest is not None
    assert found.smallest.against == min(lost)[1:]


def _by_hand(
    known: tuple[int, int, int, int],
    unknown: tuple[int, int, int, int],
    against: tuple[int, int],
    measure: str,
    question: Margin,
) -> Estimate | NotEvaluable:
    first, second = against
    if question.direction is LOWER:  # then it is the candidate's extra successes that hurt it
        first, second = unknown[1] - first, unknown[2] - second
    won, lost = unknown[1] - first, second
    spared = unknown[2] - second
    counts = PairedCounts(*known) + PairedCounts(0, won, lost, 0)
    if measure == "accuracy":  # every unknown pair counts; an agreeing one has one right answer
        counts += PairedCounts(0, spared, first, unknown[0] + unknown[3])
    return score_test(
        counts, margin=question.margin, direction=question.direction, level=question.level
    )


@given(SEEDS, st.sampled_from(BINARY), MARGINS)
@settings(max_examples=500, deadline=None)
def test_the_corner_of_the_grid_is_the_worst_case(seed: int, measure: str, margin: float) -> None:
    rows = rows_with_unknown(seed, measure=measure, failing=bool(seed % 2))
    pairs = Potential.of(rows)
    grid = tipping_grid(
        pairs, shares=(0.0, 1.0), asked=Margin(margin, HIGHER, 0.95), clustered=bool(seed % 3)
    )
    assert isinstance(grid, TippingGrid)
    data = [completions(pairs, side=side, direction=HIGHER)[0] for side in ("worst", "best")]
    gaps = [(one.candidate - one.standard_of_care) for one in data]
    for cell, gap in zip((grid.cells[-1], grid.cells[0]), gaps, strict=True):
        if isinstance(cell.answer, Estimate) and measure == "accuracy":
            assert cell.answer.estimate == pytest.approx(gap.mean(), abs=1e-12)
        if isinstance(cell.answer, Estimate):
            assert cell.answer.estimate * cell.answer.n_pairs == pytest.approx(gap.sum(), abs=1e-9)


@given(SEEDS, SUBJECTS)
@settings(max_examples=500, deadline=None)
def test_dividing_a_subject_changes_the_weighted_error_only(
    seed: int, n_subjects: int | None
) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_with_unknown(seed, n_subjects=n_subjects)
    data = rows.take(rows.known)

    def found(cluster: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Estimate | NotEvaluable:
        return weighted_difference(
            data.candidate,
            data.standard_of_care,
            cluster,
            probability=np.linspace(0.2, 1, data.n),
            margin=0.1,
            direction=HIGHER,
            level=0.95,
        )

    whole, parts = found(data.cluster), found(data.cluster * 2 + rng.integers(0, 2, data.n))
    assume(isinstance(whole, Estimate) and isinstance(parts, Estimate))
    assert isinstance(whole, Estimate)
    assert isinstance(parts, Estimate)
    assert close(whole.estimate, parts.estimate)
    assert parts.n_clusters >= whole.n_clusters


def test_a_design_leaves_out_what_other_columns_determine() -> None:
    score = np.linspace(0, 1, 9)
    x = design([Predictor(score), Predictor(2 * score + 1), Predictor(np.ones(9))])
    assert x.shape == (9, 2)
