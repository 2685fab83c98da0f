"""Laws of sample sizes: what a size promises it has, and nothing makes a harder trial smaller."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from evaluation.design.size.areas import Scores, area_normal
from evaluation.design.size.blinded import Rule, reestimated_discordance
from evaluation.design.size.counts import independent_rates_size, restricted_shares
from evaluation.design.size.exact import (
    exact_critical,
    least_wins,
    score_level,
    score_power,
    statistics,
    tail,
)
from evaluation.design.size.means import mean_power, mean_size, t_power, t_size
from evaluation.design.size.plan import Clusters, Normal, Plan, SampleSize, Target
from evaluation.design.size.proportions import (
    PairedShares,
    discordance_of,
    mcnemar_size,
    ratio_power,
    ratio_size,
    score_normal,
    score_size,
    wald_power,
    wald_size,
)
from evaluation.design.size.proportions import (
    score_power as normal_score_power,
)
from evaluation.design.size.several import co_primary_size, joint_power
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
ALPHA = st.sampled_from([0.005, 0.01, 0.025, 0.05, 0.1])
POWER = st.floats(0.5, 0.99)
PLANS = st.builds(
    Plan,
    ALPHA,
    POWER,
    st.floats(1, 1.4),
    st.floats(0.5, 1),
    st.one_of(
        st.none(), st.builds(Clusters, st.floats(1, 8), st.floats(0, 1.5), st.floats(0, 0.5))
    ),
)
PLAIN = st.builds(Plan, ALPHA, POWER)
MARGIN = st.floats(0.02, 0.2)


@st.composite
def paired(draw: st.DrawFn) -> tuple[Target, float]:
    discordance = draw(st.floats(0.03, 0.6))
    truth = discordance * draw(st.floats(-0.3, 0.9))
    return Target(truth - draw(MARGIN), truth, HIGHER), discordance


@given(paired(), PLANS)
@settings(max_examples=500, deadline=None)
def test_the_rounded_size_has_the_power_and_one_pair_fewer_has_not(
    case: tuple[Target, float], plan: Plan
) -> None:
    target, discordance = case
    routes: list[tuple[SampleSize, Callable[[float], float]]] = [
        (
            score_size(target, discordance, plan),
            lambda n: normal_score_power(target, discordance, n, plan),
        ),
        (wald_size(target, discordance, plan), lambda n: wald_power(target, discordance, n, plan)),
        (mean_size(target, 0.4, plan), lambda n: mean_power(target, 0.4, n, plan)),
    ]
    for found, power in routes:
        assert found.attained_power >= plan.power - 1e-9
        assert power(found.n_independent) == pytest.approx(plan.power, abs=1e-9)
        if found.n_pairs > 1:
            assert power((found.n_pairs - 1) / plan.factor) < plan.power + 1e-9
        assert found.n_pairs - 1 <= found.n_exact <= found.n_pairs + 1e-6
        assert found.n_enrolled >= found.n_pairs
        assert found.n_enrolled * plan.ascertainment >= found.n_pairs * (1 - 1e-9)


@given(st.floats(0.05, 3), st.floats(0.3, 3), PLANS)
@settings(max_examples=500, deadline=None)
def test_the_t_size_has_its_power_by_scipy_and_exceeds_the_normal_one(
    distance: float, sd: float, plan: Plan
) -> None:
    assume(0.05 < distance / sd < 2)
    target = Target(-distance, 0.0, HIGHER)
    found = t_size(target, sd, plan)
    n = found.n_independent
    critical = stats.t.isf(plan.alpha, n - 1)
    power = stats.nct.sf(critical, n - 1, math.sqrt(n) * distance / sd)
    assert power == pytest.approx(plan.power, abs=1e-7)
    assert n > mean_size(target, sd, plan).n_independent
    assert found.attained_power >= plan.power - 1e-9
    assert t_power(target, sd, (found.n_pairs - 1) / plan.factor, plan) < plan.power + 1e-9


@given(paired(), PLANS)
@settings(max_examples=500, deadline=None)
def test_turning_the_direction_changes_no_size(case: tuple[Target, float], plan: Plan) -> None:
    target, discordance = case
    turned = Target(-target.null, -target.truth, LOWER)
    for size in (score_size, wald_size):
        found, back = size(target, discordance, plan), size(turned, discordance, plan)
        assert found.n_exact == pytest.approx(back.n_exact, rel=1e-9)
    assert mean_size(target, 0.3, plan) == mean_size(turned, 0.3, plan)


@given(paired(), PLAIN, st.floats(1.05, 3))
@settings(max_examples=500, deadline=None)
def test_a_harder_trial_is_never_smaller(
    case: tuple[Target, float], plan: Plan, factor: float
) -> None:
    target, discordance = case
    closer = Target(target.truth - target.distance / factor, target.truth, HIGHER)
    surer = Plan(plan.alpha, 1 - (1 - plan.power) / factor)
    stricter = Plan(plan.alpha / factor, plan.power)
    for size in (score_size, wald_size):
        plain = size(target, discordance, plan).n_exact
        assert size(closer, discordance, plan).n_exact > plain
        assert size(target, discordance, surer).n_exact >= plain
        assert size(target, discordance, stricter).n_exact >= plain
        wider = min(1.0, discordance * factor)
        assert size(target, wider, plan).n_exact >= plain * (1 - 1e-9)


@given(paired())
@settings(max_examples=500, deadline=None)
def test_the_null_variance_maximises_the_expected_likelihood(case: tuple[Target, float]) -> None:
    """A second route to the restricted estimate: minimise the expected deviance numerically."""
    target, discordance = case
    assume(abs(target.null) < 0.5)
    won, lost = (discordance + target.truth) / 2, (discordance - target.truth) / 2
    null = target.null

    def deviance(q: float) -> float:  # q is the restricted share lost
        cells = q + null, q, 1 - 2 * q - null
        return -sum(
            w * math.log(c)
            for w, c in zip((won, lost, 1 - won - lost), cells, strict=True)
            if w > 0
        )

    low, high = max(0.0, -null), (1 - null) / 2
    inside = 1e-12
    found = optimize.minimize_scalar(
        deviance, bounds=(low + inside, high - inside), method="bounded", options={"xatol": 1e-11}
    )
    expected = 2 * found.x + null - null**2
    assert score_normal(target, discordance).variance_null == pytest.approx(expected, abs=2e-5)


@given(st.integers(5, 40), st.floats(-0.3, -0.02), st.floats(0.05, 0.9), st.floats(0.5, 2.5))
@settings(max_examples=500, deadline=None)
def test_enumerated_tails_are_sums_over_every_table(
    n: int, null: float, discordance: float, critical: float
) -> None:
    assume(discordance >= -null)
    z = statistics(n, null)
    won, lost = (discordance + null) / 2, (discordance - null) / 2
    grid = np.arange(n + 1)
    d, w = np.meshgrid(grid, grid, indexing="ij")
    inside = w <= d
    shares = stats.binom.pmf(d, n, discordance) * np.where(
        inside, stats.binom.pmf(w, d, won / (won + lost)), 0.0
    )
    with np.errstate(invalid="ignore"):
        rejected = inside & (z >= critical * (1 - 1e-12))
    direct = float(shares[rejected].sum())
    assert tail(least_wins(z, critical), null, discordance) == pytest.approx(direct, abs=1e-11)
    for row, last in zip(rejected, grid, strict=True):  # more wins never undo a rejection
        assert (np.diff(row[: last + 1].astype(int)) >= 0).all()


@given(st.integers(5, 40), st.floats(-0.25, -0.02), ALPHA)
@settings(max_examples=500, deadline=None)
def test_the_exact_test_keeps_its_level_whatever_the_discordance(
    n: int, null: float, alpha: float
) -> None:
    critical = exact_critical(null, n, alpha)
    if math.isinf(critical):
        return
    assert score_level(null, n, critical=critical) <= alpha
    wins = least_wins(statistics(n, null), critical)
    for discordance in np.linspace(-null, 1, 57):
        assert tail(wins, null, float(discordance)) <= alpha + 1e-4


@given(paired(), st.integers(30, 400), PLAIN)
@settings(max_examples=500, deadline=None)
def test_the_normal_power_is_near_the_enumerated_one(
    case: tuple[Target, float], n: int, plan: Plan
) -> None:
    target, discordance = case
    assume(n * discordance >= 25 and discordance > 1.5 * abs(target.truth))
    assume(target.null > -0.9)
    exact = score_power(target, discordance, n, critical=plan.z_alpha)
    assert normal_score_power(target, discordance, n, plan) == pytest.approx(exact, abs=0.08)


@given(
    st.floats(0.3, 0.95), st.floats(0.3, 0.95), st.floats(0.05, 0.95), st.floats(0.7, 0.98), PLANS
)
@settings(max_examples=500, deadline=None)
def test_a_ratio_size_has_its_power(
    p: float, q: float, share: float, margin: float, plan: Plan
) -> None:
    assume(p / q > margin * 1.03)
    least = max(0.0, p + q - 1)
    shares = PairedShares(p, q, least + share * (min(p, q) - least))
    found = ratio_size(margin, shares, HIGHER, plan)
    power = ratio_power(margin, shares, HIGHER, n=found.n_independent, plan=plan)
    assert power == pytest.approx(plan.power, abs=1e-6)
    assert found.attained_power >= plan.power - 1e-6


@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.floats(0.02, 0.3), st.floats(0.3, 3))
@settings(max_examples=500, deadline=None)
def test_restricted_shares_solve_the_published_cubic(
    first: float, second: float, margin: float, allocation: float
) -> None:
    """Farrington & Manning 1990, appendix: the trigonometric root."""
    null = -margin
    a = 1 + allocation
    b = -(1 + allocation + first + allocation * second + null * (allocation + 2))
    c = null**2 + null * (2 * first + allocation + 1) + first + allocation * second
    d = -first * null * (1 + null)
    v = (b / (3 * a)) ** 3 - b * c / (6 * a * a) + d / (2 * a)
    u = math.copysign(math.sqrt((b / (3 * a)) ** 2 - c / (3 * a)), v)
    w = (math.pi + math.acos(max(-1.0, min(1.0, v / u**3)))) / 3
    expected = 2 * u * math.cos(w) - b / (3 * a)
    found = restricted_shares(first, second, null, allocation=allocation)
    assert found[0] == pytest.approx(expected, abs=1e-6)
    assert found[0] - found[1] == pytest.approx(null)
    if first - second - null > 0.01:
        size = independent_rates_size(
            (first, second), null, Plan(0.025, 0.9), allocation=allocation
        )
        assert size.attained_power >= 0.9 - 1e-9


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(-1, 1))
@settings(max_examples=500, deadline=None)
def test_a_discordance_of_a_correlation_gives_it_back(p: float, q: float, phi: float) -> None:
    spread = math.sqrt(p * (1 - p) * q * (1 - q))
    both = p * q + phi * spread
    assume(max(0.0, p + q - 1) < both < min(p, q))
    discordance = discordance_of(p, q, phi)
    assert (p + q - discordance) / 2 == pytest.approx(both)


@given(st.floats(0.55, 0.95), st.floats(0.05, 0.95), st.floats(-0.5, 0.99), st.floats(0.005, 0.04))
@settings(max_examples=500, deadline=None)
def test_correlated_scores_make_an_area_trial_smaller(
    area: float, prevalence: float, r: float, margin: float
) -> None:
    target = Target(-margin, 0.0, HIGHER)
    found = area_normal(target, Scores(area, prevalence, r, r), variance="rank")
    loose = area_normal(target, Scores(area, prevalence, r - 0.1, r - 0.1), variance="rank")
    assert 0 <= found.variance_truth < loose.variance_truth
    turned = Scores(area, 1 - prevalence, r, r)  # equal variances: the classes are alike
    assert found.variance_truth == pytest.approx(
        area_normal(target, turned, variance="rank").variance_truth, rel=1e-9
    )


@given(
    st.lists(st.tuples(st.floats(0.03, 0.2), st.floats(0.05, 0.5)), min_size=2, max_size=3),
    st.floats(0, 0.9),
    PLANS,
)
@settings(max_examples=500, deadline=None)
def test_joint_power_lies_between_independence_and_the_weakest(
    endpoints: list[tuple[float, float]], r: float, plan: Plan
) -> None:
    normals = [Normal(distance, variance, variance) for distance, variance in endpoints]
    m = len(normals)
    matrix = [[1.0 if i == j else r for j in range(m)] for i in range(m)]
    found = co_primary_size(normals, plan)
    assert found.joint_power >= plan.power - 1e-9
    n = found.size.n_independent
    assert joint_power(normals, n, plan) == pytest.approx(plan.power, abs=1e-9)
    tied = joint_power(normals, n, plan, correlation=matrix)
    weakest = min(one.power(n, plan) for one in normals)
    assert plan.power - 1e-9 <= tied <= weakest + 1e-9


@given(st.integers(0, 200), st.integers(1, 200), st.integers(100, 700), st.integers(0, 600))
@settings(max_examples=500, deadline=None)
def test_a_corrected_size_stays_within_its_rule(
    discordant: int, more: int, planned: int, room: int
) -> None:
    seen = discordant + more
    rule = Rule(planned, planned + room)
    target, plan = Target(-0.05, 0.0, HIGHER), Plan(0.025, 0.9)
    found = reestimated_discordance(discordant, seen, target, plan, rule=rule)
    assert found.n_pairs >= max(planned, seen)
    assert found.n_pairs <= max(planned + room, seen)
    assert found.capped == (max(found.wanted.n_pairs, planned, seen) > planned + room)


@given(st.floats(0.01, 0.3), st.floats(0.3, 0.9), PLAIN)
@settings(max_examples=500, deadline=None)
def test_mcnemar_with_the_null_variance_is_the_score_test_without_margin(
    truth: float, discordance: float, plan: Plan
) -> None:
    superiority = score_size(Target(0.0, truth, HIGHER), discordance, plan)
    found = mcnemar_size(truth, discordance, plan, null_variance=True)
    assert found.n_exact == pytest.approx(superiority.n_exact, rel=1e-8)
    assert found.n_exact >= mcnemar_size(truth, discordance, plan, null_variance=False).n_exact
