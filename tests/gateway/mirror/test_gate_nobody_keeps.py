"""A gate that nobody keeps any more is shut, and the mirror ends so that another one begins."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.mirror.gate import Gate
from gateway.mirror.heartbeat import HEARTBEAT_FILE, Progress
from gateway.mirror.mirror import Mirror
from gateway.settings import load_protocol
from gateway.store.engine import Store
from tests.support.arms import running_arm
from tests.support.trial_folder import (
    CANDIDATE_IDENTITY,
    TrialFolder,
    make_folder,
    record,
    write_journal,
)


class UnforeseenError(Exception):
    """Something that nobody has thought of."""


def _once_then_trouble(folder: TrialFolder) -> Callable[[], Store]:
    asked = 0

    def store() -> Store:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise UnforeseenError
        return folder.store()

    return store


def test_a_gate_whose_watch_ends_is_shut(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)

        async def kept() -> Gate:
            gate = Gate(_once_then_trouble(folder), folder.trial, Progress())
            watching = asyncio.create_task(gate.watch())
            await asyncio.wait_for(gate.passed(), 30)
            with pytest.raises(UnforeseenError):
                await asyncio.wait_for(watching, 30)
            return gate

        assert not asyncio.run(kept()).is_open


@pytest.mark.parametrize("once", [False, True])
def test_a_mirror_does_not_go_on_without_its_gate(tmp_path: Path, *, once: bool) -> None:
    with running_arm("slow", identity=CANDIDATE_IDENTITY, delay_s=0.5) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"concurrency": 1})
        write_journal(folder, [record(number) for number in range(1, 101)])

        async def work() -> None:
            protocol = load_protocol(tmp_path, trial=folder.trial)
            mirror = Mirror(folder.settings, protocol, heartbeat=tmp_path / HEARTBEAT_FILE)
            mirror._gate._store = _once_then_trouble(folder)
            await asyncio.wait_for(mirror.run(once=once), 60)

        with pytest.raises(UnforeseenError):
            asyncio.run(work())
        assert len(arm.asked) < 100
