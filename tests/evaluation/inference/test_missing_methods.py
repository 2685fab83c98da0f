"""Missing outcomes: what the words answer, what they refuse, and why."""

import numpy as np
import pytest
import statsmodels.api as sm

from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.missing.ascertainment import equal_shares, known_shares, status_of
from evaluation.inference.missing.imputation import tipping_delta
from evaluation.inference.missing.models import Predictor, design, logistic
from evaluation.inference.missing.potential import COLUMNS, Potential
from evaluation.inference.missing.weighting import unsupported, weighted_difference, weighted_means
from evaluation.inference.missing.words import ESTIMATORS, TESTS
from evaluation.inference.proportions.single import clopper_pearson_interval
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.errors import UsageError
from protocols.vocabulary import Direction
from tests.support.missing_rows import rows_with_unknown, with_columns


def asked(interval: str = "clustered_t", **words: ParameterValue) -> Asked:
    given: dict[str, ParameterValue] = {
        "weights": "delay_model",
        "posterior": "bayesian_bootstrap",
        "deltas": (-2.0, -1.0, 1.0, 2.0),
        "shift": "candidate",
        "shares": (0.0, 0.5, 1.0),
        **words,
    }
    return Asked(
        level=0.95,
        direction=Direction.HIGHER_IS_BETTER,
        margin=0.1,
        interval=interval,
        parameters=given,
        seed=11,
        resamples=10,
    )


def findings(word: str, rows: Rows, how: Asked) -> Findings:
    found = ESTIMATORS[word].run(rows, how)
    assert isinstance(found, Findings), found
    return found


def code(found: object) -> str:
    assert isinstance(found, NotEvaluable), found
    return found.code


def test_the_worst_case_lies_below_every_other_answer_and_the_best_above() -> None:
    rows = rows_with_unknown(3, n=300, n_subjects=90)
    cases = findings("worst_and_best_case", rows, asked())
    worst, best = (cases.named(side).estimate for side in ("worst", "best"))
    assert worst is not None
    assert best is not None
    for word in ("multiple_imputation", "inverse_probability_weighting"):
        middle = findings(word, rows, asked()).named("difference").estimate
        assert middle is not None
        assert worst < middle < best


def test_an_area_has_its_exact_extremes_and_takes_no_interval_of_pairs() -> None:
    rows = rows_with_unknown(4, n=120, known_share=0.9)
    risks = dict(zip(COLUMNS, [rows.candidate_score] * 2 + [rows.standard_of_care_score] * 2))  # noqa: B905
    ranked = with_columns(rows, **risks)
    found = findings("worst_and_best_case", ranked, asked("delong"))
    worst, best = found.named("worst"), found.named("best")
    assert worst.estimate is not None
    assert best.estimate is not None
    assert worst.estimate < best.estimate
    run = ESTIMATORS["worst_and_best_case"].run
    assert code(run(ranked, asked("tango"))) == "interval_unsuited"
    assert code(run(rows, asked("delong"))) == "interval_unsuited"


def test_a_score_interval_of_losses_is_refused() -> None:
    rows = rows_with_unknown(4, measure="brier")
    assert code(ESTIMATORS["worst_and_best_case"].run(rows, asked("tango"))) == "not_binary"
    assert code(ESTIMATORS["tipping_point"].run(rows, asked())) == "not_binary"


def test_score_intervals_say_that_they_ignore_subjects_who_come_back() -> None:
    rows = rows_with_unknown(5, n_subjects=20)
    assert "independent" in findings("tipping_point", rows, asked("tango")).warnings[0]
    assert findings("tipping_point", rows, asked()).warnings == ()


def test_a_tipping_grid_shows_every_cell_and_the_smallest_assignment() -> None:
    rows = rows_with_unknown(8, n=400, known_share=0.8)
    found = findings("tipping_point", rows, asked("tango"))
    assert len([q for q in found.quantities if q.name.startswith("cell_")]) == 9
    total = found.named("smallest").estimate
    parts = [found.named(f"smallest_{arm}").estimate for arm in ("candidate", "standard_of_care")]
    if total is not None:
        assert total == sum(part for part in parts if part is not None)


