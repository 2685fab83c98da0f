"""Safety between looks: each method on worked streams, order, units, merging, the mirror's mix."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.monitoring.betting import Bets, Hedge, log_wealth
from evaluation.monitoring.bounded import plug_in_log_e, plug_in_sequence
from evaluation.monitoring.mix_change import mix_change_log_e
from evaluation.safety_processes import process_of
from evaluation.safety_watch import Watched, fate_watch, registered_fates, watch
from gateway.store.arrivals import Arrival
from protocols.errors import UsageError
from protocols.methods.anytime import ANYTIME
from protocols.schema import AnytimeRule, FateMixRule, Protocol
from protocols.vocabulary import OutcomeState
from tests.support.between_looks import FATES, PARAMETERS, anytime_rule, arrivals_of, fate_mix_rule
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import START_US, Truth, simulate_pairs

METHODS = sorted(PARAMETERS)


def _rule(method: str = "betting", **fields: object) -> AnytimeRule:
    return AnytimeRule.model_validate(anytime_rule(method, **fields))


def _protocol(*rules: Document) -> Protocol:
    return example_protocol(lambda document: document.update(anytime_safety=list(rules)))


def _stream(share: float, n: int, seed: int = 3) -> FloatArray:
    return (np.random.default_rng(seed).random(n) < share).astype(np.float64)


def test_every_method_of_the_schema_has_its_parameters_and_its_process() -> None:
    assert sorted(ANYTIME) == METHODS
    for method, parameters in ANYTIME.items():
        assert {p.name for p in parameters} == set(PARAMETERS[method])
        assert len(process_of(_rule(method), _stream(0.2, 30)).statistic) == 30


@pytest.mark.parametrize("method", METHODS)
def test_every_method_signals_a_share_far_above_its_limit(method: str) -> None:
    process = process_of(_rule(method), _stream(0.7, 150))
    assert process.signals.any()


@pytest.mark.parametrize("method", METHODS)
def test_no_method_signals_a_share_far_below_its_limit(method: str) -> None:
    assert not process_of(_rule(method), _stream(0.02, 200)).signals.any()


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_signalled_before_the_burn_in(method: str) -> None:
    signals = process_of(_rule(method, burn_in=60), np.ones(100)).signals
    assert not signals[:59].any()
    assert signals[59] or method in {"sprt", "asymptotic"}


@pytest.mark.parametrize("method", METHODS)
def test_no_outcomes_are_no_alarm(method: str) -> None:
    process = process_of(_rule(method), np.zeros(0))
    assert len(process.statistic) == len(process.signals) == 0


@pytest.mark.parametrize("method", METHODS)
def test_what_follows_changes_nothing_that_was(method: str) -> None:
    x = _stream(0.35, 120)
    whole, half = process_of(_rule(method), x), process_of(_rule(method), x[:60])
    assert whole.statistic[:60].tolist() == half.statistic.tolist()
    assert whole.signals[:60].tolist() == half.signals.tolist()


def test_betting_is_the_one_sided_e_process_at_the_limit() -> None:
    x = _stream(0.4, 80)
    expected = log_wealth(x, 0.2, bets=Bets(0.025), hedge=Hedge(theta=1.0))
    assert process_of(_rule(), x).statistic.tolist() == expected.tolist()
    assert process_of(_rule(), x).bound == pytest.approx(math.log(40))


def test_empirical_bernstein_signals_where_its_lower_limit_passes_the_limit() -> None:
    x = _stream(0.5, 150)
    low = plug_in_sequence(x, alpha=0.025, side="lower", intersect=False).low
    above = plug_in_log_e(x, 0.2, alpha=0.025) >= math.log(40)
    assert above.any()
    assert above.tolist() == (low >= 0.2).tolist()


def test_a_sequential_test_that_has_kept_the_limit_signals_no_more() -> None:
    x = np.concatenate([np.zeros(60), np.ones(60)])
    process = process_of(_rule("sprt"), x)
    assert process.ended == "limit_kept"
    assert not process.signals.any()


@pytest.mark.parametrize("method", ["poisson_maxsprt", "binomial_maxsprt", "sprt"])
def test_behind_its_horizon_a_rule_is_over(method: str) -> None:
    x = np.concatenate([_stream(0.15, 200), np.ones(100)])
    process = process_of(_rule(method), x)
    assert process.ended in {"horizon", "limit_kept"}
    assert not process.signals[200:].any()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_false_alarms_stay_below_alpha_at_the_limit(method: str) -> None:
    rng = np.random.default_rng(11)
    rule = _rule(method, alpha=0.05, burn_in=5)
    n = 4000
    if method == "asymptotic":  # for values without bounds; events belong to the others
        streams = rng.exponential(0.2, size=(n, 200))
    else:
        streams = (rng.random((n, 200)) < 0.2).astype(float)
    alarms = sum(bool(process_of(rule, row).signals.any()) for row in streams)
    assert alarms / n <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / n)


def _only(protocol: Protocol, arrivals: Sequence[Arrival]) -> Watched:
    (found,) = watch(protocol, arrivals).rules
    return found


def test_outcomes_enter_as_they_arrived_and_not_as_their_requests_did() -> None:
    protocol = _protocol(anytime_rule(among="true"))
    pairs = simulate_pairs(protocol, Truth(n=120))
    arrivals = arrivals_of(pairs, late=40)
    entered = [case.entered_at_us for case in _only(protocol, arrivals).units.cases]
    assert entered == sorted(entered)
    by_request = [case.ordinal for case in _only(protocol, arrivals).units.cases]
    assert by_request != sorted(by_request)
    assert _only(protocol, list(reversed(arrivals))).units == _only(protocol, arrivals).units


def test_an_alarm_names_the_pair_and_the_moment_and_stays() -> None:
    protocol = _protocol(anytime_rule(limit=0.02))
    pairs = simulate_pairs(protocol, Truth(n=300, candidate_separation=0.3))
    arrivals = arrivals_of(pairs)
    found = _only(protocol, arrivals)
    unit = found.raised_by
    assert found.raised_after is not None
    assert unit is not None
    until = [a for a in arrivals if (a.entered_at_us or 0) <= unit.entered_at_us]
    assert _only(protocol, until).raised_by == unit
    assert _only(protocol, until[:-1]).raised_by is None


def test_a_pending_pair_and_an_unknown_outcome_are_no_case() -> None:
    protocol = _protocol(anytime_rule(among="true"))
    pairs = simulate_pairs(protocol, Truth(n=100, pending=7, missing_outcome_share=0.2))
    known = [p for p in pairs[:93] if p.outcome_state is OutcomeState.ASCERTAINED]
    assert len(_only(protocol, arrivals_of(pairs)).units.cases) == len(known)


def test_a_candidate_without_an_answer_has_flagged_nothing() -> None:
    protocol = _protocol(anytime_rule())
    pairs = simulate_pairs(protocol, Truth(n=60, candidate_failure_share=1.0))
    assert {case.value for case in _only(protocol, arrivals_of(pairs)).units.cases} == {1.0}


def test_a_subject_is_one_case_and_comes_back_as_none() -> None:
    protocol = _protocol(anytime_rule(among="true", unit="subject"))
    pairs = simulate_pairs(protocol, Truth(n=90, pairs_per_subject=3))
    together = [Arrival(p, START_US, START_US + 1000 * (i // 3) + 1) for i, p in enumerate(pairs)]
    found = _only(protocol, together)
    assert len(found.units.cases) == 30
    assert found.units.n_left_out == 0
    flags = [p.candidate.flag is not True for p in pairs]
    assert found.units.cases[4].value == pytest.approx(sum(flags[12:15]) / 3)
    apart = [Arrival(p, START_US, START_US + 1 + i) for i, p in enumerate(pairs)]
    alone = _only(protocol, apart)
    assert alone.units.n_left_out == 60
    assert [case.value for case in alone.units.cases] == [float(f) for f in flags[::3]]


def test_a_method_that_counts_takes_the_earliest_pair_of_a_subject() -> None:
    protocol = _protocol(anytime_rule("poisson_maxsprt", among="true", unit="subject"))
    pairs = simulate_pairs(protocol, Truth(n=90, pairs_per_subject=3))
    together = [Arrival(p, START_US, START_US + 1000 * (i // 3) + 1) for i, p in enumerate(pairs)]
    cases = _only(protocol, together).units.cases
    assert [c.value for c in cases] == [float(p.candidate.flag is not True) for p in pairs[::3]]


def test_several_harms_are_merged_by_their_average_at_every_moment() -> None:
    rules = [anytime_rule(), anytime_rule(id="OTHER", event="candidate.flag", limit=0.3)]
    protocol = _protocol(*rules, anytime_rule("sprt", id="COUNTS"))
    pairs = simulate_pairs(protocol, Truth(n=200))
    found = watch(protocol, arrivals_of(pairs))
    assert found.merged is not None
    assert found.merged.rules == ("MISSES", "OTHER")
    ends = [math.exp(one.process.statistic[-1]) for one in found.rules[:2]]
    assert math.exp(found.merged.log_e) == pytest.approx(sum(ends) / 2)
    assert 0 < found.merged.p_value <= 1


def test_a_mirror_whose_fates_change_is_noticed_and_one_whose_do_not_is_not() -> None:
    protocol = _protocol()
    steady = simulate_pairs(protocol, Truth(n=900, candidate_failure_share=0.05))
    broken = simulate_pairs(protocol, Truth(n=900, candidate_failure_share=0.5, seed=2))
    assert fate_watch(arrivals_of(steady)).p_value > 0.05
    drifted = [replace(p, ordinal=i) for i, p in enumerate((*steady[:450], *broken[450:]))]
    found = fate_watch(arrivals_of(drifted))
    assert found.p_value < 1e-4
    assert found.n == 900
    assert sum(found.counts.values()) == 900


def test_registered_shares_are_held_to_exactly() -> None:
    protocol = _protocol()
    pairs = simulate_pairs(protocol, Truth(n=500, candidate_failure_share=0.3))
    shares = (0.93, *(0.01,) * 7)
    mix = FateMixRule.model_validate(fate_mix_rule(dict(zip(FATES, shares, strict=True))))
    found = registered_fates(mix, arrivals_of(pairs), longest_us=0)
    assert found.p_value < 1e-6
    assert found.against == "registered"
    assert 0 < found.after < 500


def test_the_change_of_a_mix_by_hand() -> None:
    # Window 0, 0; then 1: KT(2,0) = 3/8, KT(0,1) = 1/2; one mix of (2,1) gives at most 4/27.
    log_e = mix_change_log_e([0, 0, 1], kinds=2, window=2)
    assert log_e.tolist() == pytest.approx([math.log(3 / 8 / 2 / (4 / 27))])
    assert len(mix_change_log_e([0, 1], kinds=2, window=2)) == 0
    with pytest.raises(UsageError):
        mix_change_log_e([2], kinds=2, window=1)


@pytest.mark.slow
def test_the_change_of_a_mix_keeps_its_error_whatever_the_mix() -> None:
    rng = np.random.default_rng(5)
    for shares in ((0.98, 0.01, 0.01), (0.5, 0.3, 0.2)):
        streams = rng.choice(3, size=(1500, 400), p=shares)
        paths = [mix_change_log_e(row, kinds=3, window=50) for row in streams.tolist()]
        share = np.mean([path.max() >= math.log(20) for path in paths])
        assert share <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1500)
