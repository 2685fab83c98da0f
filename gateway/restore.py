"""After a restart: the idempotency keys of the last hours, out of the journals on the disk.

An answer is a pure function of its row, so the caller gets the same bytes again.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.idempotency import LARGEST_STORE_BYTES, IdempotencyStore, StoredAnswer
from gateway.journal_reader import JournalError, journals, keyed_since
from gateway.journal_record import JournalRecord
from gateway.strict_json import NotStrictJSONError, parse
from gateway.wire import decision_body
from protocols.vocabulary import Fate

log = logging.getLogger(__name__)

ReadModel = Callable[[Mapping[str, object]], bytes]


def restore_keys(
    store: IdempotencyStore, folder: Path, trial: str, *, since_us: int, read_model: ReadModel
) -> None:
    """Fill the store. A journal that cannot be read is said in the log; care does not wait.

    The newest first, and no further back than the store remembers: a day's journals may be large.
    """
    found: list[tuple[str, StoredAnswer]] = []
    n_bytes = 0
    for path in reversed(journals(folder, trial)):
        try:
            for record in keyed_since(path, since_us):
                if len(found) >= store.most_keys or n_bytes >= LARGEST_STORE_BYTES:
                    break
                answer = stored_answer(record, read_model)
                if answer is not None and record.idempotency_token is not None:
                    found.append((record.idempotency_token, answer))
                    n_bytes += len(answer.body)
        except (JournalError, ValueError):
            log.warning("%s cannot be read; idempotency keys of it are forgotten", path.name)
    while found:
        store.keep(*found.pop())


def stored_answer(record: JournalRecord, read_model: ReadModel) -> StoredAnswer | None:
    """Rebuild the answer that a row's request got; None where it got a problem."""
    if (
        record.soc_fate is not Fate.ANSWERED
        or record.soc_reply is None
        or record.served_at_us is None
        or record.request_token is None
    ):
        return None
    try:
        reply = parse(record.soc_reply)
    except NotStrictJSONError:
        return None
    if not isinstance(reply, dict):
        return None
    body = decision_body(record.pair_id, read_model(reply), record.soc_reply, record.served_at_us)
    return StoredAnswer(record.request_token, record.pair_id, body, record.served_at_us)
