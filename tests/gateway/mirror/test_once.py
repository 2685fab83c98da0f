"""One pass of the mirror: what is in the journals is in the store, each pair with one fate."""

import sqlite3
import time
from pathlib import Path

import orjson
import pytest
from sqlmodel import col, select

from gateway.journal_reader import JournalError, gaps_path, journal_path
from gateway.mirror.door import StoreDoor
from gateway.mirror.heartbeat import Progress
from gateway.mirror.loader import Loader
from gateway.mirror.row_readers import RowReaders
from gateway.store.reads import completeness, deviations
from gateway.store.tables import Encounter, Gap
from protocols.errors import RefusedError
from protocols.vocabulary import Fate
from tests.support.arms import running_arm
from tests.support.example_protocol import Document
from tests.support.trial_folder import (
    CANDIDATE_IDENTITY,
    FIRST_US,
    TrialFolder,
    make_folder,
    record,
    soc_reply,
    write_journal,
)


def _do_not_store_sex(document: Document) -> None:
    document["inputs"]["fields"][1]["stored"] = False


def _mirror_nobody(document: Document) -> None:
    document["setting"]["mirror"]["share"] = 0.0


def _short_deadline(document: Document) -> None:
    document["setting"]["mirror"]["deadline_ms"] = 100


def _ship_only(folder: TrialFolder) -> None:
    door = StoreDoor(folder.settings.store_url)
    readers = RowReaders(folder.protocol, door.store, lag_deviation_s=60)
    loader = Loader(folder.settings, door, readers, Progress())
    while loader.step():
        pass
    door.close()


def test_every_journalled_pair_gets_both_arms_answers(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY, score=0.3) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        write_journal(folder, [record(number) for number in range(1, 41)])
        folder.mirror_once()
    assert folder.fates("standard_of_care") == {"answered": 40}
    assert folder.fates("candidate") == {"answered": 40}
    answer = folder.observations()["pair-7"]
    assert (answer.score, answer.flag, answer.model_name) == (0.3, True, "Candidate score")
    assert completeness(folder.store(), folder.trial).unexplained == ()


