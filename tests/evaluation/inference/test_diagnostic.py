"""Diagnostic accuracy of two tests: worked tables, refusals, and what a protocol can ask."""

import math

import numpy as np
import pytest

from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.diagnostic import effects, findings, words
from evaluation.inference.diagnostic.cells import Measure, PairedTests
from evaluation.inference.diagnostic.effects import Effect, difference, relative, relative_test
from evaluation.inference.diagnostic.scores import generalised_score, global_test, weighted_score
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
# Data set Paired1 of the R package DTComPair 1.2.2; the candidate is its second test.
PAIRED = PairedTests.of_tables(PairedCounts(319, 22, 78, 32), PairedCounts(31, 22, 53, 155))
AGREEING = PairedTests.of_tables(PairedCounts(30, 0, 0, 5), PairedCounts(10, 0, 0, 79))


def _subjects(k: int, seed: int) -> PairedTests:
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(2 * np.array([6.0, 1, 1, 2, 1, 1, 1, 4]), k)
    return PairedTests(
        np.array([rng.multinomial(rng.integers(1, 9), p) for p in chances]), clustered=True
    )


def _rows(tests: PairedTests, *, clustered: bool = True) -> Rows:
    places, often = np.indices(tests.cells.shape), tests.cells.ravel()
    who, kind = (np.repeat(place.ravel(), often).astype(np.int64) for place in places)
    candidate, soc = kind // 2 % 2 == 1, kind % 2 == 1
    outcome = np.asarray(kind >= 4)
    nothing = np.full(len(kind), np.nan)
    return Rows(
        candidate=(candidate == outcome).astype(float),
        standard_of_care=(soc == outcome).astype(float),
        outcome=outcome,
        known=np.ones(len(kind), dtype=np.bool_),
        cluster=who if clustered else np.arange(len(kind)),
        clustered=clustered,
        candidate_score=nothing,
        standard_of_care_score=nothing,
        candidate_flag=candidate,
        standard_of_care_flag=soc,
    )


@pytest.mark.parametrize("measure", list(effects.METHOD_OF))
def test_leaving_out_each_subject_gives_the_linearised_error(measure: Measure) -> None:
    tests = _subjects(400, seed=4)
    k = len(tests.cells)
    left = [
        math.log(
            _known(
                relative(
                    PairedTests(np.delete(tests.cells, i, axis=0), clustered=True),
                    measure,
                    level=0.9,
                )
            ).estimate
        )
        for i in range(k)
    ]
    jackknife = math.sqrt((k - 1) / k * ((np.array(left) - np.mean(left)) ** 2).sum())
    assert _known(relative(tests, measure, level=0.9)).standard_error == pytest.approx(
        jackknife, rel=0.02
    )


def test_drawing_subjects_anew_gives_the_linearised_error_of_a_difference() -> None:
    tests, rng = _subjects(300, seed=5), np.random.default_rng(6)
    drawn = rng.multinomial(300, np.full(300, 1 / 300), 2000) @ tests.cells
    ppv = [drawn[:, kinds].sum(axis=1) for kinds in ([6, 7], [2, 3, 6, 7], [5, 7], [1, 3, 5, 7])]
    spread = np.std(ppv[0] / ppv[1] - ppv[2] / ppv[3], ddof=1)
    assert _known(difference(tests, "ppv", level=0.9)).standard_error == pytest.approx(
        spread, rel=0.06
    )


def _known(found: Effect | NotEvaluable) -> Effect:
    assert isinstance(found, Effect)
    return found


@pytest.mark.parametrize("clustered", [True, False])
def test_arms_that_agree_everywhere_pass_no_margin(clustered: bool) -> None:
    tests = PairedTests(np.vstack([AGREEING.cells, AGREEING.cells]), clustered=True)
    data = tests if clustered else AGREEING
    for measure in ("sensitivity", "ppv", "negative_likelihood_ratio"):
        direction = LOWER if measure == "negative_likelihood_ratio" else HIGHER
        margin = 1.25 if direction is LOWER else 0.8
        held = relative_test(data, measure, margin=margin, direction=direction, level=0.95)
        assert isinstance(held, NotEvaluable)
        assert held.code == "no_discordant_pairs"
    assert _known(relative(data, "ppv", level=0.95)).statistic is None


