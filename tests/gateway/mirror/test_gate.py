"""The gate before the candidate: pauses, stops and resumptions, on a mirror that is at work."""

import time
from pathlib import Path

import pytest

from gateway.store.alarms import raise_alarm, resume
from gateway.store.reads import completeness
from protocols.errors import RefusedError
from tests.support.arms import Arm, running_arm
from tests.support.between_looks import an_alarm
from tests.support.trial_folder import (
    CANDIDATE_IDENTITY,
    TrialFolder,
    make_folder,
    record,
    wait_until,
    write_journal,
)


def _now_us() -> int:
    return time.time_ns() // 1000


def _raise(folder: TrialFolder, rule: str = "MISSES", action: str = "pause") -> None:
    store = folder.store()
    now_us = _now_us()
    raised = an_alarm(folder.trial, rule, action, entered_at_us=now_us, raised_at_us=now_us)
    assert raise_alarm(store, raised)
    store.close()


def _resume(folder: TrialFolder, rule: str = "MISSES", at_us: int | None = None) -> None:
    store = folder.store()
    try:
        resume(
            store,
            folder.trial,
            rule,
            by="Ada",
            reason="reviewed",
            actor="tests",
            at_us=_now_us() if at_us is None else at_us,
        )
    finally:
        store.close()


def _held_by(folder: TrialFolder) -> object:
    beat = folder.path / "mirror.json"
    return folder.heartbeat()["held_by"] if beat.exists() else None


def _recorded(folder: TrialFolder) -> int:
    store = folder.store()
    try:
        return completeness(store, folder.trial).recorded
    finally:
        store.close()


def _settled(arm: Arm) -> int:
    """How many were asked, once no further asking comes."""
    seen = -1
    while seen != len(arm.asked):
        seen = len(arm.asked)
        time.sleep(1)
    return seen


def test_while_paused_pairs_are_shipped_and_nobody_is_asked_until_somebody_resumes(
    tmp_path: Path,
) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        _raise(folder)
        write_journal(folder, [record(number) for number in range(1, 31)])
        mirror = folder.start_mirror()
        try:
            wait_until(lambda: _held_by(folder) == ["MISSES"] and _recorded(folder) == 30)
            assert _settled(arm) == 0
            assert folder.fates() == {}
            _resume(folder)
            wait_until(lambda: folder.fates() == {"answered": 30})
            wait_until(lambda: _held_by(folder) == [])
        finally:
            mirror.terminate()
            assert mirror.wait(60) == 0


def test_a_mirror_at_work_notices_a_pause_and_finishes_what_it_had_asked(tmp_path: Path) -> None:
    with running_arm("slow", identity=CANDIDATE_IDENTITY, delay_s=0.3) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"concurrency": 4})
        write_journal(folder, [record(number) for number in range(1, 401)])
        mirror = folder.start_mirror()
        try:
            wait_until(lambda: len(arm.asked) >= 8)
            _raise(folder)
            wait_until(lambda: _held_by(folder) == ["MISSES"])
            n_asked = _settled(arm)
            assert n_asked < 400
            wait_until(lambda: folder.fates() == {"answered": n_asked})
            assert _recorded(folder) == 400
            _raise(folder, "OTHER", "notify")  # holds nothing
            arm.delay_s = 0.0
            _resume(folder)
            wait_until(lambda: folder.fates() == {"answered": 400})
            assert len(arm.asked) == 400
        finally:
            mirror.terminate()
            assert mirror.wait(60) == 0


def test_two_pauses_need_two_resumptions(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        _raise(folder)
        _raise(folder, "FALSE_ALARMS")
        write_journal(folder, [record(number) for number in range(1, 6)])
        _resume(folder)
        folder.mirror_once()
        assert folder.fates() == {}
        _resume(folder, "FALSE_ALARMS")
        folder.mirror_once()
        assert folder.fates() == {"answered": 5}


def test_a_stop_is_for_good_and_leaves_pairs_pending(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        _raise(folder, action="stop")
        write_journal(folder, [record(number) for number in range(1, 6)])
        with pytest.raises(RefusedError):
            _resume(folder)
        folder.mirror_once()
        assert _recorded(folder) == 5
        assert not arm.asked
        assert folder.fates() == {}


def test_a_store_that_goes_away_opens_no_gate(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"retry_longest_s": 0.2})
        write_journal(folder, [record(number) for number in range(1, 31)])
        _raise(folder)
        mirror = folder.start_mirror()
        try:
            wait_until(lambda: _held_by(folder) == ["MISSES"])
            away = (tmp_path / "trial.sqlite").rename(tmp_path / "away.sqlite")
            log = tmp_path / "mirror.log"
            wait_until(lambda: "gate_not_read" in log.read_text())
            away.rename(tmp_path / "trial.sqlite")
            assert _settled(arm) == 0
            _resume(folder)
            wait_until(lambda: folder.fates() == {"answered": 30})
        finally:
            mirror.terminate()
            assert mirror.wait(60) == 0


def test_a_pause_does_not_use_up_the_time_that_a_pair_may_wait(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"backlog_limit_s": 600})
        long_ago = _now_us() - 3600 * 1_000_000
        rows = [record(n, arrived_at_us=long_ago + n) for n in range(1, 6)]
        _raise(folder)
        write_journal(folder, rows)
        _resume(folder)
        folder.mirror_once()
        assert folder.fates() == {"answered": 5}


def test_without_a_pause_the_same_pairs_are_shed(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"backlog_limit_s": 600})
        long_ago = _now_us() - 3600 * 1_000_000
        write_journal(folder, [record(n, arrived_at_us=long_ago + n) for n in range(1, 6)])
        folder.mirror_once()
        assert folder.fates() == {"shed": 5}
