"""Edits of the example protocol that register futility, harm and shared alpha."""

from typing import Any

from tests.support.example_protocol import Document

OBRIEN_FLEMING: Document = {
    "family": "lan_demets_obrien_fleming",
    "parameter": None,
    "points": [],
    "start": None,
}


def futility_rule(**fields: Any) -> Document:
    """One rule for H1 at L1; z below 0.5 unless `fields` say otherwise."""
    rule: Document = {
        "hypothesis": "H1",
        "looks": ["L1"],
        "scale": "z",
        "values": [0.5],
        "beta": None,
        "spending": None,
        "true_effect": None,
        "binding": False,
        "binding_reason": None,
        "when_ignored": "The trial goes on for safety.",
    }
    return rule | fields


def beta_rule(**fields: Any) -> Document:
    """Beta of 0.1 spent by the O'Brien-Fleming-like function."""
    spent = {"scale": "beta_spending", "values": [], "beta": 0.1, "spending": OBRIEN_FLEMING}
    return futility_rule(**(spent | fields))


def harm_bound(**fields: Any) -> Document:
    """A harm bound for H1 with an alpha of its own."""
    bound: Document = {
        "hypothesis": "H1",
        "alpha": 0.02,
        "spending": OBRIEN_FLEMING | {"family": "lan_demets_pocock"},
        "action": "pause",
    }
    return bound | fields


def decide_first(document: Document, code: str, when: str, recommendation: str) -> None:
    """Put a decision rule in front of all others."""
    document["decision_rule"]["rules"].insert(
        0,
        {
            "id": code,
            "recommendation": recommendation,
            "at": "any_look",
            "when": when,
            "sentence": f"Because {when}.",
        },
    )
