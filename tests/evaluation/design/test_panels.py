"""The quick routes from look to look against the plain ones that they take the place of."""

import math

import numpy as np
import pytest

from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.panels import FEW, ORDER, Paths, Stop, carry_on, crossing
from evaluation.design.roots import rising_line_root
from evaluation.design.spending import cumulative_alpha
from evaluation.design.walks import walk
from evaluation.inference.arrays import FloatArray


def node_by_node(before: Paths, after: Paths, *, drift: float) -> FloatArray:
    """The mass at the nodes of `after` by the kernel between every pair of nodes."""
    x, w = np.polynomial.legendre.leggauss(ORDER)
    half = (after.nodes[ORDER - 1] - after.nodes[0]) / (x[-1] - x[0])
    gained = after.information - before.information
    steps = after.nodes[:, None] - before.nodes - drift * gained
    kernel = np.exp(-steps * steps / (2 * gained)) / math.sqrt(2 * math.pi * gained)
    mass: FloatArray = np.tile(half * w, len(after.nodes) // ORDER) * (kernel @ before.mass)
    return mass


@pytest.mark.parametrize("drift", [0.0, 0.4, -0.3])
@pytest.mark.parametrize("gained", [0.02, 0.5, 30.0])
def test_pairs_of_panels_step_as_pairs_of_nodes_do(drift: float, gained: float) -> None:
    here = 100.0 + gained
    first = carry_on(Stop(100.0, -12.0, 3.0, None), here, drift=drift)
    second = carry_on(Stop(here, -20.0, 20.0, first), here + 0.02, drift=drift, reach=20.0)
    assert first.nodes.size * second.nodes.size > FEW
    plain = node_by_node(first, second, drift=drift)
    held = plain > 1e-290  # the plain way loses digits below
    assert held.sum() > 500
    assert second.mass[held] == pytest.approx(plain[held], rel=1e-11)
    assert np.all(second.mass[~held] < 1e-280)


@pytest.mark.parametrize("drift", [-0.31, 0.0, 0.07, 0.2, 0.9])
def test_a_walk_weighted_anew_is_the_walk_under_that_drift(drift: float) -> None:
    information = (30.0, 31.0, 70.0, 100.0)
    upper, lower = (3.1, 2.9, 2.5, 2.2), (-math.inf, -0.5, 0.3, -math.inf)
    stop: Stop | None = None
    for arrival in walk(upper, lower, information, drift=drift):
        k = arrival.look
        paths = None
        if stop is not None:
            paths = carry_on(stop, information[k], drift=drift, reach=10.0, depth=10.0)
        alone = crossing(paths, information[k], upper[k], drift=drift)
        assert arrival.above(upper[k]) == pytest.approx(alone, rel=1e-11, abs=1e-16)
        stop = Stop(information[k], lower[k], upper[k], paths)


@pytest.mark.parametrize("family", ["lan_demets_obrien_fleming", "lan_demets_pocock"])
def test_a_hundred_looks_spend_what_they_should(family: str) -> None:
    t = tuple((k + 1) / 100 for k in range(100))
    alpha = cumulative_alpha(family, 0.025, t)
    bounds = efficacy_boundaries(alpha, t)
    lower = (-math.inf,) * 100
    spent = np.cumsum([a.above(a.upper) for a in walk(bounds, lower, t)])
    assert spent == pytest.approx(alpha, rel=1e-11)


@pytest.mark.parametrize("drift", [60.0, 400.0, 1e4, -400.0])
def test_paths_of_which_nothing_is_left_are_walked_on_in_silence(drift: float) -> None:
    looks, upper = (0.5, 0.5001, 1.0), (3.0, 3.0, 3.0)
    found = crossing_probabilities(upper, looks, drift=drift)
    assert found.upper == pytest.approx((1.0 if drift > 0 else 0.0, 0.0, 0.0), abs=1e-15)


def test_a_root_beyond_a_limit_is_the_limit() -> None:
    for shift, found in ((-9.0, -2.0), (9.0, 2.0), (1.0, 1.0)):
        root = rising_line_root(
            lambda x, at=shift: math.sinh((x - at) / 9),  # type: ignore[misc]
            0.3,
            1.0,
            tolerance=1e-13,
            limits=(-2.0, 2.0),
        )
        assert root == pytest.approx(found, abs=1e-12)
