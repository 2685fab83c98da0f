"""What the store-backed routes share: bounded bodies, calls in a thread, errors as problems."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from gateway.context import GatewayContext
from gateway.errors import (
    BODY_TOO_LARGE,
    INVALID_REQUEST,
    REQUEST_TIMEOUT,
    STORE_UNAVAILABLE,
    UNKNOWN_PAIR,
    UNKNOWN_TRIAL,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    Problem,
)
from gateway.store.engine import Store
from gateway.wire import NOT_ENCODED, is_json
from protocols.errors import EquipoiseError, RefusedError, StoreError

RETRY_AFTER_S = 5

T = TypeVar("T")


async def read_json_body(context: GatewayContext, request: Request) -> bytes:
    """Read a JSON body, bounded by bytes and by time."""
    if not is_json(request.headers.get("content-type", "").encode("latin-1")):
        raise Problem(UNSUPPORTED_MEDIA_TYPE, "Send content-type: application/json.")
    if "content-encoding" in request.headers:
        raise Problem(UNSUPPORTED_MEDIA_TYPE, NOT_ENCODED)
    limit_bytes, body = context.settings.body_limit_bytes, bytearray()
    try:
        async with asyncio.timeout(context.settings.body_deadline_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit_bytes:
                    raise Problem(BODY_TOO_LARGE, f"Send at most {limit_bytes} bytes.")
    except TimeoutError:
        raise Problem(REQUEST_TIMEOUT, "Send the whole body at once.") from None
    return bytes(body)


async def with_store(context: GatewayContext, call: Callable[[Store], T]) -> T:
    """Call `call` with the trial store; while the store is down, 503 with Retry-After."""
    try:
        return await run_in_threadpool(lambda: call(context.store()))
    except StoreError as error:
        raise Problem(
            STORE_UNAVAILABLE,
            "Nothing was stored; send the same again after the time in Retry-After.",
            retry_after_s=RETRY_AFTER_S,
        ) from error
    except RefusedError as error:
        raise Problem(UNKNOWN_TRIAL, f"{error.code}: {error}") from error


def check_trial(context: GatewayContext, trial: str) -> None:
    """Refuse a trial that this gateway does not serve."""
    if trial != context.trial:
        raise Problem(UNKNOWN_TRIAL, "Name the trial that `GET /v1/trials` lists.")


def problem_of(error: EquipoiseError) -> Problem:
    """Turn a refused report into its problem."""
    if error.code == "UNKNOWN_PAIR":
        return Problem(UNKNOWN_PAIR, str(error))
    pointer = "/value" if error.code in ("OUTCOME_TYPE", "OUTCOME_RANGE") else "name"
    return Problem(INVALID_REQUEST, str(error), errors=(FieldError(pointer, str(error)),))
