"""A reader opens the report: on a desk, on a phone of 320 px, and on paper."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from evaluation.results import LookResults
from reports.build import build_report
from tests.reports.example_results import as_bytes, final_results, interim_results, wide_results

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--allow-file-access-from-files", "--enable-logging=stderr", "--hide-scrollbars"),
)

# The wrapper, not the page, holds the script: the page forbids scripts. The frame gives the page
# a viewport of exactly the width under test, which a headless window does not go down to.
WRAPPER = """<!doctype html><body style="margin:0">
<iframe id="page" src="LOOK/report.html" style="border:0;width:WIDTHpx;height:900px"></iframe>
<pre id="measured"></pre>
<script>
document.getElementById("page").onload = function () {
  const page = this.contentDocument, root = page.scrollingElement;
  for (const folded of page.querySelectorAll("details")) folded.open = true;
  const outside = [];
  for (const drawing of page.querySelectorAll("svg[role=img]")) {
    const room = drawing.getBoundingClientRect();
    for (const text of drawing.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      if (box.left < room.left - 6 || box.right > room.right + 6) outside.push(text.textContent);
    }
  }
  const crossing = [];
  for (const drawing of page.querySelectorAll("svg[role=img]")) {
    const boxes = [...drawing.querySelectorAll("text")].map(
      (text) => [text.textContent, text.getBoundingClientRect()]);
    boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
      const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
      const high = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
      if (wide > 2 && high > 5) crossing.push(a + " | " + b);
    }));
  }
  const broken = [...page.querySelectorAll(".flow li span:last-child, .flow-box b:last-child")]
    .filter((count) => count.getBoundingClientRect().height > 26).map((count) => count.textContent);
  document.getElementById("measured").textContent = JSON.stringify({
    counts: page.querySelectorAll(".flow-box").length, broken: broken,
    scroll: root.scrollWidth, client: root.clientWidth, outside: outside, crossing: crossing,
    smallest: Math.min(...[...page.querySelectorAll("svg text")].map(
      (text) => parseFloat(getComputedStyle(text).fontSize))),
    headings: page.querySelectorAll("h1").length,
  });
};
</script></body>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed on this machine"),
]

Browse = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    build_report(as_bytes(final_results()), folder / "report")
    build_report(as_bytes(interim_results()), folder / "interim")
    build_report(as_bytes(_long_winded()), folder / "long")
    build_report(as_bytes(_full_sheet()), folder / "full")
    build_report(as_bytes(wide_results()), folder / "wide")
    return folder


def _full_sheet() -> LookResults:
    """As much as a real trial puts on the first page: three endpoints, two alarms, long titles."""
    results = final_results()
    titles = (
        "Area under the ROC curve for recurrence or death within five years",
        "Sensitivity for recurrence or death at the registered thresholds",
        "Specificity for recurrence or death at the registered thresholds",
    )
    harm = "Events that the candidate would have missed although the standard of care flagged them"
    sentence = (
        "The candidate is non-inferior to the standard of care in AUC: difference 0.000 (95% "
        "repeated interval −0.014 to 0.013, margin 0.03). Non-inferiority of the candidate in "
        "sensitivity is not shown, and the candidate is worse than the standard of care. The "
        "candidate is non-inferior to the standard of care in specificity."
    )
    trial = (
        "A Cox recurrence model trained on one cohort against the Nottingham Prognostic Index in "
        "another: a paired shadow non-inferiority trial of discrimination in breast cancer"
    )
    advice = (
        "The candidate's discrimination was shown to be non-inferior, its operating point was "
        "not; keep the standard of care, choose a threshold on other data, and register anew."
    )
    return results.model_copy(
        update={
            "headline": f"Safety limit exceeded: {harm}. {sentence}",
            "facts": results.facts.model_copy(update={"title": trial}),
            "hypotheses": tuple(
                h.model_copy(update={"endpoint_title": title})
                for h, title in zip(results.hypotheses, titles, strict=False)
            ),
            "safety": (
                results.safety[0].model_copy(update={"title": harm}),
                *results.safety[1:],
            ),
            "recommendation": results.recommendation.model_copy(update={"sentence": advice}),
        }
    )


def _long_winded() -> LookResults:
    """The hard day again, told by authors who like long titles and words without an end."""
    results = final_results()
    title = "Ranking of all consecutively admitted patients by their predicted risk " * 2
    word = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3
    first = results.flow[0]
    reason = (f"{title}{word}", first.excluded[0][1])
    group = results.subgroups[0]
    cells = tuple(c.model_copy(update={"title": f"{title}{word}"}) for c in group.cells)
    return results.model_copy(
        update={
            "headline": f"{title}{word}",
            "facts": results.facts.model_copy(update={"title": f"{title}{word}"}),
            "hypotheses": tuple(
                h.model_copy(update={"endpoint_title": f"{title}{word}"})
                for h in results.hypotheses
            ),
            "flow": (
                first.model_copy(
                    update={"title": title, "excluded": (reason, *first.excluded[1:])}
                ),
                *results.flow[1:],
            ),
            "subgroups": (group.model_copy(update={"title": word, "cells": cells}),),
        }
    )


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    def run(page: Path, *flags: str) -> subprocess.CompletedProcess[str]:
        command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags]
        return subprocess.run(
            [*command, page.as_uri()], capture_output=True, text=True, timeout=90, check=True
        )

    return run


def _measured(folder: Path, browse: Browse, look: str, width: int) -> dict[str, object]:
    wrapper = folder / f"wrapper-{look}-{width}.html"
    page = WRAPPER.replace("WIDTH", str(width)).replace("LOOK", look)
    wrapper.write_text(page, encoding="utf-8")
    window = f"--window-size={max(width, 600)},1000"
    dom = browse(wrapper, window, "--virtual-time-budget=4000", "--dump-dom").stdout
    found = re.search(r'<pre id="measured">(.+?)</pre>', dom, re.DOTALL)
    assert found, dom[-2000:]
    measured = json.loads(unescape(found[1]))
    assert isinstance(measured, dict)
    return measured


@pytest.mark.parametrize("look", ["report", "interim", "long", "full", "wide"])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_cut_off_or_overlaps_at_this_width(
    folder: Path, browse: Browse, look: str, width: int
) -> None:
    measured = _measured(folder, browse, look, width)
    assert measured["client"] == width
    assert measured["scroll"] == width
    assert measured["outside"] == []
    assert measured["crossing"] == []
    assert measured["broken"] == []
    assert measured["counts"] == len(final_results().flow)
    assert measured["headings"] == 1
    assert isinstance(measured["smallest"], int | float)
    assert measured["smallest"] >= 11


def test_the_page_opens_without_a_word_on_the_console(folder: Path, browse: Browse) -> None:
    log = browse(folder / "report/report.html", "--dump-dom").stderr
    assert not [line for line in log.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize("look", ["report", "interim", "full", "wide"])
def test_the_leadership_page_fits_one_sheet(folder: Path, browse: Browse, look: str) -> None:
    """The second printed page opens with the next section: nothing of the first spilled over."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed on this machine")
    paper = folder / f"{look}.pdf"
    browse(folder / look / "report.html", "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    text = subprocess.run(
        ["pdftotext", "-layout", str(paper), "-"], capture_output=True, text=True, check=True
    ).stdout
    first, second = text.split("\f")[:2]
    assert "To verify: sha256sum results.json" in first
    assert "Protocol sha256:" in first
    assert second.strip().startswith("How to read this report")
