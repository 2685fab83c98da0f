"""Paired shares: worked examples with their sources, and what is refused."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.proportions import exact, ratio, skewness
from evaluation.inference.proportions.describe import difference_limits
from evaluation.inference.proportions.difference import PairedCounts, tango_interval
from evaluation.inference.proportions.equivalence import equivalence
from evaluation.inference.proportions.mcnemar import conditional_odds_interval
from evaluation.inference.proportions.single import midp_interval
from protocols.errors import UsageError
from protocols.vocabulary import Direction

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
BENTUR = PairedCounts(1, 1, 7, 12)  # Fagerland et al. 2014, Stat Med 33:2850, table 1


def test_the_corrected_interval_of_a_published_table() -> None:
    found = skewness.corrected_interval(BENTUR, level=0.95)
    assert found == pytest.approx((-0.5281134506, -0.0184219277), abs=1e-9)


def test_the_exact_interval_of_a_published_table() -> None:
    found = exact.exact_interval(BENTUR, level=0.95)
    assert found == pytest.approx((-0.5455, 0.0204), abs=1e-4)


@pytest.mark.parametrize(
    ("won", "lost", "agreeing", "effect"),
    [(3, 9, 20, -0.3), (3, 9, 20, 0.1), (12, 1, 0, 0.5), (1, 30, 400, -0.08), (5, 0, 6, 0.2)],
)
def test_the_exact_p_agrees_with_adaptive_quadrature(
    won: int, lost: int, agreeing: int, effect: float
) -> None:
    discordant = won + lost
    share = stats.beta(discordant + (effect < 0), agreeing + (effect > 0))
    part = stats.beta(won, lost + 1)
    start = abs(effect)
    known = share.cdf(start) if effect > 0 else 0.0

    def inside(t: float) -> float:
        return float(part.cdf(0.5 + effect / (2 * t)) * share.pdf(t))

    edges = sorted({start, 1.0, *(q for q in share.ppf([0.01, 0.5, 0.99]) if q > start)})
    pieces = [integrate.quad(inside, low, high, epsabs=1e-13)[0] for low, high in pairwise(edges)]
    found = exact.exact_p(PairedCounts(agreeing, won, lost, 0), effect)
    assert found == pytest.approx(known + sum(pieces), abs=1e-10)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        (PairedCounts(20, 0, 0, 20), -0.0881, 0.0881),  # 1 - 0.025^(1/40), no discordant pair
        (PairedCounts(0, 5, 0, 0), -0.0436, 1.0),  # 2 x 0.025^(1/5) - 1, all discordant
        (PairedCounts(0, 0, 5, 0), -1.0, 0.0436),
    ],
)
def test_the_exact_interval_at_its_corners(counts: PairedCounts, low: float, high: float) -> None:
    assert exact.exact_interval(counts, level=0.95) == pytest.approx((low, high), abs=1e-4)


def test_the_exact_test_is_conservative_where_it_can_be_enumerated() -> None:
    """Rejections at the edge of margin 0.2 with 12 pairs, over several discordance shares."""
    n, margin = 12, 0.2
    for discordance in (0.25, 0.5, 0.9):
        won, lost = (discordance - margin) / 2, (discordance + margin) / 2
        table = stats.multinomial(n, [won, lost, 1 - discordance])
        rejected = sum(
            float(table.pmf([a, b, n - a - b]))
            for a in range(n + 1)
            for b in range(n + 1 - a)
            if exact.exact_p(PairedCounts(n - a - b, a, b, 0), -margin) < 0.025
        )
        assert rejected < 0.025


def test_agreement_alone_passes_no_margin() -> None:
    never = PairedCounts(500, 0, 0, 100)
    for test in (exact.exact_test, skewness.corrected_test):
        found = test(never, margin=0.05, direction=HIGHER, level=0.95)
        assert isinstance(found, NotEvaluable)
        assert found.code == "no_discordant_pairs"
    refused = ratio.ratio_test(never, margin=0.9, direction=HIGHER, level=0.95)
    assert isinstance(refused, NotEvaluable)
    assert refused.code == "no_discordant_pairs"


def test_a_ratio_over_no_event_is_refused() -> None:
    counts = PairedCounts(0, 3, 0, 20)
    found = ratio.ratio_test(counts, margin=0.9, direction=HIGHER, level=0.95)
    assert isinstance(found, NotEvaluable)
    assert found.code == "ratio_undefined"


@pytest.mark.parametrize(
    ("counts", "mover", "bonett_price"),
    [
        (PairedCounts(0, 6, 0, 14), (1.59592321664458, math.inf), (1.56190662976203, math.inf)),
        (PairedCounts(0, 0, 6, 14), (0.0, 0.62659656152036), (0.0, 0.64024313678235)),
    ],
)
def test_one_arm_without_events_leaves_one_limit_of_the_ratio(
    counts: PairedCounts,
    mover: tuple[float, float],
    bonett_price: tuple[float, float],
) -> None:
    """By double precision roots of Fieller's form and by the hybrid's printed formula."""
    assert ratio.mover_ratio_interval(counts, level=0.95) == pytest.approx(mover)
    found = ratio.bonett_price_ratio_interval(counts, level=0.95)
    assert found == pytest.approx(bonett_price)
    assert ratio.wald_ratio_interval(counts, level=0.95) == (0.0, math.inf)


def test_no_event_in_either_arm_leaves_no_ratio() -> None:
    for interval in (
        ratio.mover_ratio_interval,
        ratio.bonett_price_ratio_interval,
        ratio.wald_ratio_interval,
    ):
        assert isinstance(interval(PairedCounts(0, 0, 0, 7), level=0.95), NotEvaluable)


@pytest.mark.parametrize("counts", [PairedCounts(0, 9, 1, 0), PairedCounts(0, 1, 9, 0)])
def test_no_interval_of_a_difference_leaves_its_range(counts: PairedCounts) -> None:
    for word in ("wald", "agresti_min", "bonett_price"):
        limits = difference_limits(counts, word, level=0.95)
        assert not isinstance(limits, NotEvaluable)
        assert -1 <= limits[0] < limits[1] <= 1
        assert 1 in (limits[1], -limits[0])


def test_an_empty_table_has_no_interval_of_any_name() -> None:
    for word in ("wald", "agresti_min", "bonett_price", "newcombe", "tango_score", "exact"):
        with pytest.raises(UsageError, match="empty table"):
            difference_limits(PairedCounts(0, 0, 0, 0), word, level=0.95)


def test_odds_won_by_one_arm_only_have_an_infinite_wald_error() -> None:
    counts = PairedCounts(4, 5, 0, 9)
    assert conditional_odds_interval(counts, level=0.95, kind="wald") == (0.0, math.inf)


def test_a_candidate_without_events_has_ratio_zero_and_an_upper_limit() -> None:
    found = ratio.ratio_test(PairedCounts(0, 0, 6, 30), margin=1.25, direction=LOWER, level=0.95)
    assert isinstance(found, Estimate)
    assert (found.estimate, found.low) == (0.0, 0.0)
    assert 0 < found.high < 1
    assert found.p_value < 0.025


def test_a_ratio_margin_on_the_wrong_side_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError, match="no margin"):
        ratio.ratio_test(BENTUR, margin=1.2, direction=HIGHER, level=0.95)


def test_odds_without_discordant_pairs_are_refused() -> None:
    assert isinstance(conditional_odds_interval(PairedCounts(9, 0, 0, 9), level=0.9), NotEvaluable)


def test_equivalence_of_no_pairs_is_refused() -> None:
    assert isinstance(equivalence(PairedCounts(0, 0, 0, 0), margin=0.1), NotEvaluable)


def test_one_pair_has_no_corrected_interval() -> None:
    found = skewness.corrected_interval(PairedCounts(0, 1, 0, 0), level=0.95)
    assert isinstance(found, NotEvaluable)
    assert found.code == "too_few_pairs"


@pytest.mark.parametrize("n", [10**6, 10**9, 10**12])
def test_a_rare_event_has_the_limits_of_a_rate(n: int) -> None:
    """Mid-p limits of a Poisson mean with three events, each solved from its distribution."""
    low, high = midp_interval(3, n, level=0.95)
    for limit, tail in ((low, 0.975), (high, 0.025)):
        found = stats.poisson.cdf(2, limit * n) + stats.poisson.pmf(3, limit * n) / 2
        assert found == pytest.approx(tail, rel=1e-4 if n < 10**9 else 1e-6)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        (PairedCounts(0, 998, 1, 1), 0.9876115120741275, 0.9991923270514467),
        (PairedCounts(0, 10**6, 0, 1), 0.9999913171243964, 0.9999998234755998),
    ],
)
def test_the_score_interval_keeps_its_digits_where_nearly_all_pairs_go_one_way(
    counts: PairedCounts, low: float, high: float
) -> None:
    """Limits from the likelihood maximised under each effect by bisection, 50 digits."""
    assert tango_interval(counts, level=0.95) == pytest.approx((low, high), abs=1e-12)


def test_square_and_add_of_a_ratio_keeps_its_digits_among_very_many_pairs() -> None:
    """Far from an edge it nears the score interval, which another route gives."""
    counts = PairedCounts(10**12, 10**5, 10**5, 10**12)
    assert ratio.mover_ratio_interval(counts, level=0.95) == pytest.approx(
        ratio.ratio_interval(counts, level=0.95), abs=2e-13
    )


def test_a_pair_that_only_the_candidate_has_right_is_counted_for_it() -> None:
    candidate = np.array([True, True, True, False, False])
    soc = np.array([True, False, False, True, False])
    counts = PairedCounts.of(candidate, soc)
    assert counts == PairedCounts(n11=1, n10=2, n01=1, n00=1)
    assert counts.difference == pytest.approx(0.2)
