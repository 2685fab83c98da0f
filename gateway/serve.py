"""`equipoise serve`: gateway and mirror, each a process, and the safety watch where one is needed.

The mirror is restarted when it dies, and so is the watch over rules between looks; the gateway
never notices. SIGTERM goes to all: the gateway first says that it is not ready, goes on answering
for `drain_delay_s`, then finishes what is under way and closes its journal.
"""

import ctypes
import gc
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

import click
import uvicorn

from gateway.access import keep_from_others
from gateway.app import Gateway, build_app
from gateway.http_protocol import GatewayProtocol
from gateway.listening import listen, url_of
from gateway.registered import refuse_unless_registered
from gateway.settings import GatewaySettings, load_protocol, load_settings
from protocols.errors import EquipoiseError
from protocols.names import has_rules_between_looks

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_S = 10.0
"""A process that ran so long is restarted after the first pause again."""

_COLLECT_AFTER = (20_000, 20, 20)
_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2): PR_SET_PDEATHSIG
_USAGE_STATUSES = range(2, 6)  # a configuration that a restart does not mend


class GatewayServer(uvicorn.Server):
    """Says that it is not ready before it stops taking connections."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway, drain_delay_s: float) -> None:
        super().__init__(config)
        self._gateway = gateway
        self._drain_delay_s = drain_delay_s
        self._asked_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._asked_at is not None:
            super().handle_exit(sig, frame)
            return
        self._asked_at = time.monotonic()
        self._gateway.begin_draining()

    async def on_tick(self, counter: int) -> bool:
        asked_at = self._asked_at
        if asked_at is not None and time.monotonic() - asked_at >= self._drain_delay_s:
            self.should_exit = True
        return await super().on_tick(counter)


def serve_gateway(settings: GatewaySettings, gateway: Gateway) -> None:
    """Serve until a signal ends it. One process, one event loop."""
    bounds = {
        "head_deadline_s": settings.body_deadline_s,
        "connection_limit": settings.connection_limit,
    }
    protocol = type("GatewayProtocol", (GatewayProtocol,), bounds)
    config = uvicorn.Config(
        gateway,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=settings.backlog,
        timeout_keep_alive=int(settings.keep_alive_s),
        timeout_graceful_shutdown=max(1, int(settings.drain_s)),
    )
    # Before the journal is made: a gateway that cannot listen leaves no trace.
    sockets = listen(
        settings.host, settings.port, patience_s=settings.drain_delay_s + settings.drain_s
    )
    # What lives as long as the process need not be looked through for garbage, and a request
    # leaves little of it: fewer, later collections are felt in the slowest answers.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    GatewayServer(config, gateway, settings.drain_delay_s).run(sockets)


@dataclass(slots=True)
class _Child:
    """One process under supervision."""

    name: str
    command: list[str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    due_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, preexec_fn=_die_with_parent)  # noqa: S603, PLW1509 - our own command; no thread runs here
        self.started_at = time.monotonic()

    def tend(self) -> int | None:
        """Restart the process when it has died and its pause is over; say how it just ended."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due_at:
                self.start()
            return None
        status = self.process.poll()
        if status is None:
            return None
        self.process = None
        steady = now - self.started_at >= STEADY_S
        self.pause_s = FIRST_PAUSE_S if steady else min(self.pause_s * 2, LONGEST_PAUSE_S)
        self.due_at = now + self.pause_s
        return status

    def stop(self, patience_s: float) -> None:
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


WATCH = "evaluation.safety_service"
"""By name: the gateway imports nothing of the evaluation, and starts it as a stranger."""


def supervise(folder: Path, patience_s: float, *, watched: bool = False, niceness: int = 10) -> int:
    """Run gateway and mirror until SIGTERM, or until the gateway's configuration is refused.

    `watched`: the protocol has rules between looks, so a third process reads them.
    """
    python = [sys.executable, "-m"]
    where = ["--folder", str(folder)]
    gateway = _Child("gateway", [*python, "gateway.serve", *where, "--only", "gateway"])
    mirror = _Child("mirror", [*python, "gateway.mirror", *where])
    watch = _Child("watch", [*python, WATCH, *where, "--niceness", str(niceness)])
    others = [mirror, watch] if watched else [mirror]
    stopping = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    status = _tend_all(gateway, others, lambda: stopping)
    # The gateway first: what it accepts last, the mirror still finds.
    gateway.stop(patience_s)
    for child in others:
        child.stop(patience_s)
    return status


def _tend_all(gateway: _Child, others: list[_Child], stopping: Callable[[], bool]) -> int:
    for child in (gateway, *others):
        child.start()
    while not stopping():
        time.sleep(0.1)
        for child in (gateway, *others):
            status = child.tend()
            if status is None:
                continue
            click.echo(f"equipoise: the {child.name} ended with status {status}", err=True)
            if child is gateway and (status in _USAGE_STATUSES or status == 0):
                return status
    return 0


@click.command("serve", epilog="Example:  equipoise serve --folder ./my-trial")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The trial's folder, made by `equipoise protocol register`.",
)
@click.option(
    "--only",
    type=click.Choice(["gateway", "mirror", "watch"]),
    help="Run one of them in this process, for a service manager that runs each by itself.",
)
def serve_command(folder: Path, only: Literal["gateway", "mirror", "watch"] | None) -> None:
    """Start the gateway and the mirror of the trial in a folder.

    Where its protocol has safety rules that are read after every outcome, their watch starts too.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keep_from_others()
    settings = load_settings(folder, os.environ)
    match only:
        case "mirror":
            command = [sys.executable, "-m", "gateway.mirror", "--folder", str(folder)]
            os.execv(sys.executable, command)  # noqa: S606 - our own command
        case "watch":
            command = [sys.executable, "-m", WATCH, "--folder", str(folder)]
            command += ["--niceness", str(settings.mirror.niceness)]
            os.execv(sys.executable, command)  # noqa: S606 - our own command
        case "gateway":
            protocol = load_protocol(folder, trial=settings.trial)
            refuse_unless_registered(settings.store_url, protocol)
            serve_gateway(settings, build_app(settings, protocol))
        case None:
            protocol = load_protocol(folder, trial=settings.trial)
            click.echo(f"equipoise: {settings.trial} on {url_of(settings.host, settings.port)}")
            patience_s = settings.drain_delay_s + settings.drain_s + 5.0
            watched = has_rules_between_looks(protocol)
            niceness = settings.mirror.niceness
            sys.exit(supervise(folder, patience_s, watched=watched, niceness=niceness))


def main() -> None:
    """Run the command as a process of its own; an error of ours is one sentence and a status."""
    try:
        serve_command()
    except EquipoiseError as error:
        click.echo(f"equipoise: {error.code}: {error}", err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
