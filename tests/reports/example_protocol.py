"""A made-up protocol, complete and valid, for reports that no engine had to make."""

import json

from protocols.schema import Protocol

SOC_DIGEST = "sha256:" + "1f" * 32
CANDIDATE_DIGEST = "sha256:" + "c4" * 32


def example_protocol() -> dict[str, object]:
    """The canonical form: what `model_dump(mode="json")` gives."""
    return Protocol.model_validate_json(_text()).model_dump(mode="json")


def _text() -> str:
    return json.dumps(
        {**_head(), **_conduct(), **_analysis(), "worked_examples": [_example()]}, allow_nan=False
    )


def _head() -> dict[str, object]:
    person = {"affiliation": "St. Anne's Hospital", "signs": True}
    return {
        "schema_version": "1.0",
        "protocol": {
            "id": "sixty-day-mortality",
            "version": "1.2.0",
            "date": "2026-01-12",
            "title": "Survival model beside physicians' own estimates of 60-day mortality",
            "acronym": "SHADOW-60",
            "registrations": [],
        },
        "roles": [
            {**person, "name": "Dr. A. Okafor", "role": "principal_investigator", "masked": True},
            {**person, "name": "M. Lindqvist", "role": "trial_statistician", "masked": True},
            {**person, "name": "R. Banerjee", "role": "unblinded_statistician", "masked": False},
        ],
        "background": {
            "rationale": "Physicians' estimates are good, but are missing for one patient in five.",
            "prior_evidence": "One retrospective comparison at a single site.",
            "benefit_sought": "An estimate for every patient within a second of admission.",
            "intended_use": "Shown to the physician on call when a stay is planned.",
        },
        "objectives": [
            {
                "id": "O1",
                "kind": "primary",
                "text": "Discrimination no worse than the physician's.",
            },
            {"id": "O2", "kind": "safety", "text": "Few deaths that only the physician foresaw."},
        ],
        "keys": {
            "subject": {"system": "hospital number", "description": "One person."},
            "encounter": {"system": "stay number", "description": "One admission."},
        },
        "model_change_policy": {
            "on_change": "stop",
            "explanation": "A new version of either arm ends the trial.",
        },
        "prior_data_access": {"status": "none_seen", "explanation": "Nobody has seen trial data."},
        "governance": {
            "de_identification": "Subject numbers become keyed tokens at the gateway.",
            "small_cell": 11,
            "retention": "Fifteen years from the last look.",
            "dissemination": "This report and its results file, to the board and the public.",
        },
    }


def _arm(name: str, *, soc: bool) -> dict[str, object]:
    return {
        "name": name,
        "version": "2.4.0" if soc else "3.1.0",
        "digest": SOC_DIGEST if soc else CANDIDATE_DIGEST,
        "kind": "human_read" if soc else "model",
        "description": "The physician's own estimate." if soc else "A Cox model of 14 variables.",
        "identity": "model",
        "score": "output.score",
        "output": {"kind": "probability", "unit": "probability", "low": 0.0, "high": 1.0},
        "decision": {
            "flag_when": "score_at_or_above",
            "threshold": 0.5,
            "threshold_source": "Agreed by the ward before registration.",
        },
        "seen_by_clinician": soc,
        "training_data_end": None if soc else "2025-06-30",
    }


