"""Measures, outcomes, margins and methods: what fits together, and what does not."""

import pytest

from protocols.findings import Code
from protocols.methods.base import Parameter
from protocols.rules.parameters import Names, parameter_findings
from protocols.schema import ParameterValue
from tests.protocols.documents import Edit, findings_of
from tests.protocols.edits import CATEGORIES, OF_DIED, analysis, further, measure_of_spec

UNTRIED = ("SPEC: [true, null]", "SPEC: [null, null]")
"""In the worked examples, where SPEC has become a measure without right and wrong."""
OVER: Edit = ("effect: candidate_minus_standard_of_care", "effect: candidate_over_standard_of_care")


def _codes(*edits: Edit) -> set[str]:
    return {finding.code for finding in findings_of(*edits)}


def _spec(measure: str, parameters: str = "{}", outcome: str = "died") -> tuple[Edit, Edit]:
    return measure_of_spec(measure, parameters, outcome), UNTRIED


def _lower(measure: str, parameters: str, outcome: str) -> Edit:
    head = f"measure: {measure}\n    outcome: {outcome}\n    parameters: {parameters}\n"
    return f"{head}    direction: higher_is_better", f"{head}    direction: lower_is_better"


@pytest.mark.parametrize(
    ("measure", "parameters"),
    [
        ("partial_auc", "{specificity_low: 0.8, specificity_high: 1.0}"),
        ("sensitivity_at_specificity", "{specificity: 0.9}"),
        ("recall_at_alert_rate", "{alert_rate: 0.05}"),
        ("pr_auc", "{}"),
        ("ppv", "{}"),
        ("positive_likelihood_ratio", "{}"),
        ("score", "{}"),
    ],
)
def test_a_measure_with_all_it_asks_for_is_clean(measure: str, parameters: str) -> None:
    assert _codes(*_spec(measure, parameters)) == set()


@pytest.mark.parametrize(
    ("measure", "parameters", "fields"),
    [
        ("absolute_error", "{}", {}),
        ("squared_error", "{}", {}),
        ("value", "{}", {"per_arm": "true", "basis": "simulated"}),
    ],
)
def test_an_error_or_a_value_for_each_arm_is_clean(
    measure: str, parameters: str, fields: dict[str, str]
) -> None:
    edits = (further(**fields), *_spec(measure, parameters, "dose"))
    assert _codes(*edits, _lower(measure, parameters, "dose")) == set()


@pytest.mark.parametrize(
    ("measure", "parameters", "fields"),
    [
        ("within_tolerance", "{relative: 0.2, absolute: 0.5}", {}),
        ("in_range", "{low: 4, high: 10}", {"per_arm": "true", "basis": "adjudicated"}),
        ("c_index", "{}", {"type": "time_to_event", "high": "null"}),
        ("hazard", "{}", {"type": "time_to_event", "per_arm": "true", "basis": "simulated"}),
    ],
)
def test_a_measure_of_a_further_outcome_is_clean(
    measure: str, parameters: str, fields: dict[str, str]
) -> None:
    assert _codes(further(**fields), *_spec(measure, parameters, "dose")) == set()


@pytest.mark.parametrize(
    ("measure", "parameters", "fields"),
    [
        ("sensitivity", "{}", {}),
        ("absolute_error", "{}", {"type": "nominal", "low": "null", "high": "null"}),
        ("value", "{}", {}),
        ("in_range", "{low: 4, high: 10}", {}),
        ("hazard", "{}", {"type": "time_to_event"}),
        ("c_index", "{}", {"type": "time_to_event", "per_arm": "true"}),
        ("absolute_error", "{}", {"per_arm": "true"}),
    ],
)
def test_a_measure_of_an_outcome_that_cannot_give_it_is_refused(
    measure: str, parameters: str, fields: dict[str, str]
) -> None:
    found = _codes(further(**fields), *_spec(measure, parameters, "dose"))
    assert Code.OUTCOME_MEASURE_CLASH in found


def test_an_endpoint_of_a_further_outcome_is_null_in_worked_examples() -> None:
    readmitted = further(type="binary", low="null", high="null", basis="observed")
    assert _codes(readmitted, *_spec("specificity", "{}", "dose")) == set()


