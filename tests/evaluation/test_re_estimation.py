"""The registered change of the size at its look, and what the looks after it make of it."""

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import mean, stdev

import pytest

from evaluation.boundaries import bound_of
from evaluation.conduct import conduct
from evaluation.plan import Change, plan_of
from evaluation.planning.document import design_of
from evaluation.re_estimation import Reading, blinded, with_change
from evaluation.replay import departures
from evaluation.results import ReEstimationResult
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol, hypothesis
from tests.support.resizing import (
    THREE_LOOKS,
    blind,
    blind_means,
    blind_sensitivity,
    blind_shares,
    change_of,
    first_of,
    looks_made,
    of_means,
    of_shares,
    promising,
    promising_looks,
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
    assert change_of(one) == change_of(other)
    assert change_of(one).statistic is None
    assert change_of(one).nuisance_pairs == 300
    assert first_of(one).primary.estimate == pytest.approx(-(first_of(other).primary.estimate or 0))


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
    assert change_of(found).nuisance_seen == pytest.approx(stdev(losses), rel=1e-9)


def test_the_discordance_is_that_of_the_pairs_which_count() -> None:
    protocol = blind_sensitivity()
    pairs = first_evaluable(simulate_pairs(protocol, Truth(n=320)), 300)
    results = conduct(protocol, lock_of(protocol, pairs, look="L1"), [])
    table, found = first_of(results).primary.table, change_of(results)
    assert table is not None
    n = table.n11 + table.n10 + table.n01 + table.n00
    assert found.nuisance_pairs == n == first_of(results).primary.n_events
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
    first, second, last = looks_made(protocol, truth, ("L1", 300))
    total = change_of(first).total_pairs
    assert 600 < total < 1200
    one, two, three = first_of(last).boundaries
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
    assert change_of(first).total_pairs > 1000
    look = with_change(plan_of(zone_areas(), "L2", ["L1"]), change_of(first))
    log = first_of(first).boundaries
    more = 1.2 * (log[0].statistical_information or 0.0)
    for evaluable, said in ((350, "no more than earlier looks"), (300, "No evaluable pairs came")):
        found = bound_of(
            look, look.hypotheses[0], evaluable=evaluable, information=more, earlier=log
        )
        assert found.z is None
        assert said in (found.reason or "")


def test_a_registered_look_that_was_passed_over_changes_nothing() -> None:
    def edit(document: Document) -> None:
        promising(document)
        document["monitoring"] |= {"looks": THREE_LOOKS, "skipped_looks": "allowed"}

    last = looks_made(example_protocol(edit), Truth(n=700, seed=3), ("L2", 450))[-1]
    assert last.re_estimation is None
    assert last.facts.planned_pairs == 600
    assert first_of(last).boundaries[-1].unweighted is None


def test_a_look_before_the_registered_one_changes_nothing() -> None:
    def edit(document: Document) -> None:
        promising(document, look="L2")
        document["monitoring"]["looks"] = THREE_LOOKS

    protocol = example_protocol(edit)
    first, second, last = looks_made(
        protocol, Truth(n=1300, candidate_separation=1.0, seed=3), ("L1", 300)
    )
    assert first.re_estimation is None
    assert second.facts.planned_pairs == 600
    assert change_of(second).look == "L2"
    assert departures(protocol, last) == ()
    early, middle, late = first_of(last).boundaries
    assert early.unweighted is None
    assert middle.unweighted is None
    assert (late.unweighted is not None) == change_of(second).weighted


@pytest.mark.parametrize("separation", [0.9, 1.1, 1.25, 2.4])
def test_the_log_replays_with_its_change_of_size(separation: float) -> None:
    for results in promising_looks(separation=separation):
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
    results = promising_looks()[-1]
    edited = results.model_copy(
        update={"re_estimation": change_of(results).model_copy(update=fields)}
    )
    found = departures(zone_areas(), edited)
    assert place in {field for departure in found for field in departure.fields}


def test_an_altered_discordance_or_blinded_total_is_found_out() -> None:
    protocol = blind_shares()
    last = looks_made(protocol, Truth(n=1300, correlation=0.8, seed=2), ("L1", 300))[-1]
    assert departures(protocol, last) == ()
    for fields in ({"total_pairs": 700}, {"nuisance_seen": 0.3}):
        record = change_of(last).model_copy(update=fields)
        assert departures(protocol, last.model_copy(update={"re_estimation": record}))


def test_the_total_in_force_is_asked_for_by_look() -> None:
    look = plan_of(zone_areas(), "L2", ["L1"])
    assert look.planned_pairs == 600
    record = change_of(promising_looks()[0])
    changed = with_change(look, record)
    assert changed.change == Change("L1", record.total_pairs, weighted=True)
    assert changed.planned_at("L1") == 600
    assert changed.planned_at("L2") == record.total_pairs


def test_the_design_page_tells_of_the_registered_change() -> None:
    said = " ".join(design_of(zone_areas()).notes)
    assert "Promising zone at L1" in said
    assert "not part of these numbers" in said
