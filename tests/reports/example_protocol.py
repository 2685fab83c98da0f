"""The shared example protocol, told as the trial that the reports' examples come from.

Only what a report shows or a reader of the examples would miss is changed here; everything else is
the shared document's.
"""

from protocols.methods.measures import Measure
from protocols.schema import Protocol
from tests.support import example_protocol as shared
from tests.support.example_protocol import Document

SOC_DIGEST = "sha256:" + "1f" * 32
CANDIDATE_DIGEST = "sha256:" + "c4" * 32

HYPOTHESES = (
    ("H1", "AUC", "non_inferiority", 0.03, "delong"),
    ("H2", "SENS", "non_inferiority", 0.05, "tango_score"),
    ("H3", "SPEC", "superiority", None, "tango_score"),
    ("H4", "AUCRE", "superiority", None, "delong"),
    ("H5", "WORK", "non_inferiority", 1.1, "clustered_ratio"),
    ("H6", "ACC", "equivalence", 0.04, "tango_score"),
)

BASES = {
    "H1": "A ward would not notice a smaller loss of ranking.",
    "H2": "One more death missed in twenty is the most that the panel accepts.",
    "H5": "A tenth more time at the screen is the most that the wards accept.",
    "H6": "Within four points nobody on the ward would see a change.",
}

ENDPOINTS: tuple[tuple[str, str, str, Measure], ...] = (
    ("AUC", "Ranking of patients by risk", "co_primary", "auc"),
    ("SENS", "Deaths foreseen", "co_primary", "sensitivity"),
    ("SPEC", "Survivors left without alert", "key_secondary", "specificity"),
    ("AUCRE", "Ranking among readmitted patients", "secondary", "auc"),
    ("WORK", "Time at the screen", "key_secondary", "value"),
    ("ACC", "Right flags", "key_secondary", "accuracy"),
)

MINUTES = {
    "name": "minutes",
    "type": "number",
    "per_arm": True,
    "basis": "simulated",
    "definition": "Minutes at the screen that each arm's alerts would have taken.",
    "source": "The ward's log.",
    "unit": "min",
    "low": 0.0,
    "high": None,
    "levels": [],
}

ANALYSES = (
    ("A1", "Predictive values", "SENS", "supporting", "predictive_values", "linearised"),
    ("A2", "Net benefit", "AUC", "descriptive", "decision_curve", "t"),
    ("A3", "Areas by resampling", "AUCRE", "exploratory", "bootstrap_area", "bca"),
)

RULES = (
    (
        "R1",
        "keep_standard_of_care",
        "any_look",
        "safety.any_exceeded or H2.inferior",
        "A safety limit is exceeded or deaths would be missed.",
    ),
    (
        "R2",
        "randomised_pilot",
        "final",
        "H1.shown and H2.shown",
        "Both primary endpoints passed.",
    ),
    (
        "R3",
        "continue",
        "interim",
        "true",
        "The question is open; the trial goes on as planned.",
    ),
)


def example() -> Protocol:
    """The trial of the reports' examples, validated."""
    return shared.example_protocol(_tell)


def _tell(document: Document) -> None:
    document["protocol"] |= {
        "id": "sixty-day-mortality",
        "version": "1.2.0",
        "title": "Survival model beside physicians' own estimates of 60-day mortality",
        "acronym": "SHADOW-60",
    }
    _tell_conduct(document)
    _tell_analysis(document)
    _tell_rules(document)


