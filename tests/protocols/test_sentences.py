"""The generated hypotheses, and a protocol read aloud."""

import json

import pytest

from protocols.load import load
from protocols.schema import Endpoint, Hypothesis
from protocols.sentences import alternative, null_hypothesis
from tests.protocols.documents import MINIMAL

PROTOCOL = load(MINIMAL)


def _pair(framework: str, direction: str) -> tuple[Hypothesis, Endpoint]:
    hypothesis = PROTOCOL.hypotheses[0].model_dump(mode="json")
    hypothesis["framework"] = framework
    if framework == "superiority":
        hypothesis["margin"] = None
    endpoint = PROTOCOL.endpoints[0].model_dump(mode="json")
    endpoint["direction"] = direction
    return (
        Hypothesis.model_validate_json(json.dumps(hypothesis)),
        Endpoint.model_validate_json(json.dumps(endpoint)),
    )


@pytest.mark.parametrize(
    ("framework", "direction", "null", "other"),
    [
        ("non_inferiority", "higher_is_better", "≤ −0.05", "> −0.05"),
        ("non_inferiority", "lower_is_better", "≥ 0.05", "< 0.05"),
        ("superiority", "higher_is_better", "≤ 0", "> 0"),
        ("superiority", "lower_is_better", "≥ 0", "< 0"),
    ],
)
def test_the_margin_turns_with_the_direction(
    framework: str, direction: str, null: str, other: str
) -> None:
    hypothesis, endpoint = _pair(framework, direction)
    assert null_hypothesis(hypothesis, endpoint).endswith(f"(candidate − standard of care {null}).")
    assert alternative(hypothesis, endpoint).endswith(f"(candidate − standard of care {other}).")


RATIO = "candidate ÷ standard of care"


@pytest.mark.parametrize(
    ("framework", "direction", "value", "null", "other"),
    [
        (
            "non_inferiority",
            "higher_is_better",
            0.9,
            f"reaches at most 0.9 times the standard of care ({RATIO} ≤ 0.9).",
            f"reaches more than 0.9 times the standard of care ({RATIO} > 0.9).",
        ),
        (
            "non_inferiority",
            "lower_is_better",
            1.25,
            f"reaches 1.25 times the standard of care or more ({RATIO} ≥ 1.25).",
            f"stays below 1.25 times the standard of care ({RATIO} < 1.25).",
        ),
        (
            "superiority",
            "lower_is_better",
            None,
            f"is no better than the standard of care ({RATIO} ≥ 1).",
            f"is better than the standard of care ({RATIO} < 1).",
        ),
        (
            "equivalence",
            "higher_is_better",
            0.8,
            f"by a factor of 1.25 or more ({RATIO} ≤ 0.8 or ≥ 1.25).",
            f"by less than a factor of 1.25 (0.8 < {RATIO} < 1.25).",
        ),
    ],
)
def test_a_ratio_is_held_against_its_margin_as_written(
    framework: str, direction: str, value: float | None, null: str, other: str
) -> None:
    hypothesis, endpoint = _pair(framework, direction)
    margin = hypothesis.margin and hypothesis.margin.model_copy(update={"value": value})
    over = {"effect": "candidate_over_standard_of_care", "margin": margin}
    ratio = hypothesis.model_copy(update=over)
    assert null_hypothesis(ratio, endpoint).endswith(null)
    assert alternative(ratio, endpoint).endswith(other)


def test_equivalence_is_held_against_both_margins() -> None:
    hypothesis, endpoint = _pair("equivalence", "lower_is_better")
    assert null_hypothesis(hypothesis, endpoint).endswith(
        "by 0.05 or more (candidate − standard of care ≤ −0.05 or ≥ 0.05)."
    )
    assert alternative(hypothesis, endpoint).endswith(
        "by less than 0.05 (−0.05 < candidate − standard of care < 0.05)."
    )


def test_the_sentences_of_non_inferiority_read_as_such() -> None:
    hypothesis, endpoint = PROTOCOL.hypotheses[0], PROTOCOL.endpoints[0]
    assert null_hypothesis(hypothesis, endpoint) == (
        "Discrimination: the candidate lies below the standard of care by 0.05 or more "
        "(candidate − standard of care ≤ −0.05)."
    )
    assert alternative(hypothesis, endpoint) == (
        "Discrimination: the candidate is worse than the standard of care by less than 0.05, "
        "or not worse at all (candidate − standard of care > −0.05)."
    )


def test_a_time_is_spoken_of_by_its_hazard_and_what_a_higher_one_means() -> None:
    hypothesis, endpoint = _pair("superiority", "lower_is_better")
    ratio = hypothesis.model_copy(update={"effect": "candidate_over_standard_of_care"})
    time = endpoint.model_copy(update={"measure": "hazard"})
    for sentence in (null_hypothesis(ratio, time), alternative(ratio, time)):
        assert ": the candidate's hazard is " in sentence
        assert sentence.endswith("Above 1 the event comes sooner with the candidate.")
