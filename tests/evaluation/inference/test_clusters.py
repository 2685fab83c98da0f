"""Subjects who come back: every registered word on hard data, and worked examples."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from evaluation.inference import registry
from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.clusters import stacked
from evaluation.inference.clusters.mcnemar import eliasziw
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.methods import clusters, proportions
from protocols.methods.base import EstimatorSpec, HypothesisTestSpec
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


def rows_of(candidate: Sequence[float], soc: Sequence[float], subjects: Sequence[int]) -> Rows:
    first, second = np.array(candidate, dtype=np.float64), np.array(soc, dtype=np.float64)
    known = np.ones(len(subjects), dtype=np.bool_)
    return Rows(
        candidate=first,
        standard_of_care=second,
        outcome=known,
        known=known,
        cluster=np.array(subjects, dtype=np.int64),
        clustered=True,
        candidate_score=first,
        standard_of_care_score=second,
        candidate_flag=first > 0.5,
        standard_of_care_flag=second > 0.5,
    )


HARD = {
    "no pair": rows_of([], [], []),
    "one pair": rows_of([1], [0], [0]),
    "one subject": rows_of([1, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]),
    "identical arms": rows_of([1, 0, 1, 1], [1, 0, 1, 1], [0, 0, 1, 2]),
    "all wrong": rows_of([0, 0, 0], [0, 0, 0], [0, 1, 2]),
    "candidate always right": rows_of([1, 1, 1, 1], [1, 0, 0, 1], [0, 0, 1, 2]),
    "candidate always the better": rows_of([1, 1, 1], [0, 0, 0], [0, 1, 2]),
    "same in every subject": rows_of([1, 0, 1, 0], [0, 0, 0, 0], [0, 0, 1, 1]),
    "two subjects": rows_of([1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 1, 1]),
    "one large subject": rows_of([1] * 30 + [0, 0], [0] * 15 + [1] * 16 + [0], [0] * 30 + [1, 2]),
}
PARAMETERS: Mapping[str, ParameterValue] = {
    "working_correlation": "exchangeable",
    "weighting": "subject_weighted",
    "link": "logit",
    "margin": 0.1,
}
SPECS: dict[str, HypothesisTestSpec] = {**proportions.TESTS, **clusters.TESTS}
ANALYSES: dict[str, EstimatorSpec] = {**proportions.ESTIMATORS, **clusters.ESTIMATORS}
ANALYSED = [(word, interval) for word, spec in ANALYSES.items() for interval in spec.intervals]


@pytest.mark.parametrize("word", SPECS)
@pytest.mark.parametrize("data", HARD)
def test_a_test_of_hard_data_answers_in_numbers_or_says_why_not(word: str, data: str) -> None:
    margin = 0.9 if SPECS[word].scale == "ratio" else 0.1
    asked = Asked(0.95, HIGHER, margin, parameters=PARAMETERS, seed=1, resamples=50)
    found = registry.estimate(word, HARD[data], asked)
    if isinstance(found, NotEvaluable):
        assert found.reason.endswith(".")
        return
    assert found.standard_error > 0
    for number in (found.estimate, found.low, found.high, found.statistic, found.p_value):
        assert math.isfinite(number)
    assert 0 <= found.p_value <= 1
    assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize(("word", "interval"), ANALYSED)
@pytest.mark.parametrize("data", HARD)
def test_an_analysis_of_hard_data_answers_in_numbers_or_says_why_not(
    word: str, interval: str, data: str
) -> None:
    asked = Asked(0.95, interval=interval, parameters=PARAMETERS, seed=1, resamples=50)
    found = registry.analysis(word, HARD[data], asked)
    if isinstance(found, NotEvaluable):
        assert found.reason.endswith(".")
        return
    for quantity in found.quantities:
        numbers = [
            getattr(quantity, name)
            for name in ("estimate", "standard_error", "low", "high", "statistic", "p_value")
        ]
        assert all(math.isfinite(x) for x in numbers if x is not None)
        assert quantity.reason or any(x is not None for x in numbers)


@pytest.mark.parametrize("word", [w for w in SPECS if "difference" in w or "score" in w])
def test_arms_that_never_differ_pass_nothing(word: str) -> None:
    same = [1.0, 0.0] * 200
    rows = rows_of(same, same, list(range(400)))
    margin = 0.9 if SPECS[word].scale == "ratio" else 0.1
    asked = Asked(0.95, HIGHER, margin, parameters=PARAMETERS, seed=1, resamples=50)
    found = registry.estimate(word, rows, asked)
    assert isinstance(found, NotEvaluable)
    assert found.code == "no_discordant_pairs"


def test_one_discordant_pair_does_not_pass_the_clustered_score() -> None:
    """The linearised variance sees one win in 36 pairs and would pass a margin of 0.05."""
    candidate, soc = [1.0] * 36, [0.0] + [1.0] * 35
    rows = rows_of(candidate, soc, [i // 3 for i in range(36)])
    asked = Asked(0.95, HIGHER, 0.05)
    between = registry.estimate("clustered_difference", rows, asked)
    score = registry.estimate("clustered_score", rows, asked)
    assert isinstance(between, Estimate)
    assert isinstance(score, Estimate)
    assert between.p_value < 0.025 < score.p_value


def test_weighting_subjects_or_encounters_are_two_estimands() -> None:
    rows = rows_of([1.0] * 9 + [0.0, 0.0], [0.0] * 9 + [1.0, 0.0], [0] * 9 + [1, 2])
    asked = {
        weighting: Asked(0.95, interval="linearised", parameters={"weighting": weighting})
        for weighting in ("encounter_weighted", "subject_weighted")
    }
    found = {w: registry.analysis("clustered_effect", rows, a) for w, a in asked.items()}
    estimates = {
        w: f.named("difference").estimate for w, f in found.items() if isinstance(f, Findings)
    }
    assert estimates["encounter_weighted"] == pytest.approx(8 / 11)
    assert estimates["subject_weighted"] == pytest.approx(0.0, abs=1e-12)


def test_eliasziws_test_has_no_answer_with_one_pair_a_subject() -> None:
    singles = [PairedCounts(0, 1, 0, 0)] * 4 + [PairedCounts(0, 0, 1, 0)] * 2
    found = eliasziw(singles)
    assert isinstance(found, NotEvaluable)
    assert found.code == "no_variation_within"


@pytest.mark.parametrize(
    ("candidate", "soc", "code"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 0], "constant_outcome"),
        ([1, 1, 1, 1], [1, 0, 0, 1], "arms_separated"),
        ([1, 2, 1, 0], [1, 0, 0, 1], "values_not_binary"),
        ([math.inf, 1, 1, 1], [1, 0, 0, 1], "values_not_finite"),
    ],
)
def test_what_the_equations_cannot_fit_is_refused_before_the_fit(
    candidate: FloatArray, soc: FloatArray, code: str
) -> None:
    found = stacked.arm_effect(
        np.array(candidate, dtype=np.float64),
        np.array(soc, dtype=np.float64),
        np.array([0, 0, 1, 2]),
        link="logit",
        working="independence",
    )
    assert isinstance(found, NotEvaluable)
    assert found.code == code


def test_the_working_correlation_takes_the_plain_moments() -> None:
    """R geepack 1.3.9, geeglm(y ~ arm, binomial, corstr = "exchangeable") on three subjects.

    With two parameters taken off the number of residuals the equations did not even converge.
    """
    found = stacked.arm_effect(
        np.array([1.0, 0.0, 1.0]),
        np.array([0.0, 0.0, 1.0]),
        np.array([0, 1, 2]),
        link="logit",
        working="exchangeable",
    )
    assert isinstance(found, stacked.ArmEffect)
    assert found.estimate == pytest.approx(1.38629436111989, rel=1e-6)
    assert found.sandwich == pytest.approx(1.22474487139159, rel=1e-6)
    assert found.working == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("word", ["clustered_difference", "clustered_difference_cr2"])
@pytest.mark.parametrize(("direction", "warned"), [(HIGHER, False), (LOWER, True)])
def test_a_mean_that_few_large_losses_carry_is_given_with_a_warning(
    word: str, direction: Direction, warned: bool
) -> None:
    """One loss of 0.9 among 30 small ones: where lower is better, more may be unseen."""
    candidate = [0.9, *(0.05 + 0.001 * (i % 5) for i in range(29))]
    rows = rows_of(candidate, [0.05] * 30, list(range(30)))
    found = registry.estimate(word, rows, Asked(0.95, direction, 0.1))
    assert isinstance(found, Estimate)
    assert any("few large losses" in warning for warning in found.warnings) is warned


def test_many_resamples_come_near_the_linearised_error() -> None:
    rng = np.random.default_rng(4)
    subjects = np.repeat(np.arange(60), rng.integers(1, 5, 60)).tolist()
    candidate, soc = ((rng.random(len(subjects)) < share) * 1.0 for share in (0.8, 0.7))
    rows = rows_of(candidate.tolist(), soc.tolist(), subjects)
    plain = registry.estimate("clustered_difference", rows, Asked(level=0.9, margin=0.1))
    drawn, again = (
        registry.estimate(
            "bootstrap_difference", rows, Asked(level=0.9, margin=0.1, seed=seed, resamples=4000)
        )
        for seed in (3, 3)
    )
    assert isinstance(plain, Estimate)
    assert isinstance(drawn, Estimate)
    assert drawn == again
    assert drawn.estimate == plain.estimate
    assert drawn.standard_error == pytest.approx(plain.standard_error, rel=0.05)