def test_predictive_values_of_one_in_both_arms_pass_no_margin() -> None:
    tests = PairedTests.of_tables(PairedCounts(30, 5, 9, 5), PairedCounts(0, 0, 0, 79))
    held = relative_test(tests, "ppv", margin=0.9, direction=HIGHER, level=0.95)
    assert isinstance(held, NotEvaluable)
    assert held.code == "zero_variance"
    for score in (weighted_score(tests, "ppv"), generalised_score(tests, "ppv")):
        assert isinstance(score, NotEvaluable)


def test_an_arm_that_never_flags_has_no_positive_predictive_value() -> None:
    silent = PairedTests.of_tables(PairedCounts(0, 0, 9, 5), PairedCounts(0, 0, 4, 79))
    gap = difference(silent, "ppv", level=0.95)
    assert isinstance(gap, NotEvaluable)
    assert gap.code == "predictive_value_undefined"
    ratio = relative(silent, "positive_likelihood_ratio", level=0.95)
    assert isinstance(ratio, NotEvaluable)
    assert ratio.code == "ratio_undefined"
    assert isinstance(difference(silent, "npv", level=0.95), Effect)


def test_nobody_and_one_subject_have_no_answer() -> None:
    nobody = PairedTests(np.zeros((1, 8), dtype=np.int64), clustered=False)
    alone = PairedTests(PAIRED.cells, clustered=True)
    for tests, code in ((nobody, "no_pairs"), (alone, "one_cluster")):
        answers = [
            relative(tests, "sensitivity", level=0.95),
            difference(tests, "npv", level=0.95),
            generalised_score(tests, "ppv"),
            global_test(tests),
            findings.predictive_values(tests, level=0.95),
        ]
        assert {a.code for a in answers if isinstance(a, NotEvaluable)} == {code}
        assert all(isinstance(a, NotEvaluable) for a in answers)


def test_a_level_of_one_has_no_finite_limits() -> None:
    found = relative(PAIRED, "sensitivity", level=1.0)
    assert isinstance(found, NotEvaluable)
    assert found.code == "interval_unbounded"


def test_the_joint_test_needs_discordant_pairs_in_both_classes_and_three_subjects() -> None:
    one_sided = PairedTests.of_tables(PairedCounts(30, 0, 0, 5), PairedCounts(10, 4, 7, 79))
    two = PairedTests(np.vstack([PAIRED.cells, PAIRED.cells]), clustered=True)
    for tests, code in ((one_sided, "no_discordant_pairs"), (two, "too_few_subjects")):
        found = global_test(tests)
        assert isinstance(found, NotEvaluable)
        assert found.code == code


def test_a_margin_on_the_wrong_side_of_one_is_refused() -> None:
    with pytest.raises(UsageError, match="no margin"):
        relative_test(PAIRED, "ppv", margin=1.1, direction=HIGHER, level=0.95)


def test_columns_of_different_length_are_refused() -> None:
    yes = np.ones(3, dtype=np.bool_)
    with pytest.raises(UsageError):
        PairedTests.of(yes, yes, yes[:2])
    with pytest.raises(UsageError):
        PairedTests.of(yes, yes, yes, np.arange(2))
    with pytest.raises(UsageError):
        PairedTests(np.zeros((2, 4), dtype=np.int64), clustered=True)


