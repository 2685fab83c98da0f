"""Deleting journal files, whole and late: only what is over, shipped, asked about and old enough.

A journal file goes when its writer is gone, every row is in the store, every pair of it has its
candidate fate, a newer epoch exists, and nothing changed in it for the time that the settings say.
"""

import time
from collections.abc import Callable

from gateway.journal_claim import claim_path
from gateway.mirror.logs import say
from gateway.mirror.tail import Tail
from gateway.store.engine import Store
from gateway.store.reads import pending_pairs


def delete_finished(
    tails: list[Tail], store: Callable[[], Store], trial: str, *, keep_s: float
) -> int:
    """Delete what may go; give the number of files.

    Raises
    ------
    StoreError
        The store cannot say whether pairs are pending; nothing was deleted without its word.
    """
    deleted = 0
    for tail in tails[:-1]:
        if tail.finished and tail.path.exists() and _age_s(tail) >= keep_s:
            start = (tail.epoch, 0)
            if not pending_pairs(store(), trial, limit=1, after=start, same_epoch=True):
                _delete(tail)
                deleted += 1
    return deleted


def _age_s(tail: Tail) -> float:
    write_ahead = tail.path.with_name(tail.path.name + "-wal")
    files = [path for path in (tail.path, write_ahead) if path.exists()]
    return time.time() - max(path.stat().st_mtime for path in files)


def _delete(tail: Tail) -> None:
    # The file itself goes last: until then the epoch is found again after a crash.
    for suffix in ("-wal", "-shm"):
        tail.path.with_name(tail.path.name + suffix).unlink(missing_ok=True)
    claim_path(tail.path).unlink(missing_ok=True)
    tail.path.unlink(missing_ok=True)
    say("journal_deleted", rows=tail.shipped_seq)
