"""A small, complete protocol for tests; `edit` changes the document before it is validated.

The reports' examples are an edit of this one (`tests/reports/example_protocol.py`). The other one
that remains, `protocols/minimal.yaml`, is text: its tests are about lines, columns and YAML itself.
"""

import json
from collections.abc import Callable
from typing import Any

from protocols.schema import Protocol
from tests.support.example_monitoring import example_monitoring

Document = dict[str, Any]


def example_protocol(edit: Callable[[Document], None] | None = None) -> Protocol:
    """Two looks, non-inferiority in AUC, binary secondaries, one safety rule, two subgroups."""
    document = example_document()
    if edit is not None:
        edit(document)
    return Protocol.model_validate_json(json.dumps(document))


def one_look_protocol(edit: Callable[[Document], None] | None = None) -> Protocol:
    """The same with one look, at all of the information."""

    def edit_looks(document: Document) -> None:
        document["monitoring"]["looks"] = [{"id": "L1", "information": 1.0}]
        if edit is not None:
            edit(document)

    return example_protocol(edit_looks)


def example_document() -> Document:
    """A fresh document, the caller's own to change."""
    return {**_plan_of_conduct(), **_plan_of_analysis()}


def _plan_of_conduct() -> Document:
    return {
        "schema_version": "1.0",
        "protocol": {
            "id": "example-shadow-01",
            "version": "1.0.0",
            "date": "2026-01-15",
            "title": "Example risk score beside the score in use: a paired shadow evaluation",
            "acronym": "EXAMPLE",
            "registrations": [],
        },
        "roles": _roles(),
        "background": {
            "rationale": "The score in use is costly to collect.",
            "prior_evidence": "A retrospective comparison at another site.",
            "benefit_sought": "Fewer manual entries at the bedside.",
            "intended_use": "Ranking admitted patients by risk.",
        },
        "objectives": [
            {"id": "O1", "kind": "primary", "text": "Show non-inferior discrimination."},
        ],
        "arms": {
            "standard_of_care": _arm("Score in use", "a", seen=True),
            "candidate": _arm("Candidate score", "b", seen=False),
        },
        "keys": {
            "subject": {"system": "hospital", "description": "The patient."},
            "encounter": {"system": "hospital", "description": "The admission."},
        },
        "inputs": _inputs(),
        "setting": _setting(),
        "design": {
            "type": "paired_shadow",
            "unit_of_analysis": "encounter",
            "cluster": "none",
            "cluster_justification": "One encounter per patient.",
            "repeated_predictions": "all",
        },
        "eligibility": {
            "participant": [
                {"id": "adult", "expression": "inputs.age >= 18", "description": "Adults only."}
            ],
            "input": [],
        },
        "outcome": _outcome(),
        "further_outcomes": [],
    }


def _plan_of_analysis() -> Document:
    return {
        "estimands": [_estimand()],
        "endpoints": [
            _endpoint("AUC", "Discrimination (AUC)", "primary", "auc"),
            _endpoint("SENS", "Sensitivity", "key_secondary", "sensitivity"),
            _endpoint("SPEC", "Specificity", "key_secondary", "specificity"),
        ],
        "hypotheses": [hypothesis("H1", "AUC", test="delong", margin=0.05)],
        "analyses": [],
        "multiplicity": {
            "procedure": "single",
            "order": [["H1"]],
            "graph": None,
            "reason": "There is one hypothesis.",
        },
        "sample_size": {
            "evaluable_pairs": 600,
            "power": 0.9,
            "assumptions": "Prevalence 0.25, correlation 0.6.",
            "calculation": "Standard error by the binormal model.",
            "accrual": "Until 600 evaluable pairs.",
            "design": [],
        },
        "monitoring": example_monitoring(),
        "futility": [],
        "harm_bounds": [],
        "re_estimation": None,
        "simulation": None,
        "analysis_populations": _populations(),
        "missing_data": {
            "outcome_assumption": "Missing at random given the scores.",
            "outcome_primary": "complete_pairs",
            "outcome_bounds": "worst_and_best_case",
            "prediction": "A candidate without an answer counts as a failure.",
        },
        "subgroups": _subgroups(),
        "safety": [safety_rule()],
        "anytime_safety": [],
        "anytime_groups": [],
        "fate_mix": None,
        "decision_rule": _decision_rule(),
        "model_change_policy": {
            "on_change": "stop",
            "explanation": "The comparison is of two frozen artefacts.",
        },
        "prior_data_access": {
            "status": "none_seen",
            "explanation": "Accrual starts after registration.",
        },
        "governance": {
            "de_identification": "Tokens instead of identifiers.",
            "small_cell": 5,
            "retention": "Ten years.",
            "dissemination": "The report is published whatever it shows.",
        },
        "worked_examples": [_worked_example()],
    }


