"""The watch from outside: its lag, words that name no pair, and a store that goes away."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.safety_round import watch_round
from evaluation.safety_service import SafetyService
from gateway.store.engine import Store, open_store
from gateway.store.reads import safety_alarms
from gateway.store.watch_beat import WATCH_FILE, read_watch_beat
from tests.evaluation.test_held_looks import PROTOCOL, TRIAL
from tests.support.gateway import ROOT
from tests.support.simulator import Truth, simulate_pairs
from tests.support.stored_trial import register_trial, store_pairs


def _folder(path: Path, n: int = 200) -> Store:
    (path / "equipoise.json").write_text(
        f'{{"trial": "{TRIAL}", "store_url": "sqlite:///trial.sqlite"}}'
    )
    store = open_store(f"sqlite:///{path}/trial.sqlite", create=True)
    register_trial(store, PROTOCOL)
    store_pairs(store, PROTOCOL, simulate_pairs(PROTOCOL, Truth(n=n, candidate_separation=0.3)))
    return store


def _lag(service: SafetyService, folder: Path) -> float | None:
    """Of one reading, without the process around it."""
    service._due_at_s = 0.0
    service._step()
    beat = read_watch_beat(folder / WATCH_FILE)
    assert beat is not None
    assert beat.read_at_us is not None
    return beat.lag_s


def test_an_outcome_lags_until_it_is_read_first_and_no_longer(tmp_path: Path) -> None:
    store = _folder(tmp_path)
    service = SafetyService(tmp_path)
    first = _lag(service, tmp_path)
    assert first is not None
    time.sleep(0.2)
    assert _lag(service, tmp_path) == first
    service._store.close()  # type: ignore[union-attr]
    again = SafetyService(tmp_path)  # as after a restart: nothing has come since
    assert _lag(again, tmp_path) is None
    again._store.close()  # type: ignore[union-attr]
    store.close()


def test_what_an_alarm_says_names_no_pair_and_its_row_does(tmp_path: Path) -> None:
    store = _folder(tmp_path)
    at_us = time.time_ns() // 1000
    watch_round(store, TRIAL, actor="eve", at_us=at_us)
    found = safety_alarms(store, TRIAL)
    assert {row.rule for row in found} >= {"MISSES", "ANY_HARM", "MIX"}
    for row in found:
        assert row.pair_id
        assert "pair" not in row.detail.split("; ", 1)[1]
        assert row.pair_id not in row.detail
    store.close()


@contextmanager
def _watching(folder: Path) -> Iterator[Path]:
    said = folder / "said.txt"
    command = [sys.executable, "-m", "equipoise", "safety", "watch", "--folder", str(folder)]
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--interval", "1"], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield said
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(30)


def _await(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_watch_by_hand_waits_a_store_out(tmp_path: Path) -> None:
    _folder(tmp_path).close()
    with _watching(tmp_path) as said:
        _await(lambda: "asks to" in said.read_text())
        away = (tmp_path / "trial.sqlite").rename(tmp_path / "away.sqlite")
        _await(lambda: "STORE_MISSING" in said.read_text())
        n = len(said.read_text())
        away.rename(tmp_path / "trial.sqlite")
        _await(lambda: "asks to" in said.read_text()[n:])
