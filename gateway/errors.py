"""Errors of the gateway: each with a stable code, an HTTP status and what to do about it.

EquipoiseError (protocols.errors)
└── Problem: this request gets an RFC 9457 problem, `application/problem+json`

`detail` and `errors` name fields and rules, never a value that was sent.
"""

from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from uuid import uuid4

import orjson

from protocols.errors import EquipoiseError

PROBLEM_JSON = b"application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem: the last part of its `type` URN, its HTTP status and its title."""

    slug: str
    status: int
    title: str

    @property
    def urn(self) -> str:
        return f"urn:equipoise:problem:{self.slug}"


INVALID_REQUEST = ProblemType("invalid-request", 400, "The request is not what the API takes")
INVALID_HTTP = ProblemType("invalid-http", 400, "The request is not HTTP as the gateway takes it")
UNKNOWN_TRIAL = ProblemType("unknown-trial", 404, "This gateway does not serve that trial")
UNKNOWN_PAIR = ProblemType("unknown-pair", 404, "No such pair is on record")
NOT_FOUND = ProblemType("not-found", 404, "There is nothing at this address")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The address takes another method")
REQUEST_TIMEOUT = ProblemType("request-timeout", 408, "The request body did not arrive in time")
IN_PROGRESS = ProblemType("idempotency-in-progress", 409, "The first request is still running")
BODY_TOO_LARGE = ProblemType("body-too-large", 413, "The request body is larger than the limit")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "The API takes JSON")
KEY_REUSED = ProblemType("idempotency-key-reused", 422, "The key came with another body before")
INTERNAL = ProblemType("internal-error", 500, "The gateway failed")
SOC_UNAVAILABLE = ProblemType(
    "standard-of-care-unavailable", 502, "The standard of care did not answer"
)
OVERLOADED = ProblemType("overloaded", 503, "The gateway is at its limit")
CAPTURE_UNAVAILABLE = ProblemType(
    "capture-unavailable", 503, "The journal did not confirm, and the trial comes first"
)
STORE_UNAVAILABLE = ProblemType("store-unavailable", 503, "The trial store cannot be used now")
SOC_TIMEOUT = ProblemType(
    "standard-of-care-timeout", 504, "The standard of care did not answer in time"
)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong in a request: where (JSON Pointer, or a header's name) and what."""

    pointer: str
    message: str


class Problem(EquipoiseError):  # noqa: N818 - RFC 9457's own word
    """This request gets a problem. `detail` is a sentence that says what to do."""

    def __init__(
        self,
        kind: ProblemType,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        retry_after_s: int | None = None,
        instance: str | None = None,
    ) -> None:
        super().__init__(kind.slug, detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.instance = instance

    @property
    def status(self) -> int:
        return self.kind.status

    def body(self) -> bytes:
        """Write the problem as RFC 9457 JSON; `instance` is the pair's id, or a fresh one."""
        document: dict[str, object] = {
            "type": self.kind.urn,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": f"urn:uuid:{self.instance or uuid4()}",
        }
        if self.errors:
            document["errors"] = [
                {"pointer": error.pointer, "message": error.message} for error in self.errors
            ]
        return orjson.dumps(document)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """List the reply's headers as ASGI wants them."""
        listed = [(b"content-type", PROBLEM_JSON), (b"cache-control", b"no-store")]
        if self.instance is not None:
            listed.append((b"x-pair-id", self.instance.encode()))
        if self.retry_after_s is not None:
            listed.append((b"retry-after", str(self.retry_after_s).encode()))
        return listed


def overloaded() -> Problem:
    """Turn a request away because of a limit of ours."""
    return Problem(
        OVERLOADED, "Send again later, or ask the standard of care directly.", retry_after_s=1
    )


def whereabouts(error: BaseException) -> str:
    """Name an unexpected error and its place for the log; its message may hold what was sent."""
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
