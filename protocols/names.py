"""Which names an expression may use in which place, and the values behind them."""

from collections.abc import Mapping
from typing import Final

from protocols.expressions import Value
from protocols.schema import Protocol

RESERVED: Final = frozenset(
    {"true", "false", "null", "inputs", "outcome", "standard_of_care", "candidate", "safety"}
    | {"look"}
)
PAIR_NAMES: Final = frozenset(
    {
        "standard_of_care.flag",
        "standard_of_care.score",
        "candidate.flag",
        "candidate.score",
        "outcome",
    }
)


def input_names(protocol: Protocol) -> frozenset[str]:
    """Eligibility and subgroups: `inputs.<field>`."""
    return frozenset(f"inputs.{field.name}" for field in protocol.inputs.fields)


def safety_names(protocol: Protocol) -> frozenset[str]:
    """Safety rules: flags, scores and outcome of one pair, and its inputs."""
    return PAIR_NAMES | input_names(protocol)


def has_rules_between_looks(protocol: Protocol) -> bool:
    """Whether anything is registered that is read after every outcome or asking."""
    return bool(protocol.anytime_safety) or protocol.fate_mix is not None


def decision_names(protocol: Protocol) -> frozenset[str]:
    """Decision rules: what hypotheses and safety rules came to, and whether the look is final."""
    hypotheses = {
        f"{hypothesis.id}.{word}"
        for hypothesis in protocol.hypotheses
        for word in ("shown", "inferior", "worse")
    }
    futile = {f"{rule.hypothesis}.futile" for rule in protocol.futility}
    harmful = {f"{bound.hypothesis}.harmful" for bound in protocol.harm_bounds}
    safety = {
        f"safety.{rule.id}.{word}" for rule in protocol.safety for word in ("exceeded", "within")
    }
    return frozenset(hypotheses | futile | harmful | safety | {"safety.any_exceeded", "look.final"})


def input_values(inputs: Mapping[str, Value]) -> dict[str, Value]:
    """An encounter's inputs under the names that expressions use."""
    return {f"inputs.{name}": value for name, value in inputs.items()}


def pair_values(
    inputs: Mapping[str, Value],
    *,
    standard_of_care: tuple[float | None, bool | None],
    candidate: tuple[float | None, bool | None],
    outcome: bool | None,
) -> dict[str, Value]:
    """The values of one pair for a safety rule; an arm is (score, flag)."""
    return {
        **input_values(inputs),
        "standard_of_care.score": standard_of_care[0],
        "standard_of_care.flag": standard_of_care[1],
        "candidate.score": candidate[0],
        "candidate.flag": candidate[1],
        "outcome": outcome,
    }
