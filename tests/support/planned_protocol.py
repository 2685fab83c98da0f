"""The protocol of two co-primary shares with everything that `equipoise design` reads."""

from pathlib import Path

from protocols.load import load
from protocols.schema import FutilityRule, HarmBound, Protocol, SpendingPlan

FILE = Path(__file__).parent / "protocols" / "sequential_design.yaml"


def planned_protocol() -> Protocol:
    """As it stands in the file: no futility, no harm."""
    return load(FILE)


def spending(family: str, parameter: float | None = None) -> SpendingPlan:
    """Without points and start."""
    return SpendingPlan.model_validate(
        {"family": family, "parameter": parameter, "points": (), "start": None}
    )


def futility(
    scale: str,
    values: tuple[float, ...],
    *,
    looks: tuple[str, ...] = ("L1", "L2"),
    true_effect: float | None = None,
    binding: bool = False,
) -> FutilityRule:
    """A rule for H1; beta is 0.1 where it is spent."""
    spends = scale == "beta_spending"
    return FutilityRule.model_validate(
        {
            "hypothesis": "H1",
            "looks": looks,
            "scale": scale,
            "values": values,
            "beta": 0.1 if spends else None,
            "spending": spending("hwang_shih_decani", -2.0) if spends else None,
            "true_effect": 0.0 if spends else true_effect,
            "binding": binding,
            "binding_reason": "Nobody goes on." if binding else None,
            "when_ignored": "The board says why.",
        }
    )


def harm() -> HarmBound:
    """For H1, with an alpha of its own."""
    return HarmBound.model_validate(
        {
            "hypothesis": "H1",
            "alpha": 0.01,
            "spending": spending("lan_demets_pocock"),
            "action": "pause",
        }
    )


def with_stops(*rules: FutilityRule, harms: tuple[HarmBound, ...] = ()) -> Protocol:
    """The same protocol with futility rules and harm bounds."""
    return planned_protocol().model_copy(update={"futility": rules, "harm_bounds": harms})
