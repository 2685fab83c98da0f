"""Agreement: refusals, worked examples, and what each word of the protocol gives."""

import numpy as np
import pytest

from evaluation.inference.agreement.cochran import cochran_q
from evaluation.inference.agreement.coefficients import coefficient, independent_error
from evaluation.inference.agreement.homogeneity import bhapkar, bowker, stuart_maxwell
from evaluation.inference.agreement.scores import mean_ranks, mean_scores
from evaluation.inference.agreement.tables import between_subjects, square_table
from evaluation.inference.agreement.words import ESTIMATORS, TESTS
from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.errors import UsageError
from protocols.methods import agreement as specs

PATHOLOGISTS = np.array([[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]], float)
"""Holmquist's carcinoma slides, Agresti 2002, Categorical Data Analysis, table 10.8."""
PARAMETERS: dict[str, ParameterValue] = {
    "weights": "linear",
    "comparison": "against_reference",
    "scores": (0.0, 1.0, 2.0),
}


def rows_of(
    candidate: list[float],
    soc: list[float],
    reference: list[float],
    *,
    clustered: bool = False,
    further: list[float] | None = None,
) -> Rows:
    n = len(candidate)
    extra = {"reference": np.array(reference, dtype=np.float64)}
    if further is not None:
        extra["further_model"] = np.array(further, dtype=np.float64)
    none = np.zeros(n, dtype=np.bool_)
    return Rows(
        candidate=np.array(candidate, dtype=np.float64),
        standard_of_care=np.array(soc, dtype=np.float64),
        outcome=none,
        known=~none,
        cluster=np.arange(n) // (2 if clustered else 1),
        clustered=clustered,
        candidate_score=np.zeros(n),
        standard_of_care_score=np.zeros(n),
        candidate_flag=none,
        standard_of_care_flag=none,
        extra=extra,
        labels={"reference": ("none", "some", "much")},
    )


CANDIDATE = [0.0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0]
SOC = [0.0, 1, 1, 2, 0, 0, 1, 1, 2, 0, 1, 0]
REFERENCE = [0.0, 1, 2, 2, 1, 0, 1, 1, 2, 1, 2, 0]


def answered(found: Estimate | Findings | NotEvaluable) -> Estimate | Findings:
    assert not isinstance(found, NotEvaluable), found
    return found


def refusal(found: object) -> str:
    assert isinstance(found, NotEvaluable)
    return found.code


def test_every_word_of_the_protocol_has_a_function_of_the_same_name() -> None:
    assert TESTS.keys() == specs.TESTS.keys()
    assert ESTIMATORS.keys() == specs.ESTIMATORS.keys()
    assert all(entry.method.name == word for word, entry in TESTS.items())
    assert all(entry.method.name == word for word, entry in ESTIMATORS.items())


@pytest.mark.parametrize("word", sorted(TESTS))
@pytest.mark.parametrize("clustered", [False, True])
def test_every_test_answers(word: str, *, clustered: bool) -> None:
    rows = rows_of(CANDIDATE, SOC, REFERENCE, clustered=clustered)
    found = answered(TESTS[word].run(rows, Asked(0.95, margin=0.1, parameters=PARAMETERS)))
    assert isinstance(found, Estimate)
    assert found.low < found.estimate < found.high
    assert found.method == TESTS[word].method


@pytest.mark.parametrize("word", sorted(set(ESTIMATORS) - {"cochran_q"}))
@pytest.mark.parametrize("comparison", ["between_arms", "against_reference"])
def test_every_estimator_answers(word: str, comparison: str) -> None:
    asked = Asked(0.95, parameters={**PARAMETERS, "comparison": comparison})
    for clustered in (False, True):
        rows = rows_of(CANDIDATE, SOC, REFERENCE, clustered=clustered)
        found = answered(ESTIMATORS[word].run(rows, asked))
        assert isinstance(found, Findings)
        assert found.n_pairs == 12


def test_the_difference_of_an_estimator_is_that_of_the_test() -> None:
    rows, asked = rows_of(CANDIDATE, SOC, REFERENCE), Asked(0.95, parameters=PARAMETERS)
    tested = answered(TESTS["kappa_difference"].run(rows, asked))
    found = answered(ESTIMATORS["kappa"].run(rows, asked))
    assert isinstance(found, Findings)
    assert isinstance(tested, Estimate)
    quantity = found.named("kappa_difference")
    assert (quantity.estimate, quantity.low) == (tested.estimate, tested.low)


