"""Laws of boundaries: what is spent comes back by another integration, and only the past counts."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.repeated import repeated_p
from evaluation.design.spending import FAMILIES, cumulative_alpha, held_at, spent
from evaluation.design.stagewise import stagewise_inference, stagewise_p
from tests.properties.strategies import ALPHAS, looks

FAMILY = st.sampled_from(["lan_demets_obrien_fleming", "lan_demets_pocock"])


def simpson_crossings(bounds: tuple[float, ...], information: tuple[float, ...]) -> list[float]:
    """First crossings by Simpson's rule on a fixed fine grid: a route of its own."""
    found = [float(special.ndtr(-bounds[0]))]
    grid = weights = density = np.empty(0)
    for k, here in enumerate(information):
        if k:
            gained = here - information[k - 1]
            beyond = special.ndtr((grid - bounds[k] * math.sqrt(here)) / math.sqrt(gained))
            found.append(float((weights * density) @ beyond))
        new = np.linspace(-8.5 * math.sqrt(here), bounds[k] * math.sqrt(here), 2001)
        if k:
            step = (new[:, None] - grid[None, :]) / math.sqrt(gained)
            kernel = np.exp(-step * step / 2) / math.sqrt(2 * math.pi * gained)
            density = kernel @ (weights * density)
        else:
            density = np.exp(-new * new / (2 * here)) / math.sqrt(2 * math.pi * here)
        grid = new
        weights = np.full(2001, (new[1] - new[0]) / 3)
        weights[1:-1:2] *= 4
        weights[2:-1:2] *= 2
    return found


@given(looks(most=4), FAMILY, ALPHAS)
@settings(max_examples=40, deadline=None)
def test_what_each_look_spends_comes_back_by_another_integration(
    information: tuple[float, ...], family: str, alpha: float
) -> None:
    spent = cumulative_alpha(family, alpha, information)
    bounds = efficacy_boundaries(spent, information)
    back = simpson_crossings(bounds, information)
    # 1e-9 is what Simpson's rule gives on this grid; the product's own quadrature is finer.
    assert np.cumsum(back) == pytest.approx(spent, abs=1e-9)


@given(looks(), FAMILY, ALPHAS)
@settings(max_examples=500, deadline=None)
def test_crossing_probabilities_return_the_spend(
    information: tuple[float, ...], family: str, alpha: float
) -> None:
    spent = cumulative_alpha(family, alpha, information)
    back = crossing_probabilities(efficacy_boundaries(spent, information), information).upper
    assert np.cumsum(back) == pytest.approx(spent, rel=1e-9, abs=1e-300)


@given(looks(), FAMILY, ALPHAS, st.integers(1, 6))
@settings(max_examples=500, deadline=None)
def test_a_look_never_depends_on_later_looks(
    information: tuple[float, ...], family: str, alpha: float, first: int
) -> None:
    spent = cumulative_alpha(family, alpha, information)
    whole = efficacy_boundaries(spent, information)
    assert efficacy_boundaries(spent[:first], information[:first]) == whole[:first]


@given(looks(), FAMILY, st.floats(0.1, 1000))
@settings(max_examples=500, deadline=None)
def test_only_ratios_of_information_matter(
    information: tuple[float, ...], family: str, unit: float
) -> None:
    spent = cumulative_alpha(family, 0.025, information)
    scaled = efficacy_boundaries(spent, [unit * here for here in information])
    assert scaled == pytest.approx(efficacy_boundaries(spent, information), abs=1e-9)


@given(looks(), FAMILY)
@settings(max_examples=500, deadline=None)
def test_more_alpha_never_raises_the_first_bound_and_more_time_never_spends_less(
    information: tuple[float, ...], family: str
) -> None:
    less, more = (cumulative_alpha(family, alpha, information) for alpha in (0.01, 0.025))
    assert list(more) == sorted(more)
    first_less = efficacy_boundaries(less, information)[0]
    assert efficacy_boundaries(more, information)[0] <= first_less


