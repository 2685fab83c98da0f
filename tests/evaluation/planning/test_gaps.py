"""What a protocol lacks is named by its field, all of it at once; nothing is put in its place."""

import pytest

from evaluation.planning.conducts import check_scenarios
from evaluation.planning.designs import designs_of
from evaluation.planning.document import needing_sizes, simulation_of
from protocols.errors import DocumentError
from protocols.schema import Protocol
from tests.support.planned_protocol import futility, harm, planned_protocol, with_stops


def _design(protocol: Protocol, *designs: dict[str, object]) -> Protocol:
    """Size designs changed in order; the others go."""
    held = zip(protocol.sample_size.design, designs, strict=False)
    changed = tuple(design.model_copy(update=change) for design, change in held)
    return protocol.model_copy(
        update={"sample_size": protocol.sample_size.model_copy(update={"design": changed})}
    )


def _gaps(protocol: Protocol) -> set[tuple[str, str]]:
    with pytest.raises(DocumentError) as refused:
        needing_sizes(protocol)
    assert refused.value.exit_status == 3
    return {(finding.code, finding.path) for finding in refused.value.findings}


def test_every_missing_value_is_named_at_once() -> None:
    plan = _design(planned_protocol(), {"nuisance": {}}, {"nuisance": {"discordance": 0.1}})
    assert _gaps(plan) == {
        ("NUISANCE_MISSING", "sample_size.design[0].nuisance.discordance"),
        ("NUISANCE_MISSING", "sample_size.design[0].nuisance.prevalence"),
        ("NUISANCE_MISSING", "sample_size.design[1].nuisance.prevalence"),
    }


def test_a_value_that_nothing_reads_is_a_gap() -> None:
    nuisance = {"discordance": 0.15, "prevalence": 0.25, "discordence": 0.2}
    plan = _design(planned_protocol(), {"nuisance": nuisance})
    assert _gaps(plan) == {("NUISANCE_UNKNOWN", "sample_size.design[0].nuisance.discordence")}


@pytest.mark.parametrize(
    "change",
    [
        {"true_effect": -0.2},
        {"true_effect": 0.3},
        {"power": 0.01},
        {"nuisance": {"discordance": 0.15, "prevalence": 0.0}},
    ],
)
def test_a_design_that_cannot_be_true_is_a_gap(change: dict[str, object]) -> None:
    assert _gaps(_design(planned_protocol(), change)) == {
        ("DESIGN_CONTRADICTION", "sample_size.design[0]")
    }


def test_two_designs_of_one_hypothesis_are_a_gap() -> None:
    plan = _design(planned_protocol(), {}, {"hypothesis": "H1"})
    assert ("SIZE_DESIGN_TWICE", "sample_size.design[0]") in _gaps(plan)


def test_without_any_size_design_power_is_refused() -> None:
    assert _gaps(_design(planned_protocol())) == {("SIZE_DESIGN_MISSING", "sample_size.design")}


def test_a_futility_rule_on_the_effect_needs_a_size_design() -> None:
    plan = _design(with_stops(futility("effect", (-0.09, -0.07))))
    with pytest.raises(DocumentError) as refused:
        designs_of(plan)
    assert refused.value.findings[0].path == "futility[0].scale"


def test_a_harm_bound_beside_a_margin_needs_a_size_design() -> None:
    with pytest.raises(DocumentError) as refused:
        designs_of(_design(with_stops(harms=(harm(),))))
    assert refused.value.findings[0].path == "harm_bounds[0].hypothesis"


def test_without_scenarios_there_is_nothing_to_simulate() -> None:
    with pytest.raises(DocumentError) as refused:
        simulation_of(planned_protocol().model_copy(update={"simulation": None}))
    assert [f.code for f in refused.value.findings] == ["SIMULATION_MISSING"]


def test_a_scenario_that_cannot_be_is_named() -> None:
    plan = planned_protocol()
    assert plan.simulation is not None
    first, second, third = plan.simulation.scenarios
    odd = second.model_copy(update={"true_effect": 0.5})
    typo = third.model_copy(update={"nuisance": {"discord": 0.2}})
    simulation = plan.simulation.model_copy(update={"scenarios": (first, odd, typo)})
    with pytest.raises(DocumentError) as refused:
        check_scenarios(simulation, needing_sizes(plan))
    assert {(f.code, f.path) for f in refused.value.findings} == {
        ("DESIGN_CONTRADICTION", "simulation.scenarios[1]"),
        ("NUISANCE_UNKNOWN", "simulation.scenarios[2].nuisance.discord"),
    }
