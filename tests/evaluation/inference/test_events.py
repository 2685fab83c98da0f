"""Counts, rates, times to event: refusals, worked examples, and what each word gives."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.events.concordance import c_index
from evaluation.inference.events.counts import Events, count_ratio, exact_rate_ratio
from evaluation.inference.events.cox import PairedTimes, marginal, marginal_model, stratified
from evaluation.inference.events.kaplan_meier import (
    Curve,
    restricted_mean,
    survival_at,
    survival_difference,
)
from evaluation.inference.events.rates import (
    PairedCountsOverTime,
    negative_binomial_rate_ratio,
    poisson_rate_ratio,
)
from evaluation.inference.events.words import ESTIMATORS, TESTS
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.errors import UsageError
from protocols.methods import events as specs
from protocols.vocabulary import Direction

LOWER = Direction.LOWER_IS_BETTER
N = 24
PARAMETERS: dict[str, ParameterValue] = {
    "exposure": "days",
    "candidate_exposure": "days",
    "standard_of_care_exposure": "days",
    "times": (2.0, 4.0),
}
MODELS = {"cox": ("stratified", "marginal"), "rate_ratio": ("poisson", "negative_binomial")}


def rows_of(*, clustered: bool = False, n: int = N) -> Rows:
    rng = np.random.default_rng(5)
    none = np.zeros(n, dtype=np.bool_)
    days = rng.uniform(1, 5, n)
    extra = dict.fromkeys(("exposure", "candidate_exposure", "standard_of_care_exposure"), days)
    for arm in ("candidate_", "standard_of_care_", ""):
        extra[f"{arm}time"] = np.ceil(rng.exponential(4, n)) + 0.5
        extra[f"{arm}event"] = (rng.random(n) < 0.7).astype(np.float64)
    return Rows(
        candidate=rng.poisson(2, n).astype(np.float64),
        standard_of_care=rng.poisson(2, n).astype(np.float64),
        outcome=none,
        known=~none,
        cluster=np.arange(n) // (2 if clustered else 1),
        clustered=clustered,
        candidate_score=np.zeros(n),
        standard_of_care_score=np.zeros(n),
        candidate_flag=none,
        standard_of_care_flag=none,
        extra=extra,
    )


def asked_of(word: str, model: str = "") -> Asked:
    scale = specs.TESTS[word].scale if word in specs.TESTS else "difference"
    return Asked(
        0.95,
        direction=LOWER,
        margin=1.5 if scale == "ratio" else 0.1,
        parameters={**PARAMETERS, "model": model},
        seed=1,
        resamples=200,
    )


def refusal(found: object) -> str:
    assert isinstance(found, NotEvaluable), found
    return found.code


def paired(
    candidate: list[float], candidate_event: list[int], soc: list[float], soc_event: list[int]
) -> PairedTimes:
    return PairedTimes(
        np.array(candidate, dtype=np.float64),
        np.array(candidate_event) == 1,
        np.array(soc, dtype=np.float64),
        np.array(soc_event) == 1,
        np.arange(len(candidate)),
    )


def counted(candidate: list[float], soc: list[float]) -> PairedCountsOverTime:
    arms = np.array(candidate, dtype=np.float64), np.array(soc, dtype=np.float64)
    return PairedCountsOverTime.of(*arms, np.arange(len(candidate)))


def test_every_word_of_the_protocol_has_a_function_of_the_same_name() -> None:
    assert TESTS.keys() == specs.TESTS.keys()
    assert ESTIMATORS.keys() == specs.ESTIMATORS.keys()
    assert all(entry.method.name == word for word, entry in TESTS.items())
    assert all(entry.method.name == word for word, entry in ESTIMATORS.items())


@pytest.mark.parametrize("word", sorted(TESTS))
@pytest.mark.parametrize("clustered", [False, True])
def test_every_test_answers(word: str, *, clustered: bool) -> None:
    found = TESTS[word].run(rows_of(clustered=clustered), asked_of(word))
    assert isinstance(found, Estimate), found
    assert found.low < found.estimate < found.high
    assert found.method == TESTS[word].method
    assert found.scale == specs.TESTS[word].scale


@pytest.mark.parametrize("word", sorted(ESTIMATORS))
@pytest.mark.parametrize("clustered", [False, True])
def test_every_estimator_answers(word: str, *, clustered: bool) -> None:
    for model in MODELS.get(word, ("",)):
        found = ESTIMATORS[word].run(rows_of(clustered=clustered), asked_of(word, model))
        assert isinstance(found, Findings), found
        assert found.method == ESTIMATORS[word].method
        assert all(q.estimate is not None for q in found.quantities)


@pytest.mark.parametrize("word", sorted(TESTS) + sorted(ESTIMATORS))
def test_no_word_answers_without_a_pair(word: str) -> None:
    entry = TESTS.get(word) or ESTIMATORS[word]
    for model in MODELS.get(word, ("",)):
        assert refusal(entry.run(rows_of(n=0), asked_of(word, model))) == "no_pairs"


@pytest.mark.parametrize("word", ["cox", "rate_ratio"])
def test_a_model_that_nobody_registered_is_a_usage_error(word: str) -> None:
    with pytest.raises(UsageError):
        ESTIMATORS[word].run(rows_of(), asked_of(word, "weibull"))


@pytest.mark.parametrize("word", ["cox_marginal", "cox_stratified_by_pair", "c_index_difference"])
def test_a_time_that_does_not_say_whether_it_is_an_event_is_refused(word: str) -> None:
    rows = rows_of()
    unknown = np.full(N, np.nan)
    rows = replace(rows, extra={**rows.extra, "candidate_event": unknown, "event": unknown})
    assert refusal(TESTS[word].run(rows, asked_of(word))) == "values_not_finite"


@pytest.mark.parametrize("word", ["exact_rate_ratio", "rate_ratio"])
def test_an_exposure_of_zero_is_refused(word: str) -> None:
    rows = rows_of()
    names = ("exposure", "candidate_exposure")
    rows = replace(rows, extra={**rows.extra, **{name: np.zeros(N) for name in names}})
    found = ESTIMATORS[word].run(rows, asked_of(word, "poisson"))
    assert refusal(found) == "exposure_missing"


@pytest.mark.parametrize("values", [[0.5, 1.0], [-1.0, 1.0], [float("nan"), 1.0]])
def test_values_that_are_no_counts_are_refused(values: list[float]) -> None:
    data = counted(values, [1.0, 2.0])
    for model in (poisson_rate_ratio, negative_binomial_rate_ratio):
        assert refusal(model(data)) == "counts_not_whole"


def test_an_arm_without_events_has_no_ratio_but_an_exact_limit() -> None:
    data = counted([1.0, 2.0, 0.0], [0.0, 0.0, 0.0])
    assert refusal(poisson_rate_ratio(data)) == "ratio_undefined"
    assert refusal(negative_binomial_rate_ratio(data)) == "ratio_undefined"
    found = count_ratio(
        data.candidate, data.standard_of_care, margin=2.0, direction=LOWER, level=0.95
    )
    assert refusal(found) == "ratio_undefined"
    exact = exact_rate_ratio(Events(3, 0), level=0.95)
    assert not isinstance(exact, NotEvaluable)
    assert exact.ratio is None
    assert exact.high is None
    share = 0.025 ** (1 / 3)
    assert exact.low == pytest.approx(share / (1 - share), rel=1e-12)


def test_counts_that_vary_too_much_leave_a_warning() -> None:
    one, other = np.array([20.0, 0, 18, 1]), np.array([0.0, 19, 1, 22])
    found = count_ratio(one, other, margin=2.0, direction=LOWER, level=0.95)
    assert isinstance(found, Estimate)
    assert "poisson_rate_ratio" in found.warnings[0]


def test_an_exact_p_value_near_one_or_zero_keeps_a_finite_statistic() -> None:
    few, many = np.array([1.0, 1.0]), np.array([2e4, 3e4])
    for arms in ((few, many), (many, few)):
        found = count_ratio(*arms, margin=1.0, direction=LOWER, level=0.95)
        assert isinstance(found, Estimate)
        assert abs(found.statistic) < 40
        assert 0 <= found.p_value <= 1


def test_no_event_at_all_is_too_few() -> None:
    none = counted([0.0, 0.0], [0.0, 0.0])
    assert refusal(poisson_rate_ratio(none)) == "too_few_events"
    assert refusal(exact_rate_ratio(Events(0, 0), level=0.95)) == "too_few_events"


def test_one_subject_or_subjects_all_alike_have_no_rate_ratio() -> None:
    assert refusal(poisson_rate_ratio(counted([1.0], [2.0]))) == "one_cluster"
    assert refusal(poisson_rate_ratio(counted([1.0, 1.0], [2.0, 2.0]))) == "zero_variance"


def test_counts_with_less_spread_than_poisson_have_dispersion_zero() -> None:
    found = negative_binomial_rate_ratio(counted([2.0, 2, 2, 3], [3.0, 2, 3, 3]))
    assert not isinstance(found, NotEvaluable)
    assert found.alpha == 0
    assert "no more than Poisson" in found.robust.warnings[0]


@pytest.mark.parametrize("arguments", [(-1, 2, 1.0, 1.0), (1, 2, 0.0, 1.0)])
def test_counts_below_zero_and_exposures_of_zero_are_usage_errors(
    arguments: tuple[int, int, float, float],
) -> None:
    with pytest.raises(UsageError):
        Events(*arguments)


def test_a_level_of_one_has_no_finite_limit() -> None:
    rows = rows_of()
    for word in ("count_ratio", "poisson_rate_ratio", "cox_marginal"):
        asked = replace(asked_of(word), level=1.0)
        assert refusal(TESTS[word].run(rows, asked)) == "interval_unbounded"


def test_no_event_and_separation_have_no_hazard_ratio() -> None:
    none = paired([2.0, 4.0], [0, 0], [1.0, 3.0], [0, 0])
    only = paired([1.0, 2.0], [1, 1], [3.0, 4.0], [0, 0])
    censored_first = paired([5.0, 6.0], [1, 1], [3.0, 4.0], [0, 0])
    for fit in (marginal, lambda t: stratified(t, clustered=False)):
        assert refusal(fit(none)) == "too_few_events"
        assert refusal(fit(only)) == "hazard_ratio_unbounded"
        assert refusal(fit(censored_first)) == "too_few_events"
    assert refusal(marginal_model(none, ties="efron")) == "too_few_events"


def test_one_pair_has_no_hazard_ratio() -> None:
    pair = paired([1.0], [1], [1.0], [1])
    assert refusal(stratified(pair, clustered=False)) == "one_cluster"
    assert refusal(marginal(pair)) == "one_cluster"


def test_events_that_balance_in_every_subject_do_not_vary() -> None:
    tied = paired([1.0, 2.0], [1, 1], [1.0, 2.0], [1, 1])
    assert refusal(stratified(tied, clustered=True)) == "zero_variance"
    assert refusal(marginal(tied)) == "zero_variance"


def test_a_time_below_zero_is_refused() -> None:
    assert refusal(marginal(paired([-1.0, 2], [1, 1], [1.0, 2], [1, 1]))) == "values_not_finite"


def test_columns_of_other_lengths_are_usage_errors() -> None:
    times = paired([1.0, 2.0], [1, 1], [1.0, 2.0], [1, 1])
    with pytest.raises(UsageError):
        marginal(replace(times, cluster=np.arange(3)))
    with pytest.raises(UsageError):
        Curve.of(np.ones(2), np.ones(3, dtype=np.bool_))


TIME = np.array([6.0, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
EVENT = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]) == 1
"""Remission of 21 treated patients, Freireich et al. 1963, Blood 21:699."""


def test_the_published_remission_curve_is_met() -> None:
    """Kalbfleisch & Prentice 2002, table 1.1: 0.857 at 6, 0.627 at 16, 0.448 at 23 weeks."""
    curve = Curve.of(TIME, EVENT)
    assert not isinstance(curve, NotEvaluable)
    found = [curve.at(week) for week in (6, 16, 23)]
    assert found == pytest.approx([0.857, 0.627, 0.448], abs=5e-4)
    point = survival_at(curve, 6, level=0.95)
    assert not isinstance(point, NotEvaluable)
    assert point.standard_error == pytest.approx(0.0764, abs=1e-4)


def test_nothing_is_said_beyond_the_follow_up() -> None:
    curve = Curve.of(TIME, EVENT)
    assert not isinstance(curve, NotEvaluable)
    assert refusal(survival_at(curve, 36, level=0.95)) == "beyond_follow_up"
    assert refusal(restricted_mean(curve, 36)) == "beyond_follow_up"
    everyone = Curve.of(np.array([1.0, 2.0]), np.array([True, True]))
    assert not isinstance(everyone, NotEvaluable)
    gone = survival_at(everyone, 9, level=0.95)
    assert not isinstance(gone, NotEvaluable)
    assert (gone.survival, gone.standard_error) == (0.0, None)


def test_a_survival_difference_needs_subjects_that_vary() -> None:
    arm = TIME, EVENT
    alike = survival_difference((arm, arm), np.arange(21), 10, level=0.95)
    assert refusal(alike) == "zero_variance"
    one = survival_difference((arm, arm), np.zeros(21, dtype=np.int64), 10, level=0.95)
    assert refusal(one) == "one_cluster"
    late = survival_difference((arm, arm), np.arange(21), 99, level=0.95)
    assert refusal(late) == "beyond_follow_up"


def test_an_analysis_says_why_a_survival_has_no_interval() -> None:
    rows = rows_of()
    early = replace(asked_of("kaplan_meier"), parameters={"times": (0.1, 99.0)})
    found = ESTIMATORS["kaplan_meier"].run(rows, early)
    assert isinstance(found, Findings)
    assert all(q.reason is not None for q in found.quantities)


def test_concordance_refuses_incomparable_pairs_missing_scores_and_identical_arms() -> None:
    time, event = np.array([1.0, 1.0]), np.array([True, True])
    assert refusal(c_index(np.array([1.0, 2.0]), time, event)) == "too_few_events"
    assert refusal(c_index(np.array([np.nan, 2.0]), time, event)) == "scores_missing"
    rows = rows_of()
    same = replace(rows, candidate=rows.standard_of_care)
    found = TESTS["c_index_difference"].run(same, asked_of("c_index_difference"))
    assert refusal(found) == "arms_identical"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"candidate": np.full(N, np.nan)}, "scores_missing"),
        ({"candidate": np.full(N, 0.3)}, "constant_scores"),
        ({"standard_of_care": np.full(N, 0.3)}, "constant_scores"),
        ({"cluster": np.zeros(N, dtype=np.int64)}, "one_cluster"),
    ],
)
def test_concordance_refuses_unusable_columns(change: dict[str, FloatArray], code: str) -> None:
    rows = replace(rows_of(), **change)  # type: ignore[arg-type]
    assert refusal(TESTS["c_index_difference"].run(rows, asked_of("c_index_difference"))) == code
    found = ESTIMATORS["concordance_index"].run(rows, asked_of("concordance_index"))
    assert refusal(found) == code
