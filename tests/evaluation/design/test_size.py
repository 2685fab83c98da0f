"""Sample sizes: published numbers, witnesses by enumeration and simulation, and refusals."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.size.areas import (
    Scores,
    area_normal,
    area_power,
    area_size,
    area_size_from_pilot,
    parametric_variance,
)
from evaluation.design.size.blinded import Rule, reestimated_discordance, reestimated_sd
from evaluation.design.size.counts import (
    Marginals,
    PairedRates,
    independent_rates_size,
    kappa_size,
    largest_kappa_variance,
    rate_ratio_size,
)
from evaluation.design.size.exact import (
    exact_critical,
    exact_size,
    score_level,
    score_power,
    statistics,
)
from evaluation.design.size.looks import looks_of
from evaluation.design.size.means import mean_size, sd_of_difference, t_power, t_size
from evaluation.design.size.plan import (
    Clusters,
    Normal,
    Plan,
    Target,
    against_margin,
    for_superiority,
)
from evaluation.design.size.proportions import (
    PairedShares,
    discordance_of,
    discordance_table,
    mcnemar_size,
    ratio_size,
    score_normal,
    score_size,
    wald_size,
)
from evaluation.design.size.several import co_primary_size, joint_power
from evaluation.design.spending import cumulative_alpha
from evaluation.inference.proportions.difference import PairedCounts, score_statistic
from protocols.errors import UsageError
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
PLAN = Plan(0.025, 0.9)
FIVE = against_margin(0.05, 0.0, HIGHER)


def test_looks_clusters_and_unknown_outcomes_each_multiply_the_pairs() -> None:
    plan = Plan(0.025, 0.9, 1.0723, 0.8, Clusters(3, 0.5, 0.1))
    plain, found = mean_size(FIVE, 0.3, PLAN), mean_size(FIVE, 0.3, plan)
    effect = 1 + (3 * 1.25 - 1) * 0.1
    assert found.n_independent == plain.n_exact
    assert found.n_exact == pytest.approx(plain.n_exact * 1.0723 * effect)
    assert found.n_pairs == math.ceil(found.n_exact)
    assert found.n_enrolled == math.ceil(found.n_pairs / 0.8)
    assert found.n_subjects == math.ceil(found.n_enrolled / 3)
    assert 0.9 <= found.attained_power < 0.901


def test_one_encounter_a_subject_has_no_design_effect() -> None:
    assert Clusters(1, 0, 0.7).design_effect == 1
    assert Clusters(4, 0, 0.0).design_effect == 1
    assert Clusters(4, 0, 1.0).design_effect == 4


def test_the_t_size_of_a_textbook() -> None:
    """One-sample t, standardised distance 0.5, two-sided .05, power .8: 34 (Cohen 1988)."""
    target = for_superiority(0.5, HIGHER)
    found = t_size(target, 1.0, Plan(0.025, 0.8))
    assert found.n_pairs == 34
    assert (
        t_power(target, 1.0, 34, Plan(0.025, 0.8))
        >= 0.8
        > t_power(target, 1.0, 33, Plan(0.025, 0.8))
    )


def test_brier_scores_are_sized_as_differences_of_losses() -> None:
    target = against_margin(0.01, 0.0, LOWER)
    sd = sd_of_difference(0.2, 0.21, 0.85)
    assert mean_size(target, sd, PLAN).n_exact == pytest.approx(
        mean_size(Target(-0.01, 0, HIGHER), sd, PLAN).n_exact
    )


def test_enumeration_uses_the_statistic_of_the_analysis() -> None:
    for null in (-0.1, 0.0, 0.07):
        table = statistics(12, null)
        for discordant in range(13):
            for won in range(discordant + 1):
                counts = PairedCounts(12 - discordant, won, discordant - won, 0)
                expected = score_statistic(counts, null)
                assert table[discordant, won] == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert np.isnan(table[0, 1])


def test_exact_power_is_the_sum_over_all_tables() -> None:
    n, won, lost = 23, 0.14, 0.09
    total = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            counts = PairedCounts(n - a - b, a, b, 0)
            if score_statistic(counts, -0.15) >= 1.6:
                total += float(
                    stats.multinomial.pmf([n - a - b, a, b], n, [1 - won - lost, won, lost])
                )
    target = Target(-0.15, won - lost, HIGHER)
    assert score_power(target, won + lost, n, critical=1.6) == pytest.approx(total, rel=1e-10)
    mirrored = Target(0.15, lost - won, LOWER)
    assert score_power(mirrored, won + lost, n, critical=1.6) == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("guaranteed", [False, True])
@pytest.mark.parametrize(("discordance", "margin"), [(0.1, 0.1), (0.2, 0.12), (0.05, 0.06)])
def test_an_exact_size_has_its_power_and_one_pair_fewer_has_not(
    discordance: float, margin: float, *, guaranteed: bool
) -> None:
    plan, target = Plan(0.05, 0.8), against_margin(margin, 0.0, HIGHER)
    found = exact_size(target, discordance, plan, guaranteed_level=guaranteed)
    n = found.size.n_pairs
    assert score_power(target, discordance, n, critical=found.critical) >= 0.8
    fewer = exact_power_of(target, discordance, n - 1, plan=plan, guaranteed=guaranteed)
    assert fewer < 0.8
    assert found.level == score_level(-margin, n, critical=found.critical)
    if guaranteed:
        assert found.level <= 0.05
    assert abs(n - score_size(target, discordance, plan).n_pairs) < 0.2 * n


def exact_power_of(
    target: Target, discordance: float, n: int, *, plan: Plan, guaranteed: bool
) -> float:

    critical = exact_critical(target.null, n, plan.alpha) if guaranteed else plan.z_alpha
    return score_power(target, discordance, n, critical=critical)


def test_a_table_of_guesses_shows_what_the_discordance_costs() -> None:
    table = discordance_table(
        -0.05, HIGHER, guesses=([0.08, 0.16, 0.3], [-0.06, -0.02, 0.0, 0.1]), plan=PLAN
    )
    assert [cell.size is None for cell in table[0]] == [True, False, False, True]
    assert [cell.size is None for cell in table[1]] == [True, False, False, False]
    sizes = [row[2].size.n_pairs for row in table if row[2].size]
    assert sizes == sorted(sizes)
    assert table[1][2].size == score_size(FIVE, 0.16, PLAN)


def test_score_and_wald_agree_where_the_null_variance_is_that_of_the_truth() -> None:
    near = Target(-1e-4, 0.0, HIGHER)
    ratio = score_size(near, 0.2, PLAN).n_exact / wald_size(near, 0.2, PLAN).n_exact
    assert ratio == pytest.approx(1, abs=1e-3)
    superiority = for_superiority(0.05, HIGHER)
    assert score_size(superiority, 0.16, PLAN).n_exact == pytest.approx(
        mcnemar_size(0.05, 0.16, PLAN, null_variance=True).n_exact, rel=1e-9
    )


def test_a_ratio_of_one_is_the_difference_of_nothing() -> None:
    """At a null ratio of 1 the score variances are those of the difference at 0."""
    shares = PairedShares(0.85, 0.8, 0.77)
    found = ratio_size(1.0, shares, HIGHER, PLAN)
    difference = score_size(for_superiority(0.05, HIGHER), 0.85 + 0.8 - 1.54, PLAN)
    assert found.n_exact == pytest.approx(difference.n_exact, rel=1e-6)


def test_identical_scores_have_no_variance_of_their_difference() -> None:
    same = Scores(0.8, 0.3, 1.0, 1.0)
    found = area_normal(Target(-0.01, 0.0, HIGHER), same, variance="rank")
    assert found.variance_truth == pytest.approx(0, abs=1e-12)


def test_the_parametric_area_variance_is_that_of_another_program() -> None:
    """pROC 1.18: var.params.obuchowski(1.190232, 1, 7/3) = 0.09365748, cov.params 0.03000042."""

    separation = float(np.sqrt(2) * stats.norm.ppf(0.8))
    other = float(stats.norm.cdf((separation - 0.1) / np.sqrt(2)))
    scores = Scores(other, 0.3, 0.5, 0.4)
    found = parametric_variance(scores, (0.8, other)) * 0.3
    alone = parametric_variance(Scores(other, 0.3, 0.0, 0.0), (0.8, other)) * 0.3
    assert (alone - found) / 2 == pytest.approx(0.03000042, abs=1e-7)
    twice = parametric_variance(Scores(0.8, 0.3, 0.0, 0.0), (0.8, 0.8)) * 0.3
    assert twice / 2 == pytest.approx(0.09365748, abs=1e-7)


def test_a_pilot_gives_the_size_of_its_own_variance() -> None:
    found = area_size_from_pilot(FIVE, variance=0.0004, n_pilot=500, plan=PLAN)
    assert found.n_exact == pytest.approx(0.2 * (1.959964 + 1.281552) ** 2 / 0.0025, rel=1e-5)


def test_kappa_takes_the_least_favourable_table() -> None:
    """lrstat's own example: 4 categories, unequal marginals, 82 subjects, power 0.80064."""
    marginals = Marginals((0.1, 0.2, 0.3, 0.4), (0.15, 0.2, 0.24, 0.41))
    found = kappa_size((0.4, 0.6), marginals, Plan(0.05, 0.8))
    assert (found.n_pairs, round(found.attained_power, 5)) == (82, 0.80064)


