"""A lock holds the same bytes on any machine, once, and says so when a byte has changed."""

import os
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from gateway.store import lock as lock_module
from gateway.store.capture import record_deviation, record_observations, record_refusal, ship
from gateway.store.engine import Store, open_store
from gateway.store.lock import lock, read_lock, save_look_result
from gateway.store.reads import look_result, look_results, refusals
from gateway.store.tables import Deviation
from protocols.errors import RefusedError, StoreError
from protocols.vocabulary import Fate
from tests.gateway.store.conftest import new_database
from tests.gateway.store.test_outcomes import LATER_US, tell
from tests.gateway.store.ward import (
    START_US,
    TRIAL,
    answer_all,
    batch,
    candidate,
    new_store,
    new_store_at,
    request,
    ship_requests,
)


def fill(store: Store) -> None:
    """A small record with every kind of pair, from two gateways."""
    ship(store, batch(request(1, pair_id="b1", at_us=START_US + 5), epoch="B"))
    ship_requests(
        store,
        request(1, at_us=START_US + 5, token="key"),
        request(2, at_us=START_US + 1, soc=Fate.TIMED_OUT),
        request(3, eligible=False),
        request(4, sampled=False),
        request(5, token="key"),
        request(6),
    )
    answer_all(store, "b1", score=1.0)
    record_observations(store, [candidate("pair-000001", fate=Fate.LATE), candidate("pair-000002")])
    tell(store, "b1", True)
    tell(store, "pair-000001", True)
    tell(store, "pair-000001", False)
    for key in ("x", "y"):
        record_deviation(
            store,
            Deviation(
                trial=TRIAL, code="MIRROR_LAG", key=key, severity="minor", detail="d", at_us=1
            ),
        )
    record_refusal(store, TRIAL, "LOOK_EARLY", "too early", actor="a", at_us=1)


def test_pairs_lie_in_arrival_order_whatever_their_fate(store: Store) -> None:
    fill(store)
    pairs = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).pairs
    assert [pair.pair_id for pair in pairs] == [
        "pair-000002",
        "b1",
        "pair-000001",
        "pair-000003",
        "pair-000004",
        "pair-000005",
        "pair-000006",
    ]
    assert [pair.ordinal for pair in pairs] == [1, 2, 3, 4, 5, 6, 7]
    assert [pair.candidate.fate for pair in pairs] == [
        Fate.ANSWERED,
        Fate.ANSWERED,
        Fate.LATE,
        Fate.INELIGIBLE,
        Fate.NOT_SAMPLED,
        Fate.DUPLICATE,
        Fate.PENDING,
    ]
    assert pairs[5].duplicate_of == "pair-000001"


def test_a_late_answer_has_no_score_in_the_lock(store: Store) -> None:
    fill(store)
    late = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).pairs[2].candidate
    assert (late.score, late.flag) == (None, None)


def test_a_score_of_one_is_read_back_as_a_float(store: Store) -> None:
    fill(store)
    score = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).pairs[1].candidate.score
    assert repr(score) == "1.0"


def test_the_facts_count_what_happened_beside_the_pairs(store: Store) -> None:
    fill(store)
    facts = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).facts
    assert facts.outcome_conflicts == 1
    assert {"code": "MIRROR_LAG", "severity": "minor", "detail": "d", "n": "2"} in facts.deviations
    assert facts.refusals == ({"code": "LOOK_EARLY", "detail": "too early"},)
    assert (facts.completeness.accepted, facts.completeness.recorded) == (7, 7)


def test_a_second_lock_of_a_look_returns_the_first(store: Store) -> None:
    fill(store)
    first = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US)
    tell(store, "pair-000006", True)
    ship_requests(store, request(7))
    assert lock(store, TRIAL, "L1", actor="b", at_us=LATER_US + 1) == first
    assert read_lock(store, first.lock_id) == first


def test_an_empty_trial_can_be_locked(store: Store) -> None:
    assert lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).pairs == ()


def test_an_unregistered_trial_cannot_be_locked(store: Store) -> None:
    with pytest.raises(RefusedError) as raised:
        lock(store, "nowhere", "L1", actor="a", at_us=1)
    assert raised.value.code == "NOT_REGISTERED"


def test_parts_do_not_change_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "PART_PAIRS", 2)
    store = new_store(tmp_path)
    fill(store)
    assert len(lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).pairs) == 7
    store.close()


LOCKING = """
import sys
from gateway.store.engine import open_store
from gateway.store.lock import lock
print(lock(open_store(sys.argv[1]), sys.argv[2], "L1", actor="a", at_us=int(sys.argv[3])).lock_id)
"""


