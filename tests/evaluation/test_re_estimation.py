"""The registered change of the size at its look, and what the looks after it make of it."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from statistics import mean, stdev

import pytest
from scipy import special

from evaluation.archive import from_bytes, to_bytes
from evaluation.boundaries import bound_of
from evaluation.conduct import conduct
from evaluation.plan import Change, plan_of
from evaluation.planning.document import design_of
from evaluation.re_estimation import Reading, blinded, with_change
from evaluation.replay import departures
from evaluation.results import HypothesisResult, LookResults, ReEstimationResult
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol, hypothesis
from tests.support.resizing import (
    THREE_LOOKS,
    blind,
    blind_means,
    blind_sensitivity,
    blind_shares,
    of_means,
    of_shares,
    promising,
    sized,
    zone_areas,
)
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs

ROOT = 1.959963984540054 + 1.2815515655446004  # alpha 0.025, power 0.9


def _one_test(edit: Callable[[Document], None]) -> Protocol:
    """All of alpha at the last look, so that looks multiply no size."""

    def both(document: Document) -> None:
        edit(document)
        document["monitoring"]["spending"]["start"] = 0.6

    return example_protocol(both)


def _made(protocol: Protocol, truth: Truth, *first: tuple[str, int]) -> tuple[LookResults, ...]:
    """These looks, then all later ones at their share of the total in force."""
    pairs, made = simulate_pairs(protocol, truth), list[LookResults]()
    looks = [look.id for look in protocol.monitoring.looks]

    def take(name: str, n: int) -> None:
        data = lock_of(protocol, first_evaluable(pairs, n), look=name)
        made.append(from_bytes(to_bytes(conduct(protocol, data, made))))

    for name, n in first:
        take(name, n)
    for look in protocol.monitoring.looks[looks.index(first[-1][0]) + 1 :]:
        found = made[-1].re_estimation
        total = protocol.sample_size.evaluable_pairs if found is None else found.total_pairs
        take(look.id, math.ceil(look.information * total))
    return tuple(made)


def _record(results: LookResults) -> ReEstimationResult:
    assert results.re_estimation is not None
    return results.re_estimation


def _first(results: LookResults) -> HypothesisResult:
    return results.hypotheses[0]


def test_a_mean_is_sized_again_with_the_spread_that_was_seen() -> None:
    """(1.95996 + 1.28155)^2 x 0.18^2 / 0.02^2 = 851.1 pairs."""

    def edit(document: Document) -> None:
        of_means(document)
        sized(document, nuisance={"standard_deviation": 0.12})
        blind(document)

    found = blinded(_one_test(edit), Reading(300, 0.18, 300))
    assert found.wanted_pairs == math.ceil((ROOT * 0.18 / 0.02) ** 2) == 852
    assert (found.planned_pairs, found.total_pairs, found.capped) == (600, 852, False)
    assert found.weighted is False


def test_shares_are_sized_again_with_the_discordance_that_was_seen() -> None:
    """By Wald's formula: (1.95996 + 1.28155)^2 x 0.2 / 0.05^2 = 840.6 pairs."""

    def edit(document: Document) -> None:
        of_shares(document)
        document["hypotheses"] = [
            hypothesis("H1", "RIGHT", test="clustered_difference", margin=0.05)
        ]
        sized(document)
        blind(document)

    found = blinded(_one_test(edit), Reading(300, 0.2, 300))
    assert found.wanted_pairs == math.ceil(ROOT**2 * 0.2 / 0.05**2) == 841
    assert found.total_pairs == 841


def test_clusters_looks_and_the_target_multiply_what_is_wanted() -> None:
    def edit(document: Document) -> None:
        of_means(document)
        nuisance = {"standard_deviation": 0.12}
        sized(document, nuisance=nuisance, pairs_per_subject=3, icc=0.25)
        blind(document, target_power=0.95)

    found = blinded(_one_test(edit), Reading(300, 0.12, 300))
    root = 1.959963984540054 + 1.6448536269514722
    assert found.wanted_pairs == math.ceil((root * 0.12 / 0.02) ** 2 * 1.5)
    plain = blinded(blind_means(), Reading(300, 0.12, 300)).wanted_pairs
    assert plain is not None
    assert plain > math.ceil((ROOT * 0.12 / 0.02) ** 2)


@pytest.mark.parametrize(
    ("nuisance", "total", "capped"), [(0.01, 600, False), (0.12, 600, False), (0.9, 1200, True)]
)
def test_the_total_stays_between_plan_and_cap(nuisance: float, total: int, *, capped: bool) -> None:
    found = blinded(blind_shares(), Reading(300, nuisance, 300))
    assert (found.total_pairs, found.capped) == (total, capped)
    assert ("the registered cap" in found.sentence) == capped


def test_no_pairs_leave_the_plan_as_it_is() -> None:
    found = blinded(blind_shares(), Reading(300))
    assert found.total_pairs == 600
    assert found.reason is not None


