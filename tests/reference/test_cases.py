"""Published and peer-computed numbers: no case may fail, and none built may go missing."""

import json
from pathlib import Path

import pytest

from tests.reference.__main__ import main
from tests.reference.adapter_pairs import clustered_mcnemar_values
from tests.reference.adapters import ADAPTERS
from tests.reference.compare import Outcome, judged, run_file

CASES = Path(__file__).parent / "cases"


def _outcomes(name: str) -> list[Outcome]:
    return run_file(CASES / name, ADAPTERS)


@pytest.mark.parametrize(
    ("name", "n_cases"),
    [
        ("endpoint_cases.json", 144),
        ("lifecycle_extra_cases.json", 4),
        ("sequential_cases.json", 123),
    ],
)
def test_every_reference_case_agrees(name: str, n_cases: int) -> None:
    outcomes = _outcomes(name)
    failed = [f"{o.case}: {line}" for o in outcomes for line in o.lines]
    assert failed == []
    assert sum(o.state == "passed" for o in outcomes) == n_cases == len(outcomes)


def test_clustered_tests_agree_where_a_case_also_holds_a_method_without_code() -> None:
    cases = json.loads((CASES / "endpoint_cases.json").read_text(encoding="utf-8"))
    variants = [c for c in cases if c["method"] == "clustered_paired.mcnemar_variants"]
    assert len(variants) == 3
    for case in variants:
        got = clustered_mcnemar_values(case["inputs"])
        expected = {key: case["expected"][key] for key in got}
        assert got == pytest.approx(expected, rel=1e-8, abs=1e-10)


def test_a_wrong_number_fails_its_case_and_is_shown_with_its_tolerance() -> None:
    case = {
        "id": "wrong",
        "method": "proportion.single_ci",
        "inputs": {"x": 0, "n": 50, "conf_level": 0.95},
        "expected": {"wilson": [0, 0.08]},
        "tolerance": {"rel": 1e-6, "abs": 1e-8},
    }
    outcome = judged(case, ADAPTERS)
    assert outcome.state == "failed"
    assert "expected 0.08" in outcome.lines[0]
    assert "tolerance" in outcome.lines[0]


def test_an_answer_where_a_refusal_is_due_fails_its_case() -> None:
    case = {
        "id": "answered",
        "method": "safety.exact_binomial_upper",
        "inputs": {"events": 0, "n": 9, "conf_level": 0.95, "threshold": 0.1},
        "expected": {"refuse": True},
        "tolerance": {"exact": True},
    }
    assert judged(case, ADAPTERS).state == "failed"


@pytest.mark.parametrize(
    ("method", "inputs"),
    [
        ("safety.exact_binomial_upper", {"events": 0, "n": 0, "conf_level": 0.95, "threshold": 1}),
        (
            "safety.exact_poisson_upper",
            {"events": 0, "exposure": 0, "conf_level": 0.95, "threshold_rate": 1},
        ),
        (
            "paired_diff.wald_family",
            {"table": {"n11": 0, "n10": 0, "n01": 0, "n00": 0}, "conf_level": 0.9},
        ),
        ("clustered_paired.mcnemar_variants", {"clusters": []}),
        ("auc.delong_single", {"y": [None, 0, 1, 0, 1], "score": [1, 2, 3, 4, 5]}),
    ],
)
def test_counts_and_outcomes_that_are_none_are_refusals(
    method: str, inputs: dict[str, object]
) -> None:
    case = {
        "id": "none",
        "method": method,
        "inputs": inputs,
        "expected": {"refuse": True},
        "tolerance": {"exact": True},
    }
    assert judged(case, ADAPTERS).lines == ()


def test_a_case_that_breaks_the_code_fails_alone() -> None:
    case = {
        "id": "broken",
        "method": "safety.exact_binomial_upper",
        "inputs": {"events": 3, "conf_level": 0.95, "threshold": 0.1},
        "expected": {"upper": 1},
        "tolerance": {"abs": 1e-8},
    }
    outcome = judged(case, ADAPTERS)
    assert outcome.state == "failed"
    assert "Error" in outcome.lines[0]


def test_the_command_ends_with_one_line_of_counts(capsys: pytest.CaptureFixture[str]) -> None:
    status = main([str(CASES / "endpoint_cases.json")])
    last = capsys.readouterr().out.splitlines()[-1].split()
    assert status == 0
    assert [word.rstrip(",") for word in last[1::2]] == ["passed", "failed", "skipped"]


def test_a_constant_score_has_the_anchors_numbers() -> None:
    """R pROC 1.18.0, roc.test(method = "delong", paired = TRUE) with direction "<"."""
    case = {
        "id": "constant",
        "method": "auc.delong_paired",
        "inputs": {
            "y": [0, 0, 0, 0, 1, 1, 1, 1],
            "candidate": [1] * 8,
            "soc": [1, 2, 3, 4, 3.5, 5, 6, 7],
        },
        "expected": {"auc_candidate": 0.5, "auc_soc": 0.9375, "z": -4.949747, "var_soc": 0.0078125},
        "tolerance": {"rel": 1e-6},
    }
    assert judged(case, ADAPTERS).lines == ()


def test_arms_that_never_differ_have_the_published_statistic() -> None:
    """z = sqrt(n m / (1 - m)), which the registered test refuses (Tango 1998)."""
    case = {
        "id": "agree",
        "method": "paired_diff.tango_nam_ni_test",
        "inputs": {
            "table": {"n11": 60, "n10": 0, "n01": 0, "n00": 40},
            "margin": 0.2,
            "direction": "lower_is_better",
        },
        "expected": {"z": -5.0, "p_one_sided": 2.866515718791939e-07},
        "tolerance": {"rel": 1e-9},
    }
    assert judged(case, ADAPTERS).lines == ()
