"""Whatever a candidate does, its pair gets a fate and a closed word, and the mirror goes on."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.journal_record import JournalRecord
from gateway.store.tables import Observation
from tests.support.arms import Arm, running_arm
from tests.support.example_protocol import Document
from tests.support.trial_folder import (
    CANDIDATE_IDENTITY,
    TrialFolder,
    make_folder,
    record,
    soc_reply,
    wait_until,
    write_journal,
)

MIB = 1024 * 1024


def _impatient(document: Document) -> None:
    document["setting"]["mirror"]["deadline_ms"] = 200
    document["setting"]["mirror"]["late_until_ms"] = 400


def _late_is_short(document: Document) -> None:
    document["setting"]["mirror"]["late_until_ms"] = 1000


def _reply(score: str) -> bytes:
    return (
        soc_reply()
        .replace(b"Score in use", b"Candidate score")
        .replace(b"a" * 64, b"b" * 64)
        .replace(b"0.5", score.encode())
    )


BY_BEHAVIOUR = {
    "hung": ("timed_out", "deadline", None),
    "dripping": ("timed_out", "deadline", None),
    "refusing": ("failed", "connect", None),
    "resetting": ("failed", "reset", None),
    "reset_mid_body": ("failed", "reset", None),
    "failing": ("failed", "http_status", 500),
    "redirecting": ("failed", "http_status", 307),
    "not_http": ("invalid", "not_http", None),
    "huge": ("invalid", "too_large", 200),
    "undeclared": ("invalid", "too_large", 200),
    "gzip_bomb": ("invalid", "encoded", 200),
    "wrong_identity": ("invalid", "identity_mismatch", 200),
    "garbage": ("invalid", "not_utf8", 200),
    "nan": ("invalid", "not_finite", 200),
    "duplicate_key": ("invalid", "duplicate_keys", 200),
    "deep": ("invalid", "not_json", 200),
    "list": ("invalid", "not_an_object", 200),
    "empty": ("invalid", "empty", 200),
    "cookie": ("answered", None, 200),
}

BY_REPLY = {
    b"<html><script>alert(1)</script></html>": "not_json",
    b'{"output":{"score":1e999}}': "not_finite",
    b'{"output":{"score":0.5}}': "no_identity",
    _reply("1.5"): "score_out_of_range",
    _reply("-0.001"): "score_out_of_range",
    _reply('"0.5"'): "score_not_a_number",
    _reply("true"): "score_not_a_number",
    _reply("[0.5]"): "score_not_a_number",
    _reply("null"): "no_score",
    _reply("9" * 5000): "not_json",
    _reply("0.5").replace(b"output", b"result"): "no_score",
    _reply("0.5").replace(b'"1"', b'"1\\u0000"'): "identity_mismatch",
}


def _arrivals(first: int, beyond: int) -> list[JournalRecord]:
    at_us = time.time_ns() // 1000
    return [
        record(number - first + 1, pair_id=f"pair-{number}", arrived_at_us=at_us)
        for number in range(first, beyond)
    ]


def _meets(folder: TrialFolder) -> Observation:
    write_journal(folder, [record(1)])
    folder.mirror_once()
    (observation,) = folder.observations().values()
    return observation


@contextmanager
def _hostile(
    folder_path: Path, kind: str, *, body: bytes | None = None
) -> Iterator[tuple[Arm, TrialFolder]]:
    identity = None if kind == "wrong_identity" else CANDIDATE_IDENTITY
    with running_arm(kind, identity=identity, body=body) as arm:
        edit = _impatient if kind in {"hung", "dripping"} else None
        yield arm, make_folder(folder_path, candidate_url=arm.url, edit=edit)


@pytest.mark.parametrize("kind", BY_BEHAVIOUR)
def test_a_hostile_candidate_gets_an_honest_fate(kind: str, tmp_path: Path) -> None:
    with _hostile(tmp_path, kind) as (arm, folder):
        seen = _meets(folder)
    assert (seen.fate, seen.detail, seen.http_status) == BY_BEHAVIOUR[kind]
    assert (seen.score is None) == (seen.fate != "answered")
    assert seen.duration_ms < 5000
    assert len(arm.asked) == (0 if kind == "refusing" else 1)


@pytest.mark.parametrize("reply", BY_REPLY, ids=BY_REPLY.values())
def test_a_reply_that_is_no_answer_is_invalid_with_its_reason(reply: bytes, tmp_path: Path) -> None:
    with _hostile(tmp_path, "healthy", body=reply) as (_, folder):
        seen = _meets(folder)
    assert (seen.fate, seen.detail) == ("invalid", BY_REPLY[reply])
    assert (seen.score, seen.flag) == (None, None)


def test_every_kind_of_arm_in_the_zoo_was_met() -> None:
    from tests.support.arms import KINDS

    assert set(KINDS) | {"refusing"} == set(BY_BEHAVIOUR) | {"healthy", "slow"}


def test_a_healthy_candidate_behind_a_hostile_one_is_asked_as_if_nothing_had_been(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path, edit=_late_is_short)
    write_journal(folder, [record(1)])
    with running_arm("hung") as hung:
        folder.change_settings(candidate_url=hung.url)
        folder.mirror_once()
    write_journal(folder, [record(1, pair_id="pair-2")])
    with running_arm(identity=CANDIDATE_IDENTITY) as healthy:
        folder.change_settings(candidate_url=healthy.url)
        folder.mirror_once()
    assert {pair: o.fate for pair, o in folder.observations().items()} == {
        "pair-1": "timed_out",
        "pair-2": "answered",
    }


def test_a_hundred_replies_of_100_mb_do_not_fill_the_memory(tmp_path: Path) -> None:
    with _hostile(tmp_path, "undeclared") as (_, folder):
        write_journal(folder, [record(number) for number in range(1, 101)])
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        folder.mirror_once()
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert folder.fates() == {"invalid": 100}
    # Sixteen askings at a time, each held to 1 MiB, and the arm's own buffers in this process.
    assert grown_kib < 160 * 1024


def test_an_arms_words_reach_neither_the_log_nor_the_store(tmp_path: Path) -> None:
    with _hostile(tmp_path, "failing") as (_, folder):
        write_journal(folder, [record(1)])
        assert folder.start_mirror("--once").wait(60) == 0
    for path in (folder.path / "mirror.log", folder.path / "trial.sqlite"):
        content = path.read_bytes()
        assert b"SECRET-CANARY" not in content
        assert path.suffix != ".log" or b"pair-1" not in content


def test_a_crash_of_one_second_costs_fates_of_that_second_only(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        port = int(arm.url.rsplit(":", 1)[1].strip("/"))
        write_journal(folder, _arrivals(1, 6))
        process = folder.start_mirror()
        wait_until(lambda: folder.fates()["answered"] == 5)
    try:
        write_journal(folder, _arrivals(6, 206))
        wait_until(lambda: folder.fates()["failed"] >= 20)
        wait_until(lambda: folder.heartbeat()["breaker"] == "open")
        write_journal(folder, _arrivals(206, 306))
        wait_until(lambda: folder.fates()["breaker_open"] >= 99)
        with running_arm(identity=CANDIDATE_IDENTITY, port=port):
            wait_until(lambda: sum(folder.fates().values()) == 305)
            write_journal(folder, _arrivals(306, 316))
            wait_until(lambda: sum(folder.fates().values()) == 315)
    finally:
        process.terminate()
        assert process.wait(15) == 0
    fates = folder.fates()
    assert set(fates) == {"answered", "failed", "breaker_open"}
    assert all(folder.observations()[f"pair-{n}"].fate == "answered" for n in range(306, 316))
    # What waited before the trouble began was not burnt: it was asked when the candidate was back.
    assert fates["failed"] < 60
