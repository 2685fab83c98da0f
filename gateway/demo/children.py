"""Child processes of the demo: started with a log each, stopped in order whatever happens.

Every child gets a session of its own, so that Ctrl-C reaches the demo alone and the demo decides
in which order things end.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from protocols.errors import EquipoiseError

COMMAND = (sys.executable, "-m", "equipoise")
STOP_S = 15.0
COMMAND_S = 120.0


class DemoError(EquipoiseError):
    """The demo cannot go on; the message names the log to read."""


def free_port() -> int:
    """Give a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Children:
    """The processes of one demo run, by name. Leaving the context stops those still running."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._environ = _environ()

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _undisturbed():
            for name in reversed(list(self._running)):
                self.stop(name)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start one process; what it writes is appended to `<name>.log`."""
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=self._environ,
            )

    def run(self, name: str, arguments: Sequence[str]) -> bytes:
        """Run one `equipoise` command to its end and give what it printed.

        Raises
        ------
        DemoError
            It ended with another status than 0; its own last words are repeated.
        """
        done = subprocess.run(  # noqa: S603 - our own commands
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_S,
            env=self._environ,
            check=False,
        )
        with self.log(name).open("ab") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode:
            words = done.stderr.decode(errors="replace").strip() or "it said nothing"
            raise DemoError("DEMO_COMMAND", f"equipoise {' '.join(arguments[:2])} failed: {words}")
        return done.stdout

    def log(self, name: str) -> Path:
        """Where the words of a process go."""
        return self._logs / f"{name}.log"

    def check(self, name: str) -> None:
        """Raise DemoError when a process that should be running has ended."""
        status = self._running[name].poll()
        if status is not None:
            raise DemoError(
                "DEMO_CHILD",
                f"{name} ended with status {status}; read {self.log(name)}",
            )

    def kill(self, name: str) -> None:
        """SIGKILL, with no chance to say goodbye."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        """SIGTERM, and SIGKILL to the whole session of one that does not end in time."""
        process = self._running.pop(name, None)
        if process is None:
            return
        try:
            end(process)
        finally:
            _kill_session(process)
            process.wait()


def end(process: "subprocess.Popen[bytes]", *, longest_s: float = STOP_S) -> None:
    """SIGTERM, and SIGKILL to one that has not ended after `longest_s`."""
    process.terminate()
    try:
        process.wait(longest_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back a second Ctrl-C until every process has ended."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """End what a child may have left behind in its session; usually there is nothing."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _environ() -> Mapping[str, str]:
    """This process's environment without settings of another trial; ours must be importable."""
    root = str(Path(__file__).resolve().parents[2])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EQUIPOISE_")}
    paths = [root, *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}


def wait_for(
    ready: Callable[[], bool], children: Children, name: str, *, longest_s: float = 20.0
) -> None:
    """Poll until `ready()`; DemoError when the process ends or takes longer than `longest_s`."""
    until = time.monotonic() + longest_s
    while not ready():
        children.check(name)
        if time.monotonic() > until:
            raise DemoError(
                "DEMO_START",
                f"{name} was not ready after {longest_s:g} s; read {children.log(name)}",
            )
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether a loopback URL answers 200."""
    try:
        return httpx.get(url, timeout=1.0).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
