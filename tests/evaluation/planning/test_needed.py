"""Sizes by the test's own power and with moving bounds: closed forms, enumeration, simulation."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

from evaluation.design.size.enumerated import enumerated_power
from evaluation.design.size.equivalence import equivalence_ends, single_power
from evaluation.design.size.means import mean_size, t_deviate, t_power, t_size
from evaluation.design.size.plan import Plan, Target
from evaluation.inference.base import Estimate
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.exact import exact_test
from evaluation.planning.document import design_of, needing_sizes
from evaluation.planning.joint import all_claimed
from evaluation.planning.needed import power_with
from evaluation.results.design import HypothesisSize
from protocols.errors import UsageError
from protocols.schema import Protocol
from protocols.vocabulary import Direction, Framework
from tests.support.example_protocol import example_document
from tests.support.planned_protocol import futility, harm, planned_protocol, with_stops

TARGET = Target(-0.1, 0.0, Direction.HIGHER_IS_BETTER)
LOOKS = (0.4, 0.7, 1.0)


def _tested(protocol: Protocol, **changes: object) -> Protocol:
    """Both hypotheses with other words."""
    held = tuple(h.model_copy(update=changes) for h in protocol.hypotheses)
    return protocol.model_copy(update={"hypotheses": held})


def _mean(test: str, looks: Sequence[Mapping[str, Any]]) -> Protocol:
    document = example_document()
    document["endpoints"][0] |= {"measure": "brier", "direction": "lower_is_better"}
    document["hypotheses"][0]["test"] = test
    document["monitoring"]["looks"] = list(looks)
    document["sample_size"]["design"] = [
        {
            "hypothesis": "H1",
            "power": 0.9,
            "true_effect": 0.0,
            "nuisance": {"standard_deviation": 0.06},
            "pairs_per_subject": 1.0,
            "cv_of_pairs": 0.0,
            "icc": 0.0,
            "ascertainment": 1.0,
        }
    ]
    return Protocol.model_validate(document, strict=False)


def _sizes(protocol: Protocol) -> tuple[HypothesisSize, ...]:
    found = design_of(protocol).sizes
    assert found is not None
    return found.hypotheses


@pytest.mark.parametrize(
    "protocol",
    [
        planned_protocol(),
        with_stops(futility("effect", (-0.09, -0.06)), harms=(harm(),)),
        with_stops(futility("beta_spending", ())),
        _tested(planned_protocol(), framework=Framework.EQUIVALENCE),
        _tested(planned_protocol(), test="exact_difference"),
    ],
)
def test_whole_pairs_have_the_power_and_hardly_more(protocol: Protocol) -> None:
    for (design, sized), size in zip(needing_sizes(protocol), _sizes(protocol), strict=True):
        assert size.attained_power >= 0.9 - 1e-9
        assert power_with(design, sized, 0.0, pairs=0.97 * size.n_pairs) < 0.9
        assert size.n_exact <= size.n_pairs < size.n_exact + 1
        enough = protocol.sample_size.model_copy(update={"evaluable_pairs": size.n_pairs})
        power = design_of(protocol.model_copy(update={"sample_size": enough})).power
        assert power is not None
        shown = next(found.power for found in power if found.id == size.id)
        assert shown == pytest.approx(size.attained_power, abs=1e-12)


def test_a_paired_t_is_sized_by_the_noncentral_t() -> None:
    one = [{"id": "L1", "information": 1.0}]
    target = Target(0.05, 0.0, Direction.LOWER_IS_BETTER)
    (by_t,) = _sizes(_mean("paired_t", one))
    assert by_t.n_exact == pytest.approx(t_size(target, 0.06, Plan(0.025, 0.9)).n_exact, rel=1e-8)
    (normal,) = _sizes(_mean("clustered_difference", one))
    expected = mean_size(target, 0.06, Plan(0.025, 0.9))
    assert normal.n_exact == pytest.approx(expected.n_exact, rel=1e-12)
    assert by_t.n_pairs > normal.n_pairs


@pytest.mark.parametrize("n", [1.5, 2, 7, 40, 900])
def test_the_power_of_a_t_test_is_a_normal_one_over_the_spread(n: float) -> None:
    plan, df = Plan(0.025, 0.9), n - 1
    critical, shift = -special.stdtrit(df, plan.alpha), math.sqrt(n) * 0.1 / 0.4

    def inside(root: float) -> float:
        density = 2 * root * stats.chi2.pdf(root * root, df)
        return float(special.ndtr(shift - critical * root / math.sqrt(df)) * density)

    expected, _ = integrate.quad(inside, 0, math.sqrt(df) + 12, limit=400)
    assert t_power(TARGET, 0.4, n, plan) == pytest.approx(expected, abs=1e-7)
    assert special.ndtr(t_deviate(TARGET, 0.4, n, plan)) == pytest.approx(expected, abs=1e-7)


def test_spreads_far_below_the_margin_have_a_t_size() -> None:
    found = t_size(TARGET, 1e-8, Plan(0.025, 0.999))
    assert 1 < found.n_independent <= 2
    assert 0.99 < found.attained_power <= 1


@pytest.mark.parametrize("pairs", [-1.0, math.nan, math.inf])
def test_a_number_of_pairs_that_is_none_is_refused(pairs: float) -> None:
    with pytest.raises(UsageError, match="number of pairs"):
        t_power(TARGET, 0.4, pairs, Plan(0.025, 0.9))


def test_enumerated_power_is_that_of_the_test_over_every_table() -> None:
    n, discordance, alpha = 24, 0.3, 0.025
    expected = 0.0
    for won in range(n + 1):
        for lost in range(n + 1 - won):
            table = PairedCounts(n - won - lost, won, lost, 0)
            found = exact_test(
                table, margin=0.1, direction=Direction.HIGHER_IS_BETTER, level=1 - 2 * alpha
            )
            if isinstance(found, Estimate) and found.p_value <= alpha:
                shares = (discordance / 2, discordance / 2, 1 - discordance)
                expected += stats.multinomial.pmf((won, lost, n - won - lost), n, shares)
    assert enumerated_power(TARGET, discordance, n, alpha) == pytest.approx(expected, abs=1e-12)


def test_one_look_at_an_equivalence_has_the_closed_form() -> None:
    found = equivalence_ends((1.96,), (-math.inf,), (1.0,), drifts=(3.6, 3.2))
    expected = special.ndtr(3.6 - 1.96) + special.ndtr(3.2 - 1.96) - 1
    assert found.claims[0] == pytest.approx(float(expected), abs=1e-14)
    assert single_power((3.6, 3.2), 1.96) == pytest.approx(float(expected), abs=1e-14)
    assert single_power((1.0, 1.0), 1.96) == 0.0


def test_looks_at_an_equivalence_end_as_simulated_trials_do() -> None:
    upper, lower = (2.6, 2.3, 2.0), (0.0, 0.4, -math.inf)
    found = equivalence_ends(upper, lower, LOOKS, drifts=(3.6, 3.0))
    draws, rng = 400_000, np.random.default_rng(20260101)
    steps = np.sqrt(np.diff((0.0, *LOOKS)))
    scores = np.cumsum(rng.standard_normal((draws, 3)) * steps, axis=1)
    going = np.ones(draws, dtype=bool)
    for k, look in enumerate(LOOKS):
        one = (scores[:, k] + 3.6 * look) / math.sqrt(look)
        other = (3.0 * look - scores[:, k]) / math.sqrt(look)
        z = np.minimum(one, other)
        for share, there in ((found.claims[k], z >= upper[k]), (found.stops[k], z < lower[k])):
            error = math.sqrt(max(share * (1 - share), 1e-6) / draws)
            assert abs((going & there).mean() - share) < 4 * error
        going &= (z < upper[k]) & (z >= lower[k])


@pytest.mark.parametrize("rho", [-1.0, 0.0, 0.5, 1.0])
def test_joint_power_under_registered_correlations(rho: float) -> None:
    group = needing_sizes(planned_protocol())
    drifts = np.array([sized.drift(0.0) for _, sized in group])
    bounds = np.array([design.upper for design, _ in group])
    found = all_claimed(group, np.array([[1.0, rho], [rho, 1.0]]))
    draws, rng = 400_000, np.random.default_rng(7)
    first, second = rng.standard_normal((2, draws, 3))
    steps = np.sqrt(np.diff((0.0, *LOOKS)))
    looks = np.array(LOOKS)
    claimed = np.ones(draws, dtype=bool)
    for i, noise in enumerate((first, rho * first + math.sqrt(1 - rho * rho) * second)):
        z = (np.cumsum(noise * steps, axis=1) + drifts[i] * looks) / np.sqrt(looks)
        claimed &= (z >= bounds[i]).any(axis=1)
    assert abs(claimed.mean() - found) < 4 * math.sqrt(found * (1 - found) / draws) + 1e-5


def test_a_candidate_planned_to_be_better_is_told_what_equal_worth_needs() -> None:
    protocol = planned_protocol()
    first, second = protocol.sample_size.design
    better = (first.model_copy(update={"true_effect": 0.03}), second)
    size = protocol.sample_size.model_copy(update={"design": better})
    found = _sizes(protocol.model_copy(update={"sample_size": size}))
    assert found[0].n_without_effect == _sizes(protocol)[0].n_pairs > found[0].n_pairs
    assert found[1].n_without_effect is None


def test_an_equivalence_is_planned_between_both_margins() -> None:
    found = design_of(_tested(planned_protocol(), framework=Framework.EQUIVALENCE))
    bounds = found.bounds[0]
    assert (bounds.null_effect, bounds.null_other) == (-0.1, 0.1)
    last = bounds.efficacy[-1]
    assert last.effect is not None
    assert last.effect_other == pytest.approx(-last.effect, abs=1e-12)
    assert bounds.efficacy[0].effect is None  # the first look is too small to show any
    assert bounds.under_null.power <= 0.025 + 1e-9
    assert found.power is not None
    powers = [point.power for point in found.power[0].curve]
    assert powers == pytest.approx(powers[::-1], abs=1e-9)
