"""Registered analyses on the page: all of them, in order, and none with a verdict."""

import csv
import io

import pytest

from evaluation.results import LookResults
from reports.build import report_files
from reports.errors import ReportError
from reports.numbers import quantity_format
from tests.reports.example_results import as_bytes, final_results, wide_results
from tests.reports.reading_html import PageReader


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return report_files(as_bytes(wide_results()))


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> PageReader:
    return PageReader(files["report.html"].decode())


def _rows(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"data/{name}.csv"].decode(), newline="")))


def test_every_analysis_has_its_part_in_the_protocol_s_order(page: PageReader) -> None:
    ids = [e.attributes.get("id", "") for e in page.all("section")]
    assert [i for i in ids if i.startswith("analysis-")] == [
        "analysis-A1",
        "analysis-A2",
        "analysis-A3",
    ]


def test_each_says_that_it_supports_no_claim(page: PageReader) -> None:
    for code, role in (("A1", "Supporting"), ("A2", "Descriptive"), ("A3", "Exploratory")):
        words = page.words_of(f"analysis-{code}")
        assert f"{role}: spends no alpha and supports no claim." in words


def test_population_pairs_interval_and_source_are_told(page: PageReader) -> None:
    words = page.words_of("analysis-A1")
    assert "Full analysis set: 3,734 pairs of 3,734 subjects. 95% interval: linearised." in words
    assert "Leisenring, Alonzo and Pepe 2000, Biometrics 56:345." in words
    assert "Warning. Subjects who come back are taken as a cluster." in words


def test_p_is_said_to_be_two_sided_and_unadjusted(page: PageReader) -> None:
    words = page.words_of("analyses")
    assert "p is two-sided unless a quantity says otherwise" in words
    assert "nothing is adjusted for their number" in words


def test_an_analysis_without_an_answer_says_why_and_has_no_table(
    page: PageReader, files: dict[str, bytes]
) -> None:
    words = page.words_of("analysis-A3")
    assert "Not evaluable: Only one event among 214 readmitted patients." in words
    assert "data/analysis-A3.csv" not in files


def test_numbers_leave_unrounded_and_are_shown_with_four_digits(
    page: PageReader, files: dict[str, bytes]
) -> None:
    assert "0.03613−0.00297 to 0.075231.810.070" in page.words_of("table-analysis-A1")
    row = _rows(files, "analysis-A1")[1]
    assert float(row["Estimate"]) == 0.03613
    assert float(row["Interval, low"]) == pytest.approx(-0.00297)
    assert float(row["p"]) == 0.0701


def test_a_missing_number_has_its_reason_under_the_table(page: PageReader) -> None:
    assert (
        "Ratio of the negative predictive value: Nobody without a flag had the event."
        in page.words_of("analysis-A1")
    )


def test_a_test_without_an_estimate_is_not_called_unevaluable(page: PageReader) -> None:
    assert "Equal positive predictive value––1.800.072" in page.words_of("table-analysis-A1")


def test_a_decision_curve_is_drawn_with_its_data(page: PageReader, files: dict[str, bytes]) -> None:
    (name,) = [n for n in files if n.endswith("decision-curve.csv")]
    rows = list(csv.DictReader(io.StringIO(files[name].decode(), newline="")))
    assert [float(row["Threshold"]) for row in rows] == [0.1, 0.2, 0.5]
    words = page.words_of("analysis-A2")
    assert "larger one at 2 of 3 thresholds from 10% to 50%. No verdict." in words


def test_a_look_without_analyses_has_no_section(page: PageReader) -> None:
    plain = PageReader(report_files(as_bytes(final_results()))["report.html"].decode())
    assert "analyses" in [e.attributes.get("id") for e in page.elements]
    assert "analyses" not in [e.attributes.get("id") for e in plain.elements]


def _refused(results: LookResults) -> str:
    with pytest.raises(ReportError) as caught:
        report_files(as_bytes(results))
    return caught.value.code


def test_an_analysis_that_nobody_registered_or_one_told_twice_is_refused() -> None:
    results = wide_results()
    first = results.analyses[0]
    strange = first.model_copy(update={"id": "A9"})
    for held in ((strange,), (first, first)):
        assert _refused(results.model_copy(update={"analyses": held})) == "REPORT_UNREGISTERED"


def test_what_was_registered_is_printed(page: PageReader) -> None:
    words = page.words_of("protocol")
    assert "number, min" in words
    assert "Decision curve (thresholds 0.1, 0.2 and 0.5)" in words
    assert "2,000 resamples, seed 7" in words


@pytest.mark.parametrize(
    ("estimate", "limits", "text"),
    [
        (263.0, (), "263"),
        (0.030418, (), "0.03042"),
        (12345.678, (), "12,346"),
        (0.0000173799, (), "0.00001738"),
        (0.5, (0.00001, 1.2), "0.50000"),
    ],
)
def test_a_quantity_has_four_digits_and_a_count_none_too_many(
    estimate: float, limits: tuple[float, ...], text: str
) -> None:
    assert quantity_format(estimate, limits).number(estimate) == text
