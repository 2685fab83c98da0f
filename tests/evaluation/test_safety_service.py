"""The watch as a service: it reads what is new, waits a store out, and says how it stands."""

import threading
from pathlib import Path

import pytest

from evaluation.safety_service import SafetyService, main
from gateway.store.engine import open_store
from gateway.store.reads import safety_alarms
from gateway.store.watch_beat import WATCH_FILE, WatchBeat, read_watch_beat
from tests.evaluation.test_held_looks import PROTOCOL, TRIAL
from tests.support.simulator import Truth, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs
from tests.support.trial_folder import wait_until


def _folder(path: Path) -> Path:
    (path / "equipoise.json").write_text(
        f'{{"trial": "{TRIAL}", "store_url": "sqlite:///trial.sqlite"}}'
    )
    return path


def _beat(folder: Path) -> WatchBeat | None:
    return read_watch_beat(folder / WATCH_FILE)


def _state(folder: Path) -> str:
    beat = _beat(folder)
    return "" if beat is None else beat.state


def test_a_store_that_is_away_is_waited_out_and_what_came_is_read(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    store = open_store(f"sqlite:///{folder}/trial.sqlite", create=True)
    register_trial(store, PROTOCOL)
    store.close()
    away = (folder / "trial.sqlite").rename(folder / "away.sqlite")
    service = SafetyService(folder, retry_s=0.1)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        wait_until(lambda: _state(folder) == "away")
        away.rename(folder / "trial.sqlite")
        store = open_store(f"sqlite:///{folder}/trial.sqlite")
        wait_until(lambda: _state(folder) == "watching")
        store_pairs(store, PROTOCOL, simulate_pairs(PROTOCOL, Truth(n=200)))
        wait_until(lambda: "MISSES" in {row.rule for row in safety_alarms(store, TRIAL)})
        assert {row.actor for row in safety_alarms(store, TRIAL)} == {"equipoise serve"}
        beat = _beat(folder)
        assert beat is not None
        assert beat.store_error is None
        store.close()
    finally:
        service.stop()
        thread.join(30)
    assert not thread.is_alive()
    assert _state(folder) == "stopped"


def test_a_trial_without_a_protocol_ends_it_with_a_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store(f"sqlite:///{tmp_path}/trial.sqlite", create=True).close()
    assert main(["--folder", str(_folder(tmp_path)), "--niceness", "0"]) == 4
    assert "NOT_REGISTERED" in capsys.readouterr().err
