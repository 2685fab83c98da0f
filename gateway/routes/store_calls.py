"""Calls of the trial store from a route: in a thread, its errors turned into problems."""

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from gateway.context import GatewayContext
from gateway.errors import (
    INVALID_REQUEST,
    STORE_UNAVAILABLE,
    UNKNOWN_PAIR,
    UNKNOWN_TRIAL,
    FieldError,
    Problem,
)
from gateway.store.engine import Store
from protocols.errors import EquipoiseError, RefusedError, StoreError

RETRY_AFTER_S = 5

T = TypeVar("T")


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
    pointer = "/value" if error.code == "OUTCOME_TYPE" else "name"
    return Problem(INVALID_REQUEST, str(error), errors=(FieldError(pointer, str(error)),))
