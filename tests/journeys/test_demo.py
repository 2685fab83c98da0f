"""The demo from end to end: one command, real patients, real processes, a report at the end."""

import hashlib
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from tests.demo.run import DemoRun

DEMO = [sys.executable, "-m", "equipoise", "demo"]


def test_every_patient_is_served_although_the_candidate_was_killed(run: DemoRun) -> None:
    summary = run.summary
    assert summary["served"] == summary["patients"] == 2982
    assert summary["standard_of_care_not_served"] == 0
    assert summary["answers_other_than_the_index"] == 0
    assert summary["outage"]["served"] == summary["outage"]["patients"]
    assert summary["outage"]["seconds"] >= 1.0


def test_every_asking_of_the_candidate_has_one_fate(run: DemoRun) -> None:
    fates = run.summary["candidate_fates"]
    assert sum(fates.values()) == 2982
    assert fates.get("pending", 0) == 0
    assert fates["answered"] >= 2900
    assert fates["failed"] > 0


def test_only_known_outcomes_are_reported(run: DemoRun) -> None:
    assert run.summary["outcomes_reported"] == 1275 + 1571


def test_the_story_tells_of_the_kill_and_of_both_looks(run: DemoRun) -> None:
    for words in ("Killing the candidate (SIGKILL)", "look: interim", "look: final"):
        assert words in run.story


def test_the_report_holds_the_verdict_sentence_and_the_stored_bytes(run: DemoRun) -> None:
    report = Path(run.summary["report"]).read_text(encoding="utf-8")
    results = Path(run.summary["results"]).read_bytes()
    assert json.loads(results)["headline"] == run.summary["verdict"]
    assert hashlib.sha256(results).hexdigest() in report
    assert list(Path(run.summary["figure_data"]).iterdir())


def test_the_interim_look_saw_half_of_the_information(run: DemoRun) -> None:
    facts = run.results("interim")["facts"]
    assert facts["status"] == "INTERIM"
    assert 0.5 <= facts["information_fraction"] < 0.52


def test_no_process_of_the_demo_outlives_it(run: DemoRun) -> None:
    settings = json.loads((run.folder / "trial" / "equipoise.json").read_bytes())
    assert _is_free(settings["port"])


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("three years of work")
    done = subprocess.run([*DEMO, "--folder", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--folder" in done.stderr
    assert thesis.read_text() == "three years of work"


def test_an_earlier_run_is_kept_where_asked(run: DemoRun) -> None:
    done = subprocess.run(
        [*DEMO, "--keep", "--folder", str(run.folder)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert (run.folder / "report" / "report.html").is_file()


@pytest.mark.parametrize("goodbye", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_takes_its_processes_with_it(
    goodbye: signal.Signals, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    running = subprocess.Popen([*DEMO, "--folder", str(folder)], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        _read_until(running.stdout, "Replaying")
        running.send_signal(goodbye)
        assert running.wait(40) == 130
    finally:
        running.kill()
        running.stdout.close()
    settings = json.loads((folder / "trial" / "equipoise.json").read_bytes())
    assert _is_free(settings["port"])


def _read_until(lines: IO[str], word: str) -> None:
    until = time.monotonic() + 40
    for line in lines:
        if word in line:
            return
        assert time.monotonic() < until


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