@pytest.mark.parametrize("protocol", [blind_shares(), blind_means()], ids=["shares", "means"])
def test_what_is_read_says_nothing_of_the_direction(protocol: Protocol) -> None:
    """The arms change places: the same reading, the same total."""
    truth = Truth(n=320, candidate_separation=1.6, seed=3)
    pairs = first_evaluable(simulate_pairs(protocol, truth), 300)
    turned = [
        replace(pair, candidate=pair.standard_of_care, standard_of_care=pair.candidate)
        for pair in pairs
    ]
    one, other = (
        conduct(protocol, lock_of(protocol, each, look="L1"), []) for each in (pairs, turned)
    )
    assert _record(one) == _record(other)
    assert _record(one).statistic is None
    assert _record(one).nuisance_pairs == 300
    assert _first(one).primary.estimate == pytest.approx(-(_first(other).primary.estimate or 0))


def test_a_spread_is_taken_about_the_mean_of_the_differences() -> None:
    """Not about zero: what effect there is would count as spread."""
    protocol = blind_means()
    pairs = first_evaluable(simulate_pairs(protocol, Truth(n=320, candidate_separation=2.5)), 300)
    found = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    losses = []
    for pair in pairs:
        assert pair.outcome is not None
        scores = (pair.candidate.score, pair.standard_of_care.score)
        one, other = ((float(score or 0.0) - pair.outcome) ** 2 for score in scores)
        losses.append(one - other)
    assert abs(mean(losses)) > 0.01
    assert _record(found).nuisance_seen == pytest.approx(stdev(losses), rel=1e-9)


def test_the_discordance_is_that_of_the_pairs_which_count() -> None:
    protocol = blind_sensitivity()
    pairs = first_evaluable(simulate_pairs(protocol, Truth(n=320)), 300)
    results = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    table, found = _first(results).primary.table, _record(results)
    assert table is not None
    n = table.n11 + table.n10 + table.n01 + table.n00
    assert found.nuisance_pairs == n == _first(results).primary.n_events
    assert found.nuisance_seen == pytest.approx((table.n10 + table.n01) / n)
    assert found.evaluable_pairs == 300


def _ready(protocol: Protocol, look: str, record: ReEstimationResult | None) -> float:
    looks = [known.id for known in protocol.monitoring.looks]
    plan = plan_of(protocol, look, looks[: looks.index(look)])
    return with_change(plan, record).required_pairs


def test_later_looks_wait_for_their_share_of_the_new_total() -> None:
    protocol = zone_areas()
    record = blinded(blind_shares(), Reading(300, 0.9, 300))
    assert record.total_pairs == 1200
    assert _ready(protocol, "L1", record) == pytest.approx(0.5 * 600 * 0.95)
    assert _ready(protocol, "L2", record) == pytest.approx(0.75 * 1200 * 0.95)
    assert _ready(protocol, "L3", record) == 1200
    assert _ready(protocol, "L3", None) == 600


def test_alpha_spent_before_a_blinded_change_stays_and_the_rest_follows_the_new_total() -> None:
    def edit(document: Document) -> None:
        of_shares(document)
        sized(document)
        blind(document)
        document["monitoring"]["looks"] = THREE_LOOKS

    protocol = example_protocol(edit)
    truth = Truth(n=1300, correlation=0.8, seed=2)
    first, second, last = _made(protocol, truth, ("L1", 300))
    total = _record(first).total_pairs
    assert 600 < total < 1200
    one, two, three = _first(last).boundaries
    assert one.information_fraction == 0.5
    assert two.information_fraction == pytest.approx(math.ceil(0.75 * total) / total)
    assert two.spending_time == pytest.approx(two.information_fraction)
    assert two.alpha_spent > one.alpha_spent
    assert three.alpha_spent == 0.025
    assert second.facts.planned_pairs == total
    assert first.facts.planned_pairs == 600
    assert two.unweighted is None
    assert departures(protocol, last) == ()


def test_a_short_look_after_a_change_tells_pairs_that_came_from_none() -> None:
    """350 of 1,200 pairs are more than 300 of 600, but earn no more alpha."""
    protocol = blind_shares()
    pairs = first_evaluable(simulate_pairs(protocol, Truth(n=320)), 300)
    first = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    assert _record(first).total_pairs > 1000
    look = with_change(plan_of(zone_areas(), "L2", ["L1"]), _record(first))
    log = _first(first).boundaries
    more = 1.2 * (log[0].statistical_information or 0.0)
    for evaluable, said in ((350, "no more than earlier looks"), (300, "No evaluable pairs came")):
        found = bound_of(
            look, look.hypotheses[0], evaluable=evaluable, information=more, earlier=log
        )
        assert found.z is None
        assert said in (found.reason or "")


@cache
def _promising(seed: int = 3, separation: float = 1.1) -> tuple[LookResults, ...]:
    truth = Truth(n=1300, candidate_separation=separation, seed=seed)
    return _made(zone_areas(), truth, ("L1", 300))


