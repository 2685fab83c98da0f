"""`equipoise design simulate`: both engines, workers, records, an end by Ctrl-C."""

import csv
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from equipoise import cli
from evaluation.planning.workers import hands
from evaluation.results.design import DesignResults, Simulations
from evaluation.simulation_run import COLUMNS
from protocols.errors import UsageError
from tests.support.planned_protocol import FILE

ROOT = Path(__file__).resolve().parents[3]
SMALL = (
    ("target_se: 0.004", "target_se: 0.05"),
    ("most_replicates: 40000", "most_replicates: 100"),
)
MANY = ("most_replicates: 40000", "most_replicates: 90000")
JOINT = (
    "correlations: []\n  correlation_basis: null",
    "correlations: [[H1, H2, 0.0]]\n  correlation_basis: Other encounters.",
)
ENDLESS = (
    ("target_se: 0.004", "target_se: 0.0000001"),
    ("most_replicates: 40000", "most_replicates: 100000000"),
)
DASK = importlib.util.find_spec("distributed") is not None


def _path(folder: Path, *edits: tuple[str, str], scenarios: int = 3) -> Path:
    text = FILE.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    parts = text.split("    - id: alike\n")
    if scenarios == 1:
        rest = parts[1].split("  correlations:", 1)[1]
        text = f"{parts[0]}  correlations:{rest}"
    path = folder / "protocol.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _simulate(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["design", "simulate", *(str(a) for a in arguments)])


def _found(result: Result) -> Simulations:
    assert result.exit_code == 0, result.output
    found = DesignResults.model_validate_json(result.stdout).simulations
    assert found is not None
    return found


@pytest.mark.parametrize("options", [(), pytest.param(("--full",), marks=pytest.mark.slow)])
def test_workers_change_no_byte(tmp_path: Path, options: tuple[str, ...]) -> None:
    whole = SMALL if options else (("target_se: 0.004", "target_se: 0.0001"), MANY)
    path = _path(tmp_path, *whole, JOINT, scenarios=1)
    made = []
    for workers in (1, 2):
        records = tmp_path / f"{workers}.csv"
        asked = ("--json", "--workers", workers, "--records", records)
        made.append((_simulate(path, *options, *asked).stdout, records.read_bytes()))
    assert made[0][0].startswith("{")
    assert made[0] == made[1]


def test_every_figure_says_where_it_is_from(tmp_path: Path) -> None:
    path = _path(tmp_path, *SMALL, JOINT)
    found = _found(_simulate(path, "--json"))
    assert (found.engine, found.seed) == ("statistics", 11)
    assert {"python", "numpy", "scipy"} <= set(found.versions)
    assert [row.scenario for row in found.together] == ["edge", "alike", "rough"]
    said = _simulate(path).output
    assert "Engine: sufficient statistics; seed 11" in said
    assert "by co_primary (registered correlation): claims H1" in said
    assert "futility by look" not in said


@pytest.mark.slow
def test_whole_trials_from_the_command_line(tmp_path: Path) -> None:
    path, records = _path(tmp_path, *SMALL, scenarios=1), tmp_path / "records.csv"
    folder = tmp_path / "design"
    result = _simulate(path, "--full", "--workers", 1, "--records", records, "--output", folder)
    assert result.exit_code == 0, result.output
    assert "Engine: whole trials on generated encounters" in result.output
    assert "(generated correlation)" in result.output
    with records.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["hypothesis"], row["replicate"]) for row in rows[:3]] == [
        ("H1", "0"), ("H2", "0"), ("H1", "1"),
    ]  # fmt: skip
    assert len(rows) == 200
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "conducted by the code that conducts looks" in page
    assert "Hypotheses together" in page


def test_records_are_written_to_a_new_file_only(tmp_path: Path) -> None:
    path, records = _path(tmp_path, *SMALL, scenarios=1), tmp_path / "records.csv"
    assert _simulate(path, "--records", records).exit_code == 0
    with records.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200
    assert {row["end"] for row in rows} <= {"claim", "last_look"}
    again = _simulate(path, "--records", records)
    assert getattr(again.exception, "code", None) == "RECORDS_EXIST"


def test_records_that_cannot_be_written_are_refused_before_any_trial(tmp_path: Path) -> None:
    path = _path(tmp_path, *SMALL, scenarios=1)
    found = _simulate(path, "--records", tmp_path / "nowhere" / "records.csv")
    assert getattr(found.exception, "code", None) == "RECORDS_UNWRITABLE"
    assert found.output == ""


def test_trials_of_all_hypotheses_are_recorded_beside_those_of_each(tmp_path: Path) -> None:
    path, records = _path(tmp_path, *SMALL, JOINT, scenarios=1), tmp_path / "records.csv"
    found = _found(_simulate(path, "--json", "--records", records))
    with records.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tried"] == "together"]
    assert [(row["hypothesis"], row["replicate"]) for row in rows[:3]] == [
        ("H1", "0"), ("H2", "0"), ("H1", "1"),
    ]  # fmt: skip
    (together,) = found.together
    for code, share in zip(together.hypotheses, together.claims, strict=True):
        ends = [row["end"] for row in rows if row["hypothesis"] == code]
        assert ends.count("claim") / len(ends) == share.value
        assert len(ends) == together.replicates == 100


def test_dask_that_is_not_installed_is_named(tmp_path: Path) -> None:
    if DASK:
        pytest.skip("dask is installed here")
    result = _simulate(_path(tmp_path, *SMALL), "--backend", "dask")
    assert getattr(result.exception, "code", None) == "DASK_MISSING"
    assert "equipoise[dask]" in str(result.exception)


@pytest.mark.skipif(not DASK, reason="the extra equipoise[dask] is not installed")
@pytest.mark.filterwarnings("default")
def test_dask_changes_no_byte(tmp_path: Path) -> None:
    path = _path(tmp_path, *SMALL, JOINT, scenarios=1)
    command = [sys.executable, "-m", "equipoise", "design", "simulate", str(path), "--json"]
    ours = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
    theirs = subprocess.run(
        [*command, "--backend", "dask", "--workers", "2"], capture_output=True, cwd=ROOT, check=True
    )
    assert ours.stdout == theirs.stdout


def test_no_worker_is_no_work() -> None:
    with pytest.raises(UsageError, match="one worker or more"), hands(0):
        pass


@pytest.mark.parametrize(
    "options",
    [("--workers", "2"), pytest.param(("--full", "--workers", "2"), marks=pytest.mark.slow)],
)
def test_ctrl_c_to_everybody_prints_what_is_done_so_far(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """As a terminal does it: the signal goes to the workers too."""
    path, records = _path(tmp_path, *ENDLESS), tmp_path / "records.csv"
    command = [sys.executable, "-m", "equipoise", "design", "simulate", str(path), "--json"]
    process = subprocess.Popen(
        [*command, *options, "--records", str(records)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    _wait_for(records)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert b"Ended early: some scenarios have fewer trials than registered." in err
    assert b"Traceback" not in err
    found = DesignResults.model_validate_json(out).simulations
    assert found is not None
    assert found.interrupted
    assert all(row.interrupted and not row.reached for row in found.scenarios)
    assert found.scenarios


def _wait_for(records: Path) -> None:
    """Until some trials were counted."""
    until = time.monotonic() + 60
    while time.monotonic() < until and not (records.exists() and records.stat().st_size > 400):
        threading.Event().wait(0.05)
