"""Planned bounds: the pure functions' numbers, a closed form, and every scale of one bound."""

import itertools
import math

import pytest
from scipy import special

from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.futility.spending import futility_design
from evaluation.design.spending import cumulative_alpha
from evaluation.planning.bounds import hypothesis_bounds
from evaluation.planning.designs import Design, designs_of
from evaluation.planning.document import design_of
from evaluation.results.design import BoundAt, HypothesisBounds
from protocols.errors import DocumentError
from protocols.schema import Look, Protocol
from tests.support.planned_protocol import (
    futility,
    harm,
    planned_protocol,
    with_stops,
)
from tests.support.watched_protocol import watched_protocol

LOOKS = (0.4, 0.7, 1.0)
LDOF = "lan_demets_obrien_fleming"
FREE = efficacy_boundaries(cumulative_alpha(LDOF, 0.025, LOOKS), LOOKS)


def _first(protocol: Protocol) -> Design:
    return designs_of(protocol)[0]


def _bounds(protocol: Protocol) -> HypothesisBounds:
    return hypothesis_bounds(_first(protocol))


def _z(rows: tuple[BoundAt, ...]) -> list[float | None]:
    return [row.z for row in rows]


def test_the_efficacy_bounds_are_those_of_the_pure_functions() -> None:
    found = _bounds(planned_protocol())
    assert _z(found.efficacy) == list(FREE)
    assert [row.spent for row in found.efficacy] == list(cumulative_alpha(LDOF, 0.025, LOOKS))
    assert found.under_null.power == pytest.approx(0.025, abs=1e-9)


def test_one_look_has_the_closed_form() -> None:
    protocol = _one_look(planned_protocol())
    found = _bounds(protocol)
    (row,) = found.efficacy
    assert row.z == pytest.approx(float(special.ndtri(0.975)), abs=1e-12)
    assert row.p == pytest.approx(0.025, abs=1e-12)
    assert row.power_registered is None
    sized = _first(protocol).sized
    assert sized is not None
    n, normal = sized.independent_pairs, sized.normal(0.0)
    power = special.ndtr(
        (math.sqrt(n) * 0.1 - float(special.ndtri(0.975)) * math.sqrt(normal.variance_null))
        / math.sqrt(normal.variance_truth)
    )
    assert found.under_effect is not None
    assert found.under_effect.power == pytest.approx(float(power), abs=1e-10)
    assert found.under_effect.expected_pairs == 1000


def test_a_bound_on_the_effect_lies_z_standard_errors_above_the_null() -> None:
    design = _first(planned_protocol())
    assert design.sized is not None
    for row in hypothesis_bounds(design).efficacy:
        assert row.z is not None
        assert row.effect is not None
        unit = design.sized.standard_error(row.information)
        assert row.effect == pytest.approx(-0.1 + row.z * unit, abs=1e-12)


def test_a_futility_rule_on_z_stands_as_written_and_not_at_the_last_look() -> None:
    found = _bounds(with_stops(futility("z", (0.1, 0.6))))
    assert _z(found.futility) == [0.1, 0.6, None]
    assert _z(found.efficacy) == list(FREE)


def test_a_futility_rule_on_the_effect_is_found_again_on_its_scale() -> None:
    found = _bounds(with_stops(futility("effect", (-0.09, -0.07))))
    effects = [row.effect for row in found.futility[:2]]
    assert effects == pytest.approx([-0.09, -0.07], abs=1e-12)


def test_conditional_power_before_the_last_look_is_found_again() -> None:
    rule = futility("conditional_power", (0.2,), looks=("L2",), true_effect=0.0)
    found = _bounds(with_stops(rule))
    assert _z(found.futility)[0] is None
    assert found.futility[1].power_registered == pytest.approx(0.2, abs=1e-9)


def test_beta_is_spent_under_the_effect_of_the_rule() -> None:
    design = _first(with_stops(futility("beta_spending", ())))
    assert design.sized is not None
    betas = cumulative_alpha("hwang_shih_decani", 0.1, LOOKS, parameter=-2.0)
    found = crossing_probabilities(
        design.upper, LOOKS, drift=design.sized.z_at(0.0, 1.0), lower=design.futility
    )
    assert math.fsum(found.lower[:1]) == pytest.approx(betas[0], abs=1e-9)
    assert math.fsum(found.lower[:2]) == pytest.approx(betas[1], abs=1e-9)
    assert design.futility[2] == -math.inf


def test_beta_bounds_are_those_of_the_exact_design_where_the_plan_has_its_size() -> None:
    alphas = cumulative_alpha(LDOF, 0.025, LOOKS)
    betas = cumulative_alpha("hwang_shih_decani", 0.1, LOOKS, parameter=-2.0)
    exact = futility_design(alphas, betas, LOOKS)
    protocol = with_stops(futility("beta_spending", ()))
    sized = _first(protocol).sized
    assert sized is not None
    pairs = round(1000 * (exact.drift / sized.z_at(0.0, 1.0)) ** 2)
    size = protocol.sample_size.model_copy(update={"evaluable_pairs": pairs})
    found = _first(protocol.model_copy(update={"sample_size": size}))
    assert found.futility[:2] == pytest.approx(exact.lower[:2], abs=2e-3)