def test_what_follows_from_acting_is_not_observed_but_may_be_judged() -> None:
    judged = {"type": "binary", "low": "null", "high": "null", "per_arm": "true"}
    assert Code.OUTCOME_NOT_OBSERVABLE in _codes(further(**judged, basis="observed"))
    assert _codes(further(**judged, basis="adjudicated")) == set()
    assert _codes(further(**judged, basis="simulated")) == set()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "died"}, Code.DUPLICATE_ID),
        ({"name": "age"}, Code.OUTCOME_AS_INPUT),
        ({"type": "nominal", "low": "null", "high": "null"}, Code.OUTCOME_LEVELS),
        ({"type": "ordinal", "low": "null", "high": "null", "levels": "[a]"}, Code.OUTCOME_LEVELS),
        (
            {"type": "ordinal", "low": "null", "high": "null", "levels": "[a, a]"},
            Code.OUTCOME_LEVELS,
        ),
        ({"type": "binary"}, Code.OUTCOME_LIMITS),
        ({"low": "null"}, Code.OUTCOME_LIMITS),
        ({"low": "5", "high": "5"}, Code.OUTCOME_LIMITS),
        ({"type": "count", "low": "-1"}, Code.OUTCOME_LIMITS),
        ({"type": "time_to_event", "low": "null", "high": "-2"}, Code.OUTCOME_LIMITS),
    ],
)
def test_a_further_outcome_without_sense_is_refused(fields: dict[str, str], code: Code) -> None:
    assert code in _codes(further(**fields))


def test_arms_that_name_the_levels_of_the_reference_are_clean() -> None:
    right = (CATEGORIES[0][0], CATEGORIES[0][1].replace("high: 5", "high: 2"))
    thresholds = (("threshold: 5,", "threshold: 1,"), ("threshold: 0.25", "threshold: 1"))
    found = _codes(right, *CATEGORIES[1:], *thresholds)
    assert not found & {Code.CATEGORY_LEVELS, Code.CATEGORY_NEEDED, Code.OUTPUT_RANGE}


def test_a_category_counts_from_zero() -> None:
    wrong = (CATEGORIES[0][0], CATEGORIES[0][1].replace("low: 0", "low: 1"))
    assert Code.OUTPUT_RANGE in _codes(wrong)


@pytest.mark.parametrize(
    ("value", "code"), [("0.9", None), ("1", Code.MARGIN_SIDE), ("1.25", Code.MARGIN_SIDE)]
)
def test_a_ratio_margin_is_a_loss_in_its_direction(value: str, code: Code | None) -> None:
    found = _codes(*RATIO, ("value: 0.05", f"value: {value}"))
    assert found == ({code} if code else set())


SENS_FIRST: tuple[Edit, ...] = (
    ("endpoint: AUC", "endpoint: NONE"),
    ("endpoint: SENS", "endpoint: AUC"),
    ("endpoint: NONE", "endpoint: SENS"),
    ("role: primary\n    measure", "role: key_secondary\n    measure"),
    ("title: Sensitivity\n    role: key_secondary", "title: Sensitivity\n    role: primary"),
    ("test: delong", "test: NONE"),
    ("test: tango_score", "test: delong"),
    ("test: NONE", "test: tang_score_ratio"),
    ("sensitivity_tests: [mcnemar_exact]", "sensitivity_tests: []"),
)
"""H1 is of sensitivity by a test of the ratio, H2 of the area."""
RATIO: tuple[Edit, ...] = (*SENS_FIRST, OVER, ("scale: absolute", "scale: ratio"))


def test_a_ratio_test_of_a_difference_is_refused_at_the_effect() -> None:
    (finding,) = findings_of(*SENS_FIRST)
    assert (finding.code, finding.path) == (Code.SCALE_CLASH, "hypotheses[0].effect")


def test_an_absolute_margin_of_a_ratio_is_refused() -> None:
    (finding,) = findings_of(*SENS_FIRST, OVER)
    assert (finding.code, finding.path) == (Code.SCALE_CLASH, "hypotheses[0].margin.scale")


