"""A reader opens the page of a design: on a desk and on a phone of 320 px."""

import json
import re
import subprocess
from html import unescape
from pathlib import Path

import pytest

from evaluation.planning.document import design_of, to_bytes
from protocols.schema import Look
from reports.build import build_design_report
from tests.journeys.test_report_in_browser import CHROMIUM, FLAGS, WRAPPER
from tests.support.planned_protocol import futility, harm, with_stops

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed on this machine"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    rule = futility("conditional_power", (0.1, 0.3), true_effect=0.0)
    plan = with_stops(rule, harms=(harm(),))
    build_design_report(to_bytes(design_of(plan)), folder / "three")
    looks = tuple(Look(id=f"L{k}", information=k / 10) for k in range(1, 11))
    many = plan.monitoring.model_copy(update={"looks": looks})
    build_design_report(
        to_bytes(design_of(plan.model_copy(update={"monitoring": many}))), folder / "ten"
    )
    return folder


@pytest.mark.parametrize("design", ["three", "ten"])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_runs_out_of_the_page_or_over_its_neighbour(
    folder: Path, tmp_path: Path, design: str, width: int
) -> None:
    wrapper = folder / f"wrapper-{design}-{width}.html"
    page = WRAPPER.replace("WIDTH", str(width)).replace("LOOK", design)
    wrapper.write_text(page, encoding="utf-8")
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]
    command += [f"--window-size={max(width, 600)},1000", "--virtual-time-budget=4000", "--dump-dom"]
    done = subprocess.run(
        [*command, wrapper.as_uri()], capture_output=True, text=True, timeout=90, check=True
    )
    found = re.search(r'<pre id="measured">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-2000:]
    measured = json.loads(unescape(found[1]))
    assert measured["scroll"] <= measured["client"]
    assert measured["outside"] == []
    assert measured["crossing"] == []
    assert measured["smallest"] >= 11
    assert measured["headings"] == 1
