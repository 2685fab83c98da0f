"""The journal: rows in order, on the disk when confirmed, one epoch per file."""

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.gaps import GapBook
from gateway.idempotency import IdempotencyStore
from gateway.journal import Cause, Journal, JournalPlan, JournalState
from gateway.journal_reader import (
    GapLine,
    JournalError,
    gap_files,
    gaps,
    gaps_path,
    journals,
    keyed_since,
    last_seq,
    read_after,
    read_meta,
)
from gateway.journal_record import JournalRecord, decode, encode
from gateway.restore import restore_keys
from protocols.vocabulary import Fate

TRIAL = "example-shadow-01"


def record(seq: int, **more: object) -> JournalRecord:
    fields: dict[str, object] = {
        "seq": seq,
        "pair_id": f"pair-{seq}",
        "arrived_at_us": 1_000 + seq,
        "subject": "s" * 64,
        "encounter": "e" * 64,
        "inputs": b'{"inputs":{"x":1}}',
        "inputs_sha256": "0" * 64,
        "soc_fate": Fate.ANSWERED,
        "soc_http_status": 200,
        "soc_duration_ms": 1.5,
        "soc_reply": b'{"output":1}',
        "served_at_us": 2_000,
    }
    return JournalRecord(**(fields | more))  # type: ignore[arg-type]


def run(folder: Path, use: Callable[[Journal], Awaitable[None]], **plan: int) -> None:
    async def whole() -> None:
        clock = itertools.count(1_000_000)
        journal = Journal(
            JournalPlan(
                folder=folder,
                trial=TRIAL,
                protocol_digest="sha256:x",
                budget_ms=plan.get("budget_ms", 5000),
                queue_limit=plan.get("queue_limit", 1000),
                rotate_rows=plan.get("rotate_rows", 1_000_000),
                now_us=lambda: next(clock),
            )
        )
        await journal.start()
        await use(journal)
        await journal.aclose(5)

    asyncio.run(whole())


async def append(journal: Journal, n: int) -> list[Cause | None]:
    waits = [journal.append(record(journal.next_seq())) for _ in range(n)]
    return list(await asyncio.gather(*waits))


