"""`equipoise design`: tables, JSON, reports, refusals by field, and an end by Ctrl-C."""

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from equipoise import cli
from evaluation.design_cli import boundaries
from evaluation.results.design import DesignResults
from tests.support.planned_protocol import FILE

ROOT = Path(__file__).resolve().parents[3]
QUICK = ("target_se: 0.004", "target_se: 0.05")


def _design(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["design", *(str(a) for a in arguments)])


def _edited(folder: Path, *edits: tuple[str, str]) -> Path:
    text = FILE.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "protocol.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _json(*arguments: object) -> DesignResults:
    found = _design(*arguments, "--json")
    assert found.exit_code == 0, found.output
    return DesignResults.model_validate_json(found.stdout)


def test_boundaries_prints_every_scale_and_both_truths() -> None:
    found = _design("boundaries", FILE).output
    assert "H1: Sensitivity; null -0.1, planned for 0; one-sided alpha 0.025" in found
    assert re.search(r"efficacy +L1 +0\.4 +0\.00039 +3\.3569 +0\.00039 +0\.0446", found)
    assert "null (-0.1)" in found
    assert "registered effect (0)" in found


def test_futility_and_harm_are_printed_beside(tmp_path: Path) -> None:
    rule = """futility:
  - hypothesis: H1
    looks: [L1, L2]
    scale: conditional_power
    values: [0.1, 0.2]
    beta: null
    spending: null
    true_effect: 0.0
    binding: false
    binding_reason: null
    when_ignored: The board says why.
"""
    harm = """harm_bounds:
  - hypothesis: H1
    alpha: 0.01
    spending: {family: lan_demets_pocock, parameter: null, points: [], start: null}
    action: pause
"""
    edits = (("futility: []\n", rule), ("harm_bounds: []\n", harm))
    found = _design("boundaries", _edited(tmp_path, *edits))
    assert found.exit_code == 0, found.output
    assert "futility, non-binding" in found.output
    assert re.search(r"harm +L3 +1 +0\.01000", found.output)


def test_power_prints_joint_power_and_the_grid() -> None:
    found = _design("power", FILE).output
    assert "All of H1, H2: power 0.9372 (they share no pair); from 0.9362 to 0.9671" in found
    assert "if the discordance were another one" in found


def test_samplesize_says_which_hypothesis_drives() -> None:
    found = _design("samplesize", FILE).output
    assert "H2 asks for the most: 736 evaluable pairs. The plan of 1,000 is enough." in found
    assert "paired proportions, score test, among events" in found


def test_simulate_prints_monte_carlo_errors(tmp_path: Path) -> None:
    found = _design("simulate", _edited(tmp_path, QUICK))
    assert found.exit_code == 0
    assert re.search(r"edge +H1 +-0\.1 +10,000 +0\.02\d\d \(0\.00\d\d\)", found.output)
    assert "median unbiased" in found.output


def test_simulate_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    path = _edited(tmp_path, QUICK)
    assert _design("simulate", path, "--json").output == _design("simulate", path, "--json").output


def test_json_is_the_whole_design(tmp_path: Path) -> None:
    found = _json("samplesize", FILE)
    assert [bounds.id for bounds in found.bounds] == ["H1", "H2"]
    assert found.sizes is not None
    assert found.simulations is None
    assert _json("simulate", _edited(tmp_path, QUICK)).simulations is not None


def test_output_writes_a_page_the_json_and_the_tables(tmp_path: Path) -> None:
    folder = tmp_path / "design"
    found = _design("power", FILE, "--output", folder)
    assert found.exit_code == 0, found.output
    assert found.output.strip().endswith(str(folder / "report.html"))
    assert (folder / "design.json").read_bytes() == _design(
        "power", FILE, "--json"
    ).output.encode()[:-1]
    assert "figure-01-bounds.csv" in {path.name for path in (folder / "data").iterdir()}


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "equipoise", "design", "power", str(FILE), "--output", tmp_path],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert found.returncode == 6
    assert "REPORT_FOLDER_OCCUPIED" in found.stderr


def test_outside_of_the_assembly_there_is_no_report(tmp_path: Path) -> None:
    found = CliRunner().invoke(boundaries, [str(FILE), "--output", str(tmp_path / "x")])
    assert getattr(found.exception, "code", None) == "NO_REPORT_HERE"


@pytest.mark.parametrize(
    ("command", "edits", "field"),
    [
        ("power", (("discordance: 0.15, ", ""),), "sample_size.design[0].nuisance.discordance"),
        ("simulate", (("discordance: 0.2", "discord: 0.2"),), "simulation.scenarios[2].nuisance"),
        ("samplesize", (("true_effect: 0.0\n      nuisance", "true_effect: 0.4\n      nuisance"),),
         "sample_size.design[0]"),
    ],
)  # fmt: skip
def test_what_is_missing_is_refused_by_its_field(
    tmp_path: Path, command: str, edits: tuple[tuple[str, str], ...], field: str
) -> None:
    path = _edited(tmp_path, *edits)
    found = subprocess.run(
        [sys.executable, "-m", "equipoise", "design", command, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert found.returncode == 3
    assert field in found.stderr
    assert found.stdout == ""


def test_a_protocol_with_errors_is_not_planned_with(tmp_path: Path) -> None:
    found = _design("boundaries", _edited(tmp_path, ("alpha: 0.025", "alpha: 0.7")))
    assert found.exit_code == 3


def test_ctrl_c_prints_what_is_done_so_far(tmp_path: Path) -> None:
    endless = (
        ("target_se: 0.004", "target_se: 0.0000001"),
        ("most_replicates: 40000", "most_replicates: 100000000"),
    )
    path = _edited(tmp_path, *endless)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "equipoise", "design", "simulate", str(path), "--json"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        cwd=ROOT,
    )
    os.close(theirs)
    shown = _shown_until(ours, rb"%  \d\d:\d\d:\d\d|%  \d+d \d\d:")
    assert b"1/6 edge:H1" in shown
    process.send_signal(signal.SIGINT)
    rest = threading.Thread(target=_shown_until, args=(ours, b"Ended early"))
    rest.start()
    out, _ = process.communicate(timeout=60)
    rest.join(timeout=10)
    os.close(ours)
    assert process.returncode == 1
    _assert_partial(out)


def _shown_until(terminal: int, pattern: bytes) -> bytes:
    """What a terminal has shown when the pattern first stands in it, or its process is gone."""
    shown = b""
    until = time.monotonic() + 60
    while time.monotonic() < until and re.search(pattern, shown) is None:
        try:
            shown += os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
    assert re.search(pattern, shown), shown[-500:]
    return shown


def _assert_partial(out: bytes) -> None:
    found = DesignResults.model_validate_json(out).simulations
    assert found is not None
    assert found.interrupted
    (only,) = found.scenarios
    assert only.interrupted
    assert only.replicates >= 10_000
    assert only.replicates % 10_000 == 0
    assert abs(only.claims.value - 0.025) < 5 * only.claims.standard_error
