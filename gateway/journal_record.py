"""One journal row: what the gateway knew of a request when its answer left. Shared with the mirror.

A row is JSON; bytes that are text stand as text, so that a person can read a journal with sqlite3.
"""

from dataclasses import dataclass

import orjson

from protocols.vocabulary import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecord:
    """One accepted request and what the standard of care made of it.

    `seq` rises by one with each accepted request of an epoch, in the order of the rows.
    `subject` and `encounter` are tokens. `inputs` is the whole JSON body that both arms get,
    byte for byte, and `inputs_sha256` its digest. `context` is JSON text that no arm sees.
    `idempotency_token` and `request_token` are HMACs of the caller's key and of the request body.
    `soc_detail` is a word of a closed list (`gateway.arms.answer`), never an arm's own text.
    `served_at_us` is None when the caller got a problem instead of the arm's answer.
    """

    seq: int
    pair_id: str
    arrived_at_us: int
    subject: str
    encounter: str
    inputs: bytes
    inputs_sha256: str
    context: str | None = None
    idempotency_token: str | None = None
    request_token: str | None = None
    soc_fate: Fate
    soc_http_status: int | None = None
    soc_duration_ms: float
    soc_detail: str | None = None
    soc_reply: bytes | None = None
    served_at_us: int | None = None
    trace: str | None = None
    client_disconnected: bool = False


def encode(record: JournalRecord) -> bytes:
    """Write the record as one JSON object; a reply that is not UTF-8 stands as hexadecimal."""
    reply: str | None = None
    reply_hex: str | None = None
    if record.soc_reply is not None:
        try:
            reply = record.soc_reply.decode()
        except UnicodeDecodeError:
            reply_hex = record.soc_reply.hex()
    return orjson.dumps(
        {
            "seq": record.seq,
            "pair_id": record.pair_id,
            "arrived_at_us": record.arrived_at_us,
            "subject": record.subject,
            "encounter": record.encounter,
            "inputs": record.inputs.decode(),
            "inputs_sha256": record.inputs_sha256,
            "context": record.context,
            "idempotency_token": record.idempotency_token,
            "request_token": record.request_token,
            "soc_fate": record.soc_fate,
            "soc_http_status": record.soc_http_status,
            "soc_duration_ms": record.soc_duration_ms,
            "soc_detail": record.soc_detail,
            "soc_reply": reply,
            "soc_reply_hex": reply_hex,
            "served_at_us": record.served_at_us,
            "trace": record.trace,
            "client_disconnected": record.client_disconnected,
        }
    )


def decode(content: bytes) -> JournalRecord:
    """Read a row back.

    Raises
    ------
    ValueError
        The content is not a row: damaged, or written by another version.
    """
    try:
        row = orjson.loads(content)
        reply_hex = row.pop("soc_reply_hex")
        reply = row.pop("soc_reply")
        return JournalRecord(
            inputs=row.pop("inputs").encode(),
            soc_fate=Fate(row.pop("soc_fate")),
            soc_reply=_reply(reply, reply_hex),
            **row,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the content is not a journal row of this version") from error


def _reply(reply: str | None, reply_hex: str | None) -> bytes | None:
    if reply_hex is not None:
        return bytes.fromhex(reply_hex)
    return None if reply is None else reply.encode()
