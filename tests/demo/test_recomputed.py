"""The demo's numbers, recomputed from the CSV without the engine, agree with its results.json."""

import json
import math
from typing import Any

import pytest
from scipy.stats import norm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from tests.demo import second_route
from tests.demo.run import DemoRun
from tests.demo.second_route import Row

# Both routes are exact in double precision; the sums of some two million comparisons differ in the
# last digits, and results.json keeps twelve.
EXACT = 1e-10
# The second route finds a nuisance parameter by a root search; ours has a closed form.
SEARCHED = 1e-8

MARGINS = {"H1": 0.03, "H2": 0.05, "H3": 0.05}


@pytest.fixture(scope="module")
def patients(run: DemoRun) -> list[Row]:
    return second_route.rows(run.folder)


@pytest.fixture(scope="module")
def results(run: DemoRun) -> dict[str, Any]:
    content = json.loads((run.folder / "report" / "results.json").read_bytes())
    assert isinstance(content, dict)
    return content


def _hypothesis(results: dict[str, Any], name: str) -> dict[str, Any]:
    found = next(item for item in results["hypotheses"] if item["id"] == name)
    assert isinstance(found, dict)
    return found


def _test(results: dict[str, Any], name: str, population: str) -> dict[str, Any]:
    hypothesis = _hypothesis(results, name)
    tests = [hypothesis["primary"], *hypothesis["supporting"]]
    found = next(item for item in tests if item["population"] == population)
    assert isinstance(found, dict)
    return found


def _population(patients: list[Row], name: str) -> list[Row]:
    known = [row for row in patients if row.event is not None]
    return known if name == "FAS" else [row for row in known if row.answered]


def test_every_patient_of_the_file_is_in_the_record(patients: list[Row]) -> None:
    events = [row.event for row in patients]
    assert (events.count(True), events.count(False), events.count(None)) == (1275, 1571, 136)


def test_the_stored_scores_are_those_of_the_formula_and_the_coefficients(
    patients: list[Row],
) -> None:
    assert [row.stored_index for row in patients] == pytest.approx([row.index for row in patients])
    answered = [row for row in patients if row.answered]
    assert [row.stored_risk for row in answered] == pytest.approx([row.risk for row in answered])
    assert all(row.stored_risk is None for row in patients if not row.answered)


def test_the_outage_left_its_mark_and_no_more(patients: list[Row]) -> None:
    without_answer = sum(not row.answered for row in patients)
    assert 5 <= without_answer <= 80


@pytest.mark.parametrize("population", ["FAS", "PP"])
def test_areas_and_their_standard_error_by_comparing_all_pairs(
    population: str, patients: list[Row], results: dict[str, Any]
) -> None:
    ours, second = (
        _test(results, "H1", population),
        second_route.areas(_population(patients, population)),
    )
    assert ours["n_pairs"] == len(_population(patients, population))
    assert ours["estimate"] == pytest.approx(second.difference, abs=EXACT)
    assert ours["standard_error"] == pytest.approx(second.error, abs=EXACT)
    assert ours["candidate"]["value"] == pytest.approx(second.candidate, abs=EXACT)
    assert ours["standard_of_care"]["value"] == pytest.approx(second.index, abs=EXACT)
    statistic = (second.difference + MARGINS["H1"]) / second.error
    assert ours["statistic"] == pytest.approx(statistic, abs=1e-7)
    assert ours["p_value"] == pytest.approx(float(norm.sf(statistic)), rel=1e-6)


@pytest.mark.parametrize("population", ["FAS", "PP"])
@pytest.mark.parametrize(("hypothesis", "event"), [("H2", True), ("H3", False)])
def test_flags_by_plain_counting(
    hypothesis: str, event: bool, population: str, patients: list[Row], results: dict[str, Any]
) -> None:
    ours = _test(results, hypothesis, population)
    counts = second_route.table(_population(patients, population), event=event)
    assert ours["table"] == {
        "n11": counts.both,
        "n10": counts.candidate_only,
        "n01": counts.index_only,
        "n00": counts.neither,
    }
    assert ours["estimate"] == pytest.approx(counts.difference, abs=EXACT)
    z = second_route.score_z(counts, MARGINS[hypothesis])
    assert ours["statistic"] == pytest.approx(z, abs=SEARCHED)


