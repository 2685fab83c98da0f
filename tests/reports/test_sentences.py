"""The closed vocabulary, and what must never be said."""

import re

import pytest

from evaluation.results import FlowStep, LookResults, NaturalFrequencies
from protocols.vocabulary import Direction, Framework, Role, SafetyVerdict, Verdict
from reports import sentences
from reports.build import report_files
from reports.flow_words import reason_words, step_in_words
from reports.reading import format_of
from tests.reports.example_results import (
    as_bytes,
    final_results,
    good_results,
    interim_results,
    wide_results,
)
from tests.reports.reading_html import visible_text
from tests.support.example_protocol import example_protocol
from tests.support.simulator import Truth, example_results

FORBIDDEN = (
    r"equivalent",
    r"no difference",
    r"\btrends?\b",
    r"failed to reach",
    r"significant",
    r"\bproves?\b",
    r"\bexperiment",
    r"\bvariant",
    r"ground truth",
    r"(?-i:\bNone\b)",
    r"\bnan\b",
    r"\binf\b",
)


def _frequencies(soc: float | None, candidate: float | None) -> NaturalFrequencies:
    return NaturalFrequencies(
        endpoint="SENS",
        per=1000,
        standard_of_care_missed=soc,
        candidate_missed=candidate,
        standard_of_care_flagged=None,
        candidate_flagged=None,
    )


LOOKS = [final_results(), interim_results(), good_results(), example_results(), wide_results()]


@pytest.mark.parametrize("results", LOOKS, ids=["final", "interim", "good", "engine", "wide"])
def test_the_page_never_uses_a_word_that_claims_too_much(results: LookResults) -> None:
    text = visible_text(report_files(as_bytes(results))["report.html"].decode())
    meant = any(h.framework is Framework.EQUIVALENCE for h in results.hypotheses)
    for word in FORBIDDEN[meant:]:  # equivalence is named only where it was registered
        assert not re.search(word, text, re.IGNORECASE), word


def test_every_verdict_has_its_own_words() -> None:
    assert len({sentences.verdict_words(v) for v in Verdict}) == len(Verdict)
    assert len({sentences.safety_words(v) for v in SafetyVerdict}) == len(SafetyVerdict)
    assert len({sentences.role_words(r) for r in Role}) == len(Role)


def test_worse_within_the_margin_is_said() -> None:
    assert "worse" in sentences.verdict_words(Verdict.NON_INFERIOR_BUT_WORSE)


def test_natural_frequencies_count_whole_encounters() -> None:
    sentence = sentences.frequencies_sentence(_frequencies(127.6, 200.4))
    assert "missed about 72 more events (200 against 128)" in sentence


def test_one_encounter_is_singular() -> None:
    assert "1 fewer event " in sentences.frequencies_sentence(_frequencies(4.0, 3.0))


def test_rates_alike_after_rounding_are_not_called_more_or_fewer() -> None:
    sentence = sentences.frequencies_sentence(_frequencies(4.1, 4.2))
    assert "about as many events" in sentence


def test_an_unknown_rate_gives_no_sentence_instead_of_a_zero() -> None:
    assert sentences.frequencies_sentence(_frequencies(None, 4.2)) == ""


def test_the_stamp_counts_major_deviations_only() -> None:
    assert sentences.stamps(final_results())[-1] == "DEVIATIONS: 3 major"


def test_a_retrospective_trial_is_stamped_so() -> None:
    assert "RETROSPECTIVE" in sentences.stamps(interim_results())


def test_an_exceeded_safety_limit_stands_first() -> None:
    assert sentences.safety_line(final_results()).startswith("Limit exceeded:")


def test_rules_within_their_limit_are_counted_in_words() -> None:
    results = good_results()
    assert sentences.safety_line(results) == "Both rules are within their limits."
    one = results.model_copy(update={"safety": results.safety[:1]})
    assert sentences.safety_line(one) == "The only rule is within its limit."
    assert sentences.safety_line(final_results()).endswith("The other rule is within its limit.")


def test_a_rule_that_is_not_settled_is_not_also_counted_as_none_within() -> None:
    rule = good_results().safety[0].model_copy(update={"verdict": SafetyVerdict.NOT_SETTLED})
    line = sentences.safety_line(good_results().model_copy(update={"safety": (rule,)}))
    assert line == f"Not settled: {rule.title}."


def test_an_arm_that_is_silent_about_other_patients_is_told_on_the_first_page() -> None:
    said = "Where the standard of care gave no answer, 39.3% had the event, elsewhere 34.7%."
    assert sentences.silence_sentence(final_results()) == said
    assert said in visible_text(
        report_files(as_bytes(final_results()))["report.html"].decode(), "verdict"
    )
    quiet = tuple(
        p.model_copy(update={"informative": False}) for p in final_results().missing_patterns
    )
    changed = final_results().model_copy(update={"missing_patterns": quiet})
    assert sentences.silence_sentence(changed) == ""


def test_no_missing_outcome_is_no_sentence() -> None:
    results = good_results()
    full = tuple(p.model_copy(update={"n_evaluable": p.n_pairs}) for p in results.populations)
    assert (
        sentences.missing_outcomes_sentence(results.model_copy(update={"populations": full})) == ""
    )


def test_where_lower_is_better_the_margin_lies_above_zero() -> None:
    ranking = final_results().hypotheses[0]
    brier = ranking.model_copy(update={"measure": "brier", "direction": Direction.LOWER_IS_BETTER})
    sentence = sentences.effect_sentence(brier, format_of(brier))
    assert sentence.endswith("lies on the acceptable side of the margin (0.0300).")


@pytest.mark.parametrize("final", [False, True], ids=["interim", "final"])
def test_the_flow_names_the_pairs_that_wait_for_the_candidate_once(final: bool) -> None:
    results = example_results(Truth(n=700, pending=9), final=final)
    steps = [step_in_words(s, example_protocol(), final=final) for s in results.flow]
    waiting = [n for step in steps for word, n in step.excluded if "not asked by" in word]
    assert len(waiting) == 1
    assert waiting == [
        sum(n for step in results.flow for code, n in step.excluded if code == "candidate_pending")
    ]


def test_a_pending_pair_is_never_left_out_of_the_flow() -> None:
    step = FlowStep(id="x", title="X", n=5, excluded=(("candidate_pending", 2),))
    assert step_in_words(step, example_protocol(), final=True).excluded[0][1] == 2


def test_every_reason_of_the_flow_has_words() -> None:
    protocol = example_protocol()
    for step in example_results().flow:
        said = step_in_words(step, protocol, final=True)
        assert not {word for word, _ in said.excluded} & {code for code, _ in step.excluded}
    assert reason_words("missing:age", protocol) == "input missing: age"
    assert reason_words("unheard_of", protocol) == "unheard_of"
