"""The README's commands are run as they stand; only ports, folders and interpreter are moved."""

import re
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.demo.children import Children, answers, free_port
from tests.demo.run import DemoRun

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```sh(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Snippet:
    kind: str
    text: str

    @property
    def commands(self) -> list[str]:
        """One command each: a command goes on while a quote is open or a line ends in a slash."""
        found: list[str] = []
        for line in self.text.splitlines():
            if found and not _whole(found[-1]):
                found[-1] += "\n" + line
            elif line.strip():
                found.append(line)
        return found


def _whole(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


def _snippets() -> list[Snippet]:
    text = README.read_text(encoding="utf-8")
    return [Snippet(found["kind"].strip(), found["text"]) for found in BLOCK.finditer(text)]


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the commands of the README run here."""

    replacements: dict[str, str]

    def __call__(self, command: str) -> str:
        for old, new in self.replacements.items():
            command = command.replace(old, new)
        return command


@pytest.fixture
def moved(tmp_path: Path) -> Moved:
    return Moved(
        {
            ".venv/bin/python": shlex.quote(sys.executable),
            ".venv/bin/equipoise": f"{shlex.quote(sys.executable)} -m equipoise",
            "my-trial": str(tmp_path / "my-trial"),
            "my-report": str(tmp_path / "my-report"),
            **{port: str(free_port()) for port in ("9001", "9002", "8080")},
        }
    )


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    with Children(tmp_path / "logs") as started:
        yield started


def _run(command: str, *, status: int) -> None:
    done = subprocess.run(  # noqa: S602 - a README is read by a shell
        command,
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == status, f"{command}\n{done.stdout}\n{done.stderr}"


def _listen(urls: list[str]) -> None:
    until = time.monotonic() + 20
    while not all(answers(url) for url in urls):
        assert time.monotonic() < until, f"no answer at {urls}"
        time.sleep(0.05)


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's walk needs curl")
def test_the_walk_of_the_clinical_system_runs(moved: Moved, children: Children) -> None:
    arms = [moved(f"http://127.0.0.1:{port}/") for port in ("9001", "9002")]
    gateway = moved("http://127.0.0.1:8080/readyz")
    for number, snippet in enumerate(_snippets()):
        if snippet.kind == "background":
            for place, command in enumerate(snippet.commands):
                children.start(f"{number}-{place}", shlex.split(moved(command)))
            _listen(arms if "gateway.demo.arm" in snippet.text else [gateway])
        elif not snippet.kind:
            for command in snippet.commands:
                _run(moved(command), status=0)


def test_the_walks_after_the_demo_run(moved: Moved, run: DemoRun) -> None:
    walked = 0
    for snippet in _snippets():
        if snippet.kind.startswith("after demo"):
            status = (
                int(snippet.kind.rpartition("status ")[2] or 0) if "status" in snippet.kind else 0
            )
            for command in snippet.commands:
                _run(moved(command.replace("demo-output", str(run.folder))), status=status)
                walked += 1
    assert walked >= 5


def test_every_snippet_is_of_a_kind_that_is_run() -> None:
    kinds = {snippet.kind for snippet in _snippets()}
    assert kinds == {"", "background", "after demo", "after demo, status 4"}


def test_the_dependency_table_names_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[<>=;\s]", line)[0] for line in required}
    stubs = {name for name in names if name.startswith("types-") or name.endswith("-stubs")}
    table = README.read_text(encoding="utf-8").split("## Dependencies")[1].split("\n## ")[0]
    missing = sorted(name for name in names - stubs if not re.search(rf"\b{name}\b", table))
    assert not missing, f"README's dependency table does not name {missing}"
