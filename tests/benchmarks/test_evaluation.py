"""The benchmark of the methods runs, and leaves other results alone. No time is asserted."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import designs
from benchmarks.design_peers import ABSENT
from benchmarks.jobs import JOBS, answered, generated, rows_of
from benchmarks.parts import write_part
from evaluation.inference import registry

ROOT = Path(__file__).resolve().parents[2]


def test_a_quick_run_times_every_job_and_names_every_peer(tmp_path: Path) -> None:
    output = tmp_path / "RESULTS.md"
    output.write_text("# What was measured\n\nkept\n", encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks", "evaluation", "--quick"]
    subprocess.run([*command, "--output", str(output)], check=True, cwd=ROOT, capture_output=True)
    written = output.read_text(encoding="utf-8")
    assert written.startswith("# What was measured\n\nkept\n\n# How long the methods take\n")
    for peer in ("R pROC", "statsmodels", "scipy", *(f"| {job.title} |" for job in JOBS.values())):
        assert peer in written


@pytest.mark.parametrize("name", sorted(JOBS))
def test_registry_and_function_of_a_job_give_the_same_answer(name: str) -> None:
    job = JOBS[name]
    data = generated(job.pairs // 500, job.subjects // 500)
    values = job.values(data)
    by_word = answered(registry.estimate(job.word, rows_of(data, values), job.asked))
    by_function = answered(job.pure(data, values))
    assert by_word.estimate == pytest.approx(by_function.estimate, rel=1e-12)
    assert by_word.p_value == pytest.approx(by_function.p_value, rel=1e-9)


def test_a_part_of_the_results_replaces_its_own_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    write_part(path, ["# One", "", "first", "", "## Inside", "table"])
    write_part(path, ["# Two", "", "second"])
    write_part(path, ["# One", "", "renewed", ""])
    assert path.read_text(encoding="utf-8") == "# One\n\nrenewed\n\n# Two\n\nsecond\n"


def test_without_rpact_a_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    designs.report(tmp_path / "RESULTS.md", quick=True)
    assert ABSENT in (tmp_path / "RESULTS.md").read_text(encoding="utf-8")


def test_a_quick_run_times_every_design(tmp_path: Path) -> None:
    output = tmp_path / "RESULTS.md"
    designs.report(output, quick=True)
    written = output.read_text(encoding="utf-8")
    assert all(f"| {task.title} |" in written for task in designs.tasks(quick=True))
    assert "rpact" in written
