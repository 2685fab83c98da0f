"""Answers that widely used programs were seen to get wrong, and what is right."""

import math
from functools import partial

import numpy as np
import pytest
from scipy import special

from evaluation.design.adaptive.promising import TwoStages, Zone, resized
from evaluation.design.after.delayed import decision_bounds, delayed_rejection
from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.clocks import FinalLook, Look, Plan, look_records
from evaluation.design.conditional.power import Later
from evaluation.design.conditional.predictive import predictive_power
from evaluation.design.futility.spending import futility_design
from evaluation.design.operating import operating_characteristics
from evaluation.design.repeated import repeated_interval, repeated_p, sequential_p
from evaluation.design.spending import cumulative_alpha, spent
from evaluation.design.stagewise import stagewise_inference
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.proportions.difference import PairedCounts, score_test
from evaluation.inference.proportions.ratio import ratio_test
from evaluation.monitoring.asymptotic import AsymptoticLimits, AsymptoticPlan, asymptotic_limits
from evaluation.monitoring.bounded import conjugate_sequence
from evaluation.monitoring.mixtures import GammaExponentialMixture, boundary, tuned_rho
from protocols.vocabulary import Direction

OBF, POCOCK = "lan_demets_obrien_fleming", "lan_demets_pocock"


def obf(times: tuple[float, ...], alpha: float = 0.025) -> tuple[float, ...]:
    return efficacy_boundaries(cumulative_alpha(OBF, alpha, times), times)


def exact_tail(z: float) -> float:
    """Upper normal tail by Laplace's continued fraction: no library in it."""
    fraction = z
    for k in range(400, 0, -1):
        fraction = z + k / fraction
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / fraction


def test_looks_close_together_keep_type_one_error_to_ten_digits() -> None:
    for times in ((0.5, 0.51, 1.0), (0.9, 0.95, 1.0), (0.5, 0.501, 0.502, 1.0)):
        total = math.fsum(crossing_probabilities(obf(times), times).upper)
        assert total == pytest.approx(0.025, abs=1e-11)
    assert obf((0.5, 0.51, 0.52, 1.0))[2] == pytest.approx(2.9962, abs=5e-5)


@pytest.mark.parametrize("looks", [11, 31, 100])
def test_many_looks_are_no_trouble(looks: int) -> None:
    times = tuple((k + 1) / looks for k in range(looks))
    total = math.fsum(crossing_probabilities(obf(times), times).upper)
    assert total == pytest.approx(0.025, abs=1e-10)


@pytest.mark.parametrize(("first", "z"), [(0.1, 6.991352), (0.05, 9.955146)])
def test_a_very_early_look_has_its_true_bound(first: float, z: float) -> None:
    bound = obf((first, 0.5, 1.0))[0]
    assert bound == pytest.approx(z, abs=1e-6)
    # 10.02 at 5 % is z(1 - alpha/2) / sqrt t, whose tail the formula counts twice.
    inside = -float(special.ndtri(0.0125)) / math.sqrt(first)
    assert exact_tail(bound) == pytest.approx(2 * exact_tail(inside), rel=1e-10)


def test_power_with_futility_is_exact_to_ten_digits() -> None:
    times = tuple((k + 1) / 5 for k in range(5))
    spends = cumulative_alpha(OBF, 0.025, times), cumulative_alpha(POCOCK, 0.1, times)
    for binding in (False, True):
        design = futility_design(*spends, times, binding=binding)
        assert design.under(design.drift).power == pytest.approx(0.9, abs=1e-11)


def test_a_design_without_futility_still_adapts_its_size() -> None:
    bounds = obf((0.5, 1.0))
    design = TwoStages((100.0, 200.0), (bounds[0], bounds[1]))
    found = resized(1.5, design, Zone(0.4, 0.9, 0.9, 2.0))
    assert found.zone == "promising"
    assert found.total > 200


def test_flat_predictive_power_with_one_look_left_is_the_closed_form() -> None:
    bound = obf((1 / 3, 1.0))[1]
    found = predictive_power(1.35, 110 / 3, Later((110.0,), (bound,)))
    assert found.total == pytest.approx(0.605289887761, abs=1e-9)


def test_the_cumulative_spend_is_not_the_level_of_each_look() -> None:
    times = (0.2, 0.4, 0.6, 0.8, 1.0)
    for family, error in ((OBF, 0.0288), (POCOCK, 0.0487)):
        wrong = [-float(special.ndtri(a)) for a in cumulative_alpha(family, 0.025, times)]
        total = math.fsum(crossing_probabilities(wrong, times).upper)
        assert total == pytest.approx(error, abs=5e-5)


