"""`equipoise serve` with safety rules: the third process, an alarm that acts, and a resumption."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlmodel import select

from equipoise import cli
from gateway.store.capture import OutcomeItem, report_outcomes
from gateway.store.engine import Store, open_store
from gateway.store.reads import pending_pairs
from gateway.store.tables import Encounter
from gateway.store.watch_beat import WATCH_FILE, WatchBeat, read_watch_beat
from tests.support.arms import start_arm
from tests.support.between_looks import anytime_rule
from tests.support.example_protocol import Document, example_protocol
from tests.support.gateway import RunningGateway, make_folder
from tests.support.served import children_of, is_ready, port_of, served
from tests.support.trial_folder import CANDIDATE_IDENTITY, SOC_IDENTITY, wait_until

WATCH = "evaluation.safety_service"


def _every_event_is_one_too_many(document: Document) -> None:
    rule = anytime_rule(event="outcome", among="true", unit="subject", limit=0.01)
    document["anytime_safety"] = [rule]


PROTOCOL = example_protocol(_every_event_is_one_too_many)
TRIAL = PROTOCOL.protocol.id


def _beat(folder: Path) -> WatchBeat | None:
    return read_watch_beat(folder / WATCH_FILE)


def _status(folder: Path) -> Any:
    shown = CliRunner().invoke(cli, ["status", "--folder", str(folder), "--json"])
    return json.loads(shown.output)


def _decide(folder: Path, numbers: range, process: Any) -> None:
    gateway = RunningGateway(folder, TRIAL, port_of(folder), process, folder / "serve.log")
    for number in numbers:
        reply = gateway.decide(f"enc-{number}", subject=f"sub-{number}")
        assert reply.status == 200
    gateway.hang_up()


def _n_asked(folder: Path) -> int:
    """Pairs with a fate; on a busy machine an answer may be late."""
    fates = _status(folder)["fates"]["candidate"]
    return sum(n for fate, n in fates.items() if fate != "pending")


def _report_events(store: Store, pairs: list[str]) -> None:
    at_us = time.time_ns() // 1000
    items = [
        OutcomeItem(pair_id=pair, value=True, ascertained_at_us=at_us, source="registry")
        for pair in pairs
    ]
    report_outcomes(store, items, trial=TRIAL, received_at_us=at_us)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the children of a process from /proc")
def test_the_watch_runs_beside_the_mirror_and_what_it_raises_is_obeyed(tmp_path: Path) -> None:
    with (
        start_arm(identity=SOC_IDENTITY) as soc_url,
        start_arm(identity=CANDIDATE_IDENTITY) as candidate_url,
    ):
        folder = make_folder(
            tmp_path,
            standard_of_care_url=soc_url,
            candidate_url=candidate_url,
            protocol=PROTOCOL,
            store=True,
        )
        with served(folder) as process:
            wait_until(lambda: is_ready(folder) and WATCH in children_of(process))
            _decide(folder, range(10), process)
            wait_until(lambda: _n_asked(folder) == 10)

            pid = children_of(process)[WATCH]
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: children_of(process).get(WATCH, pid) != pid)

            store = open_store(f"sqlite:///{folder / 'trial.sqlite'}")
            _report_events(store, _pairs(folder))
            wait_until(lambda: _status(folder)["held"] == "paused")
            wait_until(lambda: _status(folder)["mirror"]["held_by"] == ["MISSES"])
            assert _status(folder)["watch"]["state"] == "watching"
            wait_until(lambda: _status(folder)["watch"]["lag_s"] is not None)
            assert "ALARM MISSES asks to pause" in (folder / "serve.log").read_text()

            _decide(folder, range(10, 15), process)  # answers go on; askings do not
            wait_until(lambda: len(pending_pairs(store, TRIAL, limit=100)) == 5)
            _resume(folder)
            wait_until(lambda: _n_asked(folder) == 15)
            assert _status(folder)["held"] is None
            store.close()
        assert process.returncode == 0
    beat = _beat(folder)
    assert beat is not None
    assert beat.state == "stopped"


def _pairs(folder: Path) -> list[str]:
    store = open_store(f"sqlite:///{folder / 'trial.sqlite'}")
    with store.session() as session:
        found = list(session.exec(select(Encounter.pair_id)))
    store.close()
    return found


def _resume(folder: Path) -> None:
    words = ["safety", "resume", "--folder", str(folder), "--alarm", "MISSES", "--by", "Ada"]
    shown = CliRunner().invoke(cli, [*words, "--reason", "The board has met."])
    assert shown.exit_code == 0, shown.output
    assert "MISSES resumed by Ada: The board has met." in shown.output


def test_a_watch_that_is_not_heard_of_is_shown_as_silent(tmp_path: Path) -> None:
    folder = make_folder(
        tmp_path, standard_of_care_url="http://127.0.0.1:9/", protocol=PROTOCOL, store=True
    )
    shown = CliRunner().invoke(cli, ["status", "--folder", str(folder)])
    assert "watch        never heard of" in shown.output
    beat = {"at_us": 1, "state": "watching", "read_at_us": 1, "round_ms": 2.0, "lag_s": 1.0}
    (folder / WATCH_FILE).write_text(json.dumps(beat | {"store_error": None}))
    assert _status(folder)["watch"]["state"] == "silent"
    (folder / WATCH_FILE).write_text(json.dumps(beat | {"store_error": None, "state": "stopped"}))
    assert _status(folder)["watch"]["state"] == "stopped"
