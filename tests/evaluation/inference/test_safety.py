"""Safety analyses: worked numbers, refusals, and what a protocol can ask."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Findings, NotEvaluable
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.safety import bounds, words
from evaluation.inference.safety.bounds import clustered_bounds
from evaluation.inference.safety.posterior import beta_posterior
from protocols.errors import UsageError


def _rows(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    cluster: IntArray | None = None,
    exposure: float = 1.0,
) -> Rows:
    """Pairs that all have the event; an arm's flag is right where its value is 1."""
    n = len(candidate)
    return Rows(
        candidate=candidate.astype(float),
        standard_of_care=standard_of_care.astype(float),
        outcome=np.ones(n, dtype=np.bool_),
        known=np.ones(n, dtype=np.bool_),
        cluster=np.arange(n) if cluster is None else cluster,
        clustered=cluster is not None,
        candidate_score=np.full(n, np.nan),
        standard_of_care_score=np.full(n, np.nan),
        candidate_flag=candidate == 1,
        standard_of_care_flag=standard_of_care == 1,
        extra={"exposure": np.full(n, exposure)},
    )


def _asked(interval: str = "upper", *, measure: str = "sensitivity", **parameters: object) -> Asked:
    fixed = {"measure": measure, "harm": "endpoint", "limit": 0.03}
    return Asked(level=0.95, interval=interval, parameters=fixed | parameters)  # type: ignore[arg-type]


def _found(word: str, rows: Rows, asked: Asked) -> Findings:
    found = words.ESTIMATORS[word].run(rows, asked)
    assert isinstance(found, Findings), found
    return found


RIGHT = np.ones(100)


def test_no_harm_in_a_hundred_pairs_is_the_rule_of_three() -> None:
    share = _found("exact_share_bound", _rows(RIGHT, RIGHT), _asked()).named("candidate_share")
    assert share.high == pytest.approx(0.0295130496)
    assert share.p_value == pytest.approx(0.0475525079)
    assert (share.low, share.estimate) == (0.0, 0.0)


@pytest.mark.parametrize("interval", ["upper", "lower", "two_sided"])
def test_a_two_sided_interval_spends_half_on_each_side(interval: str) -> None:
    """R 4.2.2 binom.test(7, 100) with alternative less, greater and two-sided."""
    rows = _rows(np.r_[np.zeros(7), np.ones(93)], RIGHT)
    share = _found("exact_share_bound", rows, _asked(interval)).named("candidate_share")
    low, high = {
        "upper": (0.0, 0.127458015583),
        "lower": (0.0333119156176, 1.0),
        "two_sided": (0.0286053, 0.1389201),
    }[interval]
    assert (share.low, share.high) == pytest.approx((low, high), abs=1e-5)


def test_a_harm_is_what_the_protocol_says() -> None:
    rows = _rows(np.r_[np.zeros(7), np.ones(93)], RIGHT)
    missed = _found("exact_share_bound", rows, _asked(harm="missed_event"))
    assert missed.named("candidate_share").estimate == 0.07
    wrong = _found("exact_share_bound", rows, _asked(measure="ppv"))
    assert wrong.named("candidate_share").estimate == 0.07


def test_harm_that_no_pair_can_have_is_refused() -> None:
    run = words.ESTIMATORS["exact_share_bound"].run
    found = run(_rows(RIGHT, RIGHT), _asked(harm="false_alarm"))
    assert isinstance(found, NotEvaluable)
    assert found.code == "one_class"


@pytest.mark.parametrize("word", ["exact_share_bound", "exact_rate_bound", "net_discordant_harm"])
def test_nobody_has_no_answer(word: str) -> None:
    nobody = _rows(np.array([]), np.array([]))
    found = words.ESTIMATORS[word].run(nobody, _asked(odds_margin=2.0))
    assert isinstance(found, NotEvaluable)
    assert found.code == "no_pairs"


def test_values_that_are_no_harm_are_refused() -> None:
    rows, part = _rows(RIGHT, 0.5 * RIGHT), _asked(measure="value")
    for word, asked, code in (
        ("exact_share_bound", _asked(), "values_not_binary"),
        ("exact_rate_bound", part, "counts_not_whole"),
    ):
        found = words.ESTIMATORS[word].run(rows, asked)
        assert isinstance(found, NotEvaluable)
        assert found.code == code


def test_a_rate_has_poisson_bounds_of_events_over_exposure() -> None:
    """R 4.2.2 poisson.test(12, 95.4, alternative='less', conf.level=0.975)."""
    counts = np.r_[np.full(6, 2.0), np.zeros(94)]
    rows = _rows(counts, 0 * counts, exposure=0.954)
    rate = _found("exact_rate_bound", rows, _asked("two_sided", measure="value", limit=0.02))
    assert rate.named("candidate_rate").high == pytest.approx(0.219723113712547)
    assert rate.named("candidate_rate").p_value == pytest.approx(0.999999877667212)
    assert rate.named("standard_of_care_rate").low == 0