@given(looks(most=4), FAMILY, st.floats(0.5, 4.0))
@settings(max_examples=500, deadline=None)
def test_the_repeated_p_is_the_alpha_at_which_the_bound_is_just_met(
    information: tuple[float, ...], family: str, z: float
) -> None:
    p = repeated_p(z, information, lambda alpha: cumulative_alpha(family, alpha, information))
    if 1e-299 < p < 0.499:
        bound = efficacy_boundaries(cumulative_alpha(family, p, information), information)[-1]
        assert bound == pytest.approx(z, abs=1e-7)


@given(looks(most=4), FAMILY, st.floats(0.0, 4.0))
@settings(max_examples=500, deadline=None)
def test_stagewise_p_is_below_alpha_spent_exactly_when_the_bound_is_crossed(
    information: tuple[float, ...], family: str, z: float
) -> None:
    spent = cumulative_alpha(family, 0.025, information)
    bounds = efficacy_boundaries(spent, information)
    p = stagewise_p(z, bounds[:-1], information)
    if abs(z - bounds[-1]) > 1e-8:
        assert (p < spent[-1]) == (z > bounds[-1])


@given(looks(most=3), st.floats(1.0, 4.0))
@settings(max_examples=500, deadline=None)
def test_the_median_unbiased_estimate_lies_in_its_interval_and_below_the_naive_one(
    information: tuple[float, ...], z: float
) -> None:
    spent = cumulative_alpha("lan_demets_pocock", 0.025, information)
    bounds = efficacy_boundaries(spent, information)
    found = stagewise_inference(z, bounds[:-1], information, level=0.95)
    assert found.low < found.estimate < found.high
    naive = z / information[-1] ** 0.5
    assert found.estimate <= naive + 1e-9


def test_a_look_that_spends_nothing_cannot_stop_and_changes_nothing_else() -> None:
    with_idle = efficacy_boundaries([0.0, 0.001, 0.001, 0.025], [0.2, 0.5, 0.7, 1.0])
    without = efficacy_boundaries([0.001, 0.025], [0.5, 1.0])
    assert with_idle == (math.inf, without[0], math.inf, without[1])


def test_looks_one_per_cent_apart_get_their_true_bound() -> None:
    t = (0.5, 0.51, 0.52, 1.0)
    bounds = efficacy_boundaries(cumulative_alpha("lan_demets_obrien_fleming", 0.025, t), t)
    assert bounds[2] == pytest.approx(2.9962, abs=5e-5)


def test_a_spend_of_1e_300_still_has_a_bound_that_returns_it() -> None:
    spent, t = (1e-300, 1e-200, 1e-60, 0.025), (0.1, 0.3, 0.6, 1.0)
    bounds = efficacy_boundaries(spent, t)
    back = crossing_probabilities(bounds, t).upper
    assert back == pytest.approx((1e-300, 1e-200, 1e-60, 0.025), rel=1e-9)


@given(looks(), FAMILY, st.data())
@settings(max_examples=500, deadline=None)
def test_looks_that_do_not_look_leave_their_alpha_to_the_next(
    information: tuple[float, ...], family: str, data: st.DataObject
) -> None:
    chosen = [*(data.draw(st.booleans()) for _ in information[:-1]), True]
    held = held_at(cumulative_alpha(family, 0.025, information), chosen)
    bounds = efficacy_boundaries(held, information)
    assert all(math.isinf(b) != look for b, look in zip(bounds, chosen, strict=True))
    kept = [here for here, look in zip(information, chosen, strict=True) if look]
    alone = efficacy_boundaries(cumulative_alpha(family, 0.025, kept), kept)
    assert tuple(b for b in bounds if math.isfinite(b)) == alone


@given(
    st.sampled_from([*FAMILIES]), st.floats(0.1, 6), ALPHAS, st.floats(0.0, 1.2), st.floats(0, 1.2)
)
@settings(max_examples=500, deadline=None)
def test_every_family_starts_at_nothing_rises_and_ends_at_alpha(
    family: str, parameter: float, alpha: float, one: float, other: float
) -> None:
    early, late = (spent(family, alpha, t, parameter=parameter) for t in sorted((one, other)))
    assert 0 <= early <= late <= alpha
    assert spent(family, alpha, 0.0, parameter=parameter) == 0
    assert spent(family, alpha, 1.0, parameter=parameter) == alpha
