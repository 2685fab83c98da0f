"""What a silent candidate counts as is said, measure by measure; a verdict stands once."""

import csv
import io

import pytest

from protocols.methods.measures import MEASURES
from reports.build import report_files
from reports.tables.silence import COUNTS_AS
from tests.reports.example_results import as_bytes, final_results


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return report_files(as_bytes(final_results()))


def test_every_measure_says_what_a_silent_candidate_counts_as() -> None:
    assert set(COUNTS_AS) == set(MEASURES)


def test_the_page_says_it_in_the_words_of_the_measure(files: dict[str, bytes]) -> None:
    page = files["report.html"].decode()
    assert "a candidate without an answer has the worst rank" in page
    assert "a candidate without an answer counts as wrong" in page


def test_a_verdict_stands_beside_the_primary_population_only(files: dict[str, bytes]) -> None:
    tables = [
        list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        for name, content in files.items()
        if name.startswith("data/figure-") and name.endswith("-intervals.csv")
    ]
    several = [rows for rows in tables if len({row["Population"] for row in rows}) > 1]
    assert several
    for rows in several:
        assert [row["Verdict"] not in ("", "–") for row in rows] == [
            row["Population"] == rows[0]["Population"] for row in rows
        ]