def test_a_promising_zone_aims_for_its_power_by_hand() -> None:
    """Two looks at halves: bounds 2.962588 and 1.968596 (O'Brien-Fleming-like)."""

    def edit(document: Document) -> None:
        promising(document)

    protocol = example_protocol(edit)
    pairs = first_evaluable(simulate_pairs(protocol, Truth(n=320, seed=3)), 300)
    found = _record(conduct(protocol, lock_of(protocol, pairs, look="L1"), []))
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
    found = _record(_promising(separation=separation)[0])
    assert found.zone == zone
    assert (found.total_pairs > 600) == (zone == "promising")
    assert found.weighted


def test_a_crossed_bound_changes_nothing() -> None:
    first = _promising(separation=2.4)[0]
    found = _record(first)
    assert _first(first).shown
    assert (found.zone, found.total_pairs, found.weighted) == ("stopped", 600, False)


def test_later_looks_decide_on_stages_at_planned_weights() -> None:
    first, second, last = _promising()
    total = _record(first).total_pairs
    one, two, three = _first(last).boundaries
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
    planned = _promising(separation=0.9)[-1]
    assert [b.z for b in _first(planned).boundaries] == pytest.approx(
        [b.z for b in _first(last).boundaries]
    )
    assert second.re_estimation == first.re_estimation == last.re_estimation


@pytest.mark.parametrize("seed", range(1, 9))
def test_interval_p_and_verdict_say_the_same_on_weighted_stages(seed: int) -> None:
    for results in _promising(seed=seed)[1:]:
        found = _first(results)
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
    last = _first(_promising(separation=1.25)[-1]).boundaries[-1]
    assert last.unweighted is not None
    assert last.statistic == pytest.approx(last.unweighted.statistic, abs=0.05)


def test_supporting_populations_are_combined_too() -> None:
    truth = Truth(n=1300, candidate_separation=1.1, seed=3, candidate_failure_share=0.01)
    last = _made(zone_areas(), truth, ("L1", 300))[-1]
    if _record(last).weighted:
        assert all(each.unweighted is not None for each in _first(last).supporting)


def test_a_registered_look_that_was_passed_over_changes_nothing() -> None:
    def edit(document: Document) -> None:
        promising(document)
        document["monitoring"] |= {"looks": THREE_LOOKS, "skipped_looks": "allowed"}

    last = _made(example_protocol(edit), Truth(n=700, seed=3), ("L2", 450))[-1]
    assert last.re_estimation is None
    assert last.facts.planned_pairs == 600
    assert _first(last).boundaries[-1].unweighted is None


def test_a_look_before_the_registered_one_changes_nothing() -> None:
    def edit(document: Document) -> None:
        promising(document, look="L2")
        document["monitoring"]["looks"] = THREE_LOOKS

    protocol = example_protocol(edit)
    first, second, last = _made(
        protocol, Truth(n=1300, candidate_separation=1.0, seed=3), ("L1", 300)
    )
    assert first.re_estimation is None
    assert second.facts.planned_pairs == 600
    assert _record(second).look == "L2"
    assert departures(protocol, last) == ()
    early, middle, late = _first(last).boundaries
    assert early.unweighted is None
    assert middle.unweighted is None
    assert (late.unweighted is not None) == _record(second).weighted


@pytest.mark.parametrize("separation", [0.9, 1.1, 1.25, 2.4])
def test_the_log_replays_with_its_change_of_size(separation: float) -> None:
    for results in _promising(separation=separation):
        assert departures(zone_areas(), results) == ()


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"total_pairs": 1100}, "re_estimation.total_pairs"),
        ({"conditional_power": 0.5}, "re_estimation.conditional_power"),
        ({"weighted": False}, "re_estimation.weighted"),
    ],
)
def test_an_altered_change_of_size_is_found_out(fields: Document, place: str) -> None:
    results = _promising()[-1]
    edited = results.model_copy(
        update={"re_estimation": _record(results).model_copy(update=fields)}
    )
    found = departures(zone_areas(), edited)
    assert place in {field for departure in found for field in departure.fields}


def test_an_altered_discordance_or_blinded_total_is_found_out() -> None:
    protocol = blind_shares()
    last = _made(protocol, Truth(n=1300, correlation=0.8, seed=2), ("L1", 300))[-1]
    assert departures(protocol, last) == ()
    for fields in ({"total_pairs": 700}, {"nuisance_seen": 0.3}):
        record = _record(last).model_copy(update=fields)
        assert departures(protocol, last.model_copy(update={"re_estimation": record}))


def test_the_total_in_force_is_asked_for_by_look() -> None:
    look = plan_of(zone_areas(), "L2", ["L1"])
    assert look.planned_pairs == 600
    record = _record(_promising()[0])
    changed = with_change(look, record)
    assert changed.change == Change("L1", record.total_pairs, weighted=True)
    assert changed.planned_at("L1") == 600
    assert changed.planned_at("L2") == record.total_pairs


def test_the_design_page_tells_of_the_registered_change() -> None:
    said = " ".join(design_of(zone_areas()).notes)
    assert "Promising zone at L1" in said
    assert "not part of these numbers" in said