@pytest.mark.parametrize("shares", [(), (0.5, 1.5), tuple(i / 30 for i in range(30))])
def test_a_grid_of_no_or_too_many_shares_is_a_wrong_call(shares: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="shares"):
        ESTIMATORS["tipping_point"].run(rows_with_unknown(1), asked(shares=shares))


def test_a_pair_without_a_chance_to_be_known_is_refused_and_not_truncated() -> None:
    rows = rows_with_unknown(6)
    chances = np.full(rows.n, 0.5)
    chances[0] = 0.009
    words = asked(weights="registered")
    found = TESTS["ipw_difference"].run(with_columns(rows, covariate=chances), words)
    assert code(found) == "no_positivity"
    assert unsupported(np.array([0.01, 1.0])) is None
    with pytest.raises(UsageError, match="probability"):
        unsupported(np.array([1.2]))


def test_ascertainment_that_a_predictor_determines_has_no_model() -> None:
    rows = rows_with_unknown(7)
    found = TESTS["ipw_difference"].run(
        with_columns(rows, covariate=rows.known.astype(np.float64)), asked()
    )
    assert code(found) == "model_not_estimable"


def test_weighting_undoes_a_delay_that_follows_what_the_arms_said() -> None:
    """Half of the pairs are right ten times as often to be known; weights restore the mean."""
    rng = np.random.default_rng(2)
    n = 40_000
    stratum = rng.random(n) < 0.5
    chance = np.where(stratum, 0.9, 0.09)
    difference = np.where(stratum, rng.random(n) < 0.6, rng.random(n) < 0.2).astype(np.float64)
    known = rng.random(n) < chance
    found = weighted_difference(
        difference[known],
        np.zeros(known.sum()),
        np.arange(n)[known],
        probability=chance[known],
        margin=0.0,
        direction=Direction.HIGHER_IS_BETTER,
        level=0.95,
    )
    assert isinstance(found, Estimate)
    assert abs(found.estimate - 0.4) < 3 * found.standard_error
    assert difference[known].mean() > 0.5


def test_weights_shrink_the_number_of_pairs_that_count() -> None:
    found = weighted_means(
        np.array([1.0, 0.0, 1.0]), np.zeros(3), np.array([1.0, 1.0, 2.0]), np.arange(3)
    )
    assert not isinstance(found, NotEvaluable)
    assert found.estimate == 0.75
    assert found.effective_n == pytest.approx(16 / 6)


@pytest.mark.parametrize("word", ["imputed_difference", "ipw_difference"])
def test_a_test_refuses_no_pair_at_all(word: str) -> None:
    rows = rows_with_unknown(1)
    assert code(TESTS[word].run(rows.take(np.zeros(rows.n, dtype=bool)), asked())) == "no_pairs"


def test_imputation_refuses_one_class_and_too_few_events() -> None:
    x = design([Predictor(np.linspace(0, 1, 20)), Predictor(np.linspace(0, 1, 20) ** 2)])
    nobody = np.zeros(20, dtype=bool)
    assert code(logistic(x, nobody)) == "one_class"
    two = nobody.copy()
    two[[3, 9]] = True
    assert code(logistic(x, two)) == "too_few_events"


def test_the_model_is_that_of_another_routine() -> None:
    rng = np.random.default_rng(3)
    score = rng.normal(size=200)
    event = rng.random(200) < 1 / (1 + np.exp(-score))
    x = design([Predictor(score)])
    found = logistic(x, event)
    other = sm.Logit(event.astype(float), x).fit(disp=False)
    assert not isinstance(found, NotEvaluable)
    assert found.coefficients == pytest.approx(other.params, rel=1e-6)
    assert found.root @ found.root.T == pytest.approx(other.cov_params(), rel=1e-5)


def test_a_missing_answer_and_categories_are_predictors_of_their_own() -> None:
    score = np.array([1.0, 2.0, np.nan, 4.0, 0.5, np.nan])
    place = np.array([0.0, 1.0, 2.0, 0.0, 1.0, 2.0])
    assert design([Predictor(score)]).shape == (6, 3)
    assert design([Predictor(place, 3)]).shape == (6, 3)
    among = np.isfinite(score)
    assert design([Predictor(score)], among).shape == (6, 2)


