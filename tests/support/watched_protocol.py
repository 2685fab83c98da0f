"""The example protocol with everything that can be registered of watching, sharing and sizing."""

import json

from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_document, hypothesis

BY_TABLE: Document = {
    "family": "table",
    "parameter": None,
    "points": [[0.5, 0.2], [1.0, 1.0]],
    "start": None,
}


def watched_protocol() -> Protocol:
    """Valid by the schema; not every word of it is obeyed by a look."""
    document = example_document()
    document["hypotheses"].append(hypothesis("H2", "SENS", test="tango_score", margin=0.1))
    document["multiplicity"] = {
        "procedure": "graph",
        "order": [["H1"], ["H2"]],
        "graph": {
            "alpha": 0.025,
            "weights": {"H1": 0.5, "H2": 0.5},
            "transitions": [["H1", "H2", 1.0], ["H2", "H1", 1.0]],
            "local_test": "bonferroni",
            "justification": None,
            "look_back": False,
        },
        "reason": "The two matter alike.",
    }
    document["sample_size"]["design"] = [_design()]
    document["monitoring"] |= {
        "clock": "smaller_of_planned_and_observed",
        "spending": {"family": "kim_demets", "parameter": 3.0, "points": [], "start": 0.2},
        "final_look": "information_fraction",
        "unplanned_looks": "allowed",
        "claim_interval": "stagewise",
        "late_outcomes": "weighted",
    }
    document |= {
        "futility": [_futility()],
        "harm_bounds": [
            {"hypothesis": "H1", "alpha": 0.01, "spending": BY_TABLE, "action": "pause"}
        ],
        "anytime_safety": [_anytime()],
        "re_estimation": _re_estimation(),
        "simulation": _simulation(),
    }
    return Protocol.model_validate_json(json.dumps(document))


def _design() -> Document:
    return {
        "hypothesis": "H1",
        "power": 0.9,
        "true_effect": 0.0,
        "nuisance": {"prevalence": 0.25},
        "pairs_per_subject": 1.2,
        "cv_of_pairs": 0.4,
        "icc": 0.1,
        "ascertainment": 0.95,
    }


def _futility() -> Document:
    return {
        "hypothesis": "H1",
        "looks": ["L1"],
        "scale": "z",
        "values": [0.2],
        "beta": None,
        "spending": None,
        "true_effect": None,
        "binding": False,
        "binding_reason": None,
        "when_ignored": "The board says why.",
    }


def _anytime() -> Document:
    return {
        "id": "late_missed",
        "title": "Missed events",
        "method": "betting",
        "event": "not candidate.flag",
        "counterpart": None,
        "endpoint": None,
        "among": "outcome",
        "unit": "pair",
        "order": "outcome_arrival",
        "alpha": 0.025,
        "limit": 0.3,
        "parameters": {},
        "burn_in": 20,
        "severity": "serious",
        "action": "pause",
    }


def _re_estimation() -> Document:
    return {
        "kind": "promising_zone",
        "look": "L1",
        "cap_pairs": 900,
        "lower_zone": 0.4,
        "upper_zone": 0.9,
        "target_power": 0.9,
        "who_is_unblinded": "The unblinded statistician alone.",
    }


def _simulation() -> Document:
    scenario = {
        "id": "null_case",
        "true_effect": -0.05,
        "true_effects": {},
        "nuisance": {},
        "drift": "half_way",
        "jitter": 0.02,
        "missing_share": 0.05,
        "late_share": 0.1,
        "ignore_futility": True,
    }
    return {
        "scenarios": [scenario],
        "correlations": [],
        "correlation_basis": None,
        "target_se": 0.001,
        "most_replicates": 100_000,
        "seed": 7,
    }
