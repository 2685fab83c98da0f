"""The first registered rule that is true; what is unknown is not true."""

from dataclasses import replace

from evaluation.conduct import conduct
from evaluation.results import Recommendation
from tests.support.example_protocol import Document, example_protocol, safety_rule
from tests.support.simulator import Truth, lock_of, simulate_pairs

ALWAYS = ("last", "extend", "any_look", "true")
GOOD = Truth(n=400, candidate_separation=2.5)


def _recommended(rules: list[tuple[str, str, str, str]], **safety: object) -> Recommendation:
    def edit(document: Document) -> None:
        document["safety"] = [safety_rule() | safety]
        document["decision_rule"]["rules"] = [
            {"id": code, "recommendation": word, "at": at, "when": when, "sentence": f"Do {word}."}
            for code, word, at, when in rules
        ]

    protocol = example_protocol(edit)
    pairs = simulate_pairs(protocol, replace(GOOD))
    return conduct(protocol, lock_of(protocol, pairs, look="L1"), []).recommendation


def test_the_first_true_rule_wins() -> None:
    rules = [("a", "stop", "any_look", "false"), ("b", "switch", "any_look", "H1.shown"), ALWAYS]
    assert _recommended(rules).rule == "b"


def test_a_rule_for_the_last_look_is_silent_before() -> None:
    rules = [("a", "switch", "final", "H1.shown"), ALWAYS]
    assert _recommended(rules).rule == "last"


def test_an_unknown_safety_rule_is_neither_exceeded_nor_cleared() -> None:
    """Kleene: nobody is among the pairs of the rule, so nothing is known of it."""
    rules = [
        ("a", "stop", "any_look", "safety.any_exceeded or safety.MISSED.exceeded"),
        ("b", "switch", "any_look", "not safety.any_exceeded"),
        ("c", "switch", "any_look", "safety.MISSED.within or not safety.MISSED.within"),
        ALWAYS,
    ]
    assert _recommended(rules, among="outcome and not outcome").rule == "last"


def test_the_people_who_decide_are_named() -> None:
    assert _recommended([ALWAYS]).decided_by == ("Steering committee",)