def test_no_futility_bound_lies_above_the_efficacy_bound() -> None:
    found = _first(with_stops(futility("z", (9.0, 9.0))))
    assert found.futility[:2] == found.upper[:2]


def test_certain_and_impossible_powers_stop_always_and_never() -> None:
    found = _first(with_stops(futility("conditional_power", (0.0, 1.0))))
    assert found.futility == (-math.inf, found.upper[1], -math.inf)
    assert _first(with_stops(futility("predictive_power", (0.1, 0.2)))).futility[0] > -9


def test_binding_futility_lowers_the_efficacy_bounds_and_keeps_the_type_one_error() -> None:
    found = _bounds(with_stops(futility("z", (0.1, 0.6), binding=True)))
    last = found.efficacy[-1].z
    assert last is not None
    assert last < FREE[-1]
    assert found.futility_binding
    assert found.under_null.power == pytest.approx(0.025, abs=1e-9)


def test_non_binding_futility_costs_power_and_saves_pairs_under_the_null() -> None:
    without, with_ = _bounds(planned_protocol()), _bounds(with_stops(futility("z", (0.1, 0.6))))
    assert with_.under_null.power < without.under_null.power
    assert with_.under_null.expected_pairs < without.under_null.expected_pairs
    assert math.fsum(with_.under_null.stopping) == pytest.approx(1, abs=1e-12)


def test_harm_spends_an_alpha_of_its_own_against_no_effect() -> None:
    design = _first(with_stops(harms=(harm(),)))
    assert design.sized is not None
    never = (math.inf,) * 3
    found = crossing_probabilities(
        never, LOOKS, drift=design.sized.z_at(0.0, 1.0), lower=design.harm
    )
    spent = cumulative_alpha("lan_demets_pocock", 0.01, LOOKS)
    assert list(itertools.accumulate(found.lower)) == pytest.approx(spent, abs=1e-9)
    assert design.upper == FREE


def test_a_harm_bound_that_only_notifies_ends_no_trial() -> None:
    telling = harm().model_copy(update={"action": "notify"})
    found = _bounds(with_stops(harms=(telling,)))
    assert len(found.harm) == 3
    assert found.under_null.harm == (0.0, 0.0, 0.0)
    assert math.fsum(_bounds(with_stops(harms=(harm(),))).under_null.harm) > 0.5


def test_what_may_be_claimed_is_not_stopped_for_harm() -> None:
    plan = with_stops(harms=(harm(),))
    large = plan.sample_size.model_copy(update={"evaluable_pairs": 4000})
    design = _first(plan.model_copy(update={"sample_size": large}))
    assert design.harm[-1] > design.upper[-1]
    found = hypothesis_bounds(design)
    assert found.under_effect is not None
    assert math.fsum(found.under_effect.stopping) == pytest.approx(1, abs=1e-12)
    assert found.under_effect.power <= 1


def test_without_a_size_design_bounds_stay_on_z_and_p_and_say_why() -> None:
    plan = planned_protocol()
    bare = plan.model_copy(
        update={"sample_size": plan.sample_size.model_copy(update={"design": ()})}
    )
    found = design_of(bare)
    assert _z(found.bounds[0].efficacy) == list(FREE)
    assert found.bounds[0].efficacy[0].effect is None
    assert found.bounds[0].reason is not None
    assert (found.power, found.sizes) == (None, None)
    assert any("H1 has no size design" in note for note in found.notes)


def test_a_shared_alpha_is_planned_at_its_first_share() -> None:
    protocol = watched_protocol()
    no_size = protocol.sample_size.model_copy(update={"design": ()})
    found = design_of(protocol.model_copy(update={"sample_size": no_size, "harm_bounds": ()}))
    assert [bounds.alpha for bounds in found.bounds] == [0.0125, 0.0125]


def test_bounds_that_cannot_be_are_a_gap_of_the_plan() -> None:
    plan = planned_protocol()
    close = (Look(id="L1", information=0.99999), Look(id="L2", information=1.0))
    monitoring = plan.monitoring.model_copy(update={"looks": close})
    with pytest.raises(DocumentError) as refused:
        designs_of(plan.model_copy(update={"monitoring": monitoring}))
    first, second = refused.value.findings
    assert (first.code, first.path) == ("DESIGN_CONTRADICTION", "monitoring")
    assert first.message.startswith("H1: ")
    assert second.message.startswith("H2: ")


def test_a_binding_rule_that_leaves_nothing_to_spend_on_is_named_with_its_hypothesis() -> None:
    plan = with_stops(futility("z", (0.0, 9.0), binding=True))
    with pytest.raises(DocumentError) as refused:
        designs_of(plan)
    (finding,) = refused.value.findings
    assert (finding.code, finding.path) == ("DESIGN_CONTRADICTION", "futility[0]")
    assert finding.message.startswith("H1: ")
    assert "let it not bind" in finding.remedy


def _one_look(protocol: Protocol) -> Protocol:
    looks = (Look(id="L1", information=1.0),)
    return protocol.model_copy(
        update={"monitoring": protocol.monitoring.model_copy(update={"looks": looks})}
    )