def test_a_pair_without_exposure_has_no_rate() -> None:
    for exposure in (0.0, np.nan):
        rows = _rows(RIGHT, RIGHT, exposure=exposure)
        found = words.ESTIMATORS["exact_rate_bound"].run(rows, _asked())
        assert isinstance(found, NotEvaluable)
        assert found.code == "exposure_missing"


def test_events_that_come_together_widen_the_bounds_of_a_rate() -> None:
    subjects = np.repeat(np.arange(20), 5)
    counts = np.where(subjects < 3, 2.0, 0.0)
    asked = _asked("two_sided", measure="value", limit=0.1)
    clustered = _found("exact_rate_bound", _rows(counts, counts, cluster=subjects), asked)
    plain = _found("exact_rate_bound", _rows(counts, counts), asked)
    one, other = clustered.named("candidate_rate"), plain.named("candidate_rate")
    assert one.estimate == other.estimate
    assert one.low is not None
    assert other.low is not None
    assert one.high is not None
    assert other.high is not None
    assert one.low < other.low < other.high < one.high
    assert clustered.warnings


def test_net_harm_of_nine_against_four() -> None:
    """R 4.2.2 binom.test(9, 13, alternative='greater')."""
    rows = _rows(np.r_[np.zeros(9), np.ones(91)], np.r_[np.ones(9), np.zeros(4), np.ones(87)])
    found = _found("net_discordant_harm", rows, _asked(odds_margin=2.0))
    assert found.named("candidate_share").p_value == pytest.approx(0.1334228515625)
    assert found.named("odds_below_margin").p_value == pytest.approx(0.677575999342668)
    assert (found.named("candidate_only").estimate, found.n_pairs) == (9, 100)


def test_without_discordant_harm_there_is_no_evidence() -> None:
    found = _found("net_discordant_harm", _rows(RIGHT, RIGHT), _asked(odds_margin=2.0))
    assert found.named("candidate_share").p_value == 1
    assert found.named("candidate_share").estimate is None
    assert found.named("odds_below_margin").reason is not None


def test_a_subject_who_comes_back_counts_once_in_net_harm() -> None:
    subjects = np.repeat(np.arange(20), 5)
    harmed = np.where(subjects < 3, 0.0, 1.0)
    rows = _rows(harmed, RIGHT, cluster=subjects)
    found = _found("net_discordant_harm", rows, _asked(odds_margin=2.0))
    assert found.named("candidate_only").estimate == 3
    assert found.named("candidate_share").p_value == pytest.approx(1 / 8)


def _severity(weights: tuple[float, ...] = (0.0, 1.0, 10.0)) -> Asked:
    grades = (0.0, 1.0, 2.0)
    return _asked("linearised", measure="value", grades=grades, weights=weights, margin=0.5)


def test_severity_is_weighed_as_registered() -> None:
    candidate, soc = np.array([0.0, 1, 2, 0, 0, 1]), np.array([0.0, 2, 2, 0, 1, 1])
    found = _found("severity_weighted_harm", _rows(candidate, soc), _severity())
    assert found.named("candidate_severity").estimate == pytest.approx(2.0)
    assert found.named("severity_difference").estimate == pytest.approx(-10 / 6)


def test_a_severity_without_weight_is_refused() -> None:
    run = words.ESTIMATORS["severity_weighted_harm"].run
    for candidate, soc in ((np.array([3.0, 1]), np.ones(2)), (np.ones(2), np.array([0.0, 7]))):
        found = run(_rows(candidate, soc), _severity())
        assert isinstance(found, NotEvaluable)
        assert found.code == "severity_without_weight"
    same = run(_rows(RIGHT, RIGHT), _severity())
    assert isinstance(same, NotEvaluable)
    assert same.code == "no_discordant_pairs"
    with pytest.raises(UsageError):
        run(_rows(RIGHT, RIGHT), _severity(weights=(1.0,)))


def _posterior(of: str, *, prior_a: float = 1, limit: float = 0.05) -> Asked:
    return _asked("credible", of=of, prior_a=prior_a, prior_b=1, limit=limit)


def test_a_posterior_of_no_harm_in_sixty_under_a_uniform_prior() -> None:
    """R 4.2.2 pbeta(0.05, 1, 61)."""
    found = _found("posterior_harm", _rows(RIGHT[:60], RIGHT[:60]), _posterior("candidate_harm"))
    assert found.named("probability_below").estimate == pytest.approx(0.956233690962396)
    assert found.named("posterior_mean").high == pytest.approx(0.0586812239322926)


