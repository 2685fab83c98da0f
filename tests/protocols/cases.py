"""For every finding code one change of the minimal protocol that brings it about.

A case: (level, dotted path of the finding, the changes). Codes of the YAML layer that need more
than a change of text stand in `RAW_CASES`: (the bytes of a whole document, line, column).
"""

from protocols.findings import Code
from tests.protocols.documents import Edit, minimal_text
from tests.protocols.edits import CATEGORIES, OF_DIED, analysis, further, measure_of_spec
from tests.protocols.sequential_cases import SEQUENTIAL

Case = tuple[str, str, tuple[Edit, ...]]

SECOND_HYPOTHESIS = """  - id: H3
    endpoint: AUC
    framework: superiority
    effect: candidate_minus_standard_of_care
    margin: null
    alpha: 0.01
    sided: 1
    test: delong
    parameters: {}
    resampling: null
    sensitivity_tests: []
analyses:"""
EXTRA_ESTIMAND = """  - id: E2
    treatments: The candidate against the score in use.
    population: Admitted adults.
    variable: Death within 30 days.
    intercurrent_events: []
    summary: Paired difference.
endpoints:"""
MARGIN = """margin:
      value: 0.05
      scale: absolute
      clinical_basis: The panel accepts no larger loss.
      statistical_basis: A fifth of what the score in use achieves.
      source: Minutes of the panel.
      agreed_by: [Panel]
    alpha"""
ERROR, WARNING = "error", "warning"


def _change(path: str, old: str, new: str, *more: Edit) -> Case:
    return ERROR, path, ((old, new), *more)


def _warn(path: str, old: str, new: str, *more: Edit) -> Case:
    return WARNING, path, ((old, new), *more)


