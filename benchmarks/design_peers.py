"""R's rpact on the same designs in the same run, in an R that waits for one line a round."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("rpact_designs.R")
ABSENT = "Rscript with rpact is not installed here, so only our own times stand below."


@dataclass(frozen=True, slots=True)
class Rpact:
    """An R that waits; `version` is rpact's."""

    version: str
    child: "subprocess.Popen[str]"

    def ask(self, line: str) -> tuple[float, list[float]]:
        """Seconds by R's own clock, and the answer."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        taken, *answer = (float(word) for word in self.child.stdout.readline().split())
        return taken, answer


@contextmanager
def rpact() -> Iterator[Rpact | None]:
    """rpact for as many rounds as are asked; None without it."""
    program = shutil.which("Rscript")
    if program is None:
        yield None
        return
    with subprocess.Popen(
        [program, str(SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            words = child.stdout.readline().split()
            yield Rpact(words[1], child) if words[:1] == ["ready"] else None
        finally:
            child.kill()
