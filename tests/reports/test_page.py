"""The page as leadership reads it and as assistive software hears it."""

import json
import re
from itertools import pairwise

import pytest

from evaluation.results import LookResults
from protocols.canonical import digest_of
from protocols.schema import Protocol
from reports.build import report_files
from tests.reports.example_results import (
    as_bytes,
    final_results,
    good_results,
    interim_results,
    wide_results,
)
from tests.reports.reading_html import PageReader, visible_text

LOOKS = [final_results(), interim_results(), good_results(), wide_results()]
HOSTILE = "</style><script>alert('x')</script><img src=x onerror=alert(1)>{{ 7*7 }}"


def html_of(results: LookResults) -> str:
    return report_files(as_bytes(results))["report.html"].decode()


@pytest.fixture(scope="module")
def final() -> str:
    return html_of(final_results())


@pytest.fixture(scope="module")
def page(final: str) -> PageReader:
    return PageReader(final)


@pytest.mark.parametrize("results", LOOKS)
def test_leadership_reads_at_most_two_hundred_words(results: LookResults) -> None:
    """From the verdict to the decision, without the figure's labels and the digests."""
    unread = r'<header>.*?</header>|<figure.*?</figure>|<p class="digests">.*?</p>'
    page = re.sub(unread, "", html_of(results), flags=re.DOTALL)
    tokens = visible_text(page, "verdict").split()
    assert 80 < sum(any(c.isalnum() for c in token) for token in tokens) <= 200


def test_an_exceeded_safety_limit_stands_apart_before_the_verdict(page: PageReader) -> None:
    alarms = [e for e in page.all("strong") if e.attributes.get("class") == "alarm"]
    said = ["".join(alarm.all_text).strip() for alarm in alarms]
    assert said == ["Safety limit exceeded: Deaths that only the physician foresaw."]
    assert alarms[0].parents[-1] == "p"


def test_an_exceeded_limit_is_told_though_the_headline_keeps_it_quiet() -> None:
    quiet = final_results().model_copy(update={"headline": "All is well."})
    reader = PageReader(html_of(quiet))
    verdict = next(e for e in reader.all("p") if "verdict" in e.attributes.get("class", ""))
    said = "".join(verdict.all_text).strip()
    assert said.startswith("Safety limit exceeded: Deaths that only the physician foresaw. All")


def test_without_an_exceeded_limit_there_is_no_alarm() -> None:
    assert 'class="alarm"' not in html_of(good_results())


@pytest.mark.parametrize("results", LOOKS)
def test_the_first_page_names_the_missing_outcomes(results: LookResults) -> None:
    primary = next(p for p in results.populations if p.role == "primary")
    missing = primary.n_pairs - primary.n_evaluable
    words = visible_text(html_of(results), "verdict")
    assert f"{missing} of {primary.n_pairs:,} pairs" in words


@pytest.mark.parametrize("results", LOOKS)
def test_every_population_is_called_by_its_title(results: LookResults) -> None:
    words = visible_text(html_of(results), "verdict")
    codes = {p.id for p in results.populations}
    assert codes
    assert codes.isdisjoint(re.findall(r"\w+", words))


@pytest.mark.parametrize("results", LOOKS)
def test_the_verdict_line_is_the_engine_s_own(results: LookResults) -> None:
    verdicts = [
        element
        for element in PageReader(html_of(results)).all("p")
        if element.attributes.get("class", "").startswith("verdict")
    ]
    assert ["".join(v.all_text).strip() for v in verdicts] == [results.headline]


@pytest.mark.parametrize("results", LOOKS)
def test_every_endpoint_is_told_in_the_same_order(results: LookResults) -> None:
    reader = PageReader(html_of(results))
    told = []
    for hypothesis in results.hypotheses:
        part = f"endpoint-{hypothesis.id}"
        inside = [e for e in reader.elements if part in e.parent_ids]
        names = [e.attributes.get("id", "") for e in inside if e.tag == "table"]
        told.append([n.replace(f"{hypothesis.id}-", "") for n in names if "figure" not in n])
        assert inside[0].tag == "h3"
        assert "".join(inside[1].all_text) == hypothesis.verdict_sentence
    order = ["table-values", "table-differences", "table-paired", "table-sensitivity"]
    order.append("table-missing-outcomes")
    assert all(names == [n for n in order if n in names] for names in told)


def test_not_evaluable_is_printed_with_its_reason(page: PageReader) -> None:
    words = page.words_of("endpoint-H4")
    assert "Not evaluable: only one event among 214 readmitted patients." in words


def test_not_tested_numbers_are_called_descriptive(page: PageReader) -> None:
    assert "These numbers are descriptive; no verdict follows" in page.words_of("endpoint-H3")


def test_a_crossed_boundary_of_an_untested_hypothesis_claims_nothing(page: PageReader) -> None:
    words = page.words_of("endpoint-H3")
    assert "efficacy boundary crossed. Not tested: no claim follows from it." in words


def test_primary_and_supporting_population_stand_next_to_each_other(page: PageReader) -> None:
    words = page.words_of("table-H1-differences")
    assert words.index("Full analysis set (primary)") < words.index("Per-protocol set")


def test_a_safety_rule_without_events_keeps_its_row(page: PageReader) -> None:
    assert "Shock without any alert Within the limit 0 412 0.0%" in " ".join(
        " ".join(page.by_id("table-safety").all_text).split()
    )


def test_a_suppressed_subgroup_says_so(page: PageReader) -> None:
    assert "suppressed (<11)" in page.words_of("subgroups")


