"""What a look may claim, and what the design refuses."""

import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from scipy import special

from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.classical import (
    haybittle_peto_boundaries,
    symmetric_boundaries,
    wang_tsiatis_boundaries,
)
from evaluation.design.operating import drift_for_power
from evaluation.design.repeated import (
    crosses,
    nominal_alpha,
    repeated_interval,
    sequential_p,
    z_equivalent,
)
from evaluation.design.spending import cumulative_alpha, interpolated_alpha, spent, two_point_t
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.proportions.difference import PairedCounts, score_test
from evaluation.spending import spending_by
from protocols.errors import UsageError
from protocols.schema import SpendingPlan
from protocols.vocabulary import Direction

HIGHER = Direction.HIGHER_IS_BETTER
LDOF = "lan_demets_obrien_fleming"


def scored_table() -> tuple[PairedCounts, Estimate]:
    counts = PairedCounts(700, 60, 50, 190)
    found = score_test(counts, margin=0.05, direction=HIGHER, level=0.95)
    assert isinstance(found, Estimate)
    return counts, found


def clustered() -> Estimate:
    rng = np.random.default_rng(8)
    candidate, soc = (rng.random(90) < share for share in (0.8, 0.75))
    found = clustered_difference(
        candidate.astype(np.float64),
        soc.astype(np.float64),
        rng.integers(0, 12, 90),
        margin=0.2,
        direction=HIGHER,
        level=0.95,
    )
    assert isinstance(found, Estimate)
    return found


def test_every_spending_a_protocol_can_name_is_known() -> None:
    points = ((0.5, 0.2), (1.0, 1.0))
    for word in SpendingPlan.model_json_schema()["properties"]["family"]["enum"]:
        given = points if word in ("table", "piecewise") else ()
        parameter = 2.0 if word in ("hwang_shih_decani", "kim_demets") else None
        plan = SpendingPlan(family=word, parameter=parameter, points=given, start=None)
        spends = [
            spending_by(plan, 0.025, time=t, number=k) for k, t in ((1, 0.3), (1, 0.5), (2, 1))
        ]
        assert 0 < spends[0] <= spends[1] < spends[2] == 0.025, word


@pytest.mark.parametrize("bound", [0.5, 1.0, 1.96, 2.5, 2.9626, 3.5, 6.0])
def test_a_repeated_score_interval_excludes_the_margin_exactly_when_the_bound_is_crossed(
    bound: float,
) -> None:
    counts, found = scored_table()
    level = 1 - 2 * nominal_alpha(bound)
    again = score_test(counts, margin=0.05, direction=HIGHER, level=level)
    assert isinstance(again, Estimate)
    assert (again.low > -0.05) == crosses(found, bound)


@pytest.mark.parametrize("bound", [0.5, 1.0, 1.5, 1.96, 2.5, 3.5, 9.96])
def test_a_repeated_t_interval_excludes_the_margin_exactly_when_the_bound_is_crossed(
    bound: float,
) -> None:
    found = clustered()
    interval = repeated_interval(found, bound=bound)
    assert not isinstance(interval, NotEvaluable)
    assert (interval[0] > -0.2) == crosses(found, bound)


def test_a_t_statistic_is_compared_with_a_normal_bound_by_its_p_value() -> None:
    found = clustered()
    assert abs(z_equivalent(found)) < abs(found.statistic)
    assert nominal_alpha(z_equivalent(found)) == pytest.approx(found.p_value, rel=1e-10)


def test_a_look_without_alpha_claims_nothing() -> None:
    found = clustered()
    refused = repeated_interval(found, bound=math.inf)
    assert isinstance(refused, NotEvaluable)
    assert refused.code == "no_alpha_spent"
    assert not crosses(found, math.inf)


@pytest.mark.parametrize(("scale", "bound"), [("ratio", 8.0), ("difference", 37.0)])
def test_an_early_look_at_few_subjects_has_no_interval_rather_than_no_numbers(
    scale: Literal["ratio", "difference"], bound: float
) -> None:
    early = replace(clustered(), scale=scale, estimate=1.2, standard_error=0.4, df=1.0)
    refused = repeated_interval(early, bound=bound)
    assert isinstance(refused, NotEvaluable)
    assert refused.code == "interval_unbounded"


def test_power_at_the_design_effect_is_what_the_textbook_says() -> None:
    one_look = crossing_probabilities(
        [1.959963984540054], [1.0], drift=1.959963984540054 + 0.8416212
    )
    assert one_look.upper[0] == pytest.approx(0.8, abs=1e-6)


def test_planned_bounds_kept_at_other_information_would_cost_type_one_error() -> None:
    spends = cumulative_alpha("lan_demets_pocock", 0.025, [1 / 3, 2 / 3, 1.0])
    planned = efficacy_boundaries(spends, [1 / 3, 2 / 3, 1.0])
    kept = sum(crossing_probabilities(planned, [0.1, 0.3, 1.0]).upper)
    assert kept > 0.0255


