"""What asking an arm gave: one fate, and a word from a closed list for why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from protocols.vocabulary import Fate


class Detail(StrEnum):
    """Why an arm did not answer as it should. An arm's own text is never kept as a reason."""

    CONNECT = "connect"  # no connection; no byte of the request was sent
    RESET = "reset"  # the connection broke
    HTTP_STATUS = "http_status"  # a status other than 200
    TRANSPORT = "transport"  # any other failure below HTTP
    NOT_HTTP = "not_http"  # the reply is not HTTP
    TOO_LARGE = "too_large"  # the reply is longer than the limit
    ENCODED = "encoded"  # the reply is compressed although identity was asked for
    NOT_JSON = "not_json"
    DUPLICATE_KEY = "duplicate_key"
    NOT_AN_OBJECT = "not_an_object"  # JSON, but not an object
    DEADLINE = "deadline"
    NO_SLOT = "no_slot"  # not asked: the arm's concurrency is used up


@dataclass(frozen=True, slots=True)
class ArmAnswer:
    """`kind` is answered, late, timed_out, failed, invalid or shed.

    `body` is the reply's bytes where it came whole and in bounds (answered, late, invalid), and
    `reply` the JSON object they hold where they hold one. `duration_ms` runs from the asking to
    the last byte, or to the moment when the waiting ended.
    """

    kind: Fate
    status: int | None
    body: bytes | None
    reply: Mapping[str, object] | None
    duration_ms: float
    detail: Detail | None
