"""Stages at planned weights: by hand, by the general combination, and by simulation."""

import math

import numpy as np
import pytest
from scipy import special

from evaluation.design.adaptive.combination import combined_inference
from evaluation.design.stagewise import stagewise_inference
from evaluation.weighting import Combined, NoStage, Reached, combined, stagewise


def _combined(*reached: Reached) -> Combined:
    found = combined(reached)
    assert isinstance(found, Combined)
    return found


def test_two_stages_by_hand() -> None:
    """z 1.5 at 400, then 2.0 at 1200: the second stage has (2 x 34.641 - 30) / 28.284 = 1.38883."""
    found = _combined(Reached(0.5, 400.0, 1.5), Reached(1.0, 1200.0, 2.0))
    assert found.stage_z[1] == pytest.approx(1.388829, abs=1e-6)
    assert found.statistic == pytest.approx((1.5 + 1.388829) / math.sqrt(2), abs=1e-6)
    assert found.information == 800.0
    assert found.reach == pytest.approx(400 + math.sqrt(400 * 800))
    assert found.distance(1.0) == pytest.approx(math.sqrt(800) / 965.685425, abs=1e-9)


def test_stages_of_their_planned_size_are_pooled() -> None:
    found = _combined(Reached(0.5, 400.0, 1.5), Reached(0.75, 600.0, 1.1), Reached(1.0, 800.0, 2.0))
    assert found.statistic == pytest.approx(2.0)
    assert found.distance(found.statistic) == pytest.approx(2.0 / math.sqrt(800))


def test_a_stage_without_information_has_no_statistic() -> None:
    found = combined([Reached(0.5, 400.0, 1.5), Reached(1.0, 400.0, 1.4)])
    assert isinstance(found, NoStage)
    kept = _combined(Reached(0.5, 400.0, 1.5), Reached(0.75, 400.0, 1.4), Reached(1.0, 900.0, 2.0))
    assert kept.clock == (400.0, 800.0)


def test_stage_wise_inference_is_that_of_the_general_combination() -> None:
    found = _combined(Reached(0.5, 400.0, 1.5), Reached(1.0, 1200.0, 2.0))
    mine = stagewise(found, found.clock, [2.96], level=0.95)
    theirs = combined_inference(
        found.stage_z, [2.96], found.clock, stage_information=found.gained, level=0.95
    )
    assert mine.p_value == pytest.approx(theirs.p_value)
    assert mine.estimate == pytest.approx(theirs.estimate, abs=1e-9)
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_stage_wise_inference_without_a_change_is_the_plain_one() -> None:
    found = _combined(Reached(0.5, 400.0, 1.5), Reached(1.0, 800.0, 2.1))
    trail, bounds = [200.0, 400.0, 800.0], [3.9, 2.96]
    mine = stagewise(found, trail, bounds, level=0.9)
    plain = stagewise_inference(2.1, bounds, trail, level=0.9)
    assert mine.estimate == pytest.approx(plain.estimate, abs=1e-9)
    assert (mine.low, mine.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


@pytest.mark.parametrize("trail", [[800.0], [200.0, 800.0]])
def test_looks_that_could_not_stop_keep_their_weight_in_the_stage_wise_order(
    trail: list[float],
) -> None:
    """All alpha is for the end, so that limits are those of one look, about the same estimate."""
    found = _combined(
        Reached(0.5, 400.0, 1.5), Reached(0.75, 1000.0, 1.9), Reached(1.0, 2200.0, 2.0)
    )
    mine = stagewise(found, trail, [math.inf] * (len(trail) - 1), level=0.95)
    critical = float(special.ndtri(0.975))
    assert mine.estimate == pytest.approx(found.distance(found.statistic))
    assert mine.low == pytest.approx(found.distance(found.statistic - critical))
    assert mine.high == pytest.approx(found.distance(found.statistic + critical))


def test_limits_hold_their_level_whatever_size_the_effect_led_to() -> None:
    """The second stage is three times as large where the first looked hopeful; effect 0.06."""
    rng, effect, trials = np.random.default_rng(4), 0.06, 40_000
    first = rng.standard_normal(trials) + effect * 20
    gained = np.where((first > 0.8) & (first < 2.0), 1200.0, 400.0)
    second = rng.standard_normal(trials) + effect * np.sqrt(gained)
    total = 400 + gained
    whole = (20 * first + np.sqrt(gained) * second) / np.sqrt(total)
    missed = 0
    for z, all_of_it, n in zip(first, whole, total, strict=True):
        found = _combined(Reached(0.5, 400.0, float(z)), Reached(1.0, float(n), float(all_of_it)))
        missed += found.distance(found.statistic - 1.959963984540054) > effect
    error = math.sqrt(0.025 * 0.975 / trials)
    assert abs(missed / trials - special.ndtr(-1.959963984540054)) < 3 * error