def test_a_posterior_of_repeated_subjects_knows_less() -> None:
    subjects = np.repeat(np.arange(12), 5)
    rows = _rows(RIGHT[:60], RIGHT[:60], cluster=subjects)
    found = _found("posterior_harm", rows, _posterior("standard_of_care_harm"))
    known = beta_posterior(0, 12, prior=(1, 1), limit=0.05, level=0.95).below
    assert found.named("probability_below").estimate == pytest.approx(known)


def test_a_posterior_of_discordant_harm_starts_from_its_prior() -> None:
    asked = _posterior("discordant_harm", limit=0.5)
    found = _found("posterior_harm", _rows(RIGHT, RIGHT), asked)
    assert found.named("probability_below").estimate == pytest.approx(0.5)


def test_requests_without_sense_are_refused() -> None:
    rows = _rows(RIGHT, RIGHT)
    for word, asked in (
        ("exact_share_bound", _asked("wald")),
        ("exact_share_bound", _asked(limit=0.0)),
        ("exact_share_bound", _asked(harm="regret")),
        ("exact_rate_bound", _asked(limit=0.0)),
        ("net_discordant_harm", _asked(odds_margin=0.0)),
        ("posterior_harm", _posterior("everything")),
        ("posterior_harm", _posterior("candidate_harm", prior_a=0.0)),
    ):
        with pytest.raises(UsageError):
            words.ESTIMATORS[word].run(rows, asked)


def test_the_effective_number_by_a_second_route() -> None:
    """Variance from statsmodels' clustered regression, critical values from scipy's t."""
    cluster = np.repeat(np.arange(12), [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])
    events = (np.arange(42) % 5 == 0).astype(np.int64) | (cluster == 4)
    n, k, share = 42, 12, events.mean()
    fit = sm.OLS(events, np.ones(n)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    observed = fit.bse[0] ** 2 * n / (share * (1 - share))
    sizes = np.bincount(cluster)
    bearing = min(
        own.sum() ** 2 / (own**2).sum()
        for own in (sizes[np.isin(np.arange(k), cluster[events == e])] for e in (0, 1))
    )
    largest = (sizes**2).sum() / n
    effect = (bearing * observed + 2 * max(observed, largest)) / (bearing + 2)
    shrink = (stats.t.ppf(0.95, n - 1) / stats.t.ppf(0.95, k - 1)) ** 2
    assert observed > 1
    found = clustered_bounds(events, cluster, 0.95)
    assert found.size == pytest.approx(n / effect * shrink, rel=1e-9)


def _sizes(kind: str, k: int, rng: np.random.Generator) -> IntArray:
    """How often each of k subjects comes."""
    match kind:
        case "5 each":
            sizes = np.full(k, 5)
        case "20 each":
            sizes = np.full(k, 20)
        case "1 to 7":
            sizes = rng.integers(1, 8, k)
        case _:
            often = np.minimum(1 + 3 * rng.geometric(0.15, k), 80)
            sizes = np.where(rng.random(k) < 0.4, often, 1)
    return sizes.astype(np.int64)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", ["5 each", "20 each", "1 to 7", "skewed"])
@pytest.mark.parametrize("k", [10, 20, 40, 120])
@pytest.mark.parametrize("limit", [0.02, 0.1, 0.3])
def test_bounds_between_subjects_err_no_more_often_than_registered(
    sizes: str, k: int, limit: float
) -> None:
    """Shares on the limit, beta between subjects with intraclass correlation 0.1 to 0.6.

    One-sided 2.5 %; 2,000 runs have a standard error of 0.35 %.
    """
    rng, runs = np.random.default_rng(17), 2000
    for correlation in (0.1, 0.3, 0.6):
        within = beyond = 0
        for _ in range(runs):
            often = _sizes(sizes, k, rng)
            a, b = (s * (1 / correlation - 1) for s in (limit, 1 - limit))
            cluster = np.repeat(np.arange(k), often)
            events = (rng.random(len(cluster)) < rng.beta(a, b, k)[cluster]).astype(np.int64)
            bounds = clustered_bounds(events, cluster, 0.975)
            within += bounds.high < limit
            beyond += bounds.low > limit
        assert within / runs < 0.037
        assert beyond / runs < 0.037


@pytest.mark.parametrize("n", [10**6, 10**8, 10**9])
def test_half_of_very_many_encounters_lies_half_way(n: int) -> None:
    """P(X <= n/2) at 1/2 is 1/2 and half the point probability, sqrt(2 / (pi n)) in the limit."""
    exact = 0.5 + math.sqrt(2 / (math.pi * n)) / 2
    assert bounds.p_below(n // 2, n, 0.5) == pytest.approx(exact, rel=1e-9)
    assert bounds.p_odds_below(n // 2, n // 2, 1.0) == pytest.approx(exact, rel=1e-9)
