"""Edits of the example protocol that register futility, harm and shared alpha."""

from typing import Any

from tests.support.example_protocol import Document, hypothesis

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


def share_alpha(document: Document, procedure: str, weights: list[float], **fields: Any) -> None:
    """Three hypotheses that share 0.025: AUC at a margin, sensitivity at one, AUC superiority."""
    codes = ["H1", "H2", "H3"]
    document["hypotheses"] += [
        hypothesis("H2", "SENS", test="tango_score", margin=0.1),
        hypothesis("H3", "AUC", test="delong", margin=None),
    ]
    simes = procedure in ("hochberg", "hommel")
    graph: Document = {
        "alpha": 0.025,
        "weights": dict(zip(codes, weights, strict=True)),
        "transitions": [],
        "local_test": "simes" if simes else "bonferroni",
        "justification": "All count the same pairs." if simes else None,
        "look_back": False,
    }
    document["multiplicity"] = {
        "procedure": procedure,
        "order": [[code] for code in codes],
        "graph": graph | fields,
        "reason": "The three matter alike.",
    }
