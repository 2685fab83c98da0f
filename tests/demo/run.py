"""One real demo run per test session, shared by every test that reads it."""

import functools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_S = 150


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A finished run: where it lies, what it printed as JSON, and what it said on the way."""

    folder: Path
    summary: dict[str, Any]
    story: str

    def results(self, look: str) -> dict[str, Any]:
        """The look's results as the command line shows them."""
        command = [sys.executable, "-m", "equipoise", "look", "show", look, "--json"]
        shown = subprocess.run(
            [*command, "--folder", str(self.folder / "trial")], capture_output=True, check=True
        )
        content = json.loads(shown.stdout)
        assert isinstance(content, dict)
        return content


@functools.cache
def demo_run(folder: Path) -> DemoRun:
    """Run `equipoise demo --json` in `folder`; a second call gives the first run."""
    done = subprocess.run(
        [sys.executable, "-m", "equipoise", "demo", "--json", "--folder", str(folder)],
        capture_output=True,
        timeout=LONGEST_S,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return DemoRun(folder, json.loads(done.stdout), done.stderr)