def test_agreement_of_94_percent_can_have_a_kappa_below_zero() -> None:
    """Feinstein & Cicchetti 1990, J Clin Epidemiol 43:543, on the paradox."""
    table = np.array([[118.0, 5], [2, 0]])
    kappa, gwet = coefficient(table, "kappa"), coefficient(table, "gwet")
    assert not isinstance(kappa, NotEvaluable)
    assert not isinstance(gwet, NotEvaluable)
    assert kappa.estimate == pytest.approx(-0.02339, abs=1e-5)
    assert gwet.estimate == pytest.approx(0.94078, abs=1e-5)


def test_bowker_counts_degrees_of_freedom_where_a_cell_holds_a_pair() -> None:
    found = bowker(PATHOLOGISTS)
    assert not isinstance(found, NotEvaluable)
    assert found.df == 5  # of six pairs of cells the one of levels 1 and 4 is empty


def test_levels_that_never_meet_cost_degrees_of_freedom() -> None:
    table = np.array([[3.0, 5, 0, 0], [1, 4, 0, 0], [0, 0, 6, 2], [0, 0, 7, 3]])
    found = stuart_maxwell(table)
    assert not isinstance(found, NotEvaluable)
    assert found.df == 2
    assert found.statistic == pytest.approx(16 / 6 + 25 / 9)


@pytest.mark.parametrize("test", [bowker, stuart_maxwell, bhapkar])
def test_arms_that_never_differ_have_no_test_of_homogeneity(test: object) -> None:
    assert callable(test)
    assert refusal(test(np.diag([3.0, 4.0]))) == "no_discordant_pairs"
    assert refusal(test(np.zeros((2, 2)))) == "no_pairs"


def test_bhapkar_refuses_where_every_pair_moves_alike() -> None:
    assert refusal(bhapkar(np.array([[0.0, 9], [0, 0]]))) == "zero_variance"


def test_kappa_refuses_one_category_and_says_when_it_cannot_vary() -> None:
    alone = np.array([[7.0, 0], [0, 0]])
    assert refusal(coefficient(alone, "kappa")) == "one_category"
    perfect = coefficient(np.diag([4.0, 5.0]), "kappa")
    assert not isinstance(perfect, NotEvaluable)
    assert perfect.estimate == 1
    assert refusal(independent_error(perfect, np.diag([4.0, 5.0]))) == "zero_variance"
    assert refusal(coefficient(np.zeros((3, 3)), "gwet")) == "no_pairs"


@pytest.mark.parametrize("table", [np.ones((2, 3)), np.ones((1, 1)), -np.ones((2, 2))])
def test_a_table_that_is_no_square_of_counts_is_a_usage_error(table: FloatArray) -> None:
    with pytest.raises(UsageError):
        coefficient(table, "kappa")


def test_levels_out_of_range_and_of_other_length_are_usage_errors() -> None:
    zero, two = np.array([0]), np.array([2])
    for arguments in ((zero, two, 2), (zero, np.array([0, 1]), 2), (zero, zero, 1)):
        with pytest.raises(UsageError):
            square_table(*arguments)


def test_one_subject_says_nothing_about_variation_between_subjects() -> None:
    assert refusal(between_subjects(np.array([1.0, -1.0]), np.array([4, 4]))) == "one_cluster"


def test_identical_arms_have_no_difference_of_kappas() -> None:
    rows, asked = rows_of(SOC, SOC, REFERENCE), Asked(0.95, parameters=PARAMETERS)
    assert refusal(TESTS["kappa_difference"].run(rows, asked)) == "no_discordant_pairs"


def test_a_missing_level_is_refused_by_every_word() -> None:
    rows = rows_of([float("nan"), *CANDIDATE[1:]], SOC, REFERENCE)
    asked = Asked(0.95, parameters=PARAMETERS)
    for word in ("kappa", "gwet_agreement", "marginal_homogeneity", "mean_scores"):
        assert refusal(ESTIMATORS[word].run(rows, asked)) == "values_not_finite"
    for entry in TESTS.values():
        assert refusal(entry.run(rows, asked)) == "values_not_finite"
        assert refusal(entry.run(rows_of([], [], []), asked)) == "no_pairs"


