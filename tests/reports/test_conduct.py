"""How the trial went, in words: outages by fate, missing outcomes, suppression, safety by name."""

import pytest

from evaluation.results import LookResults
from evaluation.subgroups import LEVEL
from protocols.canonical import digest_of
from protocols.vocabulary import Direction
from reports import forest_drawing
from reports.build import report_files
from reports.reading import read_results
from reports.tables.endpoints import bounds_table
from tests.reports.example_results import as_bytes, final_results, good_results
from tests.reports.reading_html import PageReader
from tests.support.example_protocol import Document, example_protocol
from tests.support.simulator import Truth, example_results

HIDDEN = {"suppressed": True, "reason": "Fewer than 11 events or non-events."} | dict.fromkeys(
    ("n_pairs", "n_events", "estimate", "low", "high")
)


@pytest.fixture(scope="module")
def engine() -> LookResults:
    """A simulated trial with an outage of the candidate and missing outcomes."""
    return example_results(
        Truth(
            n=700, missing_outcome_share=0.03, candidate_failure_share=0.04, not_sampled_share=0.1
        )
    )


@pytest.fixture(scope="module")
def page(engine: LookResults) -> PageReader:
    return PageReader(html_of(engine))


def html_of(results: LookResults) -> str:
    return report_files(as_bytes(results))["report.html"].decode()


def test_the_candidate_s_outage_is_told_with_its_fates(
    engine: LookResults, page: PageReader
) -> None:
    fates = engine.operations[1].fates
    due = sum(fates.values()) - fates["not_sampled"] - fates["ineligible"] - fates["duplicate"]
    words = page.words_of("operations")
    assert f"{fates['answered']} of {due} requests answered in time" in words
    assert f"{due - fates['answered']} (" in words
    assert f"timed out {fates['timed_out']}." in words
    assert "counts in Full analysis set as a failure" in words


def test_an_arm_that_answered_everything_has_no_outage(page: PageReader) -> None:
    assert "none went without an answer" in page.words_of("operations")


def test_missing_outcomes_are_counted_where_missing_data_are_told(
    engine: LookResults, page: PageReader
) -> None:
    primary = next(p for p in engine.populations if p.role == "primary")
    missing = primary.n_pairs - primary.n_evaluable
    assert missing == engine.hypotheses[0].missing.n_unascertained
    assert f"{missing} of {primary.n_pairs} pairs" in page.words_of("missing-data")


def test_a_claim_that_missing_outcomes_could_undo_is_named() -> None:
    results = good_results()
    first = results.hypotheses[0]
    frail = first.missing.model_copy(update={"verdict_survives_worst_case": False})
    held = (first.model_copy(update={"missing": frail}), *results.hypotheses[1:])
    words = PageReader(html_of(results.model_copy(update={"hypotheses": held})))
    assert f"shown for {first.id} would no longer be shown" in words.words_of("missing-data")


def test_where_lower_is_better_the_worst_case_has_an_upper_limit() -> None:
    reading = read_results(as_bytes(final_results()))
    ranking = final_results().hypotheses[0]
    rows = bounds_table(reading, ranking).rows
    assert rows[3].cells[0].text == "Lower limit of the look's interval, worst case"
    brier = ranking.model_copy(update={"measure": "brier", "direction": Direction.LOWER_IS_BETTER})
    assert bounds_table(reading, brier).rows[3].cells[0].text.startswith("Upper limit")


def test_the_page_names_the_level_that_the_engine_computes_for_subgroups() -> None:
    assert f"{LEVEL:.0%}" == forest_drawing.LEVEL


def test_every_safety_sentence_names_its_rule() -> None:
    results = final_results()
    words = PageReader(html_of(results)).words_of("safety")
    for rule in results.safety:
        assert f"{rule.title}: " in words.split("Safety rules:")[0]


def test_a_population_s_code_is_explained_where_populations_are_listed(
    page: PageReader, engine: LookResults
) -> None:
    """The engine's sentences use codes, as the protocol does."""
    words = page.words_of("table-populations")
    assert all(code.id in words and code.title in words for code in engine.populations)


def test_the_trial_s_small_cell_suppresses_where_it_is_the_larger(engine: LookResults) -> None:
    def larger(document: Document) -> None:
        document["governance"]["small_cell"] = 11

    protocol = example_protocol(larger)
    group = engine.subgroups[0]
    cells = tuple(c.model_copy(update=HIDDEN) for c in group.cells)
    changed = engine.model_copy(
        update={
            "subgroups": (group.model_copy(update={"cells": cells}),),
            "protocol": protocol.model_dump(mode="json"),
            "digests": engine.digests.model_copy(update={"protocol": digest_of(protocol)}),
        }
    )
    assert "suppressed (<11)" in PageReader(html_of(changed)).words_of("subgroups")
