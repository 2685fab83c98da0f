"""Sentences for people: numbers that do not mislead, and one fixed template per verdict."""

import pytest

from evaluation.sentences import VERDICTS, headline, three
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
    text = " ".join(VERDICTS.values()).lower()
    assert not any(word in text for word in ("equivalent", "no difference", "trend", "failed"))


def test_the_headline_is_the_verdict_with_interval_and_margin() -> None:
    results = example_results(Truth(n=700, candidate_separation=1.5, seed=3))
    assert results.headline == results.hypotheses[0].verdict_sentence
    assert "95 % repeated interval" in results.headline
    assert results.headline.endswith("margin 0.05).")


def test_several_hypotheses_are_counted_first() -> None:
    assert headline(["A.", "B."], shown=1) == "1 of 2 co-primary hypotheses are shown. A. B."
