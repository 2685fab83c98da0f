"""Rules on safety that is read after every outcome: parameters, their order, units."""

import pytest

from protocols.findings import Code
from tests.protocols.documents import Edit, findings_of
from tests.protocols.sequential_edits import anytime, group, mix

SPRT = "{alternative: 0.4, beta: 0.1, most_units: 300}"
POISSON = "{most_units: 300, least_events: 2}"
LOOKS = "{at_units: [50, 100, 200], spent: [0.25, 0.5, 1]}"
PARAMETERS = "anytime_safety[0].parameters"


def _faults(*edits: Edit) -> set[tuple[str, str]]:
    return {(f.code, f.path) for f in findings_of(*edits)}


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("betting", "{}"),
        ("empirical_bernstein", "{}"),
        ("normal_mixture", "{tightest_at: 200}"),
        ("stitched", "{sharp_from: 30}"),
        ("poisson_maxsprt", POISSON),
        ("binomial_maxsprt", POISSON),
        ("sprt", SPRT),
        ("binomial_group_sequential", LOOKS),
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
        (
            ("binomial_group_sequential", LOOKS.replace("200", "100")),
            (Code.PARAMETER_RANGE, f"{PARAMETERS}.at_units"),
        ),
        (
            ("binomial_group_sequential", LOOKS.replace("0.5, 1]", "0.5, 0.9]")),
            (Code.PARAMETER_RANGE, f"{PARAMETERS}.spent"),
        ),
        (
            ("binomial_group_sequential", LOOKS.replace("0.25, ", "")),
            (Code.PARAMETER_RANGE, f"{PARAMETERS}.spent"),
        ),
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


PAIRED = {"counterpart": "not standard_of_care.flag", "limit": "0"}


@pytest.mark.parametrize(
    "fields",
    [
        PAIRED,
        {"event": "null", "endpoint": "AUC", "method": "betting"},
        {"event": "null", "endpoint": "H1"},
        PAIRED | {"event": "null", "endpoint": "SENS"},
        {"endpoint": "SENS"},
        {"event": "null"},
        PAIRED | {"method": "sprt", "parameters": SPRT, "limit": "0.1"},
        {"event": "null", "endpoint": "SENS", "method": "sprt", "parameters": SPRT},
        {"event": "null", "endpoint": "SENS", "limit": "0"},
        {"limit": "0"},
    ],
)
def test_a_rule_watches_one_harm_that_its_method_can(fields: dict[str, str]) -> None:
    paired = "counterpart" in fields and "endpoint" not in fields and "method" not in fields
    clean = paired or fields == {"event": "null", "endpoint": "SENS", "limit": "0"}
    codes = {code for code, _ in _faults(anytime(**fields))}
    expected = Code.SAFETY_LIMIT_EXTREME if fields == {"limit": "0"} else Code.ANYTIME_HARM
    assert codes == (set() if clean else {expected})


def test_an_asymptotic_rule_and_a_registered_reading_have_their_burn_in() -> None:
    late = anytime(method="asymptotic", parameters="{tightest_at: 300}", burn_in="100")
    assert _faults(late) == {(Code.ANYTIME_INEXACT, "anytime_safety[0].method")}
    passed = anytime(method="binomial_group_sequential", parameters=LOOKS, burn_in="51")
    assert _faults(passed) == {(Code.ANYTIME_BURN_IN, "anytime_safety[0].burn_in")}


@pytest.mark.parametrize(
    ("among", "elapsed", "warned"),
    [
        ("outcome", False, False),
        ("not outcome and standard_of_care.flag", False, False),
        ("candidate.flag", False, True),
        ("outcome or candidate.flag", False, True),
        ("candidate.flag", True, False),
    ],
)
def test_pairs_of_both_outcomes_wait_for_the_same_time(
    among: str, *, elapsed: bool, warned: bool
) -> None:
    edits = [anytime(among=among)]
    if elapsed:
        edits.append(("maturity: ascertained", "maturity: elapsed"))
    found = (Code.ANYTIME_ORDER, "anytime_safety[0].among") in _faults(*edits)
    assert found is warned


def _two(**second: str) -> Edit:
    """Two rules, so that they may be merged."""
    place, one = anytime()
    other = anytime(**({"id": "net_missed"} | second))[1].removeprefix("anytime_safety: [")
    return place, one.removesuffix("]") + ", " + other


def test_a_group_merges_rules_that_have_e_values_each_once() -> None:
    assert _faults(_two(), group()) == set()
    assert _faults(_two(), group(merge="e_bh")) == set()
    fault = (Code.ANYTIME_GROUP, "anytime_groups[0].rules[1]")
    assert _faults(_two(method="sprt", parameters=SPRT), group()) == {fault}
    assert _faults(_two(), group(rules="[late_missed, late_missed]")) == {fault}
    assert _faults(_two(), group(alpha="of H1")) == {
        (Code.ALPHA_NOT_OWN, "anytime_groups[0].alpha")
    }
    assert _faults(_two(), group(id="net_missed")) == {(Code.DUPLICATE_ID, "anytime_groups[0].id")}


@pytest.mark.parametrize(
    ("shares", "path"),
    [
        ("{answered: 0.97, timed_out: 0.01, other: 0.02}", None),
        ("{answered: 0.97, other: 0.02}", "fate_mix.shares"),
        ("{answered: 1.0, other: 0}", "fate_mix.shares"),
        ("{answered: 0.5, late: 0.5}", "fate_mix.shares"),
        ("{answered: 0.5, pending: 0.25, other: 0.25}", "fate_mix.shares.pending"),
    ],
)
def test_a_mix_has_positive_shares_of_fates_that_sum_to_one(shares: str, path: str | None) -> None:
    assert _faults(mix(shares=shares)) == (set() if path is None else {(Code.FATE_MIX, path)})


def test_the_mix_raises_its_alarm_under_a_name_of_its_own() -> None:
    assert _faults(mix(id="missed")) == {(Code.DUPLICATE_ID, "fate_mix.id")}
    assert _faults(mix(alpha="shared")) == {(Code.ALPHA_NOT_OWN, "fate_mix.alpha")}