def test_kappa_variance_of_two_categories_is_that_of_the_delta_method() -> None:
    """Numerical derivative of kappa in the cells, at the one table with these marginals."""
    kappa, (p, q) = 0.6, (0.3, 0.45)
    chance = p * q + (1 - p) * (1 - q)
    agreed = kappa * (1 - chance) + chance
    both = (agreed - 1 + p + q) / 2
    cells = np.array([both, p - both, q - both, 1 - p - q + both])

    def kappa_of(c: np.ndarray) -> float:
        c = c / c.sum()
        first, second = c[0] + c[1], c[0] + c[2]
        by_chance = first * second + (1 - first) * (1 - second)
        return float((c[0] + c[3] - by_chance) / (1 - by_chance))

    step = 1e-6 * np.eye(4)
    slope = np.array([(kappa_of(cells + s) - kappa_of(cells - s)) / 2e-6 for s in step])
    expected = float(cells @ slope**2 - (cells @ slope) ** 2)
    found = largest_kappa_variance(kappa, Marginals((p, 1 - p), (q, 1 - q)))
    assert found == pytest.approx(expected, rel=1e-6)


def test_paired_counts_gain_from_their_correlation() -> None:
    apart = rate_ratio_size((1.25, 1.0), PairedRates(2.0, 0.5, 0.4, 0.0), LOWER, PLAN)
    paired = rate_ratio_size((1.25, 1.0), PairedRates(2.0, 0.5, 0.4, 0.6), LOWER, PLAN)
    assert paired.n_exact == pytest.approx(0.4 * apart.n_exact, rel=1e-2)
    poisson = rate_ratio_size((1.25, 1.0), PairedRates(2.0, 0.5, 0.0, 0.0), LOWER, PLAN)
    expected = (1.959964 * math.sqrt(1.8) + 1.281552 * math.sqrt(2)) ** 2 / math.log(1.25) ** 2
    assert poisson.n_exact == pytest.approx(expected, rel=1e-5)