def hypothesis(
    code: str,
    endpoint: str,
    *,
    test: str,
    margin: float | None,
    alpha: float = 0.025,
    sensitivity_tests: tuple[str, ...] = (),
) -> Document:
    """One hypothesis: non-inferiority with a margin, superiority without one."""
    return {
        "id": code,
        "endpoint": endpoint,
        "framework": "superiority" if margin is None else "non_inferiority",
        "effect": "candidate_minus_standard_of_care",
        "margin": None
        if margin is None
        else {
            "value": margin,
            "scale": "absolute",
            "clinical_basis": "The panel accepts no larger loss.",
            "statistical_basis": "A fifth of the effect of the score in use.",
            "source": "Panel minutes.",
            "agreed_by": ["Panel"],
        },
        "alpha": alpha,
        "sided": 1,
        "test": test,
        "parameters": {},
        "resampling": None,
        "sensitivity_tests": list(sensitivity_tests),
    }


def safety_rule(limit: float = 0.2) -> Document:
    return {
        "id": "MISSED",
        "title": "Events that the candidate missed and the standard of care flagged",
        "event": "standard_of_care.flag and not candidate.flag",
        "among": "outcome",
        "limit": limit,
        "confidence": 0.95,
        "limit_basis": "One missed event in five is the most the panel accepts.",
        "severity": "serious",
        "action": "pause",
    }


def _roles() -> list[Document]:
    people = [("Ada", "principal_investigator", False), ("Ben", "trial_statistician", True)]
    return [
        {"name": name, "affiliation": "Hospital", "role": role, "signs": True, "masked": masked}
        for name, role, masked in people
    ]


def _arm(name: str, digit: str, *, seen: bool) -> Document:
    return {
        "name": name,
        "version": "1",
        "digest": "sha256:" + digit * 64,
        "kind": "model",
        "description": f"{name}, frozen.",
        "identity": "model",
        "score": "output.score",
        "output": {"kind": "probability", "unit": "1", "low": 0.0, "high": 1.0},
        "decision": {
            "flag_when": "score_at_or_above",
            "threshold": 0.25,
            "threshold_source": "Chosen before the trial on other data.",
        },
        "seen_by_clinician": seen,
        "training_data_end": "2024-12-31",
    }


def _inputs() -> Document:
    fields = [("age", "number", "years"), ("sex", "string", "1")]
    return {
        "acquisition": "From the record at admission.",
        "poor_or_missing_input": "A missing optional field is null.",
        "fields": [
            {
                "name": name,
                "type": kind,
                "unit": unit,
                "required": True,
                "stored": True,
                "description": f"{name} at admission",
            }
            for name, kind, unit in fields
        ],
    }


def _setting() -> Document:
    return {
        "sites": ["One hospital"],
        "isolation": "The candidate's answers are seen by nobody who treats.",
        "standard_of_care_deadline_ms": 1000,
        "mirror": {
            "share": 1.0,
            "sampling_unit": "subject",
            "deadline_ms": 800,
            "late_until_ms": 5000,
            "attempts": 1,
        },
        "capture": {"policy": "clinical-first", "budget_ms": 25, "largest_gap_share": 0.01},
    }