def test_fates_that_did_not_happen_are_listed(page: PageReader) -> None:
    assert "breaker open00" in page.words_of("table-fates").replace(" 0", "0")


def test_the_margin_s_justification_is_in_the_page(page: PageReader) -> None:
    assert "One more death missed in twenty" in page.words_of("protocol-hypotheses")


def test_digests_and_the_way_to_verify_are_in_the_appendix(page: PageReader) -> None:
    words = page.words_of("audit")
    assert "sha256:" + "5e" * 32 in words
    assert "sha256sum results.json" in words


def test_the_page_opens_without_network_or_script(page: PageReader, final: str) -> None:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert any(e.attributes.get("content") == policy for e in page.all("meta"))
    assert not page.all("script")
    assert not page.all("link")
    targets = [e.attributes[n] for e in page.elements for n in ("href", "src") if n in e.attributes]
    assert all(target.startswith("#") for target in targets)
    assert "url(" not in final


def test_the_page_is_under_four_hundred_kilobytes(final: str) -> None:
    assert len(final.encode()) < 400_000


def test_one_first_heading_and_no_level_is_skipped(page: PageReader) -> None:
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_ids_are_unique_and_every_reference_is_answered(page: PageReader) -> None:
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in page.elements:
        named = element.attributes.get("aria-labelledby", "").split()
        target = element.attributes.get("href", "")
        assert set(named) <= set(ids)
        assert not target or target[1:] in ids


def test_a_tab_is_told_apart_by_trial_and_look(page: PageReader) -> None:
    title = next(e for e in page.all("title") if "head" in e.parents)
    assert "".join(title.all_text).startswith("SHADOW-60, look L2 – ")


def test_landmarks_language_and_skip_link_are_there(page: PageReader) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    assert len(page.all("main")) == 1
    assert page.all("nav")[0].attributes["aria-label"]
    assert page.all("a")[0].attributes["href"] == "#main"


def test_every_table_has_a_caption_and_headers_with_scope(page: PageReader) -> None:
    tables = page.all("table")
    assert len(page.all("caption")) == len(tables)
    assert all(e.attributes.get("scope") in ("row", "col") for e in page.all("th"))


def test_every_wide_table_can_be_reached_and_scrolled_by_keyboard(page: PageReader) -> None:
    regions = [e for e in page.all("div") if e.attributes.get("class") == "scroll"]
    assert len(regions) == len(page.all("table"))
    assert all(e.attributes["tabindex"] == "0" and e.attributes["aria-label"] for e in regions)


def test_tables_do_not_crowd_the_list_of_landmarks(page: PageReader) -> None:
    assert not [e for e in page.elements if e.attributes.get("role") == "region"]


def test_a_rule_s_sentence_that_repeats_the_recommendation_is_said_once() -> None:
    results = good_results()
    advice = results.recommendation.model_copy(update={"sentence": "Go on to a randomised pilot."})
    words = visible_text(html_of(results.model_copy(update={"recommendation": advice})), "verdict")
    assert words.count("Go on to a randomised pilot.") == 1


def test_the_decision_is_left_to_named_people(page: PageReader) -> None:
    words = page.words_of("verdict")
    assert "To be decided by Medical Director and Data and Safety Monitoring Board." in words


def test_every_figure_has_both_parts_of_its_text_alternative(page: PageReader) -> None:
    drawings = [e for e in page.all("svg") if e.attributes.get("role") == "img"]
    figures = {figure.attributes["id"] for figure in page.all("figure")}
    drawn = {name for drawing in drawings for name in drawing.parent_ids if name in figures}
    assert len(figures) == len(page.all("details"))
    told = {e.parent_ids[-1] for e in page.all("ol") if e.attributes.get("class") == "flow"}
    assert told == {"figure-2"}  # the flow is text: it needs no alternative
    assert all("not evaluable" in page.words_of(name) for name in figures - drawn - told)
    assert all("".join(e.all_text).strip() for e in page.all("title") + page.all("desc"))


def test_hostile_text_is_data_everywhere() -> None:
    results = final_results()
    protocol = {**results.protocol}
    background = protocol["background"]
    assert isinstance(background, dict)
    protocol["background"] = {**background, "rationale": HOSTILE}
    registered = digest_of(Protocol.model_validate_json(json.dumps(protocol)))
    facts = results.facts.model_copy(update={"title": HOSTILE, "acronym": "=cmd|' /C calc'!A0"})
    deviation = results.deviations[0].model_copy(update={"detail": HOSTILE})
    hypothesis = results.hypotheses[0].model_copy(update={"endpoint_title": HOSTILE})
    hostile = results.model_copy(
        update={
            "protocol": protocol,
            "digests": results.digests.model_copy(update={"protocol": registered}),
            "facts": facts,
            "headline": HOSTILE,
            "deviations": (deviation,),
            "hypotheses": (hypothesis, *results.hypotheses[1:]),
        }
    )
    reader = PageReader(html_of(hostile))
    assert not reader.all("script")
    assert not reader.all("img")
    assert len(reader.all("style")) == 1
    assert "{{ 7*7 }}" in reader.words_of("deviations")


def test_a_look_with_hardly_anything_in_it_still_has_a_page() -> None:
    bare = final_results().model_copy(
        update={
            "hypotheses": (),
            "safety": (),
            "frequencies": (),
            "flow": (),
            "populations": (),
            "subgroups": (),
            "curves": (),
            "calibration": (),
            "missing_patterns": (),
            "operations": (),
            "deviations": (),
            "refusals": (),
            "limits": (),
        }
    )
    words = visible_text(html_of(bare))
    assert "No deviation is on record" in words
    assert "No refusal is on record" in words