def _asked(measure: str, **change: object) -> Asked:
    parameters = {"measure": measure, "sensitivity_margin": 0.2, "specificity_margin": 0.05}
    fixed: dict[str, object] = {"level": 0.95, "margin": 0.9, "parameters": parameters}
    return Asked(**(fixed | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("word", "measure", "estimate"),
    [
        ("relative_share", "sensitivity", 0.858942),
        ("relative_predictive_value", "ppv", 1.048607),
        ("relative_predictive_value", "npv", 0.853640),
        ("likelihood_ratio_regression", "positive_likelihood_ratio", 1.361342),
    ],
)
def test_registered_ratios_are_those_of_the_worked_table(
    word: str, measure: str, estimate: float
) -> None:
    rows = _rows(PAIRED, clustered=False)
    rows = rows.take(rows.outcome) if measure == "sensitivity" else rows
    found = words.TESTS[word].run(rows, _asked(measure))
    assert isinstance(found, Estimate)
    assert found.estimate == pytest.approx(estimate, abs=1e-6)
    assert found.method is words.TESTS[word].method
    assert (found.scale, found.df, found.warnings) == ("ratio", None, ())


def test_a_registered_difference_takes_its_error_between_subjects() -> None:
    rows = _rows(_subjects(30, seed=7))
    found = words.TESTS["predictive_value_difference"].run(rows, _asked("npv", margin=0.1))
    assert isinstance(found, Estimate)
    assert (found.df, found.n_clusters, found.scale) == (29, 30, "difference")
    plain = words.TESTS["predictive_value_difference"].run(
        _rows(_subjects(30, seed=7), clustered=False), _asked("npv", margin=0.1)
    )
    assert isinstance(plain, Estimate)
    assert plain.estimate == found.estimate
    assert plain.standard_error != found.standard_error


def test_few_discordant_pairs_or_subjects_are_said() -> None:
    found = words.TESTS["relative_share"].run(_rows(_subjects(9, seed=8)), _asked("accuracy"))
    assert isinstance(found, Estimate)
    assert any("subjects" in warning for warning in found.warnings)


def test_both_shares_pass_with_the_larger_p() -> None:
    rows = _rows(PAIRED, clustered=False)
    run = words.ESTIMATORS["sensitivity_and_specificity"].run
    for interval in ("tango", "linearised"):
        found = run(rows, _asked("accuracy", interval=interval))
        assert isinstance(found, Findings)
        single = [
            found.named(f"{name}_difference").p_value for name in ("sensitivity", "specificity")
        ]
        assert found.named("both").p_value == max(p for p in single if p is not None)
        assert found.named("sensitivity_difference").estimate == pytest.approx(-0.124168514)


def test_a_share_without_discordant_pairs_leaves_both_unshown() -> None:
    tests = PairedTests.of_tables(PairedCounts(30, 0, 0, 5), PairedCounts(10, 4, 7, 79))
    run = words.ESTIMATORS["sensitivity_and_specificity"].run
    found = run(_rows(tests, clustered=False), _asked("accuracy", interval="tango"))
    assert isinstance(found, Findings)
    assert found.named("both").p_value is None
    assert found.named("both").reason is not None
    neither = run(_rows(AGREEING, clustered=False), _asked("accuracy", interval="tango"))
    assert isinstance(neither, NotEvaluable)


def test_the_score_interval_says_that_subjects_come_back() -> None:
    run = words.ESTIMATORS["sensitivity_and_specificity"].run
    found = run(_rows(_subjects(30, seed=9)), _asked("accuracy", interval="tango"))
    assert isinstance(found, Findings)
    assert any("independent" in warning for warning in found.warnings)


def test_predictive_values_come_in_every_form_or_with_a_reason() -> None:
    run = words.ESTIMATORS["predictive_values"].run
    found = run(_rows(PAIRED, clustered=False), _asked("ppv"))
    assert isinstance(found, Findings)
    assert found.named("ppv_wgs").p_value == pytest.approx(0.0193912, abs=1e-6)
    assert found.named("npv_gs").p_value == pytest.approx(2.47238e-05, rel=1e-5)
    repeated = run(_rows(_subjects(40, seed=3)), _asked("ppv"))
    assert isinstance(repeated, Findings)
    assert repeated.named("ppv_wgs").reason is not None
    assert repeated.named("ppv_gs").df == 39


@pytest.mark.parametrize("word", ["relative_accuracy", "likelihood_ratios", "predictive_values"])
def test_arms_that_agree_have_estimates_and_no_test(word: str) -> None:
    found = words.ESTIMATORS[word].run(_rows(AGREEING, clustered=False), _asked("accuracy"))
    assert isinstance(found, Findings)
    effects_given = [q for q in found.quantities if q.name.endswith(("_ratio", "_difference"))]
    assert effects_given
    for quantity in effects_given:
        assert quantity.p_value is None
        assert quantity.reason is not None


def test_a_word_refuses_a_measure_that_it_does_not_know() -> None:
    rows = _rows(PAIRED, clustered=False)
    for word in ("predictive_value_difference", "likelihood_ratio_regression"):
        with pytest.raises(UsageError):
            words.TESTS[word].run(rows, _asked("accuracy"))
    with pytest.raises(UsageError):
        words.ESTIMATORS["sensitivity_and_specificity"].run(rows, _asked("accuracy"))


def test_a_class_in_one_subject_only_has_no_joint_test() -> None:
    # Its difference varies by rounding alone, which once made a statistic of 5e31.
    cells = [[0, 0, 0, 0, 1, 0, 1, 1], [1, 1, 3, 1, 0, 6, 0, 0], [0, 0, 0, 0, 3, 3, 0, 0]]
    found = global_test(PairedTests(np.array(cells), clustered=True))
    assert isinstance(found, NotEvaluable)
    assert found.code == "zero_variance"