@pytest.mark.parametrize("reply", [None, b"", b'{"a":"\xc3\xa9"}', b"\xff\xfe\x00"])
def test_a_row_read_back_is_the_row_that_was_written(reply: bytes | None) -> None:
    row = record(7, soc_reply=reply, context='{"unit":"ICU"}', client_disconnected=True)
    assert decode(encode(row)) == row


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'"x"', encode(record(1))[:-5]])
def test_a_damaged_row_is_an_error_and_never_a_guess(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(content)


def test_rows_come_back_in_order_and_once(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        assert set(await append(journal, 700)) == {None}

    run(tmp_path, use)
    (path,) = journals(tmp_path, TRIAL)
    first = read_after(path, 0, 500)
    rest = read_after(path, first[-1].seq, 500)
    assert [row.seq for row in first + rest] == list(range(1, 701))
    assert last_seq(path) == 700


def test_a_confirmed_row_is_visible_to_a_reader_at_once(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        await append(journal, 1)
        (path,) = journals(tmp_path, TRIAL)
        assert last_seq(path) == 1
        assert not read_meta(path).closed

    run(tmp_path, use)


def test_the_file_says_whose_it_is_and_when_it_was_closed(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        await append(journal, 3)

    run(tmp_path, use)
    (path,) = journals(tmp_path, TRIAL)
    meta = read_meta(path)
    assert (meta.trial, meta.protocol_digest) == (TRIAL, "sha256:x")
    assert (meta.closed, meta.accepted_seq) == (True, 3)
    assert path.name == f"journal-{TRIAL}-{meta.epoch}.sqlite"


def test_a_journal_is_in_wal_mode_so_that_reading_never_holds_up_writing(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        await append(journal, 1)
        (path,) = journals(tmp_path, TRIAL)
        reader = sqlite3.connect(path, isolation_level=None)
        assert reader.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entry").fetchone() == (1,)
        assert await append(journal, 1) == [None]
        reader.close()

    run(tmp_path, use)


def test_a_row_beyond_the_budget_is_said_to_be_so_and_follows(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        (path,) = journals(tmp_path, TRIAL)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert await append(journal, 3) == [Cause.BUDGET] * 3
        other.execute("ROLLBACK")
        other.close()

    run(tmp_path, use, budget_ms=50)
    (path,) = journals(tmp_path, TRIAL)
    assert last_seq(path) == 3


def test_a_queue_at_its_limit_takes_no_more(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        causes = await append(journal, 20)
        assert causes.count(Cause.QUEUE_FULL) == 10

    run(tmp_path, use, queue_limit=10)


def test_a_queue_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        large = json.dumps({"inputs": {"x": "y" * 24 * 1024 * 1024}}).encode()
        waits = [journal.append(record(journal.next_seq(), inputs=large)) for _ in range(4)]
        assert await asyncio.gather(*waits) == [None, None, None, Cause.QUEUE_FULL]
        assert await append(journal, 1) == [None]

    run(tmp_path, use)


def test_keys_are_restored_no_further_back_than_they_are_remembered(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        for key in ("a", "b"):
            row = record(journal.next_seq(), idempotency_token=key, request_token="r" + key)
            await journal.append(row)

    run(tmp_path, use)
    (path,) = journals(tmp_path, TRIAL)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entry SET record = 'damaged' WHERE seq = 1")
    connection.close()
    store = IdempotencyStore(keys=1, hours=24)
    restore_keys(store, tmp_path, TRIAL, since_us=0, read_model=lambda _: b"{}")
    answer = store.begin("b", "rb", now_us=2_000)
    assert answer is not None
    assert answer.pair_id == "pair-2"


def test_a_full_file_is_closed_and_the_numbers_begin_anew_in_the_next(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        first = journal.epoch
        for _ in range(200):
            assert set(await append(journal, 5)) == {None}
            if journal.epoch != first:
                break
        await append(journal, 1)

    run(tmp_path, use, rotate_rows=20)
    old, new = journals(tmp_path, TRIAL)[:2]
    assert read_meta(old).closed
    assert read_meta(old).accepted_seq == last_seq(old) >= 20
    assert read_after(new, 0, 1)[0].seq == 1


def test_a_folder_that_cannot_be_made_leaves_the_journal_down(tmp_path: Path) -> None:
    blocked = tmp_path / "journal"
    blocked.write_text("not a folder")

    async def use(journal: Journal) -> None:
        assert journal.state is JournalState.DOWN
        assert await append(journal, 2) == [Cause.DOWN] * 2
        assert journal.accepted_seq == 2

    run(blocked, use)


def test_one_read_is_bounded_in_bytes_and_the_next_goes_on(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        for _ in range(5):
            large = json.dumps({"inputs": {"x": "y" * 5 * 1024 * 1024}}).encode()
            await journal.append(record(journal.next_seq(), inputs=large))

    run(tmp_path, use)
    (path,) = journals(tmp_path, TRIAL)
    assert [row.seq for row in read_after(path, 0, 1000)] == [1, 2, 3, 4]
    assert [row.seq for row in read_after(path, 4, 1000)] == [5]


def test_keys_are_found_again_since_a_moment(tmp_path: Path) -> None:
    async def use(journal: Journal) -> None:
        for key in ("a", None, "b"):
            await journal.append(record(journal.next_seq(), idempotency_token=key))

    run(tmp_path, use)
    (path,) = journals(tmp_path, TRIAL)
    assert [row.seq for row in keyed_since(path, 0)] == [3, 1]
    assert [row.seq for row in keyed_since(path, 1_002)] == [3]


def test_a_trial_does_not_find_the_files_of_one_whose_name_it_begins(tmp_path: Path) -> None:
    for trial in ("sepsis", "sepsis-2"):
        (tmp_path / f"journal-{trial}-123x.sqlite").touch()
        (tmp_path / f"gaps-{trial}-123x.jsonl").touch()
    assert [path.name for path in journals(tmp_path, "sepsis")] == ["journal-sepsis-123x.sqlite"]
    assert [path.name for path in gap_files(tmp_path, "sepsis")] == ["gaps-sepsis-123x.jsonl"]


def test_what_is_not_a_journal_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal-x-1.sqlite"
    path.write_bytes(b"not a database, by far" * 100)
    with pytest.raises(JournalError, match=path.name):
        read_after(path, 0, 10)
    with pytest.raises(JournalError, match="journal-x-2"):
        read_meta(tmp_path / "journal-x-2.sqlite")


def test_gaps_are_booked_per_epoch_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    async def book() -> None:
        gap_book = GapBook(tmp_path, TRIAL)
        for seq in (1, 2):
            assert await gap_book.book(GapLine("9x1", seq, f"p{seq}", 5, "budget"), patience_s=5)
        await gap_book.aclose(5)

    asyncio.run(book())
    (path,) = gap_files(tmp_path, TRIAL)
    with path.open("ab") as torn:
        torn.write(b'{"seq":3,"pair')
    assert gaps(path) == [GapLine("9x1", seq, f"p{seq}", 5, "budget") for seq in (1, 2)]


def test_a_gap_that_cannot_be_booked_goes_to_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "gaps"
    blocked.write_text("not a folder")

    async def book() -> None:
        gap_book = GapBook(blocked, TRIAL)
        assert not await gap_book.book(GapLine("9x1", 4, "p4", 5, "budget"), patience_s=5)
        await gap_book.aclose(5)

    asyncio.run(book())
    assert '"pair_id":"p4"' in caplog.text


def test_a_gap_that_could_not_be_booked_is_booked_when_there_is_room_again(tmp_path: Path) -> None:
    blocked = tmp_path / "gaps"
    blocked.write_text("not a folder")
    lost = GapLine("9x1", 4, "p4", 5, "budget")

    async def book() -> None:
        gap_book = GapBook(blocked, TRIAL)
        assert not await gap_book.book(lost, patience_s=5)
        blocked.unlink()
        for _ in range(100):
            await asyncio.sleep(0.05)
            if gap_files(blocked, TRIAL):
                break
        await gap_book.aclose(5)

    asyncio.run(book())
    (path,) = gap_files(blocked, TRIAL)
    assert gaps(path) == [lost]


def test_a_line_that_a_full_disk_has_torn_takes_no_other_with_it(tmp_path: Path) -> None:
    lines = [GapLine("9x1", seq, f"p{seq}", 5, "budget") for seq in (1, 2)]

    async def book() -> None:
        gap_book = GapBook(tmp_path, TRIAL)
        path = gaps_path(tmp_path, TRIAL, "9x1")
        path.mkdir()  # stands for a disk that refuses
        assert not await gap_book.book(lines[0], patience_s=5)
        path.rmdir()
        path.write_bytes(b'{"seq":1,"pair')
        assert await gap_book.book(lines[1], patience_s=5)
        await gap_book.aclose(5)

    asyncio.run(book())
    found = gaps(gaps_path(tmp_path, TRIAL, "9x1"))
    assert sorted(found, key=lambda line: line.seq) == lines
