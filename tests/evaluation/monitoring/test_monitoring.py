"""What anytime-valid monitoring promises, refuses and reports, by worked examples."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.monitoring.asymptotic import (
    AsymptoticLimits,
    AsymptoticPlan,
    RunningMean,
    asymptotic_limits,
)
from evaluation.monitoring.bernoulli import rate_interval
from evaluation.monitoring.betting import (
    Bets,
    Hedge,
    betting_interval,
    betting_sequence,
    hedged_interval,
    wealth,
)
from evaluation.monitoring.bounded import PlugIn, conjugate_sequence, plug_in_sequence
from evaluation.monitoring.counts import binomial_crossings
from evaluation.monitoring.distribution import distribution_band
from evaluation.monitoring.harm import HarmRule, HarmWatch, harm_watch
from evaluation.monitoring.maxsprt import (
    binomial_llr,
    binomial_maxsprt,
    conditional_llr,
    conditional_maxsprt,
    poisson_continuous,
    poisson_groups,
    poisson_llr,
)
from evaluation.monitoring.merging import averaged, e_bh
from evaluation.monitoring.mixtures import (
    GammaExponentialMixture,
    GammaPoissonMixture,
    NormalMixture,
    beta_binomial,
    boundary,
    stitched_boundary,
    tuned_rho,
)
from evaluation.monitoring.moments import Prior
from evaluation.monitoring.multinomial import fate_mix
from evaluation.monitoring.sequence import on_unit_scale
from evaluation.monitoring.sprt import binomial_sprt
from evaluation.monitoring.units import batch_units, subject_units
from protocols.errors import UsageError
from tests.reference.adapters import ADAPTERS
from tests.reference.compare import judged

CASES = Path(__file__).parents[2] / "reference" / "cases" / "sequential_cases.json"
LONG = np.random.default_rng(4).beta(2, 5, 10_000)


@pytest.mark.parametrize("group", ["CS", "MAXSPRT", "EXB"])
def test_every_reference_case_of_monitoring_agrees_and_none_is_skipped(group: str) -> None:
    cases = [c for c in json.loads(CASES.read_text(encoding="utf-8")) if c["group"] == group]
    assert cases
    assert [judged(case, ADAPTERS) for case in cases if judged(case, ADAPTERS).lines] == []
    assert {judged(case, ADAPTERS).state for case in cases} == {"passed"}


def test_the_last_limit_of_ten_thousand_is_the_root_of_all_of_them() -> None:
    found = betting_sequence(LONG, alpha=0.05, side="two_sided")
    low, high = betting_interval(LONG, alpha=0.05, side="two_sided")
    assert found.low[-1] >= low - 1e-12
    assert found.high[-1] <= high + 1e-12
    now = wealth(Bets(0.025), Hedge(), np.array([found.low[-1], found.high[-1]])).extend(LONG)[0]
    assert now.highest == pytest.approx(math.log(20), abs=1e-8)


def test_a_drift_of_the_mean_empties_the_intersection_and_is_reported() -> None:
    drifting = np.concatenate([np.full(300, 0.1), np.full(300, 0.9)])
    found = betting_sequence(drifting, alpha=0.05, side="two_sided")
    assert found.empty_from is not None
    assert 300 < found.empty_from < 400
    steady = plug_in_sequence(np.full(600, 0.4), alpha=0.05, side="two_sided")
    assert steady.empty_from is None


def test_a_one_sided_rule_sees_harm_before_half_of_a_two_sided_one() -> None:
    harm = np.random.default_rng(1).beta(6, 4, 2000)
    one = betting_sequence(harm, alpha=0.05, side="lower").low
    two = betting_sequence(harm, alpha=0.05, side="two_sided").low
    assert np.argmax(one > 0.5) < np.argmax(two > 0.5)
    assert bool((one >= two - 0.02).all())


def test_the_correct_conjugate_sequence_is_tighter_than_one_that_halves_alpha_twice() -> None:
    right = conjugate_sequence(LONG[:200], each=0.025, v_opt=10, side="two_sided")
    twice = conjugate_sequence(LONG[:200], each=0.0125, v_opt=10, side="two_sided")
    assert right.alpha == 0.05
    assert bool((right.low >= twice.low).all())
    assert conjugate_sequence(LONG[:9], each=0.05, v_opt=1, side="lower").alpha == 0.05


def test_a_whole_pool_that_was_drawn_leaves_little_doubt() -> None:
    pool = LONG[:200]
    drawn = plug_in_sequence(pool, alpha=0.05, side="two_sided", plan=PlugIn(population=200))
    endless = plug_in_sequence(pool, alpha=0.05, side="two_sided")
    assert drawn.low[-1] <= pool.mean() <= drawn.high[-1]
    assert drawn.high[-1] - drawn.low[-1] < endless.high[-1] - endless.low[-1]


@pytest.mark.parametrize(
    ("s", "v"),
    [(-8.0, 10.0), (-40.0, 100.0), (0.0, 5.0), (30.0, 100.0)],
)
def test_a_gamma_poisson_mixture_is_its_own_integral(s: float, v: float) -> None:
    rho = tuned_rho(50, 0.025, one_sided=True)
    y = np.linspace(1, 60, 1_000_001)
    prior = (rho - 1) * np.log(y) - rho * (y - 1)
    path = s * np.log(y) - v * (y - np.log(y) - 1)
    direct = math.log(np.trapezoid(np.exp(prior + path), y) / np.trapezoid(np.exp(prior), y))
    found = float(GammaPoissonMixture(rho, 1.0).log_e(np.asarray(s), np.asarray(v)))
    assert found == pytest.approx(direct, abs=1e-6)


@pytest.mark.parametrize("s", [-1e4, -300.0, -20.0])
def test_mixtures_far_on_the_safe_side_keep_a_finite_logarithm(s: float) -> None:
    v = np.asarray(4e4)
    normal = NormalMixture(10.0, one_sided=True)
    gamma = GammaExponentialMixture(10.0, 1.0)
    beta = beta_binomial(20, 0.05, steps=(0.2, 0.8), one_sided=True)
    poisson = GammaPoissonMixture(10.0, 1.0)
    for mixture in (normal, gamma, beta, poisson):
        value = float(mixture.log_e(np.asarray(s), v))
        assert math.isfinite(value)
        assert value < 0


def test_a_boundary_ends_where_no_larger_sum_can_occur() -> None:
    mixture = beta_binomial(20, 0.05, steps=(0.2, 0.8), one_sided=True)
    assert boundary(mixture, np.array([0.2]), 0.05).tolist() == pytest.approx([1.0])


def test_two_sided_normal_boundary_is_where_its_process_reaches_one_over_alpha() -> None:
    for one_sided in (True, False):
        mixture = NormalMixture(tuned_rho(50, 0.05, one_sided=one_sided), one_sided)
        v = np.array([0.5, 50.0, 5e4])
        at = mixture.log_e(boundary(mixture, v, 0.05), v)
        assert at == pytest.approx(np.full(3, math.log(20)), abs=1e-10)


def test_an_asymptotic_sequence_says_nothing_before_its_burn_in() -> None:
    plan = AsymptoticPlan(0.05, 500, 100, one_sided=True)
    state = RunningMean().extend(LONG[:99])
    early = state.limits(plan)
    assert isinstance(early, NotEvaluable)
    assert early.code == "burn_in"
    late = state.update(0.3).limits(plan, null=0.1)
    assert isinstance(late, AsymptoticLimits)
    assert (late.low > 0.1) == (late.p_value < 0.05)
    still = RunningMean().extend(np.full(200, 0.5)).limits(plan)
    assert isinstance(still, NotEvaluable)
    assert still.code == "zero_variance"
    assert isinstance(RunningMean().limits(plan), NotEvaluable)


@pytest.mark.parametrize("one_sided", [True, False])
def test_asymptotic_limits_exclude_the_null_exactly_when_p_is_below_alpha(one_sided: bool) -> None:
    plan = AsymptoticPlan(0.05, 300, 2, one_sided)
    for n in (50, 300, 5000):
        edge = plan.critical(n)
        for z, shown in ((edge - 1e-6, False), (edge + 1e-6, True)):
            found = asymptotic_limits(z * 0.1, 0.1, n, plan)
            assert isinstance(found, AsymptoticLimits)
            assert (found.low > 0) == shown == (found.p_value < 0.05)


def test_counts_without_an_event_or_with_events_only_keep_a_trivial_limit() -> None:
    assert rate_interval(0, 40, alpha=0.05, tuned=(100, 0.05))[0] == 0
    assert rate_interval(40, 40, alpha=0.05, tuned=(100, 0.05))[1] == 1
    assert rate_interval(0, 0, alpha=0.05, tuned=(100, 0.05)) == (0, 1)
    low, _ = rate_interval(9, 90, alpha=0.05, tuned=(100, 0.05), side="lower")
    _, high = rate_interval(81, 90, alpha=0.05, tuned=(100, 0.05), side="upper")
    assert high == pytest.approx(1 - low, abs=1e-12)


def test_published_poisson_critical_values() -> None:
    """Kulldorff & al. 2011, table 1 (continuous, alpha 0.05, one event or more)."""
    for horizon, value in ((1, 2.853937), (2.5, 3.110419), (5, 3.297183), (10, 3.467952)):
        assert poisson_continuous(horizon, 0.05).critical == pytest.approx(value, abs=1.5e-6)


def test_a_delayed_start_and_a_minimum_of_events_lower_the_critical_value() -> None:
    plain = poisson_continuous(10, 0.05).critical
    assert poisson_continuous(10, 0.05, m=4).critical < plain
    assert poisson_continuous(10, 0.05, start=2.0).critical < plain
    assert poisson_continuous(10, 0.05, start=2.0).type1 <= 0.05


def test_frequent_looks_approach_continuous_monitoring() -> None:
    limit = poisson_continuous(10, 0.05).critical
    often, seldom = (poisson_groups([10 / n] * n, 0.05) for n in (400, 10))
    assert max(often.type1, seldom.type1) <= 0.05
    assert seldom.critical < often.critical < limit


def test_binomial_groups_and_unequal_matching_keep_alpha() -> None:
    for share in (0.5, 0.25, 0.1):
        for looks in (range(1, 61), [20, 40, 60]):
            found = binomial_maxsprt(looks, 0.05, share=share, m=2)
            assert found.critical < found.signals_from
            assert 0.01 < found.type1 <= 0.05


def test_much_history_makes_conditional_monitoring_like_a_known_rate() -> None:
    """With 10 events at most, known rates would end at the tenth event."""
    few = conditional_maxsprt(10, 10, 0.05).critical
    some = conditional_maxsprt(100, 10, 0.05).critical
    many = conditional_maxsprt(2000, 10, 0.05).critical
    assert abs(some - many) < abs(few - many)
    assert conditional_llr(5, 0.001, 2000) == pytest.approx(poisson_llr(5, 2.0), rel=0.01)


def test_wald_lines_spend_no_more_than_they_promise() -> None:
    line = binomial_sprt((0.02, 0.06), alpha=0.05, beta=0.1, sizes=(1, 600))
    ways = line.crossings(0.02)
    assert math.fsum(ways.upper) <= 0.05 / 0.9
    assert math.fsum(line.crossings(0.06).upper) >= 0.85
    assert ways.expected_n < 300


def test_merged_harms_are_shown_by_the_average_and_by_e_bh() -> None:
    values = np.log([40.0, 1.0, 0.5, 120.0])
    assert math.exp(float(averaged(values))) == pytest.approx(161.5 / 4)
    assert math.exp(float(averaged(values, [0.5, 0.5, 0, 0]))) == pytest.approx(20.5)
    assert e_bh(values.tolist(), 0.05) == (True, False, False, True)
    assert e_bh(np.log([1.0, 2.0]).tolist(), 0.05) == (False, False)
    assert e_bh([], 0.05) == ()
    assert math.isfinite(float(averaged(np.array([2000.0, -2000.0]))))


def test_a_subject_who_comes_back_is_one_case() -> None:
    values = np.array([1.0, 0.0, 0.5, 0.25, 1.0])
    units = subject_units(values, np.array([7, 7, 3, 7, 9]), np.array([1, 1, 1, 2, 2]))
    assert units.values.tolist() == [0.5, 0.5, 1.0]
    assert units.batch.tolist() == [1, 1, 2]
    assert units.n_left_out == 1
    assert batch_units(units).values.tolist() == [0.5, 1.0]
    nothing = np.array([], dtype=np.int64)
    assert subject_units(np.array([]), nothing, nothing).values.size == 0


def test_a_mix_that_stays_as_registered_is_not_called_changed() -> None:
    state = fate_mix([0.97, 0.02, 0.01], concentration=100)
    for _ in range(30):
        state = state.extend([97, 2, 1])
    assert state.p_value > 0.5
    for _ in range(10):
        state = state.extend([90, 9, 1])
    assert state.p_value < 1e-4
    low, high = state.share_interval(1, 0.05)
    assert low > 0.02
    assert low < 150 / 4000 < high
    assert state.share_interval(0, 0.05)[1] < 0.97


def watched(rule: HarmRule, candidate: FloatArray, care: FloatArray) -> HarmWatch:
    found = harm_watch(rule).extend(candidate, care)
    assert not isinstance(found, NotEvaluable)
    return found[0]


def test_a_loss_beyond_its_registered_range_is_no_fair_game() -> None:
    found = harm_watch(HarmRule(0.05, 0.1)).extend(np.array([0.2, 1.2]), np.array([0.2, 0.2]))
    assert isinstance(found, NotEvaluable)
    assert found.code == "loss_outside_range"


def test_harm_beyond_the_margin_signals_and_harm_within_it_does_not() -> None:
    rng = np.random.default_rng(3)
    care = (rng.random(4000) < 0.2).astype(np.float64)
    within, beyond = ((rng.random(4000) < share).astype(np.float64) for share in (0.22, 0.35))
    rule = HarmRule(alpha=0.025, margin=0.05)
    quiet, loud = (watched(rule, arm, care) for arm in (within, beyond))
    assert quiet.signalled_at is None
    assert loud.signalled_at is not None
    assert loud.signalled_at < 2500
    assert loud.p_value <= 0.025 < quiet.p_value


def test_a_mean_that_jumps_leaves_no_mean_under_any_hedge() -> None:
    drifting = np.concatenate([np.zeros(200), np.ones(200)])
    assert hedged_interval(drifting, alpha=0.05, hedge=Hedge()) is None
    half = hedged_interval(drifting[:200], alpha=0.05, hedge=Hedge(0.0))
    assert half is not None
    assert half[0] == 0
    assert half[1] < 0.1


def test_what_was_once_shown_of_a_mix_stays_shown() -> None:
    moved = fate_mix([0.5, 0.5], concentration=100).extend([900, 600])
    assert moved.p_value < 1e-6
    back = moved.extend([600, 900])
    assert back.log_e < 0
    assert back.p_value == moved.p_value


REFUSED: dict[str, Callable[[], object]] = {
    "ALPHA_RANGE": lambda: plug_in_sequence(LONG[:5], alpha=1.0, side="lower"),
    "OUTSIDE_RANGE": lambda: betting_sequence(np.array([1.2]), alpha=0.05, side="lower"),
    "RANGE": lambda: on_unit_scale(LONG, 1.0, 1.0),
    "PRIOR": lambda: Prior(0.5, 0.0, 1.0),
    "TRUNCATION": lambda: PlugIn(truncation=1.0),
    "POPULATION": lambda: plug_in_sequence(
        LONG[:9], alpha=0.1, side="lower", plan=PlugIn(population=8)
    ),
    "BET_CAP": lambda: Bets(0.05, cap=1.0),
    "STAKE": lambda: Hedge(1.5),
    "BURN_IN": lambda: AsymptoticPlan(0.05, 100, 1, one_sided=True),
    "INTRINSIC_TIME": lambda: tuned_rho(0.0, 0.05, one_sided=True),
    "STEP_RANGE": lambda: beta_binomial(1.0, 0.05, steps=(0.0, 1.0), one_sided=True),
    "STITCHING": lambda: stitched_boundary(LONG, 0.05, v_min=0.0, c=0.0, shape=(1.4, 2.0)),
    "BAND_START": lambda: distribution_band(5, 0.05, t_min=10),
    "BAND_SCALE": lambda: distribution_band(50, 0.05, t_min=10, scale=0.5),
    "COUNT_RANGE": lambda: rate_interval(5, 4, alpha=0.05, tuned=(10, 0.05)),
    "HARM_MARGIN": lambda: HarmRule(0.05, 1.0),
    "SHARES": lambda: fate_mix([0.5, 0.6], concentration=10),
    "MERGE_WEIGHTS": lambda: averaged(np.zeros(2), [0.5, 0.6]),
    "LENGTHS_DIFFER": lambda: subject_units(LONG, np.arange(3), np.arange(3)),
    "LOOK_ORDER": lambda: binomial_crossings([5, 5], upper=[6, 6], lower=None, rate=0.1),
    "LIMITS_OVERLAP": lambda: binomial_crossings([5], upper=[2], lower=[2], rate=0.1),
    "HORIZON": lambda: poisson_continuous(1.0, 0.05, start=2.0),
    "ALPHA_UNREACHABLE": lambda: poisson_continuous(0.01, 0.05),
    "RATE_ORDER": lambda: binomial_sprt((0.1, 0.1), alpha=0.1, beta=0.1, sizes=(1, 9)),
    "SUM_RANGE": lambda: GammaExponentialMixture(1.0, 1.0).log_e(np.asarray(-9.0), np.asarray(1)),
}


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_senseless_monitoring_is_refused(code: str) -> None:
    with pytest.raises(UsageError) as refused:
        REFUSED[code]()
    assert refused.value.code == code


@pytest.mark.parametrize(
    "call",
    [
        lambda: fate_mix([1.0], concentration=10),
        lambda: harm_watch(HarmRule(0.05, 0.1)).extend(np.zeros(2), np.zeros(3)),
        lambda: fate_mix([0.5, 0.5], concentration=10).extend([1, 2, 3]),
        lambda: poisson_llr(3, 0.0),
        lambda: poisson_groups([], 0.05),
        lambda: binomial_llr(3, 2, 0.5),
        lambda: binomial_maxsprt([1, 2], 0.05, share=0.5),
        lambda: binomial_maxsprt([], 0.05, share=0.5),
        lambda: conditional_llr(1, 1.0, 0),
        lambda: conditional_maxsprt(0, 5, 0.05),
        lambda: binomial_sprt((0.1, 0.2), alpha=0.6, beta=0.5, sizes=(1, 9)),
        lambda: binomial_sprt((0.1, 0.2), alpha=0.1, beta=0.1, sizes=(9, 1)),
        lambda: binomial_crossings([5], upper=[2, 3], lower=None, rate=0.1),
        lambda: GammaPoissonMixture(1.0, 1.0).log_e(np.asarray(-9.0), np.asarray(1.0)),
        lambda: GammaPoissonMixture(1.0, 0.0),
        lambda: GammaExponentialMixture(1.0, -1.0),
        lambda: boundary(NormalMixture(1.0, one_sided=True), np.array([1.0, -1.0]), 0.05),
    ],
)
def test_other_senseless_counts_are_refused(call: Callable[[], object]) -> None:
    with pytest.raises(UsageError):
        call()
