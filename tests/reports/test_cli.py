"""The command as an analyst types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluation.archive import to_bytes
from gateway.store.engine import open_store
from gateway.store.lock import lock, save_look_result
from protocols.errors import UsageError
from reports.cli import report
from reports.errors import ReportError
from tests.reports.example_results import as_bytes, final_results
from tests.support.example_protocol import example_protocol
from tests.support.simulator import START_US, Truth, example_results, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs

PROTOCOL = example_protocol()


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A trial's folder with one stored look."""
    url = f"sqlite:///{tmp_path}/trial.sqlite"
    trial = PROTOCOL.protocol.id
    settings = json.dumps({"trial": trial, "store_url": url})
    (tmp_path / "equipoise.json").write_text(settings, encoding="utf-8")
    store = open_store(url, create=True)
    register_trial(store, PROTOCOL)
    store_pairs(store, PROTOCOL, simulate_pairs(PROTOCOL, Truth(n=20)))
    held = lock(store, trial, "L1", actor="ben", at_us=START_US)
    save_look_result(
        store,
        trial=trial,
        look="L1",
        number=1,
        lock_id=held.lock_id,
        results=to_bytes(example_results(final=False)),
        actor="ben",
        at_us=START_US,
    )
    store.close()
    return tmp_path


def test_a_stored_look_becomes_a_report_of_the_same_bytes(folder: Path) -> None:
    _, problem = _run("L1", "--folder", str(folder), "--output", str(folder / "report"))
    assert problem is None
    stored = to_bytes(example_results(final=False))
    assert (folder / "report" / "results.json").read_bytes() == stored


def test_a_look_that_was_not_run_says_how_to_run_it(folder: Path) -> None:
    _, problem = _run("L2", "--folder", str(folder), "--output", str(folder / "report"))
    assert isinstance(problem, ReportError)
    assert problem.code == "REPORT_NO_LOOK"
    assert "equipoise look run L2" in str(problem)
