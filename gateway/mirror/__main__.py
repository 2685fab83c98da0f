"""`python -m gateway.mirror --folder F [--once]`: start the mirror of one trial's folder."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import uvloop

from gateway.access import keep_from_others
from gateway.mirror.folder import FolderLock
from gateway.mirror.heartbeat import HEARTBEAT_FILE
from gateway.mirror.logs import say
from gateway.mirror.mirror import Mirror
from gateway.mirror.settings import MirrorSettings
from gateway.settings import load_protocol, load_settings
from protocols.errors import EquipoiseError

_SWITCH_S = 0.001
"""The loader's thread yields to the event loop this often, so that candidates are timed truly."""


def main(arguments: list[str] | None = None) -> int:
    """Run the mirror; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gateway.mirror", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the trial's folder")
    parser.add_argument(
        "--once", action="store_true", help="ship and ask everything pending, then exit"
    )
    options = parser.parse_args(arguments)
    try:
        run_mirror(options.folder, once=options.once)
    except EquipoiseError as error:
        sys.stderr.write(f"equipoise: {error.code}: {error}\n")
        return error.exit_status
    return 0


def _step_back(settings: MirrorSettings) -> str:
    """Let everything else on this machine go first; give the scheduling that came of it."""
    os.nice(settings.niceness)
    if settings.scheduling == "nice" or sys.platform != "linux":
        return "nice"
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError:  # a container may forbid it
        return "nice"
    return "idle"


def run_mirror(folder: Path, *, once: bool) -> None:
    """Run the mirror of `folder` until SIGTERM, or `once` through everything pending.

    Raises
    ------
    EquipoiseError
        The settings are wrong, another mirror works here, or (with `once`) the store is down.
    """
    keep_from_others()
    settings = load_settings(folder, os.environ)
    protocol = load_protocol(folder, trial=settings.trial)
    lock = FolderLock(folder / "mirror.lock")
    scheduling = _step_back(settings.mirror)
    sys.setswitchinterval(_SWITCH_S)
    say("started", once=once, niceness=os.nice(0), scheduling=scheduling)

    async def work() -> None:
        await Mirror(settings, protocol, heartbeat=folder / HEARTBEAT_FILE).run(once=once)

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work())
    finally:
        say("stopped")
        lock.release()


if __name__ == "__main__":
    sys.exit(main())
