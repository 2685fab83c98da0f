"""The page of a design: one file that needs nothing else, every number in its tables."""

import csv
import io
import re
from pathlib import Path

import pytest

from evaluation.design_tables import size_lines
from evaluation.planning.document import design_of, to_bytes
from evaluation.results.design import DesignResults
from evaluation.results.size_sentences import size_sentences
from protocols.schema import Protocol
from reports.build import build_design_report, design_files
from reports.errors import ReportError
from tests.support.planned_protocol import futility, harm, planned_protocol, with_stops
from tests.support.watched_protocol import watched_protocol


def _page(protocol: Protocol) -> str:
    return design_files(to_bytes(design_of(protocol)))["report.html"].decode()


@pytest.fixture(scope="module")
def stopping() -> DesignResults:
    rule = futility("conditional_power", (0.1, 0.3), true_effect=0.0)
    return design_of(with_stops(rule, harms=(harm(),)))


@pytest.fixture(scope="module")
def page(stopping: DesignResults) -> str:
    return design_files(to_bytes(stopping))["report.html"].decode()


def test_it_loads_nothing_and_runs_nothing(page: str) -> None:
    assert "<script" not in page
    assert "default-src 'none'" in page
    places = set(re.findall(r'(?:href|src)="([^"#][^"]*)"', page))
    assert places == set()


def test_the_verdict_is_the_plan_against_its_need(page: str, stopping: DesignResults) -> None:
    assert stopping.sizes is not None
    assert stopping.sizes.sentence in page
    assert page.count("<h1") == 1
    assert "DESIGN, BEFORE ANY DATA" in page


@pytest.mark.parametrize("scale", ["z", "p", "the effect", "conditional power"])
def test_bounds_are_drawn_on_every_scale(page: str, scale: str) -> None:
    assert page.count(f"On the scale of {scale}<") == 2


def test_all_kinds_of_bound_are_in_the_key_and_in_the_table(page: str) -> None:
    for kind in ("efficacy bound", "futility, non-binding bound", "harm bound"):
        assert kind in page
    assert "Futility, non-binding</th>" in page


def test_every_drawing_has_words_for_who_cannot_see_it(page: str) -> None:
    drawings = re.findall(r'<svg role="img" aria-labelledby="([^"]+)"', page)
    assert len(drawings) == 2 * (4 + 2 + 1)
    for names in drawings:
        assert all(f'id="{name}"' in page for name in names.split())
    assert len(set(drawings)) == len(drawings)


def test_the_tables_hold_unrounded_numbers(stopping: DesignResults) -> None:
    files = design_files(to_bytes(stopping))
    rows = list(csv.DictReader(io.StringIO(files["data/figure-01-bounds.csv"].decode())))
    first = stopping.bounds[0].efficacy[0]
    assert rows[0]["Look"] == "L1"
    assert float(rows[0]["z"]) == pytest.approx(first.z, rel=1e-11)
    assert float(rows[0]["One-sided p"]) == pytest.approx(first.p, rel=1e-11)


def test_cells_beyond_the_plan_are_shaded_and_the_registered_one_framed(page: str) -> None:
    assert page.count('class="frame-registered"') == 2
    assert page.count('class="beyond"') > 2


def test_without_sizes_the_page_says_so() -> None:
    protocol = watched_protocol()
    bare = protocol.sample_size.model_copy(update={"design": ()})
    page = _page(protocol.model_copy(update={"sample_size": bare, "harm_bounds": ()}))
    assert "No size design is registered" in page
    assert "On the scale of the effect" not in page


def test_the_same_design_gives_the_same_bytes() -> None:
    content = to_bytes(design_of(planned_protocol()))
    assert design_files(content) == design_files(content)
    assert content == to_bytes(design_of(planned_protocol()))


def test_what_is_no_design_is_refused() -> None:
    with pytest.raises(ReportError, match="cannot be read at") as refused:
        design_files(b"{}")
    assert refused.value.code == "REPORT_UNREADABLE"


def test_a_report_is_replaced_by_the_next(tmp_path: Path) -> None:
    content = to_bytes(design_of(planned_protocol()))
    first = build_design_report(content, tmp_path / "design")
    again = build_design_report(content, tmp_path / "design")
    assert first == again
    assert (tmp_path / "design" / "design.json").read_bytes() == content


def test_hostile_words_of_a_protocol_stay_words() -> None:
    protocol = planned_protocol()
    first, *others = protocol.hypotheses
    assert first.margin is not None
    attack = "</svg><img src=x onerror=alert(1)><script>alert(1)</script>"
    margin = first.margin.model_copy(update={"clinical_basis": attack})
    held = (first.model_copy(update={"margin": margin}), *others)
    endpoints = tuple(e.model_copy(update={"title": attack}) for e in protocol.endpoints)
    page = _page(protocol.model_copy(update={"hypotheses": held, "endpoints": endpoints}))
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_margin_stands_with_what_it_rests_on(page: str) -> None:
    assert page.count("Margin, clinically") == 2
    assert "A fifth of what the score in use achieves." in page


def test_page_table_and_document_have_the_same_numbers(stopping: DesignResults) -> None:
    files = design_files(to_bytes(stopping))
    page, printed = files["report.html"].decode(), "\n".join(size_lines(stopping))
    assert stopping.sizes is not None
    for size in stopping.sizes.hypotheses:
        for words in (f"{size.n_exact:.2f}", f"{size.inflation:.4f}", f"{size.n_enrolled:,}"):
            assert words in page
            assert words in printed
    for said in size_sentences(stopping):
        assert said in page
        assert said in printed