def test_numbers_are_imputed_and_shifted_in_their_own_unit() -> None:
    rng = np.random.default_rng(5)
    rows = rows_with_unknown(9, n=200, n_subjects=60)
    values = {name: v for name, v in rows.extra.items() if name not in COLUMNS}
    numbers = Rows(
        candidate=np.where(rows.known, rng.normal(size=200), np.nan),
        standard_of_care=rows.standard_of_care,
        outcome=rows.outcome,
        known=rows.known,
        cluster=rows.cluster,
        clustered=True,
        candidate_score=rows.candidate_score,
        standard_of_care_score=rows.standard_of_care_score,
        candidate_flag=rows.candidate_flag,
        standard_of_care_flag=rows.standard_of_care_flag,
        extra=values,
    )
    found = findings("delta_adjustment", numbers, asked(posterior="normal_approximation"))
    by_delta = [found.named(f"delta_{at}").estimate or 0.0 for at in range(5)]
    steps = np.diff(by_delta)
    assert steps == pytest.approx(np.full(4, 1 - rows.known.mean()), abs=1e-9)


def test_the_tipping_shift_is_the_one_nearest_to_zero() -> None:
    deltas = (-2.0, -1.0, 0.0, 1.0)
    assert tipping_delta(deltas, (False, False, True, True)) == -1.0
    assert tipping_delta(deltas, (True, True, True, True)) is None
    assert tipping_delta(deltas, (False, True, None, True)) is None


def test_more_imputations_change_the_pooled_answer_only_a_little() -> None:
    rows = rows_with_unknown(10, n=400, n_subjects=150)
    few = TESTS["imputed_difference"].run(rows, asked())
    assert isinstance(few, Estimate)
    assert few.df is not None
    assert few.df < 149
    assert few.standard_of_care is not None


def test_who_is_ascertained_is_told_by_what_the_arms_predicted() -> None:
    candidate = np.array([1, 1, 0, 0] * 25, dtype=bool)
    soc = np.array([1, 0, 1, 0] * 25, dtype=bool)
    status = status_of(candidate, soc)
    assert status[:4].tolist() == [0, 1, 2, 3]
    known = np.ones(100, dtype=bool)
    known[1:60:4] = False
    shares = known_shares(status, known, np.arange(100), level=0.95)
    assert [share.n_known for share in shares] == [25, 10, 25, 25]
    assert (shares[1].low, shares[1].high) == clopper_pearson_interval(10, 25, level=0.95)
    found = equal_shares(status, known, np.arange(100), clustered=False)
    assert not isinstance(found, NotEvaluable)
    assert found.df == 3
    assert found.p_value < 1e-6


def test_a_candidate_without_an_answer_counts_as_not_flagging() -> None:
    rows = rows_with_unknown(12, failing=True)
    failed = np.isnan(rows.candidate_score)
    found = findings("ascertainment", rows, asked("exact"))
    flagged = [found.named(name).title for name in ("both", "candidate_only")]
    n = sum(int(title.rsplit("(", 1)[1].split()[0]) for title in flagged)
    assert n == int((rows.candidate_flag & ~failed).sum())


def test_equal_shares_are_not_tested_where_nothing_is_missing() -> None:
    status = np.array([0, 1, 2, 3])
    every = np.ones(4, dtype=bool)
    assert code(equal_shares(status, every, np.arange(4), clustered=False)) == "one_class"
    some = np.array([True, False, True, True])
    same = np.zeros(4, dtype=np.int64)
    assert code(equal_shares(same, some, np.arange(4), clustered=True)) == "one_group"


def test_values_of_both_arms_must_be_in_the_denominator_together() -> None:
    one, two = np.array([[0.0, 1.0]]), np.array([[np.nan, 1.0]])
    truth = np.array([True])
    with pytest.raises(UsageError, match="denominator"):
        Potential(one, two, truth, truth, np.array([0]))


def test_a_word_that_is_no_choice_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="no choice"):
        TESTS["ipw_difference"].run(rows_with_unknown(1), asked(weights="guessed"))