def _conduct() -> dict[str, object]:
    return {
        "arms": {
            "standard_of_care": _arm("physician-estimate", soc=True),
            "candidate": _arm("survival-model", soc=False),
        },
        "inputs": {
            "acquisition": "Values of the first 72 hours, taken from the chart.",
            "poor_or_missing_input": "A missing optional field is sent as null.",
            "fields": [
                {
                    "name": "age",
                    "type": "number",
                    "unit": "years",
                    "required": True,
                    "stored": True,
                    "description": "Age at admission.",
                }
            ],
        },
        "setting": {
            "sites": ["St. Anne's Hospital"],
            "isolation": "Nobody on the ward can see the candidate's answer.",
            "standard_of_care_deadline_ms": 2000,
            "mirror": {
                "share": 1.0,
                "sampling_unit": "subject",
                "deadline_ms": 1000,
                "late_until_ms": 5000,
                "attempts": 1,
            },
            "capture": {"policy": "clinical-first", "budget_ms": 25, "largest_gap_share": 0.001},
        },
        "design": {
            "type": "paired_shadow",
            "unit_of_analysis": "encounter",
            "cluster": "none",
            "cluster_justification": "Only the first stay of a patient is taken.",
            "repeated_predictions": "first_per_encounter",
        },
        "eligibility": {
            "participant": [
                {"id": "adult", "expression": "inputs.age >= 18", "description": "18 or older."}
            ],
            "input": [],
        },
        "outcome": {
            "name": "death_60",
            "type": "binary",
            "definition": "Death within 60 days of the request, from any cause.",
            "source": "Civil register.",
            "horizon_days": 60.0,
            "maturity_lag_days": 14.0,
            "maturity": "ascertained",
            "assessor_blinded_to": ["candidate"],
            "verification": "All deaths are confirmed in the register.",
            "conflict": "exclude_and_bound",
        },
    }


def _margin(value: float, basis: str) -> dict[str, object]:
    return {
        "value": value,
        "scale": "absolute",
        "clinical_basis": basis,
        "statistical_basis": "A quarter of what the physician gains over chance.",
        "source": "Consensus of the steering group.",
        "agreed_by": ["Dr. A. Okafor", "M. Lindqvist"],
    }


HYPOTHESES = (
    ("H1", "AUC", "non_inferiority", 0.03, "delong"),
    ("H2", "SENS", "non_inferiority", 0.05, "tango_score"),
    ("H3", "SPEC", "superiority", None, "tango_score"),
    ("H4", "AUCRE", "superiority", None, "delong"),
)

BASES = {
    "H1": "A ward would not notice a smaller loss of ranking.",
    "H2": "One more death missed in twenty is the most that the panel accepts.",
}


def _hypothesis(entry: tuple[str, str, str, float | None, str]) -> dict[str, object]:
    code, endpoint, framework, margin, test = entry
    return {
        "id": code,
        "endpoint": endpoint,
        "framework": framework,
        "effect": "candidate_minus_standard_of_care",
        "margin": None if margin is None else _margin(margin, BASES[code]),
        "alpha": 0.025,
        "sided": 1,
        "test": test,
        "sensitivity_tests": [] if test == "delong" else ["mcnemar_exact"],
    }


ENDPOINTS = (
    ("AUC", "Ranking of patients by risk", "co_primary", "auc"),
    ("SENS", "Deaths foreseen", "co_primary", "sensitivity"),
    ("SPEC", "Survivors left without alert", "key_secondary", "specificity"),
    ("AUCRE", "Ranking among readmitted patients", "secondary", "auc"),
)