def test_equivalence_is_clean_with_a_margin_and_refused_without() -> None:
    equivalence = ("framework: non_inferiority", "framework: equivalence")
    assert _codes(equivalence) == set()
    superior = ("framework: superiority", "framework: equivalence")
    (finding,) = findings_of(superior)
    assert (finding.code, finding.path) == (Code.MARGIN_MISSING, "hypotheses[1].margin")


@pytest.mark.parametrize("value", ["0.8", "1.25"])
def test_a_ratio_of_equivalence_may_be_written_from_either_side(value: str) -> None:
    equivalence = ("framework: non_inferiority", "framework: equivalence")
    assert _codes(*RATIO, equivalence, ("value: 0.05", f"value: {value}")) == set()


def test_a_margin_of_what_is_no_share_may_exceed_one() -> None:
    edits = (
        further(per_arm="true", basis="adjudicated"),
        *_spec("value", "{}", "dose"),
        ("role: descriptive", "role: key_secondary"),
        (
            "endpoint: SENS\n    framework: superiority",
            "endpoint: SPEC\n    framework: superiority",
        ),
        ("test: tango_score", "test: clustered_difference"),
        ("sensitivity_tests: [mcnemar_exact]", "sensitivity_tests: []"),
        ("framework: superiority", "framework: non_inferiority"),
        ("margin: null", MARGIN_OF_FIVE),
    )
    assert _codes(*edits) == set()


MARGIN_OF_FIVE = """margin:
      value: 5
      scale: absolute
      clinical_basis: The panel accepts no larger loss.
      statistical_basis: A fifth of what the score in use achieves.
      source: Minutes of the panel.
      agreed_by: [Panel]"""


def test_a_registered_analysis_is_clean() -> None:
    assert _codes(analysis()) == set()


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"estimator": "paired_diference"}, "estimator", Code.UNKNOWN_METHOD),
        ({"interval": "wild"}, "interval", Code.UNKNOWN_METHOD),
        (
            {"estimator": "worst_and_best_case", "interval": "delong"},
            "interval",
            Code.TEST_MEASURE_CLASH,
        ),
        ({"endpoint": "AUC"}, "estimator", Code.TEST_MEASURE_CLASH),
        ({"endpoint": "AUD"}, "endpoint", Code.UNKNOWN_ENDPOINT),
        ({"population": "ITT"}, "population", Code.UNKNOWN_POPULATION),
        ({"parameters": "{weight: 1}"}, "parameters.weight", Code.PARAMETER_UNKNOWN),
        ({"resampling": "{seed: 1, resamples: 500}"}, "resampling", Code.RESAMPLING_NOT_USED),
        ({"level": "0.5"}, "level", Code.OUT_OF_RANGE),
        ({"level": "1.0"}, "level", Code.OUT_OF_RANGE),
        ({"resampling": "{seed: 1, resamples: 199}"}, "resampling.resamples", Code.OUT_OF_RANGE),
        ({"resampling": "{seed: -1, resamples: 200}"}, "resampling.seed", Code.OUT_OF_RANGE),
    ],
)
def test_an_analysis_that_cannot_be_run_is_refused(
    fields: dict[str, str], path: str, code: Code
) -> None:
    found = {(finding.code, finding.path) for finding in findings_of(analysis(**fields))}
    assert (code, f"analyses[0].{path}") in found


def test_a_misspelt_estimator_is_told_the_nearest() -> None:
    (finding,) = findings_of(analysis(estimator="paired_diference"))
    assert finding.remedy == "Did you mean `paired_difference`?"


def test_two_analyses_of_one_name_are_refused() -> None:
    text = analysis()[1]
    twice = (analysis()[0], text + text.removeprefix("analyses:"))
    (finding,) = findings_of(twice)
    assert (finding.code, finding.path) == (Code.DUPLICATE_ID, "analyses[1].id")


def test_a_method_for_independent_pairs_is_refused_where_subjects_come_back() -> None:
    clustered = (
        ("cluster: none", "cluster: subject"),
        ("test: tango_score", "test: clustered_difference"),
        ("sensitivity_tests: [mcnemar_exact]", "sensitivity_tests: []"),
    )
    found = findings_of(*clustered, analysis())
    assert [(finding.code, finding.path) for finding in found] == [
        (Code.UNIT_FINER_THAN_CLUSTER, "analyses[0].estimator")
    ]