def test_an_over_run_does_not_rewrite_the_looks_before() -> None:
    plan = Plan(9000.0)

    def spend(t: float) -> float:
        return spent("kim_demets", 0.05, t, parameter=2.0)

    looks = [Look(2010.0), Look(4090.0), Look(10200.0, final=True)]
    early = look_records(looks[:1], plan, spend)
    late = look_records(looks, plan, spend)
    assert late[:1] == early
    assert float(special.ndtr(-late[0].bound)) == pytest.approx(0.05 * (2010 / 9000) ** 2)
    assert late[-1].spending_time == 1.0
    assert late[-1].cumulative_alpha == 0.05


def test_alpha_is_lost_when_an_under_run_keeps_the_information_fraction() -> None:
    def spend(t: float) -> float:
        return spent(OBF, 0.025, t)

    looks = [Look(33.0), Look(80.0), Look(94.0, final=True)]
    partial = look_records(looks, Plan(100.0, final=FinalLook.INFORMATION_FRACTION), spend)
    full = look_records(looks, Plan(100.0), spend)
    assert partial[-1].cumulative_alpha == pytest.approx(0.0208, abs=5e-5)
    assert full[-1].cumulative_alpha == 0.025
    assert full[-1].bound < partial[-1].bound


def test_going_on_after_a_binding_futility_stop_costs_type_one_error() -> None:
    times = (0.4, 0.7, 1.0)
    beta = cumulative_alpha("hwang_shih_decani", 0.1, times, parameter=-2.0)
    alpha = cumulative_alpha(OBF, 0.025, times)
    bound = futility_design(alpha, beta, times, binding=True)
    free = futility_design(alpha, beta, times)
    assert bound.upper[-1] == pytest.approx(1.961, abs=5e-4)
    assert free.upper[-1] == pytest.approx(2.001, abs=5e-4)
    ignored = operating_characteristics(bound.upper, times, drift=0.0)
    assert ignored.power == pytest.approx(0.0270, abs=5e-5)
    assert operating_characteristics(free.upper, times, drift=0.0).power == pytest.approx(0.025)


def test_planned_bounds_kept_at_other_information_cost_type_one_error() -> None:
    planned, observed = (1 / 3, 2 / 3, 1.0), (0.15, 0.5, 1.0)
    kept = efficacy_boundaries(cumulative_alpha(POCOCK, 0.025, planned), planned)
    error = math.fsum(crossing_probabilities(kept, observed).upper)
    assert error == pytest.approx(0.0278, abs=5e-5)
    anew = efficacy_boundaries(cumulative_alpha(POCOCK, 0.025, observed), observed)
    right = math.fsum(crossing_probabilities(anew, observed).upper)
    assert right == pytest.approx(0.025, abs=1e-11)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0, 3.7])
def test_the_power_family_takes_any_exponent_and_close_looks(exponent: float) -> None:
    times = (0.5, 0.505, 0.51, 1.0)
    spends = cumulative_alpha("kim_demets", 0.05, times, parameter=exponent)
    assert spends[0] == pytest.approx(0.05 * 0.5**exponent)
    back = crossing_probabilities(efficacy_boundaries(spends, times), times).upper
    assert np.cumsum(back) == pytest.approx(spends, abs=1e-11)


def test_a_ratio_margin_counts_the_error_of_what_it_is_relative_to() -> None:
    """A margin taken of the observed control mean, as if known, moves with that mean."""
    counts = PairedCounts(300, 30, 45, 25)
    margin = 0.9
    found = ratio_test(counts, margin=margin, direction=Direction.HIGHER_IS_BETTER, level=0.95)
    assert isinstance(found, Estimate)
    moving = -(1 - margin) * counts.n_standard_of_care / counts.n
    taken_as_known = score_test(
        counts, margin=-moving, direction=Direction.HIGHER_IS_BETTER, level=0.95
    )
    assert isinstance(taken_as_known, Estimate)
    assert abs(found.statistic - taken_as_known.statistic) > 0.05
    # With 0.9 as the true ratio the right statistic has variance 1, the other has not.
    rng = np.random.default_rng(11)
    share = np.array([0.6, 0.12, 0.2, 0.08])  # 0.72 is 0.9 x 0.8
    z = []
    for a, b, c, d in rng.multinomial(2000, share, size=4000).tolist():
        one = ratio_test(
            PairedCounts(a, b, c, d),
            margin=margin,
            direction=Direction.HIGHER_IS_BETTER,
            level=0.95,
        )
        assert isinstance(one, Estimate)
        z.append(one.statistic)
    assert np.var(z) == pytest.approx(1.0, abs=4.5 * math.sqrt(2 / 4000))


