"""Numbers and measurements: worked examples with their sources, and what is refused."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.continuous import words
from evaluation.inference.continuous.concordance import concordance, intraclass
from evaluation.inference.continuous.differences import paired_equivalence, paired_t
from evaluation.inference.continuous.hodges_lehmann import shift, wilcoxon_signed_rank
from evaluation.inference.continuous.limits_of_agreement import (
    Agreement,
    LimitInterval,
    limits_of_agreement,
    normal_multiplier,
    replicated_limits,
)
from evaluation.inference.continuous.regression import deming, passing_bablok
from evaluation.inference.continuous.signed_rank import exact_upper, signed_rank, tied_two_sided
from evaluation.inference.continuous.walsh import in_units
from evaluation.inference.rows import Asked, ParameterValue, Rows
from protocols.errors import UsageError
from protocols.methods import continuous as specs
from protocols.vocabulary import Direction

HIGHER = Direction.HIGHER_IS_BETTER
X = np.array([494, 395, 516, 434, 476, 557, 413, 442, 650, 433], dtype=float)
Y = np.array([512, 430, 520, 428, 500, 600, 364, 380, 658, 445], dtype=float)


def rows_of(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    cluster: IntArray | None = None,
    reference: FloatArray | None = None,
) -> Rows:
    n = len(candidate)
    labels = np.arange(n) if cluster is None else cluster
    flags = np.zeros(n, dtype=bool)
    return Rows(
        candidate=candidate,
        standard_of_care=standard_of_care,
        outcome=flags,
        known=~flags,
        cluster=labels.astype(np.int64),
        clustered=cluster is not None,
        candidate_score=candidate,
        standard_of_care_score=standard_of_care,
        candidate_flag=flags,
        standard_of_care_flag=flags,
        extra={} if reference is None else {"reference": reference},
    )


def ask(interval: str = "", margin: float = 0.0, **parameters: ParameterValue) -> Asked:
    return Asked(level=0.95, margin=margin, interval=interval, parameters=parameters)


def code(found: object) -> str:
    assert isinstance(found, NotEvaluable)
    return found.code


def by_ranks(
    candidate: FloatArray, standard_of_care: FloatArray, *, margin: float = 0.0
) -> Estimate | NotEvaluable:
    return wilcoxon_signed_rank(
        candidate,
        standard_of_care,
        margin=margin,
        direction=HIGHER,
        level=0.95,
        resolution=0.001,
        zeros="wilcox",
    )


def findings(word: str, rows: Rows, asked: Asked) -> Findings:
    found = words.ESTIMATORS[word].run(rows, asked)
    assert isinstance(found, Findings)
    return found


PARAMETERS: Mapping[str, Asked] = {
    "mean_difference": ask("t"),
    "mean_equivalence": ask("t", lower=-60.0, upper=60.0),
    "sign_flip": ask("none", resolution=1.0),
    "hodges_lehmann": ask("rank", resolution=1.0, zeros="wilcox"),
    "limits_of_agreement": ask("exact", coverage=0.95, replicates="none"),
    "deming_regression": ask("jackknife_t", error_ratio=1.0),
    "passing_bablok_regression": ask("rank"),
    "concordance_correlation": ask("z_transform"),
    "intraclass_correlation": ask("f", form="agreement_single"),
    "error_grid": ask("t", grid="parkes_type_1", unit="mg_per_dl"),
    "glucose_ranges": ask("t", unit="mg_per_dl"),
    "within_tolerance": ask("t", relative=0.1, absolute=20.0),
}
INDEPENDENT = [word for word, spec in specs.ESTIMATORS.items() if spec.pairs == "independent"]


def test_every_word_has_a_function_and_a_protocol_form_under_the_same_name() -> None:
    assert set(words.TESTS) == set(specs.TESTS)
    assert set(words.ESTIMATORS) == set(specs.ESTIMATORS) == set(PARAMETERS)
    assert all(entry.method.name == word for word, entry in words.TESTS.items())
    assert all(entry.method.name == word for word, entry in words.ESTIMATORS.items())


@pytest.mark.parametrize("word", sorted(PARAMETERS))
def test_every_registered_parameter_is_what_the_estimator_reads(word: str) -> None:
    spec, asked = specs.ESTIMATORS[word], PARAMETERS[word]
    assert {parameter.name for parameter in spec.parameters} == set(asked.parameters)
    assert asked.interval in spec.intervals
    found = findings(word, rows_of(X, Y, reference=(X + Y) / 2), asked)
    numbers = [
        number
        for q in found.quantities
        for number in (q.estimate, q.standard_error, q.low, q.high, q.statistic, q.p_value)
        if number is not None
    ]
    assert numbers
    assert all(math.isfinite(number) for number in numbers)
    assert len({q.name for q in found.quantities}) == len(found.quantities)


@pytest.mark.parametrize("word", INDEPENDENT)
def test_estimators_for_independent_pairs_refuse_subjects_who_come_back(word: str) -> None:
    rows = rows_of(X, Y, cluster=np.arange(10, dtype=np.int64) // 2)
    assert code(words.ESTIMATORS[word].run(rows, PARAMETERS[word])) == "independent_pairs_only"


@pytest.mark.parametrize("word", sorted(words.TESTS))
def test_both_tests_refuse_subjects_who_come_back(word: str) -> None:
    rows = rows_of(X, Y, cluster=np.arange(10, dtype=np.int64) // 2)
    asked = ask(resolution=1.0, zeros="wilcox")
    assert code(words.TESTS[word].run(rows, asked)) == "independent_pairs_only"
    alone = words.TESTS[word].run(rows_of(X, Y), asked)
    assert isinstance(alone, Estimate)
    assert alone.method.name == word


def test_limits_of_agreement_refuse_repeats_that_the_protocol_did_not_foresee() -> None:
    rows = rows_of(X, Y, cluster=np.arange(10, dtype=np.int64) // 2)
    asked = PARAMETERS["limits_of_agreement"]
    assert code(words.ESTIMATORS["limits_of_agreement"].run(rows, asked)) == (
        "independent_pairs_only"
    )
    foreseen = ask("exact", coverage=0.95, replicates="varying")
    limit = findings("limits_of_agreement", rows, foreseen).named("upper_limit")
    assert limit.estimate is not None
    assert limit.low is None
    assert limit.reason is not None


@pytest.mark.parametrize("word", sorted(PARAMETERS))
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_value_that_is_no_number_is_refused(word: str, bad: float) -> None:
    candidate = X.copy()
    candidate[3] = bad
    rows = rows_of(candidate, Y, reference=Y)
    assert code(words.ESTIMATORS[word].run(rows, PARAMETERS[word])) == "values_not_finite"


@pytest.mark.parametrize("word", ["error_grid", "within_tolerance"])
def test_an_endpoint_without_a_reference_has_nothing_to_be_compared_with(word: str) -> None:
    assert code(words.ESTIMATORS[word].run(rows_of(X, Y), PARAMETERS[word])) == "reference_missing"


@pytest.mark.parametrize("word", sorted(PARAMETERS))
def test_no_pair_gives_a_reason(word: str) -> None:
    rows = rows_of(X[:0], Y[:0], reference=Y[:0])
    assert code(words.ESTIMATORS[word].run(rows, PARAMETERS[word])) == "no_pairs"


def test_a_constant_difference_has_no_test_and_no_limits() -> None:
    assert code(paired_t(X, X - 1, margin=0, direction=HIGHER, level=0.95)) == (
        "constant_differences"
    )
    assert code(by_ranks(X, X - 1)) == "constant_differences"
    assert code(by_ranks(X, X)) == "no_discordant_pairs"
    assert (
        code(limits_of_agreement(X, X + 2, multiplier=1.96, interval="mover", level=0.95))
        == "constant_differences"
    )
    assert code(intraclass(np.column_stack((X, X + 2)), form="agreement_single", level=0.95)) == (
        "zero_variance"
    )


def test_two_pairs_have_a_t_test_but_too_few_signs_for_ranks() -> None:
    found = paired_t(X[:2], Y[:2], margin=0, direction=HIGHER, level=0.95)
    assert isinstance(found, Estimate)
    assert found.df == 1
    assert code(by_ranks(X[:2], Y[:2])) == "too_few_pairs"
    assert code(paired_t(X[:1], Y[:1], margin=0, direction=HIGHER, level=0.95)) == "too_few_pairs"
    assert code(deming(X[:2], Y[:2], error_ratio=1, level=0.95)) == "too_few_pairs"
    assert code(passing_bablok(X[:2], Y[:2], level=0.95)) == "too_few_pairs"


def test_six_pairs_are_the_fewest_that_ranks_can_decide_at_the_usual_level() -> None:
    apart = np.array([1.0, 2.0, 3.5, 4.1, 5.3, 6.2])
    assert code(by_ranks(apart[:5], np.zeros(5))) == "too_few_pairs"
    found = by_ranks(apart, np.zeros(6))
    assert isinstance(found, Estimate)
    assert found.p_value == 1 / 64


def test_ranks_refuse_differences_of_two_values_only() -> None:
    difference = np.repeat([-1.0, 1.0], [40, 60])
    assert code(by_ranks(difference, np.zeros(100))) == "zero_variance"


def test_equal_steps_tie_although_float64_tells_them_apart() -> None:
    difference = np.array([0.825 - 0.775, 0.55 - 0.5])
    assert difference[0] != difference[1]
    units = in_units(difference, 0.001)
    assert units.tolist() == [50, 50]
    with pytest.raises(UsageError, match="too fine"):
        in_units(difference, 1e-18)
    with pytest.raises(UsageError, match="positive"):
        in_units(difference, 0.0)


def test_the_exact_tail_is_that_of_all_sign_patterns() -> None:
    # Hollander & Wolfe 1973, table A.4: P(V >= 40) for nine differences is 0.0195.
    assert exact_upper(40, 9) == 10 / 512
    assert exact_upper(0, 9) == 1


def test_the_tail_given_ties_needs_few_pairs() -> None:
    units = np.repeat(np.array([-1, 1, 2], dtype=np.int64), 20)
    found = signed_rank(units, zeros="wilcox")
    assert found is not None
    with pytest.raises(UsageError, match="below 50"):
        tied_two_sided(found)


def test_zeros_are_told_in_a_warning_and_pratt_weighs_the_others() -> None:
    difference = np.array([0, 0, 0, 1, 2, 3, 4, 5, -1, 6.0, 7, 8])
    dropped = shift(difference, null=0, resolution=1, zeros="wilcox", level=0.9)
    ranked = shift(difference, null=0, resolution=1, zeros="pratt", level=0.9)
    assert not isinstance(dropped, NotEvaluable)
    assert not isinstance(ranked, NotEvaluable)
    assert (dropped.rank.statistic, ranked.rank.statistic) == (43.5, 67.5)
    assert dropped.rank.n_zero == ranked.rank.n_zero == 3
    found = by_ranks(difference, np.zeros(12))
    assert isinstance(found, Estimate)
    assert "3 of 12 differences equal the margin" in found.warnings[0]
    with pytest.raises(UsageError, match="wilcox or pratt"):
        shift(difference, null=0, resolution=1, zeros="keep", level=0.9)  # type: ignore[arg-type]


def test_the_rank_error_is_near_that_of_normal_differences() -> None:
    difference = np.random.default_rng(3).normal(0, 2, 4000).round(6)
    found = by_ranks(difference, np.zeros(4000))
    assert isinstance(found, Estimate)
    # the pseudo-median's efficiency is 3 / pi
    assert found.standard_error == pytest.approx(2 * math.sqrt(math.pi / 3 / 4000), rel=0.05)


def test_equivalence_needs_limits_in_order() -> None:
    with pytest.raises(UsageError, match="below the upper"):
        paired_equivalence(X, Y, lower=1, upper=1, level=0.9)
    with pytest.raises(UsageError, match="one value for each pair"):
        paired_equivalence(X, Y[:3], lower=-1, upper=1, level=0.9)


@pytest.mark.parametrize(("interval", "off"), [("exact", 0.004), ("mover", 0.02)])
def test_limits_of_agreement_cover_the_true_limit_as_often_as_they_say(
    interval: LimitInterval, off: float
) -> None:
    data = np.random.default_rng(11).normal(size=(20_000, 12))
    one = limits_of_agreement(data[0], np.zeros(12), multiplier=1.96, interval=interval, level=0.9)
    assert isinstance(one, Agreement)
    assert one.upper_interval is not None
    low, high = ((limit - one.bias) / one.sd for limit in one.upper_interval)
    mean, sd = data.mean(axis=1), data.std(axis=1, ddof=1)
    inside = (mean + low * sd <= 1.96) & (mean + high * sd >= 1.96)
    assert inside.mean() == pytest.approx(0.9, abs=off + 0.004)


def test_replicates_need_subjects_who_come_back_and_differ() -> None:
    def found(cluster: list[int], values: FloatArray) -> Agreement | NotEvaluable:
        return replicated_limits(
            values,
            np.zeros(len(cluster)),
            np.array(cluster),
            replicates="varying",
            multiplier=1.96,
            interval="mover",
            level=0.95,
        )

    assert code(found([1, 1, 1], X[:3])) == "one_cluster"
    assert code(found([1, 2, 3], X[:3])) == "no_variation_within"
    assert code(found([1, 1, 2, 2], np.array([1.0, 3, 1, 3]))) == "constant_differences"
    with pytest.raises(UsageError, match="between 0 and 1"):
        normal_multiplier(1.0)


def test_a_line_needs_arms_that_covary_and_rise() -> None:
    flat, rising = np.full(10, 3.0), np.arange(10.0)
    assert code(deming(flat, rising, error_ratio=1, level=0.95)) == "slope_undefined"
    assert code(passing_bablok(rising, flat, level=0.95)) == "slope_undefined"
    assert code(passing_bablok(flat, flat, level=0.95)) == "slope_undefined"
    assert code(passing_bablok(-rising, rising, level=0.95)) == "slope_undefined"
    assert code(passing_bablok(np.zeros(4001), np.zeros(4001), level=0.95)) == "too_many_pairs"
    assert code(deming(rising, 2 * rising, error_ratio=1, level=0.95)) == "zero_variance"
    with pytest.raises(UsageError, match="positive"):
        deming(rising, rising, error_ratio=0, level=0.95)


def test_demings_error_follows_subjects_not_pairs() -> None:
    both = np.concatenate((X, X)), np.concatenate((Y, Y))
    cluster = np.tile(np.arange(10), 2)
    alone = deming(X, Y, error_ratio=1, level=0.95)
    twice = deming(*both, error_ratio=1, level=0.95, cluster=cluster)
    assert not isinstance(alone, NotEvaluable)
    assert not isinstance(twice, NotEvaluable)
    assert twice.slope.standard_error == pytest.approx(alone.slope.standard_error, rel=1e-9)
    assert twice.df == 9


def test_concordance_refuses_a_flat_arm_and_leaves_out_an_interval_of_identity() -> None:
    assert code(concordance(X, np.full(10, 7.0), level=0.95)) == "constant_scores"
    found = concordance(X, X, level=0.95)
    assert not isinstance(found, NotEvaluable)
    assert found.estimate == pytest.approx(1.0)
    assert (found.low, found.high) == (None, None)


def test_intraclass_takes_six_forms_and_a_table() -> None:
    # Shrout & Fleiss 1979, table 2 and page 424: six subjects, four raters.
    table = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7.0]]
    )
    published = {
        "one_way_single": 0.17,
        "agreement_single": 0.29,
        "consistency_single": 0.71,
        "one_way_average": 0.44,
        "agreement_average": 0.62,
        "consistency_average": 0.91,
    }
    for form, value in published.items():
        found = intraclass(table, form=form, level=0.95)  # type: ignore[arg-type]
        assert not isinstance(found, NotEvaluable)
        assert round(found.estimate, 2) == value
    with pytest.raises(UsageError, match="at least two columns"):
        intraclass(table[:, :1], form="one_way_single", level=0.95)
    with pytest.raises(UsageError, match="no intraclass"):
        intraclass(table, form="icc", level=0.95)  # type: ignore[arg-type]
    assert code(intraclass(table[:1], form="one_way_single", level=0.95)) == "too_few_pairs"
    assert code(intraclass(table + np.nan, form="one_way_single", level=0.95)) == (
        "values_not_finite"
    )


def test_a_share_that_does_not_vary_is_given_without_an_interval() -> None:
    found = findings(
        "within_tolerance", rows_of(X, X + 200, reference=X), PARAMETERS["within_tolerance"]
    )
    share = found.named("share_candidate")
    assert (share.estimate, share.low, share.reason is None) == (1, None, False)


def test_means_of_subjects_who_come_back_are_between_subjects() -> None:
    cluster = np.arange(10, dtype=np.int64) // 2
    found = findings("mean_difference", rows_of(X, Y, cluster=cluster), ask("t"))
    quantity = found.named("mean_difference")
    sums = (X - Y).reshape(5, 2).sum(axis=1)
    expected = stats.sem(sums / 2)
    assert quantity.standard_error == pytest.approx(expected, rel=1e-12)
    assert quantity.df == 4


def test_a_limit_that_lies_open_at_the_margin_is_inside_by_a_hair() -> None:
    """Averages on the margin tie ranks there: rejected at it, and not just beyond it."""
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(200):
        difference = rng.integers(-2, 4, int(rng.integers(8, 40))).astype(float)
        found = by_ranks(difference, np.zeros(len(difference)))
        if isinstance(found, NotEvaluable) or not 0 < found.low < 1e-6:
            continue
        seen += 1
        assert found.p_value < 0.025
        assert found.estimate >= found.low
    assert seen
