"""The decision request and reply on the wire. A message says what is wrong, never what was sent."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from gateway.errors import INVALID_REQUEST, FieldError, Problem
from gateway.strict_json import NotStrictJSONError, parse, what_is_wrong, write

LONGEST_IDENTIFIER = 255
LONGEST_KEY = 255
NOT_ENCODED = "Send the JSON as it is, without content-encoding."

_MEMBERS = frozenset(("subject", "encounter", "inputs", "context"))
_QUOTED_KEY = re.compile(rb'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"')
_BARE_KEY = re.compile(rb"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """One request, checked. `arm_body` is what both arms get; `context` is JSON text."""

    subject_system: str
    subject: str
    encounter: str
    arm_body: bytes
    context: str | None


def read_decision(body: bytes) -> DecisionRequest:
    """Read the body of a decision request.

    Raises
    ------
    Problem
        invalid-request, with everything that is wrong.
    """
    try:
        document = parse(body)
    except NotStrictJSONError as error:
        raise _invalid([FieldError("", what_is_wrong(error))]) from None
    if not isinstance(document, dict):
        raise _invalid([FieldError("", "must be an object")])
    errors: list[FieldError] = []
    system, subject = _subject(document.get("subject"), errors)
    encounter = _identifier(document.get("encounter"), "/encounter", errors)
    inputs = _object(document.get("inputs"), "/inputs", errors)
    context = document.get("context")
    context_text = None if context is None else _object(context, "/context", errors).decode()
    if not _MEMBERS.issuperset(document):
        errors.append(FieldError("", f"takes only the members {', '.join(sorted(_MEMBERS))}"))
    if errors:
        raise _invalid(errors)
    return DecisionRequest(
        subject_system=system,
        subject=subject,
        encounter=encounter,
        arm_body=b'{"inputs":%b}' % inputs,
        context=context_text,
    )


def _object(value: object, pointer: str, errors: list[FieldError]) -> bytes:
    if not isinstance(value, dict):
        errors.append(FieldError(pointer, "must be an object"))
        return b""
    try:
        return write(value)
    except NotStrictJSONError as error:
        errors.append(FieldError(pointer, what_is_wrong(error)))
        return b""


def _subject(value: object, errors: list[FieldError]) -> tuple[str, str]:
    if not isinstance(value, dict):
        return "", _identifier(value, "/subject", errors)
    if value.keys() != {"system", "value"}:
        errors.append(FieldError("/subject", "as an object has the members system and value"))
        return "", ""
    return (
        _identifier(value["system"], "/subject/system", errors),
        _identifier(value["value"], "/subject/value", errors),
    )


def _identifier(value: object, pointer: str, errors: list[FieldError]) -> str:
    if isinstance(value, str) and 0 < len(value) <= LONGEST_IDENTIFIER:
        return value
    errors.append(FieldError(pointer, f"must be text of 1 to {LONGEST_IDENTIFIER} characters"))
    return ""


def _invalid(errors: list[FieldError]) -> Problem:
    return Problem(
        INVALID_REQUEST, "Correct what `errors` lists and send again.", errors=tuple(errors)
    )


def read_idempotency_key(header: bytes) -> str:
    """Read an Idempotency-Key: a quoted structured string, or a bare token.

    Raises
    ------
    Problem
        invalid-request: the header is neither, or too long.
    """
    quoted = _QUOTED_KEY.fullmatch(header)
    bare = None if quoted else _BARE_KEY.fullmatch(header)
    if quoted:
        key = re.sub(rb'\\(["\\])', rb"\1", quoted[1]).decode("ascii")
    elif bare:
        key = bare[0].decode("ascii")
    else:
        raise _invalid([FieldError("Idempotency-Key", "must be a quoted string or a token")])
    if len(key) > LONGEST_KEY:
        raise _invalid([FieldError("Idempotency-Key", f"is longer than {LONGEST_KEY} characters")])
    return key


def read_trace(header: bytes | None) -> tuple[str, str] | None:
    """Read trace id and flags of a W3C traceparent; one that is not valid is as if absent."""
    match = _TRACEPARENT.fullmatch(header) if header else None
    return (match[1].decode(), match[2].decode()) if match else None


def is_json(content_type: bytes) -> bool:
    """Say whether a content type is JSON in UTF-8."""
    media_type, _, parameters = content_type.lower().partition(b";")
    if media_type.strip() != b"application/json":
        return False
    charset = parameters.strip()
    return charset in (b"", b"charset=utf-8", b'charset="utf-8"')


def decision_body(pair_id: str, model: bytes, reply: bytes, served_at_us: int) -> bytes:
    """Write the reply around the standard of care's own bytes."""
    return b'{"pair_id":"%b","arm":"standard_of_care","model":%b,"output":%b,"served_at":"%b"}' % (
        pair_id.encode(),
        model,
        reply,
        rfc3339(served_at_us).encode(),
    )


def rfc3339(at_us: int) -> str:
    """Write a time to the millisecond, in UTC."""
    seconds, us = divmod(at_us, 1_000_000)
    return f"{_to_the_second(seconds)}.{us // 1000:03d}Z"


@lru_cache(maxsize=16)
def _to_the_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