def test_looks_with_an_absolute_margin_have_p_values_and_the_margin_stays() -> None:
    times = (0.3, 0.7, 1.0)

    def spend(alpha: float, k: int) -> tuple[float, ...]:
        return cumulative_alpha(OBF, alpha, times[:k])

    z = (1.0, 2.5, 1.9)
    each = [repeated_p(z[k - 1], times[:k], partial(spend, k=k)) for k in (1, 2, 3)]
    assert sequential_p(z, times, spend) == min(each)
    assert 0 < min(each) < 0.025 < each[0]


def test_two_sided_conjugate_limits_halve_alpha_once() -> None:
    x = np.random.default_rng(4).uniform(size=60)
    found = conjugate_sequence(x, each=0.05 / 2, v_opt=2.5, side="two_sided")
    assert found.alpha == 0.05
    t = len(x)
    before = np.concatenate([[0.5], np.cumsum(x)[:-1] / np.arange(1, t)])
    process = np.array([float(((x - before) ** 2).sum())])
    mixture = GammaExponentialMixture(tuned_rho(2.5, 0.025, one_sided=True), 1.0)
    half = float(boundary(mixture, process, 0.025)[0]) / t
    assert found.low[-1] == pytest.approx(x.mean() - half, abs=1e-12)
    assert found.high[-1] == pytest.approx(x.mean() + half, abs=1e-12)


def test_anytime_limits_are_also_one_sided_against_a_margin() -> None:
    one, two = (AsymptoticPlan(0.05, 2000, 100, side) for side in (True, False))
    narrow, wide, moved = (
        asymptotic_limits(0.01 + shift, 0.01, 1500, plan, null=-0.03 + shift)
        for plan, shift in ((one, 0.0), (two, 0.0), (one, 0.03))
    )
    assert isinstance(narrow, AsymptoticLimits)
    assert isinstance(wide, AsymptoticLimits)
    assert isinstance(moved, AsymptoticLimits)
    assert narrow.low > wide.low
    assert narrow.p_value < wide.p_value
    assert moved.p_value == pytest.approx(narrow.p_value, rel=1e-9)
    assert moved.low - 0.03 == pytest.approx(narrow.low)


def test_delayed_decisions_spend_alpha_exactly_whatever_other_programs_say() -> None:
    times, pipeline = (0.3, 0.7, 1.0), (0.16, 0.2)
    spends = cumulative_alpha(OBF, 0.025, times), cumulative_alpha(OBF, 0.2, times)
    design = futility_design(*spends, times, binding=True)
    decision = decision_bounds(design.upper, design.lower, times, pipeline=pipeline).decision
    rejected = delayed_rejection(
        design.upper, design.lower, times, pipeline=pipeline, decision=decision
    )
    assert math.fsum(rejected) == pytest.approx(0.025, abs=1e-10)


@pytest.mark.parametrize("stopped", [1, 2, 3])
def test_the_margin_is_taken_off_once_in_every_result(stopped: int) -> None:
    """result(data, null -m) is result(data + m, null 0) - m, at the first look too."""
    margin, error, times = 0.05, 0.012, (0.4, 0.7, 1.0)[:stopped]
    bounds = obf((0.4, 0.7, 1.0))
    here = [t / times[-1] / error**2 for t in times]
    found = {}
    for null, estimate in ((-margin, 0.001), (0.0, 0.001 + margin)):
        z = (estimate - null) / error
        data = Estimate(
            method=Method(name="z", sentence="A z test.", citation="None."),
            level=0.95,
            estimate=estimate,
            low=estimate,
            high=estimate,
            statistic=z,
            p_value=float(special.ndtr(-z)),
            standard_error=error,
            information=1 / error**2,
            df=None,
            n_pairs=700,
            n_clusters=700,
        )
        repeated = repeated_interval(data, bound=bounds[stopped - 1])
        assert not isinstance(repeated, NotEvaluable)
        stage = stagewise_inference(z, bounds[: stopped - 1], here, level=0.95)
        found[null] = (
            *(limit - null for limit in repeated),
            stage.p_value,
            stage.low,
            stage.high,
            stage.estimate,
            repeated_p(z, times, lambda a: cumulative_alpha(OBF, a, times)),
        )
    assert found[-margin] == pytest.approx(found[0.0], rel=1e-9)
