"""Words of safety between looks: stitched, asymptotic, exact looks, paired, groups, mixes."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from evaluation.inference.arrays import FloatArray
from evaluation.monitoring.asymptotic import AsymptoticPlan, RunningMean
from evaluation.monitoring.betting import Bets, Hedge, log_wealth
from evaluation.monitoring.counts import binomial_crossings, exact_limits
from evaluation.monitoring.harm import HarmRule, harm_watch
from evaluation.monitoring.merging import averaged, e_bh, e_bh_shows
from evaluation.monitoring.mixtures import stitched_boundary, stitched_log_p
from evaluation.monitoring.multinomial import fate_mix, fate_mix_log_e
from evaluation.safety_processes import STITCHING, process_of
from evaluation.safety_round import group_sentence, mix_sentence
from evaluation.safety_watch import SafetyWatch, registered_fates, watch
from gateway.store.arrivals import Arrival
from gateway.store.records import PairRecord
from protocols.load import load
from protocols.schema import AnytimeRule, FateMixRule, Protocol
from protocols.vocabulary import Fate
from tests.support.between_looks import (
    FATES,
    anytime_group,
    anytime_rule,
    arrivals_of,
    fate_mix_rule,
)
from tests.support.example_protocol import Document, example_protocol
from tests.support.further import with_further
from tests.support.simulator import Truth, simulate_pairs


def _rule(method: str = "betting", **fields: object) -> AnytimeRule:
    return AnytimeRule.model_validate(anytime_rule(method, **fields))


def _protocol(*rules: Document, **sections: object) -> Protocol:
    def edit(document: Document) -> None:
        document.update(anytime_safety=list(rules), **sections)

    return example_protocol(edit)


def _watched(protocol: Protocol, truth: Truth) -> SafetyWatch:
    return watch(protocol, arrivals_of(simulate_pairs(protocol, truth)))


def test_a_stitched_rule_signals_where_its_sum_reaches_the_boundary() -> None:
    x = (np.random.default_rng(4).random(400) < 0.55).astype(float)
    rule = _rule("stitched", limit=0.3)
    n = np.arange(1, 401)
    sharp = 20 / 4
    boundary = stitched_boundary(n / 4, 0.025, v_min=sharp, c=0.0, shape=STITCHING)
    expected = np.cumsum(x - 0.3) >= boundary
    assert expected.any()
    assert process_of(rule, x).signals.tolist() == expected.tolist()


def test_the_stitched_p_inverts_its_boundary() -> None:
    v = np.array([1.0, 7.0, 50.0, 3000.0])
    for alpha in (0.2, 0.05, 1e-6):
        edge = stitched_boundary(v, alpha, v_min=5.0, c=0.0, shape=STITCHING)
        found = stitched_log_p(edge, v, v_min=5.0, shape=STITCHING)
        assert found == pytest.approx([-math.log(alpha)] * 4, rel=1e-12)
    assert stitched_log_p(-np.ones(4), v, v_min=5.0, shape=STITCHING).tolist() == [0.0] * 4


def test_an_asymptotic_rule_is_the_confidence_sequence_of_the_running_mean() -> None:
    x = np.random.default_rng(8).normal(1002.5, 2.0, 300)
    rule = _rule("asymptotic", endpoint="AUC", event=None, limit=1002.0)
    process = process_of(rule, x)
    plan = AsymptoticPlan(0.025, 150, 100, one_sided=True)
    state = RunningMean()
    for n, value in enumerate(x.tolist(), start=1):
        state = state.update(value)
        limits = state.limits(plan, null=1002.0)
        p_value = getattr(limits, "p_value", 1.0)  # not evaluable before the burn-in
        assert min(1.0, math.exp(-process.statistic[n - 1])) == pytest.approx(p_value, rel=1e-6)
        low = getattr(limits, "low", -math.inf)
        assert bool(process.signals[n - 1]) == (low >= 1002.0)
    assert process.signals.any()
    assert not process_of(rule, np.full(300, 1010.0)).signals.any()  # nothing varies


def test_exact_looks_spend_no_more_than_they_may_and_as_much_as_counts_allow() -> None:
    units, spent = [20, 40, 80], [0.01, 0.02, 0.05]
    limits = exact_limits(units, spent, rate=0.1)
    crossed = binomial_crossings(units, upper=limits, lower=None, rate=0.1).upper
    assert all(used <= most for used, most in zip(np.cumsum(crossed), spent, strict=True))
    assert limits[0] == int(stats.binom.isf(0.01, 20, 0.1)) + 1
    for k in range(3):  # one event fewer at any look would be one too many
        bolder = [limit - (j == k) for j, limit in enumerate(limits)]
        too_much = np.cumsum(binomial_crossings(units, upper=bolder, lower=None, rate=0.1).upper)
        assert too_much[k] > spent[k]


def test_exact_looks_by_hand_and_by_listing_every_stream() -> None:
    limits = exact_limits([3, 6], [0.05, 0.2], rate=0.3)
    wrong = 0.0
    for stream in product((0, 1), repeat=6):
        chance = math.prod(0.3 if hit else 0.7 for hit in stream)
        if sum(stream[:3]) >= limits[0] or sum(stream) >= limits[1]:
            wrong += chance
    assert limits[0] == 3  # 0.027 for three of three, 0.216 for two or more
    assert wrong <= 0.2
    assert exact_limits([2], [0.001], rate=0.5) == (3,)  # not even two of two are rare enough


def test_between_its_looks_nothing_is_read_and_a_rule_that_cannot_signal_says_so() -> None:
    rule = _rule(
        "binomial_group_sequential", parameters={"at_units": (10, 20), "spent": (0.5, 1.0)}
    )
    signals = process_of(rule, np.ones(30)).signals
    assert np.flatnonzero(signals).tolist() == [9, 19]
    silent = _rule("binomial_group_sequential", limit=0.9, parameters=rule.parameters | {})
    few = silent.model_copy(update={"parameters": {"at_units": (2.0,), "spent": (1.0,)}})
    assert process_of(few, np.ones(5)).ended == "cannot_signal"
    tight = _rule("poisson_maxsprt", parameters={"most_units": 3, "least_events": 3}, limit=0.001)
    assert not process_of(tight, np.zeros(3)).signals.any()


def test_net_harm_is_bet_on_as_the_paired_loss_against_the_margin() -> None:
    rule = _rule(counterpart="not standard_of_care.flag", limit=0.1)
    rng = np.random.default_rng(1)
    candidate = (rng.random(200) < 0.5).astype(float)
    soc = (rng.random(200) < 0.2).astype(float)
    process = process_of(rule, candidate - soc)
    by_hand = log_wealth(
        (candidate - soc + 1) / 2, (0.1 + 1) / 2, bets=Bets(0.025), hedge=Hedge(theta=1.0)
    )
    assert process.statistic.tolist() == by_hand.tolist()
    state = harm_watch(HarmRule(0.025, 0.1)).extend(candidate, soc)
    assert isinstance(state, tuple)
    assert process.statistic == pytest.approx(state[1])


def test_what_harms_both_arms_alike_is_no_net_harm() -> None:
    alone = anytime_rule(limit=0.05)
    net = anytime_rule(id="NET", counterpart="not standard_of_care.flag", limit=0.05)
    protocol = _protocol(alone, net)
    pairs = simulate_pairs(protocol, Truth(n=400, candidate_separation=0.3))
    alike = [
        replace(p, candidate=replace(p.candidate, flag=p.standard_of_care.flag)) for p in pairs
    ]
    shares, excess = watch(protocol, arrivals_of(alike)).rules
    assert shares.raised_after is not None
    assert {case.value for case in excess.units.cases} == {0.0}
    assert excess.raised_after is None
    worse = watch(protocol, arrivals_of(pairs)).rules[1]
    values = {p.pair_id: p for p in pairs}
    for case in worse.units.cases:
        pair = values[case.pair_id]
        missed = [not a.flag for a in (pair.candidate, pair.standard_of_care)]
        assert case.value == float(missed[0]) - float(missed[1])


def test_an_endpoints_paired_loss_is_worse_the_larger_it_is() -> None:
    rule = anytime_rule(endpoint="SENS", event=None, among="true", limit=0.0)
    found = _watched(_protocol(rule), Truth(n=300, candidate_separation=0.2)).rules[0]
    net = anytime_rule(counterpart="not standard_of_care.flag", limit=0.0)
    same = _watched(_protocol(net), Truth(n=300, candidate_separation=0.2)).rules[0]
    assert [c.value for c in found.units.cases] == [c.value for c in same.units.cases]
    assert found.process.statistic.tolist() == same.process.statistic.tolist()
    assert found.units.n_unsettled > 0  # non-events are outside of sensitivity


def test_a_loss_without_bounds_is_watched_in_the_order_of_its_own_outcome() -> None:
    base = load(Path(__file__).parents[1] / "support" / "protocols" / "eleven_families.yaml")
    endpoint = next(e for e in base.endpoints if e.measure == "value" and e.outcome == "severity")
    fields: Document = {"endpoint": endpoint.id, "event": None, "among": "true", "limit": 0.5}
    rule = anytime_rule("asymptotic", burn_in=100, unit="subject", **fields)
    document = base.model_dump(mode="json") | {"anytime_safety": [rule]}
    protocol = Protocol.model_validate_json(json.dumps(document))
    pairs = with_further(simulate_pairs(protocol, Truth(n=300)))
    arrivals = arrivals_of(pairs)
    hour = 3_600_000_000
    reversed_order = [
        replace(a, further_at_us={"severity": pairs[-1].arrived_at_us + hour * (1000 - i)})
        for i, a in enumerate(arrivals)
    ]
    (found,) = watch(protocol, reversed_order).rules
    ordinals = [case.ordinal for case in found.units.cases]
    assert ordinals == sorted(ordinals, reverse=True)
    by_id = {p.pair_id: p.further for p in pairs}
    for case in found.units.cases[:20]:
        further = by_id[case.pair_id]
        excess = float(further["severity.candidate"]) - float(further["severity.standard_of_care"])
        assert case.value == pytest.approx(excess)
    unreported = [replace(a, further_at_us={}) for a in arrivals]
    assert not watch(protocol, unreported).rules[0].units.cases


def test_a_group_is_the_average_of_its_rules_with_an_alpha_of_its_own() -> None:
    rules = [anytime_rule(limit=0.02), anytime_rule(id="FLAGS", event="candidate.flag", limit=0.9)]
    group = anytime_group("MISSES", "FLAGS")
    found = _watched(_protocol(*rules, anytime_groups=[group]), Truth(n=300)).groups[0]
    assert found.raised_by is not None
    assert found.statistic >= math.log(50)
    assert "MISSES, FLAGS together" in group_sentence(found)
    quiet = anytime_group("MISSES", "FLAGS", alpha=1e-300)
    assert (
        _watched(_protocol(*rules, anytime_groups=[quiet]), Truth(n=300)).groups[0].raised_by
        is None
    )


def test_e_bh_names_the_harms_that_it_shows() -> None:
    rules = [anytime_rule(limit=0.02), anytime_rule(id="FLAGS", event="candidate.flag", limit=0.9)]
    group = anytime_group("MISSES", "FLAGS", merge="e_bh")
    found = _watched(_protocol(*rules, anytime_groups=[group]), Truth(n=300)).groups[0]
    assert found.shown == ("MISSES",)
    assert "e-BH at 0.02 names MISSES" in group_sentence(found)


def test_e_bh_row_by_row_says_what_it_says_of_each() -> None:
    rng = np.random.default_rng(2)
    log_e = rng.normal(2.5, 2.0, size=(400, 3))
    expected = [any(e_bh(row, 0.05)) for row in log_e.tolist()]
    assert e_bh_shows(log_e, 0.05).tolist() == expected
    assert 0 < sum(expected) < 400


def test_a_mix_read_at_once_is_the_mix_read_one_by_one() -> None:
    shares, fates = [0.7, 0.2, 0.1], np.random.default_rng(3).choice(3, 60).tolist()
    path = fate_mix_log_e(shares, fates, concentration=30)
    state = fate_mix(shares, concentration=30)
    for n, fate in enumerate(fates):
        state = state.extend([int(k == fate) for k in range(3)])
        assert path[n] == pytest.approx(state.log_e, abs=1e-9)
    # By hand: one case of a share of 0.1 under a Dirichlet centred there is no evidence.
    assert fate_mix_log_e(shares, [2], concentration=30)[0] == pytest.approx(0.0, abs=1e-12)


MIX = {"answered": 0.95, "timed_out": 0.02, "other": 0.03}


def _mix(**fields: object) -> FateMixRule:
    return FateMixRule.model_validate(fate_mix_rule(MIX, **fields))


def _with_fates(pairs: Sequence[PairRecord], fates: Sequence[Fate]) -> list[Arrival]:
    hour = 3_600_000_000
    return [
        Arrival(
            replace(p, candidate=replace(p.candidate, fate=fate)),
            p.arrived_at_us + (hour if fate is Fate.TIMED_OUT else 1),
            None,
            asked_at_us=p.arrived_at_us,
        )
        for p, fate in zip(pairs, fates, strict=True)
    ]


def test_a_registered_mix_is_read_in_the_order_of_asking_and_waits_for_slow_ones() -> None:
    pairs = simulate_pairs(_protocol(), Truth(n=40))
    fates = [Fate.TIMED_OUT if i % 4 == 0 else Fate.ANSWERED for i in range(40)]
    arrivals = _with_fates(pairs, fates)
    hour = 3_600_000_000
    found = registered_fates(_mix(), arrivals, longest_us=hour)
    last_end = max(a.candidate_at_us or 0 for a in arrivals)
    ready = sum(p.arrived_at_us <= last_end - hour for p in pairs)
    assert found.n == ready
    assert found.counts["timed_out"] == sum(f is Fate.TIMED_OUT for f in fates[:ready])
    # What is on record before a slow one has ended gives a prefix of the same order.
    early = [a for a in arrivals if (a.candidate_at_us or 0) <= last_end - hour // 2]
    assert registered_fates(_mix(), early, longest_us=hour).n <= found.n


def test_a_mix_that_changed_raises_its_own_alarm_with_the_asking() -> None:
    pairs = simulate_pairs(_protocol(), Truth(n=200))
    fates = [Fate.FAILED if i >= 50 and i % 3 == 0 else Fate.ANSWERED for i in range(200)]
    rule = _mix()
    found = registered_fates(rule, _with_fates(pairs, fates), longest_us=0)
    assert 50 < found.after < 200
    assert found.raised_by is not None
    assert "are not the registered mix (answered 0.95" in mix_sentence(rule, found)
    part = registered_fates(
        rule, _with_fates(pairs[: found.after - 1], fates[: found.after - 1]), longest_us=0
    )
    assert part.raised_by is None


@pytest.mark.slow
def test_the_registered_mix_keeps_its_alpha() -> None:
    rng = np.random.default_rng(6)
    shares = [0.95, 0.02, 0.03]
    n, bound = 4000, math.log(20)
    alarms = sum(
        bool((fate_mix_log_e(shares, row, concentration=100) >= bound).any())
        for row in rng.choice(3, size=(n, 300), p=shares).tolist()
    )
    assert alarms / n <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["betting", "empirical_bernstein", "normal_mixture", "stitched"])
def test_paired_harm_at_its_margin_keeps_alpha(method: str) -> None:
    rng = np.random.default_rng(12)
    rule = _rule(method, counterpart="not standard_of_care.flag", limit=0.1, alpha=0.05)
    n, values = 3000, np.array([-1.0, 0.0, 1.0])
    draws: FloatArray = values[rng.choice(3, size=(n, 250), p=[0.1, 0.7, 0.2])]
    alarms = sum(bool(process_of(rule, row).signals.any()) for row in draws)
    assert alarms / n <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n)


@pytest.mark.slow
def test_groups_keep_their_alpha_under_dependence() -> None:
    rng = np.random.default_rng(13)
    rule, n, alarms = _rule(alpha=0.05), 2000, {"average": 0, "e_bh": 0}
    for _ in range(n):
        u = rng.random(200)
        columns = [process_of(rule, (one < 0.2).astype(float)).statistic for one in (u, 1 - u)]
        log_e = np.column_stack(columns)
        alarms["average"] += bool((averaged(log_e) >= math.log(20)).any())
        alarms["e_bh"] += bool(e_bh_shows(log_e, 0.05).any())
    for count in alarms.values():
        assert count / n <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n)


def test_every_fate_has_a_place_in_a_registered_mix() -> None:
    assert set(FATES) == {fate.value for fate in Fate} - {
        "not_sampled",
        "ineligible",
        "duplicate",
        "pending",
    }


def test_slow_failures_count_when_they_were_asked_and_not_when_they_ended() -> None:
    pairs = simulate_pairs(_protocol(), Truth(n=200))
    fates = [Fate.TIMED_OUT if i < 9 else Fate.ANSWERED for i in range(200)]
    found = registered_fates(_mix(), _with_fates(pairs, fates), longest_us=3_600_000_000)
    assert 0 < found.after <= 9
