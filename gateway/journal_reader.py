"""Reading a journal from outside: read-only connections that can neither write nor checkpoint.

A journal file belongs to one epoch, that is, to one life of one gateway process, and has one
writing connection for life. Rows appear in the order of `seq`: whoever has read up to `seq` has
missed nothing before it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.journal_record import JournalRecord, decode
from protocols.errors import EquipoiseError

LARGEST_READ_BYTES = 16 * 1024 * 1024
"""One read ends behind the row that reaches this: rows hold what callers and arms have sent."""

KEEP_CLOSED_S = 24 * 3600
"""A closed journal is kept this long after its last row: it rebuilds the idempotency keys."""


class JournalError(EquipoiseError):
    """The journal cannot be read or written."""


@dataclass(frozen=True, slots=True)
class JournalMeta:
    """What a journal says of itself. `accepted_seq` is None until the process said goodbye."""

    epoch: str
    trial: str
    protocol_digest: str
    started_at_us: int
    closed: bool
    accepted_seq: int | None


@dataclass(frozen=True, slots=True)
class GapLine:
    """One accepted request that the journal had not confirmed in time.

    A gap whose row appears later is still a gap. A `cause` that begins with `refused_` was not
    served (trial-first); every other one was.
    """

    epoch: str
    seq: int
    pair_id: str
    at_us: int
    cause: str


def journal_path(folder: Path, trial: str, epoch: str) -> Path:
    """Name the journal file of one epoch."""
    return folder / f"journal-{trial}-{epoch}.sqlite"


def gaps_path(folder: Path, trial: str, epoch: str) -> Path:
    """Name the gap file of one epoch."""
    return folder / f"gaps-{trial}-{epoch}.jsonl"


def journals(folder: Path, trial: str) -> list[Path]:
    """List a trial's journal files, oldest first (an epoch's name begins with its start)."""
    return _of_trial(folder, f"journal-{trial}-", ".sqlite")


def gap_files(folder: Path, trial: str) -> list[Path]:
    """List a trial's gap files, oldest first."""
    return _of_trial(folder, f"gaps-{trial}-", ".jsonl")


def _of_trial(folder: Path, prefix: str, suffix: str) -> list[Path]:
    # An epoch has no hyphen, so trial "sepsis" does not find the files of trial "sepsis-2".
    found = folder.glob(f"{prefix}*{suffix}")
    return sorted(path for path in found if "-" not in path.stem[len(prefix) :])


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)
    except sqlite3.Error as error:
        raise _unreadable(path) from error
    try:
        yield connection
    except sqlite3.Error as error:
        raise _unreadable(path) from error
    finally:
        connection.close()


def _unreadable(path: Path) -> JournalError:
    return JournalError("JOURNAL_UNREADABLE", f"{path.name} cannot be read; see that it is there")


def read_after(path: Path, seq: int, limit: int) -> list[JournalRecord]:
    """Read at most `limit` rows that follow `seq`, in order; 0 starts at the first.

    Fewer come where they are large; at least one, if there is one.
    """
    query = "SELECT record FROM entry WHERE seq > ? ORDER BY seq LIMIT ?"
    records: list[JournalRecord] = []
    size = 0
    with _reading(path) as connection:
        for (content,) in connection.execute(query, (seq, limit)):
            records.append(decode(content))
            size += len(content)
            if size >= LARGEST_READ_BYTES:
                break
    return records


def keyed_since(path: Path, at_us: int) -> Iterator[JournalRecord]:
    """Read the rows since a moment whose request came with an idempotency key, the newest first.

    One row at a time, so that the caller may stop when it has enough.
    """
    query = "SELECT record FROM entry WHERE keyed AND arrived_at_us >= ? ORDER BY seq DESC"
    with _reading(path) as connection:
        for (content,) in connection.execute(query, (at_us,)):
            yield decode(content)


def last_seq(path: Path) -> int:
    """Say the highest sequence number on record, 0 for none."""
    with _reading(path) as connection:
        (highest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM entry").fetchone()
    return int(highest)


def read_meta(path: Path) -> JournalMeta:
    """Read what the journal says of itself.

    Raises
    ------
    JournalError
        The file is unreadable, or its process died before the first commit.
    """
    with _reading(path) as connection:
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    try:
        return JournalMeta(
            epoch=meta["epoch"],
            trial=meta["trial"],
            protocol_digest=meta["protocol_digest"],
            started_at_us=int(meta["started_at_us"]),
            closed=meta.get("closed") == "1",
            accepted_seq=int(meta["accepted_seq"]) if "accepted_seq" in meta else None,
        )
    except KeyError as error:
        raise _unreadable(path) from error


def gaps(path: Path) -> list[GapLine]:
    """Read the booked gaps of one epoch; a torn last line (power cut) is left out."""
    epoch = path.stem.rsplit("-", maxsplit=1)[-1]
    found = []
    for line in path.read_bytes().splitlines():
        try:
            row = orjson.loads(line)
            found.append(GapLine(epoch, row["seq"], row["pair_id"], row["at_us"], row["cause"]))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            continue
    return found
