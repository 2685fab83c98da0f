"""Laws of anytime-valid monitoring: fair games, limits, states, order and merging."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.monitoring.asymptotic import AsymptoticPlan
from evaluation.monitoring.bernoulli import log_e_of_rate, rate_interval
from evaluation.monitoring.betting import (
    Bets,
    Hedge,
    Wealth,
    bets_of,
    betting_interval,
    betting_sequence,
    hedged_interval,
    log_wealth,
    wealth,
)
from evaluation.monitoring.bounded import LowerLimit, PlugIn, lower_limit, plug_in_sequence
from evaluation.monitoring.harm import HarmRule, harm_watch
from evaluation.monitoring.merging import always_valid_p, averaged, e_bh
from evaluation.monitoring.mixtures import NormalMixture, boundary, tuned_rho
from evaluation.monitoring.multinomial import fate_mix
from evaluation.monitoring.roots import lower_root
from evaluation.monitoring.units import batch_units, subject_units

LAWS = settings(max_examples=500, deadline=None)
ALPHAS = st.floats(0.005, 0.3)
SEEDS = st.integers(0, 2**32 - 1)
HEDGES = st.builds(Hedge, st.floats(0, 1), st.sampled_from(["max", "convex"]))


@st.composite
def streams(draw: st.DrawFn, *, longest: int = 120) -> FloatArray:
    """Values of [0, 1]: events, grades, smooth ones, rare ones, constants."""
    rng = np.random.default_rng(draw(SEEDS))
    n = draw(st.integers(1, longest))
    kind = draw(st.sampled_from(["event", "grade", "smooth", "rare", "constant", "drift"]))
    a, b = rng.uniform(0.5, 20, 2).tolist()
    made: dict[str, FloatArray] = {
        "event": (rng.random(n) < rng.random()).astype(np.float64),
        "grade": rng.integers(0, 3, n) / 2,
        "smooth": rng.beta(a, b, n),
        "rare": (rng.random(n) < 0.03).astype(np.float64),
        "constant": np.full(n, rng.random()),
        "drift": np.clip(np.linspace(0, 1, n) + rng.normal(0, 0.1, n), 0, 1),
    }
    return made[kind]


@st.composite
def alphabets(draw: st.DrawFn) -> tuple[FloatArray, FloatArray]:
    """Two or three values of [0, 1] with their chances."""
    values = draw(st.lists(st.floats(0, 1), min_size=2, max_size=3, unique=True))
    weights = draw(st.lists(st.floats(0.05, 1), min_size=len(values), max_size=len(values)))
    return np.array(values), np.array(weights) / sum(weights)


def every_path(letters: int, length: int) -> FloatArray:
    return np.array(list(itertools.product(range(letters), repeat=length)))


@settings(max_examples=100, deadline=None)
@given(alphabets(), HEDGES, ALPHAS)
def test_wealth_under_the_null_is_one_on_average_over_all_short_paths(
    alphabet: tuple[FloatArray, FloatArray], hedge: Hedge, alpha: float
) -> None:
    values, chances = alphabet
    mean = min(1.0, max(0.0, float(values @ chances)))
    paths = every_path(len(values), 5)
    weights = chances[paths].prod(axis=1)
    bets = Bets(alpha / 2)
    final = [math.exp(log_wealth(values[path], mean, bets=bets, hedge=hedge)[-1]) for path in paths]
    expected = math.fsum(weights * np.array(final))
    assert expected <= 1 + 1e-9
    if hedge.combination == "convex":
        assert expected == pytest.approx(1, abs=1e-9)


@LAWS
@given(st.integers(2, 4), st.floats(0.5, 50), SEEDS, st.integers(1, 6))
def test_the_mix_of_fates_is_a_fair_game_over_all_short_paths(
    fates: int, concentration: float, seed: int, length: int
) -> None:
    shares = np.random.default_rng(seed).dirichlet(np.full(fates, 3.0)) * 0.9 + 0.1 / fates
    start = fate_mix((shares / shares.sum()).tolist(), concentration=concentration)
    total = 0.0
    for counts in itertools.product(range(length + 1), repeat=fates):
        if sum(counts) == length:
            ways = math.lgamma(length + 1) - sum(math.lgamma(c + 1) for c in counts)
            chance = ways + sum(c * math.log(p) for c, p in zip(counts, start.shares, strict=True))
            total += math.exp(chance + start.extend(counts).log_e)
    assert total == pytest.approx(1, abs=1e-9)


@LAWS
@given(st.floats(0.01, 0.99), st.integers(1, 12), ALPHAS, st.booleans())
def test_a_rate_process_is_fair_at_its_rate(
    rate: float, n: int, alpha: float, one_sided: bool
) -> None:
    tuned = (50.0, alpha / 2)
    total = math.fsum(
        math.comb(n, k)
        * rate**k
        * (1 - rate) ** (n - k)
        * math.exp(log_e_of_rate(k, n, rate, tuned=tuned, one_sided=one_sided))
        for k in range(n + 1)
    )
    assert total == pytest.approx(1, abs=1e-7)


@LAWS
@given(streams(), st.data(), HEDGES, ALPHAS)
def test_wealth_in_parts_equals_wealth_at_once(
    x: FloatArray, data: st.DataObject, hedge: Hedge, alpha: float
) -> None:
    cut = data.draw(st.integers(0, len(x)))
    start = wealth(Bets(alpha), hedge, np.array([0.0, 0.2, 0.5, 0.9, 1.0]))
    assume(0 < hedge.theta < 1)
    whole, joint = start.extend(x)
    state: Wealth = start
    parts = []
    for part in (x[:cut], x[cut:]):
        state, now = state.extend(part)
        parts.append(now)
    assert np.concatenate(parts).tolist() == joint.tolist()
    assert state.above.tolist() == whole.above.tolist()
    assert state.moments == whole.moments


@LAWS
@given(streams(), st.data(), ALPHAS, st.sampled_from(["empirical_bernstein", "hoeffding"]))
def test_a_plug_in_limit_in_parts_equals_the_limit_at_once(
    x: FloatArray, data: st.DataObject, alpha: float, penalty: str
) -> None:
    plan = PlugIn("hoeffding" if penalty == "hoeffding" else "empirical_bernstein")
    cut = data.draw(st.integers(0, len(x)))
    whole, limits = lower_limit(plan, alpha).extend(x)
    state: LowerLimit = lower_limit(plan, alpha)
    parts = []
    for part in (x[:cut], x[cut:]):
        state, now = state.extend(part)
        parts.append(now)
    assert np.concatenate(parts).tolist() == limits.tolist()
    assert state == whole


@LAWS
@given(streams(longest=90), ALPHAS)
def test_running_limits_are_the_largest_root_so_far(x: FloatArray, alpha: float) -> None:
    found = betting_sequence(x, alpha=alpha, side="lower").low
    bet = bets_of(x, Bets(alpha))
    goal = -math.log(alpha)
    at = sorted({len(x), len(x) // 2 + 1, len(x) // 3 + 1})
    for t in at:
        root = lower_root(x[:t], bet[:t], cap=0.5, goal=goal)
        assert found[t - 1] >= root - 1e-11
    every = [lower_root(x[:t], bet[:t], cap=0.5, goal=goal) for t in range(1, at[0] + 1)]
    assert found[at[0] - 1] == pytest.approx(max(every), abs=1e-11)


@LAWS
@given(streams(), ALPHAS)
def test_a_mean_lies_beyond_the_limits_exactly_when_its_wealth_reached_the_goal(
    x: FloatArray, alpha: float
) -> None:
    means = np.linspace(0.02, 0.98, 25)
    found = betting_sequence(x, alpha=alpha, side="two_sided")
    highest = wealth(Bets(alpha / 2), Hedge(), means).extend(x)[0].highest
    near = np.abs(highest + math.log(alpha)) < 1e-8
    outside = (means <= found.low[-1]) | (means >= found.high[-1])
    assert bool(((highest >= -math.log(alpha)) == outside)[~near].all())


@settings(max_examples=150, deadline=None)
@given(streams(longest=60), ALPHAS)
def test_roots_and_nets_find_the_same_limits(x: FloatArray, alpha: float) -> None:
    found = betting_sequence(x, alpha=alpha, side="two_sided")
    net = hedged_interval(x, alpha=alpha, hedge=Hedge())
    if net is None:
        assert found.high[-1] - found.low[-1] < 1 / 256
    else:
        assert net == pytest.approx((found.low[-1], found.high[-1]), abs=1e-9)
        joined = hedged_interval(x, alpha=alpha, hedge=Hedge(combination="convex"))
        assert joined is None or net[0] - 1e-9 <= joined[0] <= joined[1] <= net[1] + 1e-9


@LAWS
@given(streams(longest=80), SEEDS, st.data(), st.floats(0, 0.5), ALPHAS)
def test_a_harm_watch_is_one_sided_wealth_and_forgets_its_past(
    x: FloatArray, seed: int, data: st.DataObject, margin: float, alpha: float
) -> None:
    other = np.random.default_rng(seed).permutation(x)
    cut = data.draw(st.integers(0, len(x)))
    rule = HarmRule(alpha, margin * 4, loss_range=(-1.0, 3.0))
    losses = np.clip(4 * x - 1, -1, 3), np.clip(4 * other - 1, -1, 3)
    at_once = harm_watch(rule).extend(*losses)
    assert not isinstance(at_once, NotEvaluable)
    whole, log_e = at_once
    state = harm_watch(rule)
    for part in (slice(0, cut), slice(cut, None)):
        extended = state.extend(losses[0][part], losses[1][part])
        assert not isinstance(extended, NotEvaluable)
        state = extended[0]
    assert state.signalled_at == whole.signalled_at
    assert state.log_e == whole.log_e
    first = np.flatnonzero(log_e >= -math.log(alpha))
    assert whole.signalled_at == (int(first[0]) + 1 if first.size else None)
    assert (whole.p_value <= alpha * (1 + 1e-12)) == (whole.signalled_at is not None)
    lower = betting_sequence((x - other + 1) / 2, alpha=alpha, side="lower").low[-1]
    assert (2 * lower - 1 >= margin - 1e-9) or whole.signalled_at is None


@LAWS
@given(streams(), ALPHAS)
def test_turning_values_round_turns_both_limits_round(x: FloatArray, alpha: float) -> None:
    for made in (betting_sequence, plug_in_sequence):
        one, other = (made(v, alpha=alpha, side="two_sided") for v in (x, 1 - x))
        assert other.high == pytest.approx(1 - one.low, abs=1e-9)
        assert other.low == pytest.approx(1 - one.high, abs=1e-9)


@LAWS
@given(streams(), ALPHAS)
def test_two_sided_limits_are_two_one_sided_ones_at_half_the_error(
    x: FloatArray, alpha: float
) -> None:
    for made in (betting_sequence, plug_in_sequence):
        two = made(x, alpha=alpha, side="two_sided")
        low = made(x, alpha=alpha / 2, side="lower")
        high = made(x, alpha=alpha / 2, side="upper")
        assert two.low.tolist() == low.low.tolist()
        assert two.high.tolist() == high.high.tolist()
        assert bool((low.high == 1).all())
        assert bool((high.low == 0).all())


@LAWS
@given(streams(), ALPHAS)
def test_limits_of_the_moment_surround_their_estimate(x: FloatArray, alpha: float) -> None:
    found = plug_in_sequence(x, alpha=alpha, side="two_sided", intersect=False)
    assert bool((found.low <= found.high).all())
    assert found.empty_from is None
    low, high = betting_interval(x, alpha=alpha, side="two_sided")
    assert -1e-12 <= low <= high <= 1 + 1e-12


@LAWS
@given(st.integers(0, 400), st.integers(0, 400), ALPHAS)
def test_a_rate_interval_surrounds_the_share_and_widens_with_confidence(
    events: int, others: int, alpha: float
) -> None:
    n = events + others
    assume(n > 0)
    low, high = rate_interval(events, n, alpha=alpha, tuned=(100, 0.05))
    assert low <= events / n <= high
    wider = rate_interval(events, n, alpha=alpha / 4, tuned=(100, 0.05))
    assert wider[0] <= low + 1e-12
    assert wider[1] >= high - 1e-12


@LAWS
@given(SEEDS, st.integers(1, 60), ALPHAS)
def test_rows_of_a_batch_may_come_in_any_order(seed: int, n: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    values, subject = rng.random(n), rng.integers(0, 12, n)
    batch = np.sort(rng.integers(0, 4, n))
    shuffled = rng.permutation(n)
    units = subject_units(values, subject, batch)
    again = subject_units(values[shuffled], subject[shuffled], batch[shuffled])
    assert units.values.tolist() == again.values.tolist()
    assert units.n_left_out == again.n_left_out
    first = {who: int(batch[subject == who].min()) for who in set(subject.tolist())}
    order = sorted(first, key=lambda who: (first[who], who))  # by batch and label, never by value
    assert units.batch.tolist() == [first[who] for who in order]
    means = [values[(subject == who) & (batch == first[who])].mean() for who in order]
    assert units.values == pytest.approx(means, abs=1e-12)
    assert len(units.values) == len(set(subject.tolist()))
    relabelled = subject_units(values, 11 - subject, batch)
    pooled = batch_units(units).values
    assert batch_units(relabelled).values == pytest.approx(pooled, abs=1e-12)
    one = betting_sequence(units.values, alpha=alpha, side="lower")
    two = betting_sequence(again.values, alpha=alpha, side="lower")
    assert one.low.tolist() == two.low.tolist()


@LAWS
@given(st.lists(st.floats(-40, 40), min_size=1, max_size=8), ALPHAS)
def test_merged_evidence_lies_between_its_parts_and_e_bh_shows_the_largest(
    log_e: list[float], alpha: float
) -> None:
    values = np.array(log_e)
    merged = float(averaged(values))
    assert values.min() - 1e-9 <= merged <= values.max() + 1e-9
    assert merged == pytest.approx(math.log(math.fsum(np.exp(values)) / len(values)), abs=1e-9)
    shown = np.array(e_bh(log_e, alpha))
    k = int(shown.sum())
    if k:
        assert values[shown].min() >= math.log(len(values) / (k * alpha)) - 1e-12
        assert k == len(values) or values[~shown].max() < values[shown].min()
    # Whoever Bonferroni would show is shown.
    assert bool(shown[values >= math.log(len(values) / alpha)].all())
    p = always_valid_p(values)
    assert bool((np.diff(p) <= 0).all())


@LAWS
@given(st.floats(0.1, 1e4), ALPHAS, st.floats(1, 1e3), st.booleans())
def test_a_normal_boundary_is_met_by_its_own_process(
    v: float, alpha: float, v_opt: float, one_sided: bool
) -> None:
    mixture = NormalMixture(tuned_rho(v_opt, alpha, one_sided=one_sided), one_sided)
    bound = boundary(mixture, np.array([v]), alpha)
    assert float(mixture.log_e(bound, np.array([v]))[0]) == pytest.approx(-math.log(alpha))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["event", "rare", "smooth"])
def test_limits_rarely_exclude_the_truth_at_any_time(kind: str) -> None:
    """Ville: 2,000 streams of 2,000 cases, looked at after each; 5 % and four standard errors."""
    rng = np.random.default_rng(11)
    truth = {"event": 0.4, "rare": 0.03, "smooth": 2 / 7}[kind]
    misses = dict.fromkeys(("betting", "plug_in"), 0)
    for _ in range(2000):
        events = (rng.random(2000) < truth).astype(np.float64)
        x = rng.beta(2, 5, 2000) if kind == "smooth" else events
        highest = wealth(Bets(0.025), Hedge(), np.array([truth])).extend(x)[0].highest[0]
        misses["betting"] += highest >= math.log(20)
        found = plug_in_sequence(x, alpha=0.05, side="two_sided")
        misses["plug_in"] += bool(found.low[-1] > truth or found.high[-1] < truth)
    assert max(misses.values()) <= 2000 * (0.05 + 4 * math.sqrt(0.05 * 0.95 / 2000))


def _asymptotic_misses(x: FloatArray, mean: float, burn_in: int) -> float:
    """Share of rows whose two-sided 95 % sequence leaves `mean` at any time from the burn-in on."""
    n = np.arange(1, x.shape[1] + 1)
    plan = AsymptoticPlan(0.05, 500, 2, one_sided=False)
    critical = np.array([plan.critical(k) for k in n.tolist()])
    centre = x.cumsum(axis=1) / n
    spread = (x**2).cumsum(axis=1) / n - centre**2
    z = np.abs(centre - mean) / np.sqrt(np.maximum(spread, 1e-12) / np.maximum(n - 1, 1))
    return float((z > critical)[:, burn_in - 1 :].any(axis=1).mean())


@pytest.mark.slow
def test_an_asymptotic_sequence_needs_a_late_burn_in_and_is_not_for_rare_events() -> None:
    rng = np.random.default_rng(2)
    allowed = 0.05 + 4 * math.sqrt(0.05 * 0.95 / 2000)
    assert _asymptotic_misses(rng.normal(size=(2000, 2000)), 0.0, 100) < allowed
    assert _asymptotic_misses(rng.exponential(size=(2000, 2000)), 1.0, 100) < allowed
    rare = (rng.random((2000, 2000)) < 0.05).astype(np.float64)
    assert _asymptotic_misses(rare, 0.05, 50) > 0.1