def test_a_range_that_is_none_is_refused() -> None:
    wrong = "{specificity_low: 0.9, specificity_high: 0.8}"
    (finding,) = findings_of(*_spec("partial_auc", wrong))
    assert finding.path == "endpoints[2].parameters.specificity_low"


NAMES = Names(("age", "ward", "site"), ("age", "site"), ("site",), ("sex",))


@pytest.mark.parametrize(
    ("asked", "value", "code"),
    [
        (Parameter("p", "number", "a share", 0.0, 1.0), 1, None),
        (Parameter("p", "number", "a share", 0.0, 1.0), 1.5, Code.PARAMETER_RANGE),
        (Parameter("p", "number", "a share", 0.0, 1.0), -0.5, Code.PARAMETER_RANGE),
        (Parameter("p", "number", "a share", 0.0, 1.0), True, Code.PARAMETER_TYPE),
        (Parameter("p", "number", "a share", 0.0, 1.0), "half", Code.PARAMETER_TYPE),
        (Parameter("p", "number", "a share", 0.0, 1.0), (0.5,), Code.PARAMETER_TYPE),
        (Parameter("p", "integer", "bins", 2), 10, None),
        (Parameter("p", "integer", "bins", 2), 10.0, None),
        (Parameter("p", "integer", "bins", 2), 10.5, Code.PARAMETER_TYPE),
        (Parameter("p", "integer", "bins", 2), 1, Code.PARAMETER_RANGE),
        (Parameter("p", "numbers", "times"), (1.0, 2.0), None),
        (Parameter("p", "numbers", "times"), (), Code.PARAMETER_TYPE),
        (Parameter("p", "numbers", "times"), 1.0, Code.PARAMETER_TYPE),
        (Parameter("p", "numbers", "times", 0.0), (1.0, -2.0), Code.PARAMETER_RANGE),
        (Parameter("p", "word", "kind", choices=("a", "b")), "a", None),
        (Parameter("p", "word", "kind", choices=("a", "b")), "c", Code.PARAMETER_RANGE),
        (Parameter("p", "word", "kind", choices=("a", "b")), 1, Code.PARAMETER_TYPE),
        (Parameter("p", "input", "exposure"), "age", None),
        (Parameter("p", "input", "exposure"), "ward", Code.PARAMETER_REFERENCE),
        (Parameter("p", "input", "exposure"), "mood", Code.PARAMETER_REFERENCE),
        (Parameter("p", "subgroup", "levels"), "sex", None),
        (Parameter("p", "subgroup", "levels"), "age", Code.PARAMETER_REFERENCE),
    ],
)
def test_a_parameter_is_of_its_kind_and_in_its_range(
    asked: Parameter, value: ParameterValue, code: Code | None
) -> None:
    found = list(parameter_findings("here", "word", (asked,), {"p": value}, NAMES))
    assert [finding.code for finding in found] == ([code] if code else [])
    assert all(finding.path == "here.p" for finding in found)


def test_a_log_loss_needs_probabilities() -> None:
    head = f"measure: log_loss\n{OF_DIED.replace('{}', '{clip: 0.000001}')}"
    edits = (
        *_spec("log_loss", "{clip: 0.000001}"),
        (f"{head}    direction: higher", f"{head}    direction: lower"),
    )
    assert _codes(*edits) == {Code.PROBABILITY_NEEDED}


def test_a_number_is_not_read_from_an_input_that_is_text() -> None:
    asked = (Parameter("exposure", "input", "time at risk", numeric=True),)
    (finding,) = parameter_findings("p", "rate_ratio", asked, {"exposure": "site"}, NAMES)
    assert finding.code == Code.PARAMETER_TYPE
    assert not list(parameter_findings("p", "rate_ratio", asked, {"exposure": "age"}, NAMES))


def test_a_missing_word_is_told_what_may_stand_there() -> None:
    asked = (Parameter("smoother", "word", "how the curve is drawn", choices=("lowess", "loess")),)
    (finding,) = parameter_findings("p", "calibration", asked, {}, NAMES)
    assert finding.remedy.endswith("Take lowess or loess.")
