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
