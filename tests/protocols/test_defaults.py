"""What is recommended exists, fits its measure and its design, and stands where it is read."""

import pytest

from protocols.findings import Code
from protocols.methods.defaults import DEFAULTS, Default, default_first, default_tests
from protocols.methods.measures import MEASURES
from protocols.methods.table import TESTS
from tests.protocols.documents import findings_of


@pytest.mark.parametrize("line", DEFAULTS, ids=lambda line: f"{line.measure} {line.when}")
def test_a_recommended_test_fits_its_measure_and_its_design(line: Default) -> None:
    independent, clustered = TESTS[line.independent], TESTS[line.clustered]
    assert line.measure in independent.measures
    assert line.measure in clustered.measures
    assert independent.pairs != "clustered"
    assert clustered.pairs != "independent"


def test_every_measure_that_can_be_tested_has_a_default_and_no_case_has_two() -> None:
    tested = {measure for spec in TESTS.values() for measure in spec.measures}
    assert {line.measure for line in DEFAULTS} == tested
    cases = [(line.measure, line.when) for line in DEFAULTS]
    assert len(set(cases)) == len(cases)
    assert tested <= set(MEASURES)


def test_the_recommended_words_lead_and_none_is_lost() -> None:
    words = ("delong", "clustered_difference", "clustered_score", "tango_score")
    ordered = default_first(words, "accuracy", clustered=True)
    assert ordered[0] == "clustered_score"
    assert sorted(ordered) == sorted(words)
    assert default_tests("accuracy", clustered=False) == ("tango_score", "exact_difference")


def test_lint_names_the_recommended_test_first_where_subjects_come_back() -> None:
    found = findings_of(("cluster: none", "cluster: subject"))
    remedies = [item.remedy for item in found if item.code == Code.UNIT_FINER_THAN_CLUSTER]
    assert remedies[0].startswith("Take clustered_score or ")


def test_lint_names_the_recommended_test_first_where_the_test_does_not_fit() -> None:
    found = findings_of(("test: tango_score", "test: delong"))
    (remedy,) = (item.remedy for item in found if item.code == Code.TEST_MEASURE_CLASH)
    assert remedy.startswith("Take tango_score or exact_difference")