CASES: dict[Code, Case] = {
    Code.DUPLICATE_KEY: _change("protocol.id", "  acronym:", "  id: again\n  acronym:"),
    Code.MERGE_KEY: _change("protocol", "  acronym:", "  <<: {a: 1}\n  acronym:"),
    Code.ANCHOR: _change("governance.retention", "Ten years", "&ten Ten years"),
    Code.ALIAS: _change("governance.retention", "Ten years.", "*ten"),
    Code.TAG: _change("governance.retention", "Ten years.", "!!str Ten years."),
    Code.KEY_NOT_TEXT: _change("protocol", "  acronym:", "  1: one\n  acronym:"),
    Code.AMBIGUOUS_BOOLEAN: _change("roles[0].signs", "signs: true", "signs: yes"),
    Code.AMBIGUOUS_NULL: _change("hypotheses[1].margin", "margin: null", "margin: ~"),
    Code.AMBIGUOUS_NUMBER: _change(
        "setting.capture.largest_gap_share", "largest_gap_share: 0.001", "largest_gap_share: 1e-3"
    ),
    Code.NUMBER_OUT_OF_RANGE: _change(
        "sample_size.evaluable_pairs", "evaluable_pairs: 600", "evaluable_pairs: 9007199254740992"
    ),
    Code.MISSING_FIELD: _change("hypotheses[0].alpha", "    alpha: 0.025\n", ""),
    Code.UNKNOWN_FIELD: _change("hypotheses[0].alfa", "    alpha: 0.025", "    alfa: 0.025"),
    Code.WRONG_TYPE: _change("protocol.version", '"1.0.0"', "1.0"),
    Code.NOT_IN_LIST: _change("endpoints[0].measure", "measure: auc", "measure: auroc"),
    Code.OUT_OF_RANGE: _change("hypotheses[0].alpha", "alpha: 0.025", "alpha: 0.5"),
    Code.BAD_PATTERN: _change("protocol.id", "id: minimal-shadow", "id: Minimal Shadow"),
    Code.WRONG_LENGTH: _change("setting.sites", "sites: [One hospital]", "sites: []"),
    Code.EXPRESSION_SYNTAX: _change(
        "eligibility.participant[0].expression", "inputs.age >= 18,", "inputs.age >=,"
    ),
    Code.EXPRESSION_TOO_LARGE: _change(
        "eligibility.participant[0].expression",
        "inputs.age >= 18,",
        "inputs.age >= 1800000000000000,",
    ),
    Code.EXPRESSION_NOT_ALLOWED: _change(
        "eligibility.participant[0].expression", "inputs.age >= 18,", "inputs.age ** 2 > 1,"
    ),
    Code.EXPRESSION_NOT_A_CONDITION: _change(
        "eligibility.participant[0].expression", "inputs.age >= 18,", "inputs.age + 18,"
    ),
    Code.EXPRESSION_UNKNOWN_NAME: _change(
        "eligibility.participant[0].expression", "inputs.age >= 18,", "inputs.agee >= 18,"
    ),
    Code.PATH_SYNTAX: _change("arms.standard_of_care.score", "output.score", "output.*"),
    Code.DUPLICATE_ID: _change("monitoring.looks[1].id", "id: L2", "id: L1"),
    Code.RESERVED_NAME: _change("hypotheses[0].id", "- id: H1", "- id: safety"),
    Code.UNKNOWN_ENDPOINT: _change("hypotheses[1].endpoint", "endpoint: SENS", "endpoint: SENSI"),
    Code.UNKNOWN_ESTIMAND: _change("endpoints[0].estimand", "estimand: E1", "estimand: E9"),
    Code.ESTIMAND_UNUSED: _warn("estimands[1].id", "endpoints:", EXTRA_ESTIMAND),
    Code.UNKNOWN_OUTCOME: _change("endpoints[0].outcome", "outcome: died", "outcome: dyed"),
    Code.UNKNOWN_POPULATION: _change("analyses[0].population", *analysis(population="ITT")),
    Code.UNKNOWN_METHOD: _change("hypotheses[0].test", "test: delong", "test: student"),
    Code.OUTCOME_NOT_OBSERVABLE: _change(
        "further_outcomes[0].basis", *further(per_arm="true", basis="observed")
    ),
    Code.OUTCOME_SIMULATED: _warn(
        "hypotheses[1].endpoint",
        *further(type="binary", low="null", high="null", basis="simulated"),
        ("measure: sensitivity\n    outcome: died", "measure: sensitivity\n    outcome: dose"),
        ("SENS: [true, false]", "SENS: [null, null]"),
    ),
    Code.OUTCOME_LEVELS: _change("further_outcomes[0].levels", *further(levels="[low, high]")),
    Code.OUTCOME_LIMITS: _change("further_outcomes[0].low", *further(low="100", high="0")),
    Code.OUTCOME_MEASURE_CLASH: _change(
        "endpoints[2].outcome", *measure_of_spec("specificity", outcome="dose"), further()
    ),
    Code.CATEGORY_NEEDED: _change(
        "endpoints[2].measure", *measure_of_spec("category", outcome="stage"), CATEGORIES[2]
    ),
    Code.CATEGORY_LEVELS: _change(
        "arms.standard_of_care.output.high", *CATEGORIES[0], *CATEGORIES[1:]
    ),
    Code.REFERENCE_MISSING: _change(
        "analyses[0].estimator",
        *measure_of_spec("score"),
        analysis(
            endpoint="SPEC",
            estimator="within_tolerance",
            interval="t",
            parameters="{relative: 0.1, absolute: 1}",
        ),
    ),
    Code.PARAMETER_MISSING: _change(
        "endpoints[2].parameters", *measure_of_spec("sensitivity_at_specificity")
    ),
    Code.PARAMETER_UNKNOWN: _change(
        "endpoints[2].parameters.at", *measure_of_spec("specificity", "{at: 0.5}")
    ),
    Code.PARAMETER_TYPE: _change(
        "endpoints[2].parameters.specificity",
        *measure_of_spec("sensitivity_at_specificity", "{specificity: high}"),
    ),
    Code.PARAMETER_RANGE: _change(
        "endpoints[2].parameters.specificity",
        *measure_of_spec("sensitivity_at_specificity", "{specificity: 90}"),
    ),
    Code.PARAMETER_REFERENCE: _change(
        "analyses[0].parameters.subgroup",
        *analysis(
            estimator="subgroup_interaction", interval="clustered_t", parameters="{subgroup: ages}"
        ),
    ),
    Code.RESAMPLING_MISSING: _change(
        "hypotheses[0].resampling",
        "test: delong\n    parameters: {}",
        "test: bootstrap_rank_difference\n    parameters: {strata: none}",
    ),
    Code.RESAMPLING_NOT_USED: _change(
        "hypotheses[0].resampling", "resampling: null", "resampling: {seed: 1, resamples: 2000}"
    ),
    Code.PRIMARY_ENDPOINTS: _change(
        "endpoints", "role: primary\n    measure", "role: co_primary\n    measure"
    ),
    Code.PRIMARY_NOT_TESTED: _change("endpoints[0].role", "endpoint: AUC", "endpoint: SENS"),
    Code.ROLE_CLASH: _change("hypotheses[1].endpoint", "role: key_secondary", "role: secondary"),
    Code.UNIDENTIFIABLE_ENDPOINT: _change(
        "hypotheses[0].endpoint", "identifiable: true", "identifiable: false"
    ),
    Code.DIRECTION_CLASH: _change("endpoints[0].direction", "higher_is_better", "lower_is_better"),
    Code.PROBABILITY_NEEDED: _change(
        "endpoints[2].measure",
        f"measure: specificity\n{OF_DIED}    direction: higher",
        f"measure: brier\n{OF_DIED}    direction: lower",
    ),
    Code.MARGIN_MISSING: _change("hypotheses[0].margin", MARGIN, "margin: null\n    alpha"),
    Code.MARGIN_NOT_ALLOWED: _change(
        "hypotheses[0].margin", "framework: non_inferiority", "framework: superiority"
    ),
    Code.MARGIN_OFF_SCALE: _change("hypotheses[0].margin.value", "value: 0.05", "value: 5"),
    Code.MARGIN_IMPLAUSIBLE: _change("hypotheses[0].margin.value", "value: 0.05", "value: 0.5"),
    Code.MARGIN_SIDE: _change(
        "hypotheses[0].margin.value",
        "scale: absolute",
        "scale: ratio",
        ("effect: candidate_minus_standard_of_care", "effect: candidate_over_standard_of_care"),
        ("value: 0.05", "value: 1.25"),
    ),
    Code.SCALE_CLASH: _change("hypotheses[0].margin.scale", "scale: absolute", "scale: ratio"),
    Code.TEST_MEASURE_CLASH: _change("hypotheses[1].test", "test: tango_score", "test: delong"),
    Code.UNIT_FINER_THAN_CLUSTER: _change(
        "hypotheses[1].test", "cluster: none", "cluster: subject"
    ),
    Code.CLUSTER_MISSING: _warn(
        "hypotheses[1].test", "test: tango_score", "test: clustered_difference"
    ),
    Code.SENSITIVITY_IGNORES_CLUSTER: _warn(
        "hypotheses[1].sensitivity_tests",
        "cluster: none",
        "cluster: subject",
        ("test: tango_score", "test: clustered_difference"),
    ),
    Code.ALPHA_DIFFERS: _change(
        "multiplicity.order[0]",
        "analyses:",
        SECOND_HYPOTHESIS,
        ("[[H1], [H2]]", "[[H1, H3], [H2]]"),
    ),
    Code.ALPHA_UNUSUAL: _warn("hypotheses[0].alpha", "alpha: 0.025", "alpha: 0.1"),
    Code.MULTIPLICITY_ORDER: _change("multiplicity.order[1][0]", "[[H1], [H2]]", "[[H1], [H9]]"),
    Code.MULTIPLICITY_PROCEDURE: _change(
        "multiplicity.procedure", "procedure: fixed_sequence", "procedure: single"
    ),
    Code.PRIMARY_NOT_FIRST: _change("multiplicity.order[0]", "[[H1], [H2]]", "[[H2], [H1]]"),
    Code.LOOKS_NOT_INCREASING: _change(
        "monitoring.looks[1].information", "information: 0.5", "information: 1.0"
    ),
    Code.LAST_LOOK_NOT_FULL: _change(
        "monitoring.looks[1].information", "information: 1.0", "information: 0.9"
    ),
    Code.LOOK_TOO_SMALL: _warn(
        "monitoring.looks[0].information", "evaluable_pairs: 600", "evaluable_pairs: 60"
    ),
    Code.TOLERANCE_TOO_WIDE: _change("monitoring.tolerance", "tolerance: 0.05", "tolerance: 0.5"),
    Code.POWER_IMPLAUSIBLE: _change("sample_size.power", "power: 0.9", "power: 1.0"),
    Code.POWER_LOW: _warn("sample_size.power", "power: 0.9", "power: 0.7"),
    Code.POPULATION_PRIMARY: _change("analysis_populations", "role: supporting", "role: primary"),
    Code.POPULATION_ALONE: _warn(
        "analysis_populations",
        minimal_text()[minimal_text().index("  - id: PP") : minimal_text().index("missing_data:")],
        "",
    ),
    Code.PRIMARY_EXCLUDES_SILENCE: _warn(
        "analysis_populations[0].candidate_without_answer",
        "candidate_without_answer: counts_as_failure",
        "candidate_without_answer: excluded",
    ),
    Code.SAFETY_LIMIT_EXTREME: _change("safety[0].limit", "limit: 0.2", "limit: 0"),
    Code.SAFETY_CONFIDENCE_LOW: _warn(
        "safety[0].confidence", "confidence: 0.95", "confidence: 0.8"
    ),
    Code.INPUT_NOT_STORED: _change(
        "subgroups[0].levels[0].expression", "inputs.sex == 'f'", "inputs.ward == 'f'"
    ),
    Code.ELIGIBILITY_INPUT_NOT_STORED: _warn(
        "eligibility.participant[0].expression",
        "inputs.age >= 18,",
        "inputs.ward != 'X',",
        ("inputs: {age: 12, sex: f, ward: A1}", "inputs: {age: 12, sex: f, ward: X}"),
    ),
    Code.ELIGIBILITY_INPUT_OPTIONAL: _warn(
        "eligibility.participant[0].expression",
        "inputs.age >= 18,",
        "inputs.crp >= 18,",
        ("crp: null", "crp: 20"),
        ("{age: 40, sex: m, ward", "{age: 40, sex: m, crp: 30, ward"),
    ),
    Code.SMALL_CELL_CLASH: _change(
        "subgroups[0].minimum_cell", "minimum_cell: 10", "minimum_cell: 4"
    ),
    Code.DECISION_NO_CATCH_ALL: _change(
        "decision_rule.rules", 'at: final\n      when: "true"', "at: final\n      when: H1.worse"
    ),
    Code.DECISION_UNREACHABLE: _change(
        "decision_rule.rules[1]", "when: safety.any_exceeded", 'when: "true"'
    ),
    Code.DECISION_SWITCH_UNEARNED: _change(
        "decision_rule.rules[1].when", "H1.shown and safety", "H1.shown or safety"
    ),
    Code.DECISION_IGNORES_SAFETY: _warn(
        "decision_rule.rules[1].when",
        "when: safety.any_exceeded",
        "when: H1.inferior",
        ("H1.shown and safety.missed.within", "H1.shown"),
    ),
    Code.OUTPUT_RANGE: _change("arms.candidate.output", "high: 1.0}", "high: 100.0}"),
    Code.THRESHOLD_OUT_OF_RANGE: _change(
        "arms.standard_of_care.decision.threshold",
        "threshold: 5,",
        "threshold: 50,",
        ("standard_of_care_flag: true", "standard_of_care_flag: false"),
        ("correct: {SENS: [true, false]", "correct: {SENS: [false, false]"),
        ("safety_events: [missed]", "safety_events: []"),
    ),
    Code.ARMS_IDENTICAL: _warn(
        "arms.candidate.digest",
        "f9e8d7c6b5a493827160f5e4d3c2b1a0f9e8d7c6b5a493827160f5e4d3c2b1a0",
        "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
    ),
    Code.DIGEST_PLACEHOLDER: _warn(
        "arms.candidate.digest",
        "f9e8d7c6b5a493827160f5e4d3c2b1a0f9e8d7c6b5a493827160f5e4d3c2b1a0",
        "0" * 64,
    ),
    Code.TRAINING_END_MISSING: _warn("arms.candidate.training_data_end", '"2024-12-31"', "null"),
    Code.TRAINING_END_LATE: _change(
        "arms.candidate.training_data_end", '"2024-12-31"', '"2026-12-31"'
    ),
    Code.CANDIDATE_SEEN: _change(
        "arms.candidate.seen_by_clinician", "seen_by_clinician: false", "seen_by_clinician: true"
    ),
    Code.LATE_BEFORE_DEADLINE: _change(
        "setting.mirror.late_until_ms", "late_until_ms: 5000", "late_until_ms: 700"
    ),
    Code.NOTHING_MIRRORED: _change("setting.mirror.share", "share: 1.0", "share: 0"),
    Code.GAP_SHARE_WIDE: _warn(
        "setting.capture.largest_gap_share", "largest_gap_share: 0.001", "largest_gap_share: 0.2"
    ),
    Code.REPEATS_WITHOUT_CLUSTER: _warn(
        "design.cluster", "repeated_predictions: first_per_encounter", "repeated_predictions: all"
    ),
    Code.OUTCOME_NOT_BLINDED: _warn(
        "outcome.assessor_blinded_to", "[standard_of_care, candidate]", "[standard_of_care]"
    ),
    Code.OUTCOME_AS_INPUT: _change("inputs.fields[0].name", "name: died", "name: age"),
    Code.SIGNATURE_MISSING: _change("roles", "role: trial_statistician", "role: data_manager"),
    Code.OWNER_MONITORS: _change("roles[2].name", "name: Max", "name: eve"),
    Code.MASKED_UNBLINDED: _change(
        "roles[3].masked",
        "unblinded_statistician, signs: false, masked: false",
        "unblinded_statistician, signs: false, masked: true",
    ),
    Code.MONITOR_MISSING: _warn(
        "roles",
        "role: safety_monitor",
        "role: data_manager",
        ("role: unblinded_statistician", "role: data_manager"),
    ),
    Code.PRIOR_OUTCOMES_SEEN: _warn(
        "prior_data_access.status", "status: none_seen", "status: outcomes_seen"
    ),
    Code.DATE_IMPOSSIBLE: _change("protocol.date", '"2026-01-15"', '"2026-02-30"'),
    Code.URL_IN_DOCUMENT: _change(
        "hypotheses[0].margin.source", "Minutes of the panel.", "See https://panel.example/minutes"
    ),
    Code.SECRET_IN_DOCUMENT: _change(
        "inputs.acquisition", "From the record", "With password=hunter22 from the record"
    ),
    Code.PLACEHOLDER_TEXT: _change("governance.retention", "Ten years.", "TBD by the board"),
    Code.EXAMPLE_DISAGREES: _change(
        "worked_examples[0].expect.candidate_flag", "candidate_flag: false", "candidate_flag: true"
    ),
    Code.EXAMPLE_UNKNOWN_NAME: _change(
        "worked_examples[1].pair.inputs",
        "{age: 40, sex: m, ward",
        "{age: 40, sex: m, weight: 80, ward",
    ),
    Code.EXAMPLE_SCORE_OUT_OF_RANGE: _change(
        "worked_examples[2].pair",
        "candidate_score: 0.1",
        "candidate_score: 1.5",
        ("candidate_flag: false\n      correct: {}", "candidate_flag: true\n      correct: {}"),
    ),
}

