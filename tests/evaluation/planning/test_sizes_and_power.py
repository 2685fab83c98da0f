"""Sizes and power: the pure functions' numbers, closed forms, and the plan held against them."""

import math

import pytest
from scipy import special

from evaluation.design.size.looks import looks_of
from evaluation.design.size.means import mean_size
from evaluation.design.size.plan import Clusters, Plan, Target
from evaluation.design.size.proportions import score_normal
from evaluation.planning.document import design_of
from evaluation.results.design import HypothesisPower, HypothesisSize, Sizes
from protocols.schema import Protocol, SizeDesign
from protocols.vocabulary import Direction
from tests.support.example_protocol import example_document
from tests.support.planned_protocol import planned_protocol

CLUSTERS = Clusters(1.1, 0.3, 0.05)


def _sizes(protocol: Protocol) -> Sizes:
    found = design_of(protocol).sizes
    assert found is not None
    return found


def _size(protocol: Protocol, code: str = "H1") -> HypothesisSize:
    return next(size for size in _sizes(protocol).hypotheses if size.id == code)


def _power(protocol: Protocol) -> HypothesisPower:
    found = design_of(protocol).power
    assert found is not None
    return found[0]


def _with(protocol: Protocol, **changes: object) -> Protocol:
    """The first size design with other values."""
    first, *others = protocol.sample_size.design
    design = (first.model_copy(update=changes), *others)
    return protocol.model_copy(
        update={"sample_size": protocol.sample_size.model_copy(update={"design": design})}
    )


def test_a_size_is_that_of_the_pure_functions_with_looks_and_clusters() -> None:
    protocol = planned_protocol()
    found = _size(protocol)
    normal = score_normal(Target(-0.1, 0.0, Direction.HIGHER_IS_BETTER), 0.15).among(0.25)
    upper = tuple(row.z or math.inf for row in design_of(protocol).bounds[0].efficacy)
    inflation = looks_of(upper, (0.4, 0.7, 1.0), Plan(0.025, 0.9)).inflation
    expected = normal.size(Plan(0.025, 0.9, inflation, 0.95, CLUSTERS), "")
    assert (found.n_pairs, found.n_enrolled) == (expected.n_pairs, expected.n_enrolled)
    assert found.n_exact == pytest.approx(expected.n_exact, rel=1e-12)
    assert found.attained_power == pytest.approx(expected.attained_power, abs=2e-3)
    assert found.inflation == pytest.approx(inflation, rel=1e-12)


def test_a_pilots_standard_deviation_has_the_closed_form() -> None:
    document = example_document()
    document["monitoring"]["looks"] = [{"id": "L1", "information": 1.0}]
    document["sample_size"]["design"] = [
        {
            "hypothesis": "H1",
            "power": 0.9,
            "true_effect": 0.0,
            "nuisance": {"standard_deviation": 0.4},
            "pairs_per_subject": 1.0,
            "cv_of_pairs": 0.0,
            "icc": 0.0,
            "ascertainment": 1.0,
        }
    ]
    protocol = Protocol.model_validate(document, strict=False)
    z = float(special.ndtri(0.975)) + float(special.ndtri(0.9))
    assert _size(protocol).n_exact == pytest.approx((z * 0.4 / 0.05) ** 2, rel=1e-12)
    target = Target(-0.05, 0.0, Direction.HIGHER_IS_BETTER)
    assert _size(protocol).n_pairs == mean_size(target, 0.4, Plan(0.025, 0.9)).n_pairs
    expected = special.ndtr(math.sqrt(600) * 0.05 / 0.4 - special.ndtri(0.975))
    assert _power(protocol).power == pytest.approx(float(expected), abs=1e-10)


def test_planning_with_the_needed_pairs_has_the_registered_power() -> None:
    protocol = planned_protocol()
    needed = _size(protocol).n_pairs
    exact = protocol.sample_size.model_copy(update={"evaluable_pairs": needed})
    assert _power(protocol.model_copy(update={"sample_size": exact})).power == pytest.approx(
        0.9, abs=2e-3
    )


def test_the_hypothesis_that_needs_most_drives() -> None:
    found = _sizes(planned_protocol())
    assert [(size.id, size.drives) for size in found.hypotheses] == [("H1", False), ("H2", True)]
    assert found.sentence.startswith("H2 asks for the most")
    assert found.short_by == 0


def test_a_plan_that_is_short_is_said_to_be() -> None:
    found = _sizes(_with(planned_protocol(), power=0.99))
    assert found.short_by == found.needed_pairs - 1000 > 0
    assert f"short of it by {found.short_by:,}" in found.sentence