@pytest.mark.parametrize("parameters", [{"weights": "cubic"}, {"comparison": "none"}])
def test_words_that_nobody_registered_are_usage_errors(parameters: dict[str, str]) -> None:
    asked = Asked(0.95, parameters={**PARAMETERS, **parameters})
    with pytest.raises(UsageError):
        ESTIMATORS["kappa"].run(rows_of(CANDIDATE, SOC, REFERENCE), asked)


def test_scores_must_be_as_many_as_levels() -> None:
    asked = Asked(0.95, parameters={"scores": (1.0, 2.0)})
    with pytest.raises(UsageError):
        TESTS["mean_score_difference"].run(rows_of(CANDIDATE, SOC, REFERENCE), asked)


def test_mean_scores_refuse_differences_that_are_none_or_all_alike() -> None:
    points = np.array([0.0, 1.0])
    same, apart = np.diag([2.0, 3.0]), np.array([[0.0, 4], [0, 0]])
    assert refusal(mean_scores(same, points, level=0.95)) == "no_discordant_pairs"
    assert refusal(mean_scores(apart, points, level=0.95)) == "constant_differences"
    assert refusal(mean_ranks(np.diag([5.0, 0.0]))) == "zero_variance"


def test_the_score_interval_is_wider_than_walds() -> None:
    rows = rows_of(CANDIDATE, SOC, REFERENCE)
    widths = []
    for word in ("wald", "score"):
        asked = Asked(0.95, interval=word, parameters=PARAMETERS)
        found = answered(ESTIMATORS["mean_scores"].run(rows, asked))
        assert isinstance(found, Findings)
        quantity = found.named("mean_score_difference")
        assert quantity.low is not None
        assert quantity.high is not None
        widths.append(quantity.high - quantity.low)
    assert widths[0] < widths[1]


def test_rank_errors_agree_with_leaving_each_pair_out() -> None:
    """The package behind the reference case ranks each arm in its own margin: 0.0331 here."""
    found = mean_ranks(PATHOLOGISTS)
    assert not isinstance(found, NotEvaluable)
    n, left_out = int(PATHOLOGISTS.sum()), []
    for place in zip(*np.nonzero(PATHOLOGISTS), strict=True):
        less = PATHOLOGISTS.copy()
        less[place] -= 1
        without = mean_ranks(less)
        assert not isinstance(without, NotEvaluable)
        left_out += [without.tau] * int(PATHOLOGISTS[place])
    jackknife = np.sqrt((n - 1) * np.var(left_out))
    assert found.standard_error == pytest.approx(jackknife, rel=0.01)
    assert found.own_ridit_error < 0.9 * jackknife


def test_cochran_takes_a_further_model_and_refuses_models_that_never_part() -> None:
    right = [1.0, 1, 0, 0, 1, 0]
    rows = rows_of(right, [1.0, 0, 0, 1, 0, 0], [0.0] * 6, further=[0.0, 0, 1, 1, 1, 0])
    found = answered(
        ESTIMATORS["cochran_q"].run(rows, Asked(0.95, parameters={"further_model": "x"}))
    )
    assert isinstance(found, Findings)
    assert found.named("cochran_q").df == 2
    assert found.named("further_model_accuracy").estimate == 0.5
    same = np.array([[1.0, 1.0], [0.0, 0.0]])
    assert refusal(cochran_q(same)) == "no_discordant_pairs"
    assert refusal(cochran_q(np.zeros((0, 2)))) == "no_pairs"
    with pytest.raises(UsageError):
        cochran_q(np.array([[0.5, 1.0]]))


def test_a_further_model_without_a_flag_is_refused() -> None:
    rows = rows_of([1.0, 0], [0.0, 1], [0.0, 0], further=[float("nan"), 1])
    asked = Asked(0.95, parameters={"further_model": "x"})
    assert refusal(ESTIMATORS["cochran_q"].run(rows, asked)) == "values_not_finite"


def test_like_margins_differ_by_exactly_nothing() -> None:
    table = np.array([[1.0, 1, 1], [1, 1, 1], [1, 1, 1]])
    found = mean_ranks(table)
    assert not isinstance(found, NotEvaluable)
    assert (found.tau, found.superiority) == (0.0, 0.5)