def test_the_candidate_gets_the_very_bytes_and_knows_that_it_is_a_shadow(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        sent = record(1, inputs={"age": 70, "sex": "male", "unlisted": "not stored"})
        write_journal(folder, [sent])
        folder.mirror_once()
    (asked,) = arm.asked
    assert asked.body == sent.inputs
    assert asked.headers["x-equipoise-pair-id"] == "pair-1"
    assert asked.headers["x-equipoise-shadow"] == "1"
    assert asked.headers["accept-encoding"] == "identity"
    assert not {"authorization", "cookie"} & set(asked.headers)


def test_only_fields_of_the_allowlist_reach_the_store(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, edit=_do_not_store_sex)
    write_journal(folder, [record(1, inputs={"age": 70, "sex": "male", "name": "Mrs Miller"})])
    folder.mirror_once()
    with folder.store().session() as session:
        assert session.exec(select(Encounter.inputs)).one() == '{"age":70}'
    assert b"Miller" not in (tmp_path / "trial.sqlite").read_bytes()


def test_pairs_that_are_not_to_be_asked_have_their_reason_and_no_asking(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        rows = [
            record(1, idempotency_token="k"),
            record(2, idempotency_token="k"),
            record(3, inputs={"age": 12, "sex": "male"}),
            record(4, inputs={"age": None, "sex": "male"}),
            record(5, inputs={"age": "old", "sex": "male"}),
            record(6, inputs=[1, 2]),
        ]
        write_journal(folder, rows)
        folder.mirror_once()
    assert folder.fates() == {"answered": 1, "duplicate": 1, "ineligible": 4}
    assert len(arm.asked) == 1
    with folder.store().session() as session:
        query = select(Encounter.ineligible_reason).order_by(col(Encounter.seq))
        reasons = session.exec(query).all()
    assert reasons == [None, None, "adult", "missing:age", "type:age", "missing:age"]


def test_a_subject_outside_of_the_share_is_not_sampled(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, edit=_mirror_nobody)
    write_journal(folder, [record(1), record(2)])
    folder.mirror_once()
    assert folder.fates() == {"not_sampled": 2}


def test_another_model_in_place_of_the_standard_of_care_is_a_major_deviation(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path)
    write_journal(folder, [record(1, soc_reply=soc_reply(version="2"))])
    folder.mirror_once()
    seen = folder.observations("standard_of_care")["pair-1"]
    assert (seen.fate, seen.detail, seen.score) == ("invalid", "identity_mismatch", None)
    found = deviations(folder.store(), folder.trial)
    assert [(d.code, d.severity, d.pair_id) for d in found] == [
        ("STANDARD_OF_CARE_IDENTITY_MISMATCH", "major", "pair-1")
    ]


def test_a_standard_of_care_that_failed_is_on_record_and_the_candidate_is_asked(
    tmp_path: Path,
) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        failed = {"soc_fate": Fate.TIMED_OUT, "soc_reply": None, "soc_detail": "deadline"}
        write_journal(folder, [record(1, soc_http_status=None, **failed)])
        folder.mirror_once()
    assert folder.fates("standard_of_care") == {"timed_out": 1}
    assert folder.fates() == {"answered": 1}


def test_an_invalid_reply_of_the_standard_of_care_has_the_same_word_as_a_candidates(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path)
    refused = {"soc_fate": Fate.INVALID, "soc_detail": "duplicate_key"}
    write_journal(folder, [record(1, soc_reply=b'{"a":1,"a":2}', **refused)])
    folder.mirror_once()
    seen = folder.observations("standard_of_care")["pair-1"]
    assert (seen.fate, seen.detail) == ("invalid", "duplicate_keys")


def test_a_whole_answer_after_the_deadline_is_late_and_keeps_its_score(tmp_path: Path) -> None:
    with running_arm("slow", identity=CANDIDATE_IDENTITY, score=0.7, delay_s=0.3) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, edit=_short_deadline)
        write_journal(folder, [record(1)])
        folder.mirror_once()
    late = folder.observations()["pair-1"]
    assert (late.fate, late.score, late.detail) == ("late", 0.7, "after_deadline")


def test_a_second_pass_changes_nothing(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        write_journal(folder, [record(number) for number in range(1, 11)])
        folder.mirror_once()
        before = folder.observations()
        folder.mirror_once()
    assert folder.observations() == before
    assert len(arm.asked) == 10


def test_the_journal_of_a_killed_gateway_is_shipped_like_any_other(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        write_journal(folder, [record(1), record(2)], closed=False)
        write_journal(folder, [record(1, pair_id="pair-3"), record(2, pair_id="pair-4")])
        folder.mirror_once()
    assert folder.fates() == {"answered": 4}


def test_what_a_killed_gateway_took_with_it_is_named_and_does_not_wait_for_ever(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path)
    epoch = write_journal(folder, [record(1), record(2)], closed=False)
    _book_gap(folder, epoch, 5)
    folder.mirror_once()
    found = completeness(folder.store(), folder.trial)
    assert (found.accepted, found.recorded, found.booked_gaps, found.in_flight) == (5, 2, 1, 0)
    assert found.unexplained == (f"{epoch}:3", f"{epoch}:4")


def _book_gap(folder: TrialFolder, epoch: str, seq: int) -> None:
    (folder.path / "gaps").mkdir()
    line = {"seq": seq, "pair_id": f"pair-{seq}", "at_us": FIRST_US, "cause": "journal_error"}
    path = gaps_path(folder.path / "gaps", folder.trial, epoch)
    path.write_bytes(orjson.dumps(line) + b"\n")


def test_a_booked_gap_explains_its_number_and_a_missing_row_is_a_deviation(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    epoch = write_journal(folder, [record(1), record(4), record(6)])
    _book_gap(folder, epoch, 2)
    folder.mirror_once()
    found = {(d.code, d.key) for d in deviations(folder.store(), folder.trial)}
    assert found == {
        ("CAPTURE_GAP", f"{epoch}:2"),
        ("SEQUENCE_GAP", f"{epoch}:3-3"),
        ("SEQUENCE_GAP", f"{epoch}:5-5"),
    }


def test_a_damaged_row_is_quarantined_and_the_rest_flows(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        epoch = write_journal(folder, [record(number) for number in range(1, 8)])
        path = journal_path(tmp_path / "journal", folder.trial, epoch)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE entry SET record = x'00ff' WHERE seq IN (3, 4)")
        connection.close()
        folder.mirror_once()
    assert folder.fates() == {"answered": 5}
    with folder.store().session() as session:
        causes = session.exec(select(Gap.seq, Gap.cause).order_by(col(Gap.seq))).all()
    assert causes == [(3, "unreadable_row"), (4, "unreadable_row")]
    assert completeness(folder.store(), folder.trial).unexplained == ()


def test_a_row_that_the_store_refuses_is_booked_and_the_rest_flows(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        write_journal(folder, [record(1)])
        again = write_journal(folder, [record(1, pair_id="pair-2"), record(2, pair_id="pair-1")])
        folder.mirror_once()
    assert folder.fates() == {"answered": 2}
    with folder.store().session() as session:
        booked = session.exec(select(Gap.epoch, Gap.seq, Gap.cause)).all()
    assert booked == [(again, 2, "quarantined_row")]
    assert folder.heartbeat()["quarantined"] == 1


def test_a_pair_whose_journal_is_not_there_stays_pending_until_a_person_calls_it_lost(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path)
    epoch = write_journal(folder, [record(1), record(2)])
    _ship_only(folder)
    journal_path(folder.settings.journal_folder, folder.trial, epoch).unlink()
    folder.mirror_once()
    assert folder.observations() == {}
    assert folder.heartbeat()["missing_journals"] == [epoch]
    folder.change_settings(mirror={"lost_epochs": [epoch]})
    folder.mirror_once()
    assert {(o.fate, o.detail) for o in folder.observations().values()} == {
        ("lost_at_shutdown", "journal_gone")
    }
    assert len(folder.observations()) == 2


def test_a_pair_that_waited_too_long_is_shed_and_not_asked(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url, mirror={"backlog_limit_s": 60.0})
        hour_ago = time.time_ns() // 1000 - 3_600_000_000
        write_journal(folder, [record(1, arrived_at_us=hour_ago), record(2)])
        folder.mirror_once()
    assert folder.fates() == {"shed": 1, "answered": 1}
    assert folder.observations()["pair-1"].detail == "backlog_limit"


def test_asking_long_after_arrival_is_a_minor_deviation(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        hour_ago = time.time_ns() // 1000 - 3_600_000_000
        write_journal(folder, [record(n, arrived_at_us=hour_ago) for n in range(1, 4)])
        folder.mirror_once()
    lags = [d for d in deviations(folder.store(), folder.trial) if d.code == "MIRROR_LAG"]
    assert [d.severity for d in lags] == ["minor"]
    assert folder.observations()["pair-1"].lag_ms > 3_500_000


def test_a_journal_of_an_unregistered_protocol_holds_up_no_other(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        stray = write_journal(folder, [record(1)])
        with sqlite3.connect(journal_path(tmp_path / "journal", folder.trial, stray)) as connection:
            connection.execute("UPDATE meta SET value = 'sha256:0' WHERE key = 'protocol_digest'")
        connection.close()
        write_journal(folder, [record(1, pair_id="pair-2")])
        with pytest.raises(JournalError, match="could not be shipped"):
            folder.mirror_once()
    assert folder.fates() == {"answered": 1}


def test_a_long_backlog_of_one_gateway_does_not_starve_another(tmp_path: Path) -> None:
    with running_arm(identity=CANDIDATE_IDENTITY) as arm:
        folder = make_folder(tmp_path, candidate_url=arm.url)
        write_journal(folder, [record(number) for number in range(1, 1502)])
        write_journal(folder, [record(1, pair_id="of another gateway")])
        folder.mirror_once()
    order = [asked.headers["x-equipoise-pair-id"] for asked in arm.asked]
    assert order.index("of another gateway") < 600


def test_nothing_is_shipped_under_a_protocol_that_was_changed_after_its_registration(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path)
    write_journal(folder, [record(1)])
    snapshot = tmp_path / "protocol.json"
    snapshot.write_text(snapshot.read_text().replace('"threshold":0.25', '"threshold":0.35'))
    with pytest.raises(RefusedError, match="register that document again"):
        folder.mirror_once()
    assert not folder.observations("standard_of_care")