def test_independent_rates_hold_at_the_edge_of_the_possible() -> None:
    found = independent_rates_size((1.0, 1.0), -0.1, PLAN)
    assert found.total_exact == pytest.approx(69.146, abs=1e-3)
    assert found.attained_power == 1  # the truth does not vary


def test_co_primaries_need_more_than_the_harder_of_them() -> None:
    sensitivity, specificity = Normal(0.1, 0.2, 0.2), Normal(0.05, 0.05, 0.05)
    both = co_primary_size([sensitivity, specificity], PLAN)
    alone = [one.size(PLAN, "").n_pairs for one in (sensitivity, specificity)]
    assert both.size.n_pairs > max(alone)
    assert both.joint_power == pytest.approx(math.prod(both.powers))
    tied = co_primary_size([sensitivity, specificity], PLAN, correlation=[[1, 0.8], [0.8, 1]])
    assert max(alone) < tied.size.n_pairs < both.size.n_pairs
    assert joint_power([sensitivity], 200, PLAN) == sensitivity.power(200, PLAN)


def test_sensitivity_and_specificity_wait_for_their_own_pairs() -> None:
    one = score_normal(FIVE, 0.1)
    found = co_primary_size([one.among(0.25), one.among(0.75)], Plan(0.025, 0.8))
    events = one.size(Plan(0.025, found.powers[0]), "").n_exact
    assert found.size.n_independent == pytest.approx(events / 0.25, rel=1e-3)
    with pytest.raises(UsageError):
        one.among(0.0)


