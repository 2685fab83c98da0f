"""Sentences for people: numbers that do not mislead, and one fixed template per verdict."""

import pytest

from evaluation.sentences import VERDICTS, Headline, three
from protocols.vocabulary import Verdict
from tests.support.simulator import Truth, example_results


@pytest.mark.parametrize(
    ("value", "text"), [(0.0123, "0.012"), (-0.0123, "−0.012"), (-0.0001, "0.000"), (1.0, "1.000")]
)
def test_numbers_have_three_decimals_and_no_minus_zero(value: float, text: str) -> None:
    assert three(value) == text


@pytest.mark.parametrize(
    ("value", "margin", "text"),
    [(-0.01996, -0.02, "−0.01996"), (-0.02, -0.02, "−0.020"), (-0.0199, -0.02, "−0.0199")],
)
def test_rounding_never_puts_a_limit_on_the_margin(value: float, margin: float, text: str) -> None:
    assert three(value, apart_from=margin) == text


def test_every_verdict_has_its_sentence() -> None:
    assert set(VERDICTS) == set(Verdict)


def test_forbidden_words_stay_out() -> None:
    registered = {v: words for v, words in VERDICTS.items() if v is not Verdict.EQUIVALENT}
    text = " ".join(registered.values()).lower()
    assert not any(word in text for word in ("equivalent", "no difference", "trend", "failed"))


def test_the_headline_is_the_verdict_with_interval_and_margin() -> None:
    results = example_results(Truth(n=700, candidate_separation=1.5, seed=3))
    assert results.headline.startswith(results.hypotheses[0].verdict_sentence)
    assert "95% repeated interval" in results.hypotheses[0].verdict_sentence
    assert results.hypotheses[0].verdict_sentence.endswith("margin 0.05).")


def test_the_headline_names_every_hypothesis_that_was_tested() -> None:
    results = example_results(Truth(n=700, candidate_separation=1.5, seed=3))
    for found in results.hypotheses[1:]:
        tested = found.verdict is not Verdict.NOT_TESTED
        assert (found.verdict_sentence.split(":")[0] in results.headline) is tested


def test_several_hypotheses_are_counted_first() -> None:
    made = Headline(exceeded=(), leading=("A.", "B."), n_shown=1, others=())
    assert made.sentence() == "1 of 2 co-primary hypotheses are shown. A. B."


def test_an_exceeded_safety_limit_comes_before_any_claim() -> None:
    made = Headline(exceeded=("Missed deaths",), leading=("A.",), n_shown=1, others=("B",))
    assert made.sentence() == "Safety limit exceeded: Missed deaths. A. B."
