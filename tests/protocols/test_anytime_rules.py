"""Rules on safety that is read after every outcome: parameters, their order, units."""

import pytest

from protocols.findings import Code
from tests.protocols.documents import Edit, findings_of
from tests.protocols.sequential_edits import anytime

SPRT = "{alternative: 0.4, beta: 0.1, most_units: 300}"
POISSON = "{most_units: 300, least_events: 2}"
PARAMETERS = "anytime_safety[0].parameters"


def _faults(*edits: Edit) -> set[tuple[str, str]]:
    return {(f.code, f.path) for f in findings_of(*edits)}


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("betting", "{}"),
        ("empirical_bernstein", "{}"),
        ("normal_mixture", "{tightest_at: 200}"),
        ("poisson_maxsprt", POISSON),
        ("binomial_maxsprt", POISSON),
        ("sprt", SPRT),
    ],
)
def test_every_method_with_its_parameters_is_clean(method: str, parameters: str) -> None:
    assert _faults(anytime(method=method, parameters=parameters)) == set()


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (("betting", "{cap: 0.5}"), (Code.PARAMETER_UNKNOWN, f"{PARAMETERS}.cap")),
        (("normal_mixture", "{}"), (Code.PARAMETER_MISSING, PARAMETERS)),
        (
            ("binomial_maxsprt", "{most_units: 3000, least_events: 2}"),
            (Code.PARAMETER_RANGE, f"{PARAMETERS}.most_units"),
        ),
        (
            ("poisson_maxsprt", "{most_units: 10, least_events: 2}"),
            (Code.PARAMETER_RANGE, f"{PARAMETERS}.most_units"),
        ),
        (
            ("sprt", SPRT.replace("0.4", "0.3")),
            (Code.PARAMETER_RANGE, f"{PARAMETERS}.alternative"),
        ),
        (("sprt", SPRT.replace("0.1", "0.99")), (Code.PARAMETER_RANGE, f"{PARAMETERS}.beta")),
    ],
)
def test_each_fault_of_the_parameters_is_named(
    fields: tuple[str, str], fault: tuple[Code, str]
) -> None:
    assert _faults(anytime(method=fields[0], parameters=fields[1])) == {fault}


def test_pairs_of_a_subject_are_no_cases_of_their_own() -> None:
    clustered = ("cluster: none", "cluster: subject")
    fault = (Code.UNIT_FINER_THAN_CLUSTER, "anytime_safety[0].unit")
    assert fault in _faults(clustered, anytime())
    assert fault not in _faults(clustered, anytime(unit="subject"))
