"""The database lock: a look's data frozen as bytes, and what the look found.

One snapshot becomes parts of canonical JSON lines (RFC 8785), one line per pair in arrival order.
The lock's id is the SHA-256 over the digests of the facts and of every part, in order.
"""

import hashlib
import zlib
from collections.abc import Sequence

from sqlmodel import col, select

from gateway.store.engine import Store
from gateway.store.locked_bytes import facts_from, facts_text, line_of, pair_from
from gateway.store.reads import protocol_of
from gateway.store.records import LockedData, PairRecord
from gateway.store.snapshot import facts_in, pairs_in
from gateway.store.tables import Lock, LockPart, LookResult, Refusal
from protocols.canonical import canonical_json, digest_of
from protocols.errors import RefusedError, StoreError

PART_PAIRS = 5000
"""Pairs in one part; part of the lock's bytes, so never changed."""


def lock(store: Store, trial: str, look: str, *, actor: str, at_us: int) -> LockedData:
    """Freeze the trial's record for a look; a second lock of the look returns the first.

    Raises
    ------
    RefusedError
        NOT_REGISTERED
    """
    first = find_lock(store, trial, look)
    if first is not None:
        return read_lock(store, first.lock_id)
    row, parts = _freeze(store, trial, look, actor=actor, at_us=at_us)
    with store.transaction() as session:
        store.serialise(session, trial)
        query = select(Lock.lock_id).where(Lock.trial == trial, Lock.look == look)
        lock_id = session.exec(query).first()
        if lock_id is None:
            lock_id = row.lock_id
            session.add(row)
            session.add_all(parts)
    return read_lock(store, lock_id)


def find_lock(store: Store, trial: str, look: str) -> Lock | None:
    """Find a look's lock."""
    with store.session() as session:
        query = select(Lock).where(Lock.trial == trial, Lock.look == look)
        return session.exec(query).first()


def _freeze(
    store: Store, trial: str, look: str, *, actor: str, at_us: int
) -> tuple[Lock, list[LockPart]]:
    with store.session() as session:
        protocol = protocol_of(session, trial)
        digest = digest_of(protocol)
        facts = facts_text(facts_in(session, protocol, look, digest=digest, at_us=at_us))
        pairs = pairs_in(session, protocol, at_us=at_us)
    contents = _contents(pairs)
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    row = Lock(
        lock_id=_lock_id(facts, digests),
        trial=trial,
        look=look,
        protocol_digest=digest,
        locked_at_us=at_us,
        actor=actor,
        n_pairs=len(pairs),
        facts=facts,
    )
    parts = [
        LockPart(lock_id=row.lock_id, number=number, sha256=sha256, content=zlib.compress(content))
        for number, (content, sha256) in enumerate(zip(contents, digests, strict=True), start=1)
    ]
    return row, parts


def _contents(pairs: Sequence[PairRecord]) -> list[bytes]:
    return [
        b"".join(line_of(pair) for pair in pairs[start : start + PART_PAIRS])
        for start in range(0, len(pairs), PART_PAIRS)
    ]


def _lock_id(facts: str, digests: Sequence[str]) -> str:
    chain = {"facts": hashlib.sha256(facts.encode()).hexdigest(), "parts": list(digests)}
    return "sha256:" + hashlib.sha256(canonical_json(chain)).hexdigest()


def read_lock(store: Store, lock_id: str) -> LockedData:
    """Read a lock back; every digest is checked first.

    Raises
    ------
    StoreError
        LOCK_UNKNOWN, or LOCK_DAMAGED: the bytes are not those that were locked.
    """
    with store.session() as session:
        row = session.get(Lock, lock_id)
        query = select(LockPart).where(LockPart.lock_id == lock_id).order_by(col(LockPart.number))
        parts = session.exec(query).all()
    if row is None:
        raise StoreError("LOCK_UNKNOWN", f"there is no lock {lock_id}; lock the look first")
    contents = [_content(row, part) for part in parts]
    if _lock_id(row.facts, [part.sha256 for part in parts]) != lock_id:
        raise _damaged(row)
    pairs = tuple(pair_from(line) for content in contents for line in content.splitlines())
    return LockedData(lock_id=lock_id, facts=facts_from(row.facts), pairs=pairs)


def _content(row: Lock, part: LockPart) -> bytes:
    try:
        content = zlib.decompress(part.content)
    except zlib.error:
        raise _damaged(row) from None
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise _damaged(row)
    return content


def _damaged(row: Lock) -> StoreError:
    return StoreError(
        "LOCK_DAMAGED",
        f"the locked data of look {row.look} are not the bytes that were locked; restore the"
        " trial store from a backup",
    )


def save_look_result(
    store: Store,
    *,
    trial: str,
    look: str,
    number: int,
    lock_id: str,
    results: bytes,
    actor: str,
    at_us: int,
) -> LookResult:
    """Save what a look found.

    Raises
    ------
    RefusedError
        LOOK_REPEATED: the look has a result already; the attempt is recorded.
    StoreError
        LOCK_UNKNOWN
    """
    result = LookResult(
        trial=trial,
        look=look,
        number=number,
        lock_id=lock_id,
        conducted_at_us=at_us,
        actor=actor,
        results=results.decode(),
        results_sha256=hashlib.sha256(results).hexdigest(),
    )
    sentence = f"look {look} has been conducted; show its result instead"
    with store.transaction() as session:
        store.serialise(session, trial)
        if session.get(Lock, lock_id) is None:
            raise StoreError("LOCK_UNKNOWN", f"there is no lock {lock_id}; lock the look first")
        query = select(LookResult).where(LookResult.trial == trial, LookResult.look == look)
        is_first = session.exec(query).first() is None
        if is_first:
            session.add(result)
        else:
            session.add(
                Refusal(
                    trial=trial, code="LOOK_REPEATED", detail=sentence, actor=actor, at_us=at_us
                )
            )
    if not is_first:
        raise RefusedError("LOOK_REPEATED", sentence)
    return result
