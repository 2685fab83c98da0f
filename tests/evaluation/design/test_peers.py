"""Answers that widely used programs were seen to get wrong, and what is right."""

import math

import pytest
from scipy import special

from evaluation.design.adaptive.promising import TwoStages, Zone, resized
from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.clocks import FinalLook, Look, Plan, look_records
from evaluation.design.conditional.power import Later
from evaluation.design.conditional.predictive import predictive_power
from evaluation.design.futility.spending import futility_design
from evaluation.design.operating import operating_characteristics
from evaluation.design.spending import cumulative_alpha, spent

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
