"""One lock and one protocol give one results.json and one report, whatever machine reads them."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo.run import DemoRun

HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
ELSEWHERE = {
    "PYTHONHASHSEED": "4242",
    "TZ": "Pacific/Auckland",
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}

# Conducts the look again from its lock, in a process of its own, and writes what it found.
CONDUCT = """
import sys
from pathlib import Path
from evaluation.archive import to_bytes
from evaluation.conduct import conduct
from evaluation.archive import from_bytes
from gateway.store.engine import open_store
from gateway.store.folder import read_store_location
from gateway.store.lock import read_lock
from gateway.store.reads import look_results, protocol_in_force
trial, url = read_store_location(Path(sys.argv[1]))
store = open_store(url)
looks = look_results(store, trial)
earlier = [from_bytes(look.results.encode()) for look in looks[:-1]]
found = conduct(protocol_in_force(store, trial), read_lock(store, looks[-1].lock_id), earlier)
Path(sys.argv[2]).write_bytes(to_bytes(found))
"""


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _made(run: DemoRun, place: dict[str, str], output: Path) -> dict[str, str]:
    """Conduct the final look again and build its report in one environment."""
    environment = {**os.environ, **place}
    results = output / "again.json"
    output.mkdir()
    for command in (
        ["-c", CONDUCT, str(run.folder / "trial"), str(results)],
        [
            "-m",
            "equipoise",
            "report",
            "build",
            "--results",
            str(results),
            "--output",
            str(output / "report"),
        ],
    ):
        subprocess.run([sys.executable, *command], env=environment, check=True, timeout=180)
    return _digests(output)


@pytest.fixture(scope="module")
def made(run: DemoRun, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return _made(run, HERE, tmp_path_factory.mktemp("here") / "made")


def test_a_look_and_its_report_have_the_same_bytes_elsewhere(
    run: DemoRun, made: dict[str, str], tmp_path: Path
) -> None:
    assert _made(run, ELSEWHERE, tmp_path / "made") == made


def test_they_are_the_bytes_that_the_demo_wrote(run: DemoRun, made: dict[str, str]) -> None:
    first = _digests(Path(run.summary["report"]).parent)
    assert {name.removeprefix("report/"): digest for name, digest in made.items()} == {
        **first,
        "again.json": first["results.json"],
    }
