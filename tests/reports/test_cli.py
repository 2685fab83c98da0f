"""The command as an analyst types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from protocols.errors import UsageError
from reports.cli import report
from reports.errors import ReportError
from tests.reports.example_results import as_bytes, final_results


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "results.json"
    path.write_bytes(as_bytes(final_results()))
    return path


def _run(*words: str) -> tuple[str, BaseException | None]:
    answer = CliRunner().invoke(report, ["build", *words])
    return answer.output, answer.exception


def test_a_results_file_becomes_a_report(results: Path, tmp_path: Path) -> None:
    output, problem = _run("--results", str(results), "--output", str(tmp_path / "out"))
    assert problem is None
    assert str(tmp_path / "out" / "report.html") in output


def test_the_digests_are_given_as_json(results: Path, tmp_path: Path) -> None:
    output, _ = _run("--results", str(results), "--output", str(tmp_path / "out"), "--json")
    assert json.loads(output)["digests"]["results.json"].startswith("sha256:")


def test_a_look_and_a_file_at_once_are_refused(results: Path, tmp_path: Path) -> None:
    _, problem = _run(
        "L1", "--folder", ".", "--results", str(results), "--output", str(tmp_path / "out")
    )
    assert isinstance(problem, UsageError)
    assert problem.code == "REPORT_USAGE"


def test_neither_a_look_nor_a_file_is_refused(tmp_path: Path) -> None:
    _, problem = _run("--output", str(tmp_path / "out"))
    assert isinstance(problem, UsageError)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    _, problem = _run("--results", str(tmp_path / "no.json"), "--output", str(tmp_path / "out"))
    assert isinstance(problem, ReportError)
    assert "no.json" in str(problem)
