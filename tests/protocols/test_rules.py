"""Rules whose edges need more than one document each."""

import pytest

from protocols.findings import Code
from tests.protocols.documents import Edit, findings_of
from tests.protocols.edits import OF_DIED


def _codes(*edits: Edit) -> set[str]:
    return {finding.code for finding in findings_of(*edits)}


CLUSTERED: tuple[Edit, ...] = (
    ("cluster: none", "cluster: subject"),
    ("test: tango_score", "test: clustered_difference"),
    ("sensitivity_tests: [mcnemar_exact]", "sensitivity_tests: []"),
)


def test_a_clustered_design_with_a_clustered_test_is_clean() -> None:
    assert _codes(*CLUSTERED) == set()


def test_a_brier_score_of_two_probabilities_is_clean() -> None:
    edits: tuple[Edit, ...] = (
        (
            "kind: score, unit: points, low: 0, high: 20",
            'kind: probability, unit: "1", low: 0, high: 1',
        ),
        ("threshold: 5,", "threshold: 0.5,"),
        ("standard_of_care_score: 6", "standard_of_care_score: 0.6"),
        ("standard_of_care_score: 2", "standard_of_care_score: 0.2"),
        ("standard_of_care_score: 2\n", "standard_of_care_score: 0.2\n"),
        ("measure: specificity", "measure: brier"),
        (f"brier\n{OF_DIED}    direction: higher", f"brier\n{OF_DIED}    direction: lower"),
        ("role: descriptive", "role: key_secondary"),
        ("endpoint: SENS", "endpoint: SPEC"),
        ("test: tango_score", "test: clustered_difference"),
        ("sensitivity_tests: [mcnemar_exact]", "sensitivity_tests: []"),
        ("SPEC: [true, null]", "SPEC: [null, null]"),
    )
    assert _codes(*edits) == set()


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("H1.shown and not safety.any_exceeded", None),
        ("H1.shown or (H2.shown and not safety.any_exceeded)", None),
        ("not H1.shown and safety.missed.within", Code.DECISION_SWITCH_UNEARNED),
        ("safety.missed.within", Code.DECISION_SWITCH_UNEARNED),
        ("H1.shown or true", Code.DECISION_SWITCH_UNEARNED),
        ("H1.shown == false", Code.DECISION_SWITCH_UNEARNED),
        ("H1.worse or H1.shown", Code.DECISION_SWITCH_UNEARNED),
    ],
)
def test_nothing_speaks_for_the_candidate_unless_something_was_shown(
    when: str, code: Code | None
) -> None:
    found = _codes(("when: H1.shown and safety.missed.within", f"when: {when}"))
    assert (Code.DECISION_SWITCH_UNEARNED in found) is (code is not None)


def test_a_rule_that_always_holds_may_say_so_by_the_look() -> None:
    edits = (
        ('at: interim\n      when: "true"', "at: any_look\n      when: not look.final"),
        ('at: final\n      when: "true"', "at: any_look\n      when: look.final or H1.worse"),
    )
    assert _codes(*edits) == set()


def test_a_trial_with_one_look_needs_no_rule_for_interim_looks() -> None:
    one_look = ("    - {id: L1, information: 0.5}\n", "")
    found = findings_of(one_look)
    assert [(f.code, f.path) for f in found] == [("DECISION_UNREACHABLE", "decision_rule.rules[2]")]


def test_two_missing_catch_alls_are_two_findings() -> None:
    edits = (
        ('at: interim\n      when: "true"', "at: interim\n      when: H1.worse"),
        ('at: final\n      when: "true"', "at: final\n      when: H1.worse"),
    )
    assert [finding.code for finding in findings_of(*edits)] == ["DECISION_NO_CATCH_ALL"] * 2


def test_superiority_of_the_primary_endpoint_may_follow_its_non_inferiority() -> None:
    edits = (
        ("endpoint: SENS", "endpoint: AUC"),
        ("test: tango_score", "test: delong"),
        ("sensitivity_tests: [mcnemar_exact]", "sensitivity_tests: []"),
    )
    assert _codes(*edits) == set()


@pytest.mark.parametrize(
    ("order", "paths"),
    [
        ("[[H1]]", {"multiplicity.order"}),
        ("[[H1], [H2, H1]]", {"multiplicity.order[1][1]"}),
        ("[[H1], [], [H2]]", {"multiplicity.order[1]"}),
        ("[[H1], [H2], [H9]]", {"multiplicity.order[2][0]"}),
    ],
)
def test_the_order_names_every_hypothesis_exactly_once(order: str, paths: set[str]) -> None:
    found = findings_of(("[[H1], [H2]]", order))
    assert {f.path for f in found if f.code == Code.MULTIPLICITY_ORDER} == paths


@pytest.mark.parametrize(
    "text",
    [
        "token: abcd1234efgh",
        "Bearer abcdefghijklmnop1234",
        "sk-abcdefghijklmnopqrstuv",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----",
        "API_KEY = 12345678",
    ],
)
def test_a_secret_is_found_and_not_repeated(text: str) -> None:
    found = [f for f in findings_of(("Ten years.", f"'{text}'")) if f.code == "SECRET_IN_DOCUMENT"]
    assert [finding.path for finding in found] == ["governance.retention"]
    assert text not in found[0].message + found[0].remedy


@pytest.mark.parametrize(
    "text",
    [
        "Tokens stand in place of names; the secret key stays with the hospital.",
        "Task-specific risk-scoring with sk-learn.",
        "P-value < 0.05 > 0.01",
        "doi:10.1186/s13063-021-05000-0",
    ],
)
def test_ordinary_sentences_are_not_taken_for_secrets(text: str) -> None:
    assert _codes(("Ten years.", f"'{text}'")) == set()


def test_an_example_that_disagrees_says_both_sides() -> None:
    (finding,) = findings_of(("eligible: false", "eligible: true"), ("correct: {}", "correct: {}"))
    assert finding.message == (
        "The author expects true, the protocol says false (because of adult)."
    )


def test_examples_that_name_what_is_not_there_are_refused_by_name() -> None:
    found = findings_of(
        ("correct: {}", "correct: {SENSI: [null, null]}"),
        ("safety_events: [missed]", "safety_events: [missed, lost]"),
    )
    messages = {finding.message for finding in found if finding.code == "EXAMPLE_UNKNOWN_NAME"}
    assert messages == {
        "`SENSI` is not an endpoint of this protocol.",
        "`lost` is not a safety rule of this protocol.",
    }


def test_an_encounter_without_outcome_is_right_or_wrong_for_nobody() -> None:
    edits = (
        ("candidate_score: 0.2\n      outcome: true", "candidate_score: 0.2\n      outcome: null"),
        ("correct: {SENS: [true, false]", "correct: {SENS: [null, null]"),
        ("safety_events: [missed]", "safety_events: []"),
    )
    assert _codes(*edits) == set()


def test_a_statistician_who_is_named_but_does_not_sign_is_not_enough() -> None:
    found = findings_of(
        ("role: trial_statistician, signs: true", "role: trial_statistician, signs: false")
    )
    assert [finding.code for finding in found] == ["SIGNATURE_MISSING"]