def test_looks_cost_the_inflation_of_their_bounds() -> None:
    """Five equal looks, one-sided .025, power .9: factor 1.026 of the LDOF spending bounds."""
    times = [0.2, 0.4, 0.6, 0.8, 1.0]
    alphas = cumulative_alpha("lan_demets_obrien_fleming", 0.025, times)
    found = looks_of(efficacy_boundaries(alphas, times), times, PLAN)
    assert found.inflation == pytest.approx(1.026, abs=0.003)
    assert found.expected_truth < 1 < found.expected_null <= found.inflation
    assert looks_of([1.959964], [1.0], PLAN).inflation == pytest.approx(1, abs=1e-6)


def test_a_blinded_discordance_grows_the_trial_up_to_its_cap() -> None:
    rule = Rule(planned=669, cap=1000)
    same = reestimated_discordance(51, 335, FIVE, PLAN, rule=rule)
    assert same.n_pairs == 669
    more = reestimated_discordance(60, 300, FIVE, PLAN, rule=rule)
    assert 800 < more.n_pairs <= 1000
    assert not more.capped
    most = reestimated_discordance(120, 300, FIVE, PLAN, rule=rule)
    assert (most.n_pairs, most.capped) == (1000, True)
    fewer = reestimated_discordance(6, 300, FIVE, PLAN, rule=Rule(669, 1000, floor=400))
    assert fewer.n_pairs == 400
    assert reestimated_discordance(0, 300, FIVE, PLAN, rule=rule).n_pairs == 669
    spread = reestimated_sd(0.16, 200, FIVE, PLAN, rule=Rule(379, 800))
    assert spread.n_pairs == mean_size(FIVE, 0.4, PLAN).n_pairs
    assert reestimated_sd(0.01, 500, FIVE, PLAN, rule=Rule(379, 800)).n_pairs == 500