@pytest.mark.parametrize("hypothesis", ["H2", "H3"])
def test_the_score_interval_is_where_the_score_test_turns(
    hypothesis: str, results: dict[str, Any]
) -> None:
    ours = _test(results, hypothesis, "FAS")
    table = ours["table"]
    counts = second_route.Table(table["n11"], table["n10"], table["n01"], table["n00"])
    low = next(item["low"] for item in ours["intervals"] if item["kind"] == "naive")
    if low < 0:  # the second route's likelihood is written for a margin, a positive number
        assert second_route.score_z(counts, -low) == pytest.approx(1.959964, abs=1e-4)


@pytest.mark.parametrize("hypothesis", ["H2", "H3"])
def test_mcnemar_as_statsmodels_has_it(hypothesis: str, results: dict[str, Any]) -> None:
    ours = _hypothesis(results, hypothesis)
    table = ours["primary"]["table"]
    square = [[table["n11"], table["n10"]], [table["n01"], table["n00"]]]
    exact = next(item for item in ours["sensitivity"] if item["test"] == "mcnemar_exact")
    two_sided = float(mcnemar(square, exact=True).pvalue)
    one_sided = two_sided / 2 if table["n10"] > table["n01"] else None
    if one_sided is not None:
        assert exact["p_value"] == pytest.approx(one_sided, rel=1e-8)
    else:
        assert exact["p_value"] > 0.5


def test_the_safety_share_and_its_exact_bounds(
    patients: list[Row], results: dict[str, Any]
) -> None:
    ours = results["safety"][0]
    events = [row for row in patients if row.event]
    missed = sum(row.index > 5.4 and not (row.answered and row.risk >= 0.52) for row in events)
    assert (ours["n_events"], ours["n_among"]) == (missed, 1275)
    low, high = proportion_confint(missed, 1275, alpha=0.05, method="beta")
    assert (ours["low"], ours["high"]) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize("hypothesis", ["H1", "H2", "H3"])
def test_the_boundaries_by_integrating_a_bivariate_normal(
    hypothesis: str, results: dict[str, Any]
) -> None:
    interim, final = _hypothesis(results, hypothesis)["boundaries"]
    correlation = math.sqrt(interim["statistical_information"] / final["statistical_information"])
    first, second = second_route.final_boundary(interim["information_fraction"], correlation, 0.025)
    assert interim["z"] == pytest.approx(first, abs=1e-8)
    assert final["z"] == pytest.approx(second, abs=1e-5)  # the integral is good to about 1e-6


def test_subgroups_by_plain_counting(patients: list[Row], results: dict[str, Any]) -> None:
    known = _population(patients, "FAS")
    members = {
        "under_50": [row for row in known if row.age < 50],
        "from_50": [row for row in known if 50 <= row.age < 65],
        "from_65": [row for row in known if row.age >= 65],
        "none": [row for row in known if row.nodes == 0],
        "few": [row for row in known if 1 <= row.nodes <= 3],
        "many": [row for row in known if row.nodes >= 4],
    }
    cells = [
        cell
        for group in results["subgroups"]
        if group["endpoint"] == "AUC"
        for cell in group["cells"]
    ]
    assert {cell["level"] for cell in cells} == set(members)
    for cell in cells:
        second = second_route.areas(members[cell["level"]])
        assert cell["n_pairs"] == len(members[cell["level"]])
        assert cell["n_events"] == sum(bool(row.event) for row in members[cell["level"]])
        assert cell["estimate"] == pytest.approx(second.difference, abs=EXACT)


def test_everyone_lost_before_five_years_is_counted_as_missing(results: dict[str, Any]) -> None:
    for hypothesis in results["hypotheses"]:
        assert hypothesis["missing"]["n_unascertained"] == 136


def test_the_recommendation_follows_from_the_recomputed_numbers(
    patients: list[Row], results: dict[str, Any]
) -> None:
    known = _population(patients, "FAS")
    events = [row for row in known if row.event]
    missed = sum(row.index > 5.4 and not (row.answered and row.risk >= 0.52) for row in events)
    low, high = proportion_confint(missed, len(events), alpha=0.05, method="beta")
    area = second_route.areas(known)
    tests = {
        "H1": (area.difference + MARGINS["H1"]) / area.error,
        "H2": second_route.score_z(second_route.table(known, event=True), MARGINS["H2"]),
        "H3": second_route.score_z(second_route.table(known, event=False), MARGINS["H3"]),
    }
    final = {name: _hypothesis(results, name)["boundaries"][-1]["z"] for name in tests}
    shown = {name: z > final[name] for name, z in tests.items()}
    if low > 0.1:
        expected = "stop_for_safety"
    elif all(shown.values()) and high < 0.1:
        expected = "success"
    else:
        expected = "discrimination_only" if shown["H1"] else "not_shown"
    assert results["recommendation"]["rule"] == expected
