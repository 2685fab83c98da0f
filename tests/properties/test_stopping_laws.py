"""The stage-wise order agrees with the bound at every look of every design."""

import math
from itertools import accumulate

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.design.after.orderings import Plan, bias_adjusted_estimate, expected_estimate
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.stagewise import stagewise_inference, stagewise_p
from protocols.errors import UsageError

ALPHA = 0.025


@st.composite
def designs(draw: st.DrawFn) -> tuple[list[float], list[float], list[float], list[float]]:
    """Cumulative alpha, information, bounds, and lower bounds that are in them."""
    looks = draw(st.integers(2, 5))
    steps = draw(st.lists(st.floats(0.05, 1), min_size=looks, max_size=looks))
    shares = draw(st.lists(st.floats(0.01, 1), min_size=looks, max_size=looks))
    whole = sum(shares) / draw(st.floats(0.5, 1))  # not all of alpha need be spent
    alphas = [ALPHA * s / whole for s in accumulate(shares)]
    information = list(accumulate(steps))
    bound = draw(st.booleans())
    lower = draw(st.lists(st.floats(-2, 0.8), min_size=looks - 1, max_size=looks - 1))
    lower = [*lower, -math.inf] if bound else [-math.inf] * looks
    try:
        upper = efficacy_boundaries(alphas, information, lower=lower if bound else None)
    except UsageError:
        assume(False)
    return alphas, information, list(upper), lower if bound else []


@settings(max_examples=25, deadline=None)
@given(designs(), st.integers(1, 5), st.floats(1e-5, 1.0), st.booleans())
def test_the_margin_is_left_out_when_the_bound_is_crossed_at_the_level_that_was_spent(
    design: tuple[list[float], list[float], list[float], list[float]],
    look: int,
    by: float,
    beyond: bool,
) -> None:
    alphas, information, upper, lower = design
    k = min(look, len(upper))
    z = upper[k - 1] + (by if beyond else -by)
    clock, bounds, below = information[:k], upper[: k - 1], lower[: k - 1]
    p = stagewise_p(z, bounds, clock, lower=below)
    assert (p <= alphas[k - 1]) is beyond
    level = 1 - 2 * alphas[k - 1]
    found = stagewise_inference(z, bounds, clock, level=level, lower=below)
    assert (found.low > 0) is beyond


@settings(max_examples=15, deadline=None)
@given(designs(), st.integers(1, 5), st.floats(0.0, 1.5))
def test_the_bias_adjusted_estimate_is_what_trials_find_on_average(
    design: tuple[list[float], list[float], list[float], list[float]], look: int, by: float
) -> None:
    _, information, upper, lower = design
    plan = Plan(tuple(information), tuple(upper), tuple(lower))
    k = min(look, len(upper))
    z = upper[k - 1] + by
    found = bias_adjusted_estimate(z, k, plan)
    observed = z / math.sqrt(information[k - 1])
    assert abs(expected_estimate(plan, found) - observed) < 1e-8