REFUSALS: list[tuple[str, Callable[[], object]]] = [
    ("MARGIN_RANGE", lambda: against_margin(0.0, 0.0, HIGHER)),
    ("MARGIN_RANGE", lambda: against_margin(-0.05, 0.0, HIGHER)),
    ("MARGIN_RANGE", lambda: against_margin(math.nan, 0.0, HIGHER)),
    ("JUSTIFICATION_MISSING", lambda: against_margin(0.05, 0.01, HIGHER)),
    ("EFFECT_SIDE", lambda: against_margin(0.05, -0.05, HIGHER)),
    ("EFFECT_SIDE", lambda: for_superiority(0.05, LOWER)),
    ("POWER_RANGE", lambda: Plan(0.025, 0.025)),
    ("POWER_RANGE", lambda: Plan(0.025, 1.0)),
    ("POWER_RANGE", lambda: Plan(0.1, 0.05)),
    ("ALPHA_RANGE", lambda: Plan(0.5, 0.9)),
    ("INFLATION_RANGE", lambda: Plan(0.025, 0.9, 0.9)),
    ("ASCERTAINMENT_RANGE", lambda: Plan(0.025, 0.9, 1.0, 0.0)),
    ("CORRELATION_RANGE", lambda: Clusters(3, 0.5, 1.2)),
    ("CORRELATION_RANGE", lambda: Clusters(3, 0.5, -0.1)),
    ("CLUSTER_SIZE", lambda: Clusters(0.5, 0.5, 0.1)),
    ("CORRELATION_RANGE", lambda: sd_of_difference(1, 1, 1.1)),
    ("CORRELATION_RANGE", lambda: discordance_of(0.9, 0.3, 0.9)),
    ("CORRELATION_RANGE", lambda: discordance_of(0.9, 0.3, -1.5)),
    ("SHARE_RANGE", lambda: discordance_of(1.0, 0.3, 0.0)),
    ("SD_RANGE", lambda: mean_size(FIVE, 0.0, PLAN)),
    ("DISCORDANCE_RANGE", lambda: score_size(FIVE, 0.0, PLAN)),
    ("DISCORDANCE_RANGE", lambda: wald_size(for_superiority(0.2, HIGHER), 0.1, PLAN)),
    ("EFFECT_SIDE", lambda: mcnemar_size(0.0, 0.1, PLAN, null_variance=True)),
    ("SHARE_RANGE", lambda: PairedShares(0.8, 0.7, 0.75)),
    ("MARGIN_RANGE", lambda: ratio_size(0.0, PairedShares(0.8, 0.8, 0.7), HIGHER, PLAN)),
    ("EFFECT_SIDE", lambda: ratio_size(1.1, PairedShares(0.8, 0.8, 0.7), HIGHER, PLAN)),
    ("EXACT_PLAN", lambda: exact_size(FIVE, 0.1, Plan(0.025, 0.9, 1.1), guaranteed_level=True)),
    (
        "SIZE_RANGE",
        lambda: exact_size(against_margin(0.01, 0, HIGHER), 0.3, PLAN, guaranteed_level=True),
    ),
    ("SIZE_RANGE", lambda: mean_size(against_margin(1e-9, 0, HIGHER), 1.0, PLAN)),
    ("AREA_RANGE", lambda: Scores(1.0, 0.3, 0.5, 0.5)),
    ("AREA_RANGE", lambda: area_size(FIVE, Scores(0.52, 0.3, 0.5, 0.5), PLAN)),
    ("PREVALENCE_RANGE", lambda: Scores(0.8, 0.0, 0.5, 0.5)),
    ("CORRELATION_RANGE", lambda: Scores(0.8, 0.3, 1.5, 0.5)),
    ("VARIANCE_RANGE", lambda: area_size_from_pilot(FIVE, variance=0, n_pilot=9, plan=PLAN)),
    ("RATE_RANGE", lambda: PairedRates(0.0, 1.0, 0.0, 0.0)),
    (
        "EFFECT_SIDE",
        lambda: rate_ratio_size((1.0, 1.25), PairedRates(1, 1, 0, 0), LOWER, PLAN),
    ),
    ("SHARE_RANGE", lambda: independent_rates_size((1.2, 0.5), -0.1, PLAN)),
    ("SHARE_RANGE", lambda: Marginals((0.5, 0.4), (0.5, 0.5))),
    ("LENGTHS_DIFFER", lambda: Marginals((0.5, 0.5), (1.0,))),
    ("KAPPA_RANGE", lambda: kappa_size((0.4, 0.99), Marginals((0.5, 0.5), (0.9, 0.1)), PLAN)),
    ("KAPPA_RANGE", lambda: kappa_size((0.4, 0.9), Marginals((1.0, 0.0), (1.0, 0.0)), PLAN)),
    ("NO_HYPOTHESES", lambda: joint_power([], 10, PLAN)),
    ("FRACTIONS", lambda: looks_of([2.0], [0.9], PLAN)),
    ("CAP_MISSING", lambda: Rule(100, None)),
    ("CAP_RANGE", lambda: Rule(100, 90)),
    (
        "COUNT_RANGE",
        lambda: reestimated_discordance(5, 4, FIVE, PLAN, rule=Rule(100, 200)),
    ),
    ("SD_RANGE", lambda: reestimated_sd(0.0, 4, FIVE, PLAN, rule=Rule(100, 200))),
]


@pytest.mark.parametrize(("code", "call"), REFUSALS)
def test_what_no_size_can_mean_is_refused(code: str, call: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as refusal:
        call()
    assert refusal.value.code == code


def test_an_area_size_has_its_power() -> None:
    found = area_size(FIVE, Scores(0.8, 0.3, 0.5, 0.5), PLAN)
    power = area_power(FIVE, Scores(0.8, 0.3, 0.5, 0.5), found.n_exact, PLAN)
    assert power == pytest.approx(0.9, abs=1e-12)
    assert found.attained_power >= 0.9