CASES |= SEQUENTIAL

DEEP = b"a: " + b"[" * 25 + b"]" * 25

RAW_CASES: dict[Code, tuple[bytes, int, int]] = {
    Code.FILE_TOO_LARGE: (b"# " + b"x" * 300_000, 0, 0),
    Code.NOT_UTF8: (b"a: b\nname: M\xfcller\n", 2, 8),
    Code.CONTROL_CHARACTER: ("a: 1\nb: x\u202ey\n".encode(), 2, 5),
    Code.TAB: (b"a:\n\tb: 1\n", 2, 1),
    Code.YAML_SYNTAX: (b"a: [1, 2\nb: 3\n", 2, 2),
    Code.EMPTY_DOCUMENT: (b"# nothing\n", 1, 1),
    Code.SEVERAL_DOCUMENTS: (b"a: 1\n---\nb: 2\n", 2, 1),
    Code.DIRECTIVE: (b"%YAML 1.1\n---\na: 1\n", 1, 1),
    Code.TOO_DEEP: (DEEP, 1, 23),
    Code.TOO_MANY_NODES: (b"a: [" + b"1," * 12_000 + b"1]", 1, 19_999),
    Code.TOO_MANY_FINDINGS: (b"a: [" + b"yes," * 300 + b"1]", 1, 801),
}

# What the schema and the registered methods of today cannot bring about from a file: every
# measure has a test.
UNREACHED = {Code.BAD_VALUE, Code.MEASURE_NOT_TESTED}
