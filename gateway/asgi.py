"""The few ASGI moves that the answer's path makes by itself."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from gateway.errors import BODY_TOO_LARGE, REQUEST_TIMEOUT, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class ClientGoneError(Exception):
    """The caller left before the whole request had arrived; there is nobody to answer."""


async def read_body(receive: Receive, *, limit_bytes: int, deadline_s: float) -> bytes:
    """Read the request body, bounded by bytes read and by time.

    Raises
    ------
    Problem
        body-too-large, or request-timeout.
    ClientGoneError
    """
    message = _what_is_there(receive)
    if message is None or message.get("more_body"):
        try:
            async with asyncio.timeout(deadline_s):
                body = await _rest(receive, message, limit_bytes)
        except TimeoutError:
            raise Problem(REQUEST_TIMEOUT, "Send the whole body at once.") from None
    else:
        body = _chunk(message)
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


async def _rest(receive: Receive, first: Message | None, limit_bytes: int) -> bytes:
    body = bytearray() if first is None else bytearray(_chunk(first))
    more = True
    while more:
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        message = await receive()
        body += _chunk(message)
        more = message.get("more_body", False)
    return bytes(body)


def _chunk(message: Message) -> bytes:
    if message["type"] != "http.request":
        raise ClientGoneError
    chunk: bytes = message.get("body", b"")
    return chunk


def _too_large(limit_bytes: int) -> Problem:
    return Problem(BODY_TOO_LARGE, f"Send at most {limit_bytes} bytes.")


def is_gone(receive: Receive) -> bool:
    """Say whether the caller has left, without waiting. The whole body must have been read."""
    known = getattr(getattr(receive, "__self__", None), "disconnected", None)
    if known is not None:  # uvicorn says it outright
        return bool(known)
    message = _what_is_there(receive)
    return message is not None and message["type"] == "http.disconnect"


def _what_is_there(receive: Receive) -> Message | None:
    """Take the next message if it is there already; no timer, no turn of the loop."""
    step = receive()
    try:
        step.send(None)  # type: ignore[attr-defined] # every ASGI server's receive is a coroutine
    except StopIteration as ended:
        message: Message = ended.value
        return message
    with suppress(RuntimeError):
        step.close()  # type: ignore[attr-defined] # likewise
    return None


async def reply(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole reply."""
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def reply_problem(send: Send, problem: Problem, *, close: bool = False) -> None:
    """Send a problem. Where the request was not read to its end, the connection is given up."""
    headers = problem.headers()
    if close or problem.kind in (BODY_TOO_LARGE, REQUEST_TIMEOUT):
        headers.append((b"connection", b"close"))
    await reply(send, problem.status, headers, problem.body())
