"""A promising zone at its look, and stages at planned weights after it."""

import math

import pytest
from scipy import special

from evaluation.conduct import conduct
from tests.support.example_protocol import Document, example_protocol
from tests.support.resizing import (
    change_of,
    first_of,
    looks_made,
    promising,
    promising_looks,
    zone_areas,
)
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs


def test_a_promising_zone_aims_for_its_power_by_hand() -> None:
    """Two looks at halves: bounds 2.962588 and 1.968596 (O'Brien-Fleming-like)."""

    def edit(document: Document) -> None:
        promising(document)

    protocol = example_protocol(edit)
    pairs = first_evaluable(simulate_pairs(protocol, Truth(n=320, seed=3)), 300)
    found = change_of(conduct(protocol, lock_of(protocol, pairs, look="L1"), []))
    z = found.statistic or 0.0
    assert found.final_bound == pytest.approx(1.968596, abs=1e-6)
    critical = (1.968596 - z * math.sqrt(0.5)) / math.sqrt(0.5)
    effect = z / math.sqrt(0.5)
    power = special.ndtr(effect * math.sqrt(0.5) - critical)
    assert found.conditional_power == pytest.approx(power, abs=1e-6)
    wanted = 0.5 + ((critical + 1.2815515655446004) / effect) ** 2
    assert found.zone == "promising"
    assert found.total_pairs == min(1200, math.ceil(600 * wanted))


@pytest.mark.parametrize(
    ("separation", "zone"), [(0.9, "unfavourable"), (1.1, "promising"), (1.25, "favourable")]
)
def test_outside_of_the_zone_the_plan_stands(separation: float, zone: str) -> None:
    found = change_of(promising_looks(separation=separation)[0])
    assert found.zone == zone
    assert (found.total_pairs > 600) == (zone == "promising")
    assert found.weighted


def test_a_crossed_bound_changes_nothing() -> None:
    first = promising_looks(separation=2.4)[0]
    found = change_of(first)
    assert first_of(first).shown
    assert (found.zone, found.total_pairs, found.weighted) == ("stopped", 600, False)


def test_later_looks_decide_on_stages_at_planned_weights() -> None:
    first, second, last = promising_looks()
    total = change_of(first).total_pairs
    one, two, three = first_of(last).boundaries
    assert two.unweighted is not None
    assert three.unweighted is not None
    assert (two.spending_time, three.spending_time) == (0.75, 1.0)
    information = [one.statistical_information or 0.0, two.unweighted.information]
    z = [one.statistic or 0.0, two.unweighted.statistic]
    score = z[1] * math.sqrt(information[1]) - z[0] * math.sqrt(information[0])
    stage = score / math.sqrt(information[1] - information[0])
    weighted = (math.sqrt(0.5) * z[0] + math.sqrt(0.25) * stage) / math.sqrt(0.75)
    assert two.statistic == pytest.approx(weighted)
    assert two.statistical_information == pytest.approx(information[0] * 1.5)
    assert last.facts.planned_pairs == total
    assert last.facts.evaluable_pairs == total
    planned = promising_looks(separation=0.9)[-1]
    assert [b.z for b in first_of(planned).boundaries] == pytest.approx(
        [b.z for b in first_of(last).boundaries]
    )
    assert second.re_estimation == first.re_estimation == last.re_estimation


@pytest.mark.parametrize("seed", range(1, 9))
def test_interval_p_and_verdict_say_the_same_on_weighted_stages(seed: int) -> None:
    for results in promising_looks(seed=seed)[1:]:
        found = first_of(results)
        bound, test = found.boundaries[-1], found.primary
        interval = next(i for i in test.intervals if i.kind == "repeated")
        assert test.statistic == pytest.approx(bound.statistic)
        assert bound.crossed == ((bound.statistic or 0.0) >= (bound.z or 0.0))
        assert (interval.low > -0.05) == bound.crossed
        assert test.p_value == pytest.approx(special.ndtr(-(bound.statistic or 0.0)))
        sequential = found.sequential
        assert sequential is not None
        repeated = next(i for i in sequential.inferences if i.kind == "repeated")
        assert repeated.estimate == pytest.approx((interval.low + interval.high) / 2)
        assert repeated.claim


def test_without_a_change_of_information_weights_change_nothing() -> None:
    """In the favourable zone stages have their planned size, and the two z are near each other."""
    last = first_of(promising_looks(separation=1.25)[-1]).boundaries[-1]
    assert last.unweighted is not None
    assert last.statistic == pytest.approx(last.unweighted.statistic, abs=0.05)


def test_supporting_populations_are_combined_too() -> None:
    truth = Truth(n=1300, candidate_separation=1.1, seed=3, candidate_failure_share=0.01)
    last = looks_made(zone_areas(), truth, ("L1", 300))[-1]
    if change_of(last).weighted:
        assert all(each.unweighted is not None for each in first_of(last).supporting)