def _tell_conduct(document: Document) -> None:
    document["arms"]["standard_of_care"] |= {
        "name": "physician-estimate",
        "version": "2.4.0",
        "digest": SOC_DIGEST,
        "kind": "human_read",
        "description": "The physician's own estimate.",
        "training_data_end": None,
    }
    document["arms"]["candidate"] |= {
        "name": "survival-model",
        "version": "3.1.0",
        "digest": CANDIDATE_DIGEST,
        "description": "A Cox model of 14 variables.",
    }
    for arm in document["arms"].values():
        arm["decision"]["threshold"] = 0.5
    document["objectives"].append(
        {"id": "O2", "kind": "safety", "text": "Few deaths that only the physician foresaw."}
    )
    document["setting"]["capture"]["largest_gap_share"] = 0.001
    document["design"]["repeated_predictions"] = "first_per_encounter"
    document["outcome"] |= {
        "name": "death_60",
        "definition": "Death within 60 days of the request, from any cause.",
        "horizon_days": 60.0,
        "maturity_lag_days": 14.0,
        "assessor_blinded_to": ["candidate"],
    }
    document["governance"]["small_cell"] = 11


def _tell_analysis(document: Document) -> None:
    endpoint = document["endpoints"][0]
    document["endpoints"] = [
        endpoint
        | {"id": code, "title": title, "role": role, "measure": measure, "time_frame": "60 days"}
        | ({"outcome": "minutes", "direction": "lower_is_better"} if code == "WORK" else {})
        for code, title, role, measure in ENDPOINTS
    ]
    document["hypotheses"] = [_hypothesis(*entry) for entry in HYPOTHESES]
    document["multiplicity"] = {
        "procedure": "fixed_sequence",
        "order": [["H1", "H2"], ["H3"], ["H4"], ["H5"], ["H6"]],
        "graph": None,
        "reason": "Both primary endpoints must pass before anything else is tested.",
    }
    document["further_outcomes"] = [MINUTES]
    document["analyses"] = [_analysis(*entry) for entry in ANALYSES]
    document["sample_size"]["evaluable_pairs"] = 3700
    document["monitoring"]["tolerance"] = 0.02
    document["analysis_populations"][0]["definition"] = (
        "Every eligible mirrored encounter with a physician's estimate."
    )
    document["analysis_populations"][1]["definition"] = (
        "Encounters that both arms answered in time."
    )
    document["subgroups"] = document["subgroups"][:1]
    document["subgroups"][0]["minimum_cell"] = 11


def _hypothesis(
    code: str, endpoint: str, framework: str, margin: float | None, test: str
) -> Document:
    tests = ("mcnemar_exact",) if test == "tango_score" else ()
    made = shared.hypothesis(code, endpoint, test=test, margin=margin, sensitivity_tests=tests)
    if made["margin"] is not None:
        made["margin"]["clinical_basis"] = BASES[code]
        made["margin"]["scale"] = "ratio" if test == "clustered_ratio" else "absolute"
    if test == "clustered_ratio":
        made["effect"] = "candidate_over_standard_of_care"
    return made | {"framework": framework}


def _analysis(code: str, title: str, endpoint: str, *words: str) -> Document:
    role, estimator, interval = words
    return {
        "id": code,
        "title": title,
        "endpoint": endpoint,
        "role": role,
        "estimator": estimator,
        "interval": interval,
        "level": 0.95,
        "population": "FAS",
        "parameters": {"thresholds": [0.1, 0.2, 0.5]} if code == "A2" else {},
        "resampling": {"seed": 7, "resamples": 2000} if code == "A3" else None,
    }


def _tell_rules(document: Document) -> None:
    document["safety"] = [
        shared.safety_rule(limit)
        | {
            "id": code,
            "title": title,
            "event": "standard_of_care.flag and not candidate.flag and outcome",
            "confidence": 0.975,
            "severity": severity,
            "action": "stop",
        }
        for code, title, limit, severity in (
            ("missed_death", "Deaths that only the physician foresaw", 0.15, "serious"),
            ("silent_shock", "Shock without any alert", 0.01, "life_threatening"),
        )
    ]
    document["decision_rule"]["rules"] = [
        {"id": code, "recommendation": word, "at": at, "when": when, "sentence": sentence}
        for code, word, at, when, sentence in RULES
    ]