@pytest.mark.parametrize(
    ("alpha", "information", "code"),
    [
        ((0.01, 0.02), (0.5,), "LENGTHS_DIFFER"),
        ((0.02, 0.01), (0.5, 1.0), "ALPHA_ORDER"),
        ((0.01, 0.6), (0.5, 1.0), "ALPHA_RANGE"),
        ((0.01, 0.02), (0.5, 0.5), "INFORMATION_ORDER"),
        ((0.01, 0.02), (1.0, 0.5), "INFORMATION_ORDER"),
        ((0.01, 0.02), (0.5, 0.50001), "INFORMATION_ORDER"),
        ((0.01, 0.02), (0.0, 1.0), "INFORMATION_RANGE"),
        ((0.01, 0.02), (0.5, math.nan), "INFORMATION_RANGE"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused_with_its_code(
    alpha: tuple[float, ...], information: tuple[float, ...], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        efficacy_boundaries(alpha, information)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("family", "alpha", "t", "parameter", "code"),
    [
        ("pocock", 0.025, 0.5, None, "SPENDING_UNKNOWN"),
        (LDOF, 0.5, 0.5, None, "ALPHA_RANGE"),
        (LDOF, 0.025, -0.1, None, "SPENDING_TIME_RANGE"),
        (LDOF, 0.025, math.nan, None, "SPENDING_TIME_RANGE"),
        ("kim_demets", 0.025, 0.5, None, "SPENDING_PARAMETER"),
        ("kim_demets", 0.025, 0.5, -1.0, "SPENDING_PARAMETER"),
    ],
)
def test_a_spending_that_makes_no_sense_is_refused_with_its_code(
    family: str, alpha: float, t: float, parameter: float | None, code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        spent(family, alpha, t, parameter=parameter)
    assert caught.value.code == code


def test_spending_starts_at_nothing_and_an_over_run_spends_no_more_than_alpha() -> None:
    assert cumulative_alpha(LDOF, 0.025, [0.0, 0.5, 1.0, 1.3])[0::2] == (0.0, 0.025)
    assert spent(LDOF, 0.025, 1.3) == 0.025


def test_spending_times_that_go_back_are_refused() -> None:
    with pytest.raises(UsageError, match="must not decrease"):
        cumulative_alpha(LDOF, 0.025, [0.5, 0.4])


def test_a_first_look_at_five_per_cent_spends_next_to_nothing_but_not_nothing() -> None:
    assert spent(LDOF, 0.025, 0.05) == pytest.approx(1.2e-23, rel=0.05)


def test_a_spending_table_must_rise() -> None:
    with pytest.raises(UsageError, match="rises from"):
        interpolated_alpha([0.5, 0.4], [0.1, 0.2], 0.025, [0.5])


def test_interims_that_spend_all_of_alpha_leave_no_final_look() -> None:
    with pytest.raises(UsageError, match="raise their bound"):
        haybittle_peto_boundaries([0.5, 1.0], 0.025, interim_z=1.5)


def test_two_sided_bounds_do_not_count_who_left_on_the_other_side() -> None:
    """Numbers of rpact 3.3.4 with sided = 2 and alpha 0.1, at information 0.2, 0.6, 1."""
    times = (0.2, 0.6, 1.0)
    spends = cumulative_alpha("lan_demets_pocock", 0.05, times)
    found = symmetric_boundaries(spends, times)
    assert found == pytest.approx((2.176211453, 1.965410687, 1.949025281), abs=1e-8)
    assert found[2] < efficacy_boundaries(spends, times)[2] - 1e-4
    pocock = wang_tsiatis_boundaries(times, 0.05, delta=0.5, two_sided=True)
    assert pocock == pytest.approx((2.025268079,) * 3, abs=5e-9)
    last = haybittle_peto_boundaries(times, 0.05, interim_z=3.0, two_sided=True)[-1]
    assert last == pytest.approx(1.653602457, abs=1e-8)


def test_senseless_designs_are_refused_by_name() -> None:
    def flat(alpha: float, k: int) -> tuple[float, ...]:
        return cumulative_alpha(LDOF, alpha, (0.5, 1.0)[:k])

    calls = (
        ("ALPHA_RANGE", lambda: wang_tsiatis_boundaries((0.5, 1.0), 1.0, delta=0.5)),
        ("ALPHA_RANGE", lambda: wang_tsiatis_boundaries((), 0.025, delta=0.5)),
        ("INFORMATION_RANGE", lambda: wang_tsiatis_boundaries((0.0, 1.0), 0.025, delta=0.25)),
        ("INFORMATION_ORDER", lambda: haybittle_peto_boundaries((1.0, 0.5), 0.025, interim_z=3)),
        ("SPENDING_TABLE", lambda: interpolated_alpha((0.25, 0.5), (0.05,), 0.025, (0.1,))),
        ("SPENDING_TIME_RANGE", lambda: interpolated_alpha((0.5,), (0.3,), 0.025, (-0.1,))),
        ("SPENDING_PARAMETER", lambda: two_point_t(((0.2, 0.1), (0.5, 0.4)), -1.0, 0.025, 0.3)),
        ("LENGTHS_DIFFER", lambda: drift_for_power((), (), power=0.9)),
        ("LENGTHS_DIFFER", lambda: sequential_p((1.0, 2.0), (0.5,), flat)),
    )
    for code, call in calls:
        with pytest.raises(UsageError) as refused:
            call()
        assert refused.value.code == code
    assert haybittle_peto_boundaries((1.0,), 0.025, interim_z=3.0) == pytest.approx((1.959964,))


@pytest.mark.parametrize("drift", [60.0, 205.0, 445.0, 1005.0, 20_005.0])
def test_effects_of_any_size_end_at_once_and_leave_nothing_undefined(drift: float) -> None:
    times, bounds, futile = (0.001, 0.6, 1.0), (3.0, 2.5, 2.0), (-1.0, 1.0, 2.0)
    up = crossing_probabilities(bounds, times, drift=drift, lower=futile)
    first = float(special.ndtr(drift * math.sqrt(times[0]) - 3.0))
    assert up.upper[0] == pytest.approx(first, rel=1e-12)
    assert math.fsum((*up.upper, *up.lower)) == pytest.approx(1.0, abs=1e-9)
    down = crossing_probabilities(bounds, times, drift=-drift, lower=futile)
    assert all(math.isfinite(p) for p in (*down.upper, *down.lower))
    assert math.fsum((*down.upper, *down.lower)) == pytest.approx(1.0, abs=1e-9)