def _outcome() -> Document:
    return {
        "name": "died",
        "type": "binary",
        "definition": "Death within 30 days of admission.",
        "source": "Registry.",
        "horizon_days": 30.0,
        "maturity_lag_days": 2.0,
        "maturity": "ascertained",
        "assessor_blinded_to": ["standard_of_care", "candidate"],
        "verification": "Registry linkage.",
        "conflict": "exclude_and_bound",
    }


def _estimand() -> Document:
    return {
        "id": "E1",
        "treatments": "Candidate score against the score in use.",
        "population": "Admitted adults.",
        "variable": "Death within 30 days.",
        "intercurrent_events": [
            {
                "event": "candidate_without_answer",
                "strategy": "composite",
                "rule": "Counts as a failure.",
            }
        ],
        "summary": "Paired difference.",
    }


def _endpoint(code: str, title: str, role: str, measure: str) -> Document:
    return {
        "id": code,
        "title": title,
        "role": role,
        "measure": measure,
        "outcome": "died",
        "parameters": {},
        "direction": "higher_is_better",
        "estimand": "E1",
        "time_frame": "30 days.",
        "identifiability": {
            "identifiable": True,
            "reason": "The candidate's answer needs no action to be judged.",
        },
    }


def _populations() -> list[Document]:
    return [
        {
            "id": "FAS",
            "title": "Full analysis set",
            "definition": "Every eligible sampled encounter that the standard of care answered.",
            "role": "primary",
            "candidate_without_answer": "counts_as_failure",
            "standard_of_care_without_answer": "excluded",
        },
        {
            "id": "PP",
            "title": "Per-protocol set",
            "definition": "Encounters that both arms answered.",
            "role": "supporting",
            "candidate_without_answer": "excluded",
            "standard_of_care_without_answer": "excluded",
        },
    ]


def _subgroups() -> list[Document]:
    return [
        {
            "id": "sex",
            "title": "Sex",
            "levels": [
                {"id": code, "title": title, "expression": f"inputs.sex == '{code}'"}
                for code, title in (("female", "Women"), ("male", "Men"))
            ],
            "minimum_cell": 10,
        },
        {
            "id": "age",
            "title": "Age",
            "levels": [
                {"id": "below_65", "title": "Below 65", "expression": "inputs.age < 65"},
                {"id": "from_65", "title": "65 and above", "expression": "inputs.age >= 65"},
            ],
            "minimum_cell": 10,
        },
    ]


def _decision_rule() -> Document:
    rules = [
        ("stop", "stop", "any_look", "safety.any_exceeded", "Stop: a safety limit is exceeded."),
        ("keep", "keep_standard_of_care", "any_look", "H1.inferior", "Keep what is in use."),
        ("pilot", "randomised_pilot", "any_look", "H1.shown", "Go on to a randomised pilot."),
        ("go_on", "continue", "interim", "not look.final", "Continue to the next look."),
        ("no", "keep_standard_of_care", "final", "true", "Keep what is in use."),
    ]
    return {
        "rules": [
            {"id": code, "recommendation": word, "at": at, "when": when, "sentence": sentence}
            for code, word, at, when, sentence in rules
        ],
        "decided_by": ["Steering committee"],
    }


def _worked_example() -> Document:
    return {
        "description": "A woman of 70 who died; both arms flagged her.",
        "pair": {
            "inputs": {"age": 70, "sex": "female"},
            "standard_of_care_score": 0.6,
            "candidate_score": 0.5,
            "outcome": True,
        },
        "expect": {
            "eligible": True,
            "standard_of_care_flag": True,
            "candidate_flag": True,
            "correct": {"AUC": [None, None], "SENS": [True, True], "SPEC": [None, None]},
            "safety_events": [],
        },
    }