def test_two_processes_lock_the_same_bytes_whatever_seed_and_time_zone(tmp_path: Path) -> None:
    ids = set()
    for seed, zone in (("1", "Asia/Kathmandu"), ("2", "America/St_Johns")):
        folder = tmp_path / seed
        folder.mkdir()
        store = new_store(folder)
        fill(store)
        store.close()
        finished = subprocess.run(
            [
                sys.executable,
                "-c",
                LOCKING,
                f"sqlite:///{folder / 'trial.sqlite'}",
                TRIAL,
                str(LATER_US),
            ],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        )
        ids.add(finished.stdout)
    assert len(ids) == 1


def test_sqlite_and_postgresql_lock_the_same_bytes(tmp_path: Path, postgresql_url: str) -> None:
    ids = set()
    for store in (new_store(tmp_path), new_store_at(new_database(postgresql_url))):
        fill(store)
        ids.add(lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).lock_id)
        store.close()
    assert len(ids) == 1


@pytest.mark.parametrize("place", ["content", "sha256", "facts"])
def test_one_changed_byte_in_a_lock_is_found(tmp_path: Path, place: str) -> None:
    store = new_store(tmp_path)
    fill(store)
    lock_id = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).lock_id
    store.close()
    _damage(tmp_path / "trial.sqlite", place)
    store = open_store(f"sqlite:///{tmp_path / 'trial.sqlite'}")
    with pytest.raises(StoreError) as raised:
        read_lock(store, lock_id)
    store.close()
    assert raised.value.code == "LOCK_DAMAGED"


def _damage(path: Path, place: str) -> None:
    """Change one byte behind the store's back: the triggers are taken away first."""
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER lock_part_no_update")
    connection.execute("DROP TRIGGER lock_no_update")
    if place == "facts":
        connection.execute('UPDATE lock SET facts = replace(facts, \'"n":"2"\', \'"n":"1"\')')
    elif place == "sha256":
        connection.execute("UPDATE lock_part SET sha256 = 'f' || substr(sha256, 2, 62) || '_'")
    else:
        (content,) = connection.execute("SELECT content FROM lock_part").fetchone()
        damaged = bytearray(content)
        damaged[len(damaged) // 2] ^= 1
        connection.execute("UPDATE lock_part SET content = ?", (bytes(damaged),))
    connection.commit()
    connection.close()


def test_a_part_that_was_rewritten_whole_is_found(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    fill(store)
    lock_id = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).lock_id
    store.close()
    connection = sqlite3.connect(tmp_path / "trial.sqlite")
    connection.execute("DROP TRIGGER lock_part_no_update")
    (content,) = connection.execute("SELECT content FROM lock_part").fetchone()
    turned = zlib.decompress(content).replace(b'"outcome":true', b'"outcome":null')
    connection.execute("UPDATE lock_part SET content = ?", (zlib.compress(turned),))
    connection.commit()
    connection.close()
    store = open_store(f"sqlite:///{tmp_path / 'trial.sqlite'}")
    with pytest.raises(StoreError, match="restore the trial store"):
        read_lock(store, lock_id)
    store.close()


def test_an_unknown_lock_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError) as raised:
        read_lock(store, "sha256:0")
    assert raised.value.code == "LOCK_UNKNOWN"


def save(store: Store, lock_id: str, results: bytes) -> None:
    save_look_result(
        store,
        trial=TRIAL,
        look="L1",
        number=1,
        lock_id=lock_id,
        results=results,
        actor="a",
        at_us=LATER_US,
    )


def test_a_look_has_one_result_and_a_second_is_refused_and_recorded(store: Store) -> None:
    lock_id = lock(store, TRIAL, "L1", actor="a", at_us=LATER_US).lock_id
    save(store, lock_id, b'{"a":1}')
    with pytest.raises(RefusedError) as raised:
        save(store, lock_id, b'{"a":2}')
    assert raised.value.code == "LOOK_REPEATED"
    assert [refusal.code for refusal in refusals(store, TRIAL)] == ["LOOK_REPEATED"]
    found = look_result(store, TRIAL, "L1")
    assert found is not None
    assert found.results == '{"a":1}'
    assert [result.look for result in look_results(store, TRIAL)] == ["L1"]


def test_a_result_without_its_lock_is_not_kept(store: Store) -> None:
    with pytest.raises(StoreError):
        save(store, "sha256:0", b"{}")
    assert look_result(store, TRIAL, "L1") is None
