"""The mirror as a process: alone in its folder, patient with the store, tidy at its end."""

import json
import os
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from gateway.journal_claim import JournalClaim
from gateway.journal_reader import journal_path
from gateway.mirror.settings import MirrorSettings
from tests.support.arms import running_arm
from tests.support.example_protocol import Document
from tests.support.trial_folder import (
    CANDIDATE_IDENTITY,
    ROOT,
    TrialFolder,
    make_folder,
    record,
    wait_until,
    write_journal,
)


def _state(folder: TrialFolder) -> str:
    return str(folder.heartbeat()["state"]) if (folder.path / "mirror.json").exists() else ""


def test_a_second_mirror_on_a_folder_ends_with_a_clear_error(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    first = folder.start_mirror()
    try:
        wait_until(lambda: _state(folder) == "running")
        assert folder.start_mirror().wait(60) == 2
        assert "MIRROR_RUNNING: another mirror" in (tmp_path / "mirror.log").read_text()
    finally:
        first.terminate()
        assert first.wait(60) == 0
    assert _state(folder) == "stopped"


def test_an_unknown_or_wrong_setting_is_refused_by_name(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, mirror={"concurency": 3, "batch_rows": 5000})
    assert folder.start_mirror("--once").wait(60) == 2
    log = (tmp_path / "mirror.log").read_text()
    assert "mirror.concurency" in log
    assert "mirror.batch_rows" in log


def test_while_the_store_is_away_the_mirror_waits_and_then_catches_up(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"retry_longest_s": 0.2})
        away = (tmp_path / "trial.sqlite").rename(tmp_path / "away.sqlite")
        write_journal(folder, [record(number) for number in range(1, 31)])
        mirror = folder.start_mirror()
        try:
            wait_until(lambda: _state(folder) != "" and _store_error(folder) == "STORE_MISSING")
            away.rename(tmp_path / "trial.sqlite")
            wait_until(lambda: folder.fates() == {"answered": 30})
        finally:
            mirror.terminate()
            assert mirror.wait(60) == 0
    assert folder.heartbeat()["fates"] == {"answered": 30}


@pytest.mark.slow
def test_a_store_that_is_locked_for_longer_than_patience_loses_nothing(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"retry_longest_s": 0.2})
        mirror = folder.start_mirror()
        wait_until(lambda: _state(folder) == "running")
        lock = sqlite3.connect(tmp_path / "trial.sqlite", isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
            write_journal(folder, [record(number) for number in range(1, 31)])
            wait_until(lambda: _store_error(folder) == "STORE_UNAVAILABLE", longest_s=30)
            lock.execute("ROLLBACK")
            wait_until(lambda: folder.fates() == {"answered": 30}, longest_s=30)
            wait_until(lambda: _store_error(folder) is None)
        finally:
            lock.close()
            mirror.terminate()
            assert mirror.wait(60) == 0


def _store_error(folder: TrialFolder) -> object:
    return folder.heartbeat()["store_error"]


def test_once_without_a_store_ends_with_the_stores_error(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    (tmp_path / "trial.sqlite").unlink()
    assert folder.start_mirror("--once").wait(60) == 5


def test_sigterm_lets_askings_under_way_finish_and_writes_them(tmp_path: Path) -> None:
    with running_arm("slow", identity=CANDIDATE_IDENTITY, delay_s=0.5) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        write_journal(folder, [record(number) for number in range(1, 101)])
        mirror = folder.start_mirror()
        wait_until(lambda: len(arm.asked) >= 16)
        mirror.terminate()
        assert mirror.wait(60) == 0
    assert folder.fates() == {"answered": len(arm.asked)}
    assert len(arm.asked) < 100


def test_what_the_gateway_accepted_last_is_shipped_before_the_end(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"ship_ms": 10_000})
        write_journal(folder, [record(1)])
        mirror = folder.start_mirror()
        wait_until(lambda: _state(folder) != "" and folder.heartbeat()["shipped"] == 1)
        write_journal(folder, [record(number) for number in range(2, 40)])
        mirror.terminate()
        assert mirror.wait(60) == 0
    assert len(folder.observations("standard_of_care")) == 39


def test_a_drain_is_bounded_and_what_it_cuts_off_stays_pending(tmp_path: Path) -> None:
    with running_arm("hung") as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"drain_s": 0.2})
        write_journal(folder, [record(1)])
        mirror = folder.start_mirror()
        wait_until(lambda: len(arm.asked) == 1)
        mirror.terminate()
        started_s = time.monotonic()
        assert mirror.wait(60) == 0
    assert time.monotonic() - started_s < 4.5
    assert folder.observations() == {}


def test_one_hung_asking_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with running_arm("hung") as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, edit=_impatient)
        write_journal(folder, [record(number) for number in range(1, 17)])
        started_s = time.monotonic()
        folder.mirror_once()
    assert time.monotonic() - started_s < 6
    assert folder.fates() == {"timed_out": 16}


def _impatient(document: Document) -> None:
    document["setting"]["mirror"]["deadline_ms"] = 200
    document["setting"]["mirror"]["late_until_ms"] = 400


def test_journals_go_when_everything_of_them_is_on_record_and_not_before(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        done = write_journal(folder, [record(1)])
        living = write_journal(folder, [record(1, pair_id="pair-2")], closed=False)
        newest = write_journal(folder, [record(1, pair_id="pair-3")])
        claim = JournalClaim(_journal(folder, living))
        mirror = folder.start_mirror()
        try:
            wait_until(lambda: not _journal(folder, done).exists())
        finally:
            mirror.terminate()
            assert mirror.wait(60) == 0
            claim.release()
    assert folder.fates() == {"answered": 3}
    assert _journal(folder, living).exists()
    assert _journal(folder, newest).exists()
    names = [path.name.split(".sqlite")[0] for path in (tmp_path / "journal").iterdir()]
    left = {name.rsplit("-", maxsplit=1)[-1] for name in names}
    assert left == {living, newest}


def _journal(folder: TrialFolder, epoch: str) -> Path:
    return journal_path(folder.settings.journal_folder, folder.trial, epoch)


def test_every_setting_and_every_reason_stands_in_the_readme() -> None:
    from gateway.mirror import interpret, observations, pairs, reply

    text = (ROOT / "gateway/mirror/README.md").read_text()
    words = [
        value
        for module in (interpret, observations, pairs, reply)
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    ]
    missing = [word for word in (*MirrorSettings.model_fields, *words) if f"`{word}`" not in text]
    assert not missing


def test_the_log_is_json_without_identifiers(tmp_path: Path) -> None:
    default = MirrorSettings().model_dump(include={"scheduling", "niceness"})
    folder = make_folder(tmp_path, mirror=default)
    write_journal(folder, [record(1)])
    assert folder.start_mirror("--once").wait(200) == 0
    lines = [json.loads(line) for line in (tmp_path / "mirror.log").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["started", "stopped"]
    assert lines[0]["niceness"] >= min(19, os.nice(0) + 10)
    assert lines[0]["scheduling"] == ("idle" if sys.platform == "linux" else "nice")
