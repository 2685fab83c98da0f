"""The first page word for word. Renewing: see reports/README.md."""

import os
import re
from pathlib import Path

import pytest

from evaluation.results import LookResults
from reports.build import report_files
from tests.reports.example_results import (
    as_bytes,
    final_results,
    good_results,
    interim_results,
    wide_results,
)
from tests.reports.reading_html import visible_text

GOLDEN = Path(__file__).parent / "golden"
LOOKS = {
    "final": final_results(),
    "interim": interim_results(),
    "good": good_results(),
    "wide": wide_results(),
}


@pytest.mark.parametrize(("name", "results"), LOOKS.items(), ids=list(LOOKS))
def test_the_first_page_reads_as_it_was_approved(name: str, results: LookResults) -> None:
    page = report_files(as_bytes(results))["report.html"].decode()
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", visible_text(page, "verdict"))
    said = text.replace(". ", ".\n") + "\n"
    path = GOLDEN / f"first-page-{name}.txt"
    if os.environ.get("EQUIPOISE_RENEW_GOLDEN"):
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")
