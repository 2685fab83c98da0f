"""What a look found of futility, harm, shared alpha and three inferences stands in the report."""

from functools import cache

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.results import HypothesisResult, LookResults
from protocols.schema import Protocol
from reports.build import report_files
from reports.figures.boundary import draw_boundaries
from reports.sentences import exceeded_sentences
from tests.reports.reading_html import PageReader
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs
from tests.support.watched import futility_rule, harm_bound, share_alpha


def _protocol() -> Protocol:
    def edit(document: Document) -> None:
        share_alpha(document, "holm", [1 / 3, 1 / 3, 1 / 3], look_back=True)
        document["futility"] = [
            futility_rule(scale="effect", values=[-0.02]),
            futility_rule(scale="predictive_power", values=[0.2]),
        ]
        document["harm_bounds"] = [harm_bound(), harm_bound(hypothesis="H2")]
        document["monitoring"] |= {"unplanned_looks": "allowed", "claim_interval": "stagewise"}

    return example_protocol(edit)


@cache
def _looks(separation: float) -> tuple[LookResults, ...]:
    protocol = _protocol()
    pairs = simulate_pairs(protocol, Truth(n=640, candidate_separation=separation, seed=2))
    made: list[LookResults] = []
    for name, n in (("L1", 290), ("unplanned_1", 420), ("L2", 610)):
        data = lock_of(protocol, first_evaluable(pairs, n), look=name)
        made.append(from_bytes(to_bytes(conduct(protocol, data, made))))
    return tuple(made)


def _words(results: LookResults) -> str:
    page = PageReader(report_files(to_bytes(results))["report.html"].decode())
    return page.words_of("endpoint-H1")


def _first(results: LookResults) -> HypothesisResult:
    return results.hypotheses[0]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("futility", ("effect −0.02", "predictive power 0.2", "non-binding", "If ignored:")),
        ("harm", ("z for harm", "pause", "taken from no claim")),
        (
            "inferences",
            ("Naive", "Repeated", "Stage-wise", "(claim)", "Adjusted for the bias of stopping"),
        ),
        ("shared-alpha", ("by holm", "Local alpha", "Adjusted sequential p")),
    ],
)
def test_the_last_look_has_every_table(table: str, words: tuple[str, ...]) -> None:
    text = _words(_looks(1.0)[-1])
    files = report_files(to_bytes(_looks(1.0)[-1]))
    assert any(f"H1-{table}" in name for name in files)
    assert [word for word in words if word not in text] == []


def test_a_look_after_the_plan_is_not_counted_past_it() -> None:
    page = report_files(to_bytes(_looks(1.0)[-1]))["report.html"].decode()
    assert "look 3 (2 planned)" in page
    assert "3 of 2" not in page


def test_an_interim_look_tells_the_power_ahead_under_several_truths() -> None:
    text = _words(_looks(1.0)[0])
    for words in ("the present estimate", "the margin", "averaged over what the effect may be"):
        assert words in text


def test_the_figure_shows_futility_and_harm_where_they_lie() -> None:
    found = _first(_looks(1.0)[0])
    svg = draw_boundaries(1, found.boundaries, [0.5, 1.0], title="t", finding="d")
    assert "futility" in svg
    assert "harm" in svg


def test_a_look_that_was_not_planned_says_so_in_the_table_of_boundaries() -> None:
    assert "not planned" in _words(_looks(1.0)[-1])


def test_a_crossed_harm_bound_opens_the_first_page() -> None:
    results = _looks(0.5)[-1]
    assert any(h.crossed for b in _first(results).boundaries for h in b.harm)
    alarm = exceeded_sentences(results)
    assert "Harm bound crossed: Discrimination (AUC)." in alarm
    assert results.headline.startswith(alarm)


def test_without_rules_there_is_no_table_of_them() -> None:
    protocol = example_protocol()
    data = lock_of(protocol, simulate_pairs(protocol, Truth(n=320)), look="L1")
    files = report_files(to_bytes(conduct(protocol, data, [])))
    assert not [name for name in files if "futility" in name or "harm" in name]
    assert [name for name in files if "H1-inferences" in name]