def _analysis() -> dict[str, object]:
    return {
        "estimands": [
            {
                "id": "E1",
                "treatments": "Candidate against the physician's estimate.",
                "population": "Adults on first admission.",
                "variable": "Death within 60 days.",
                "intercurrent_events": [
                    {
                        "event": "Candidate gives no answer",
                        "strategy": "composite",
                        "rule": "Counts as wrong.",
                    }
                ],
                "summary": "Paired difference.",
            }
        ],
        "endpoints": [
            {
                "id": code,
                "title": title,
                "role": role,
                "measure": measure,
                "direction": "higher_is_better",
                "estimand": "E1",
                "time_frame": "60 days",
                "identifiability": {"identifiable": True, "reason": "Neither arm changes death."},
            }
            for code, title, role, measure in ENDPOINTS
        ],
        "hypotheses": [_hypothesis(entry) for entry in HYPOTHESES],
        "multiplicity": {
            "procedure": "fixed_sequence",
            "order": [["H1", "H2"], ["H3"], ["H4"]],
            "reason": "Both primary endpoints must pass before anything else is tested.",
        },
        "sample_size": {
            "evaluable_pairs": 3700,
            "power": 0.9,
            "assumptions": "60-day mortality 35%, true difference zero.",
            "calculation": "DeLong variance from the pilot; 3,640 pairs, rounded up.",
            "accrual": "Until the last look or 24 months.",
        },
        "monitoring": {
            "looks": [{"id": "L1", "information": 0.5}, {"id": "L2", "information": 1.0}],
            "clock": "evaluable_pairs",
            "tolerance": 0.02,
            "spending": "lan_demets_obrien_fleming",
            "final_look": "full_alpha",
            "unplanned_looks": "forbidden",
            "claim_interval": "repeated",
        },
        "analysis_populations": _populations(),
        "missing_data": {
            "outcome_assumption": "Missing at random given the inputs.",
            "outcome_primary": "complete_pairs",
            "outcome_bounds": "worst_and_best_case",
            "prediction": "A candidate without answer is counted as wrong.",
        },
        "subgroups": [
            {
                "id": "sex",
                "title": "Sex",
                "levels": [
                    {"id": "f", "title": "Women", "expression": "inputs.age > 0"},
                    {"id": "m", "title": "Men", "expression": "inputs.age > 0"},
                ],
                "minimum_cell": 11,
            }
        ],
        "safety": [
            _rule("missed_death", "Deaths that only the physician foresaw", 0.15, "serious"),
            _rule("silent_shock", "Shock without any alert", 0.01, "life_threatening"),
        ],
        "decision_rule": {
            "rules": [
                {
                    "id": "R1",
                    "recommendation": "keep_standard_of_care",
                    "at": "any_look",
                    "when": "safety.any_exceeded or H2.inferior",
                    "sentence": "A safety limit is exceeded or deaths would be missed.",
                },
                {
                    "id": "R2",
                    "recommendation": "randomised_pilot",
                    "at": "final",
                    "when": "H1.shown and H2.shown",
                    "sentence": "Both primary endpoints passed.",
                },
                {
                    "id": "R3",
                    "recommendation": "continue",
                    "at": "interim",
                    "when": "true",
                    "sentence": "The question is open; the trial goes on as planned.",
                },
            ],
            "decided_by": ["Medical Director", "Data and Safety Monitoring Board"],
        },
    }


def _populations() -> list[dict[str, object]]:
    return [
        {
            "id": "FAS",
            "title": "Full analysis set",
            "definition": "Every eligible mirrored encounter with a physician's estimate.",
            "role": "primary",
            "candidate_without_answer": "counts_as_failure",
            "standard_of_care_without_answer": "excluded",
        },
        {
            "id": "PP",
            "title": "Per-protocol set",
            "definition": "Encounters that both arms answered in time.",
            "role": "supporting",
            "candidate_without_answer": "excluded",
            "standard_of_care_without_answer": "excluded",
        },
    ]


def _rule(code: str, title: str, limit: float, severity: str) -> dict[str, object]:
    return {
        "id": code,
        "title": title,
        "event": "standard_of_care.flag and not candidate.flag and outcome",
        "among": "outcome",
        "limit": limit,
        "confidence": 0.975,
        "limit_basis": "Set by the safety board from the last three years.",
        "severity": severity,
        "action": "stop",
    }


def _example() -> dict[str, object]:
    return {
        "description": "A death that both foresaw.",
        "pair": {
            "inputs": {"age": 71.0},
            "standard_of_care_score": 0.7,
            "candidate_score": 0.8,
            "outcome": True,
        },
        "expect": {
            "eligible": True,
            "standard_of_care_flag": True,
            "candidate_flag": True,
            "correct": {"SENS": [True, True]},
            "safety_events": [],
        },
    }