def test_power_rises_from_alpha_at_the_edge_of_the_null_to_the_registered_effect() -> None:
    found = _power(planned_protocol())
    powers = [point.power for point in found.curve]
    assert powers == sorted(powers)
    assert found.curve[0].effect == pytest.approx(-0.1)
    assert powers[0] == pytest.approx(0.025, abs=1e-9)
    at_plan = [point.power for point in found.curve if point.effect == pytest.approx(0.0)]
    assert at_plan == [pytest.approx(found.power, abs=1e-12)]


def test_the_cell_of_the_registered_guesses_is_the_registered_size() -> None:
    protocol = planned_protocol()
    found = _power(protocol)
    (cell,) = [
        cell
        for row in found.grid
        for cell in row
        if cell.discordance == pytest.approx(0.15) and cell.effect == pytest.approx(0.0)
    ]
    assert cell.pairs == _size(protocol).n_pairs
    assert cell.power == pytest.approx(found.power, abs=1e-12)


def test_a_cell_that_contradicts_itself_is_empty() -> None:
    found = _power(_with(planned_protocol(), nuisance={"discordance": 0.06, "prevalence": 0.25}))
    assert found.grid[0][0].pairs is None
    assert found.curve[0].power == pytest.approx(0.025, abs=1e-9)


def test_joint_power_is_a_product_where_hypotheses_share_no_pair() -> None:
    found = design_of(planned_protocol())
    assert found.power is not None
    (joint,) = found.joint
    first, second = (power.power for power in found.power)
    assert joint.independent == pytest.approx(first * second, rel=1e-12)
    assert (joint.exact, joint.exact_by) == (joint.independent, "they share no pair")
    assert joint.at_least == pytest.approx(first + second - 1, rel=1e-12)


@pytest.mark.parametrize(
    ("measure", "direction", "test", "margin", "nuisance", "truth"),
    [
        (
            "auc",
            "higher_is_better",
            "delong",
            ("absolute", 0.05),
            {"auc_standard_of_care": 0.8, "prevalence": 0.25, "correlation": 0.6},
            0.0,
        ),
        (
            "auc",
            "higher_is_better",
            "delong",
            ("absolute", 0.05),
            {
                "auc_standard_of_care": 0.8,
                "prevalence": 0.25,
                "correlation_events": 0.6,
                "correlation_nonevents": 0.6,
            },
            0.0,
        ),
        (
            "sensitivity",
            "higher_is_better",
            "tang_score_ratio",
            ("ratio", 0.9),
            {"share_standard_of_care": 0.8, "discordance": 0.15, "prevalence": 0.25},
            1.0,
        ),
        (
            "brier",
            "lower_is_better",
            "clustered_difference",
            ("absolute", 0.02),
            {"standard_deviation": 0.2},
            0.0,
        ),
        (
            "brier",
            "lower_is_better",
            "clustered_ratio",
            ("ratio", 1.2),
            {"standard_deviation": 1.1},
            1.0,
        ),
    ],
)
def test_every_formula_puts_its_bounds_between_null_and_beyond(
    measure: str,
    direction: str,
    test: str,
    margin: tuple[str, float],
    nuisance: dict[str, float],
    truth: float,
) -> None:
    protocol = _of_measure(measure, direction, test, margin)
    size = SizeDesign.model_validate(
        {
            "hypothesis": "H1",
            "power": 0.9,
            "true_effect": truth,
            "nuisance": nuisance,
            "pairs_per_subject": 1.0,
            "cv_of_pairs": 0.0,
            "icc": 0.0,
            "ascertainment": 1.0,
        }
    )
    sample_size = protocol.sample_size.model_copy(update={"design": (size,)})
    found = design_of(protocol.model_copy(update={"sample_size": sample_size}))
    needed = found.sizes.needed_pairs if found.sizes else 0
    enough = sample_size.model_copy(update={"evaluable_pairs": needed})
    again = design_of(protocol.model_copy(update={"sample_size": enough}))
    assert again.power is not None
    assert again.power[0].power == pytest.approx(0.9, abs=5e-3)
    better = 1 if direction == "higher_is_better" else -1
    effects = [row.effect for row in again.bounds[0].efficacy]
    assert all(effect is not None for effect in effects)
    null = again.bounds[0].null_effect
    assert all(better * ((effect or 0.0) - null) > 0 for effect in effects)


def _of_measure(measure: str, direction: str, test: str, margin: tuple[str, float]) -> Protocol:
    document = example_document()
    endpoint = document["endpoints"][0]
    endpoint |= {"measure": measure, "direction": direction}
    hypothesis = document["hypotheses"][0]
    hypothesis["test"] = test
    hypothesis["margin"] |= {"scale": margin[0], "value": margin[1]}
    if margin[0] == "ratio":
        hypothesis["effect"] = "candidate_over_standard_of_care"
    return Protocol.model_validate(document, strict=False)
