"""Asking one arm: its own connections, a total deadline, a cap on bytes and on askings at a time.

Spoken at transport level: httpx.Request in, httpx.Response out, over the httpx-aiohttp transport
(README.md has the figures). An asking is never cancelled: at the end of patience its connection is
cut, which ends the asking from below and leaves no slot behind.
"""

import asyncio
import socket
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, cast

import aiohttp
import httpx
from aiohttp.connector import Connection
from httpx_aiohttp import AiohttpTransport

from gateway.arms.answer import ArmAnswer, Detail
from gateway.strict_json import NotStrictJSONError, parse
from protocols.vocabulary import Fate

if TYPE_CHECKING:
    from collections.abc import Mapping

Headers = list[tuple[bytes, bytes]]

_FIXED_HEADERS = {
    "content-type": "application/json",
    "accept": "application/json",
    "accept-encoding": "identity",
}
_POOL_RESERVE = 8
_RECEIVE_BUFFER_BYTES = 64 * 1024
"""An arm that writes without end fills this much of the kernel, not the megabytes it would give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSettings:
    """How to ask one arm. A whole answer between `deadline_ms` and `late_until_ms` is late."""

    url: str
    deadline_ms: float
    late_until_ms: float | None = None
    reply_limit_bytes: int = 1024 * 1024
    concurrency: int = 64
    keep_alive_s: float = 2.0


class _Address(httpx.URL):
    """A URL that remembers its text: an arm has one address for life."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._text = super().__str__()

    def __str__(self) -> str:
        return self._text


class _Post(httpx.Request):
    """What a transport reads of a request, without httpx's guessing of headers and body."""

    def __init__(  # the parent's would do all of what is left out here
        self, url: httpx.URL, headers: Headers, body: bytes, extensions: "dict[str, object]"
    ) -> None:
        self.method = "POST"
        self.url = url
        self.headers = httpx.Headers(headers)
        self.extensions = extensions
        self._content = body


class _Wire(aiohttp.ClientRequest):
    """aiohttp's request, which says which connection it goes out on, and adds nothing."""

    def update_auto_headers(self, skip_auto_headers: object) -> None:
        """The session's fixed headers are all there is."""

    def update_cookies(self, cookies: object) -> None:
        """An arm's cookies are not kept."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        _ASKING.get().connection = conn
        return await super().send(conn)


class _Asking:
    """One asking under way: how to cut it short."""

    __slots__ = ("connection", "cut", "started")

    def __init__(self, started: float) -> None:
        self.started = started
        self.connection: Connection | None = None
        self.cut = False

    def end(self) -> None:
        """Cut the connection. One that is still being made ends by its own time-out now."""
        self.cut = True
        connection = self.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()


_ASKING: ContextVar[_Asking] = ContextVar("asking")
"""What the running task asks: aiohttp has no other way to hand it to its request."""


class ArmClient:
    """Asks one arm. Make it inside the event loop that uses it, and close it there."""

    def __init__(self, settings: ArmSettings) -> None:
        self._settings = settings
        self._deadline_ms = settings.deadline_ms
        self._patience_s = max(settings.deadline_ms, settings.late_until_ms or 0.0) / 1000.0
        self._extensions: dict[str, object] = {
            "timeout": dict.fromkeys(("connect", "read", "pool"), self._patience_s)
        }
        self._url = _Address(settings.url)
        self._transport = AiohttpTransport(trust_env=False)
        self._transport.client = self._session
        self._loop = asyncio.get_running_loop()
        self._in_flight = 0

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._settings.concurrency + _POOL_RESERVE,
            keepalive_timeout=self._settings.keep_alive_s,
            ssl=self._transport.ssl_context,
            socket_factory=_small_socket,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_FIXED_HEADERS,
            request_class=_Wire,
            trust_env=False,
        )

    @property
    def in_flight(self) -> int:
        """Askings that hold a slot."""
        return self._in_flight

    @property
    def has_room(self) -> bool:
        """Whether `ask` would ask now; true until the next await of the caller."""
        return self._in_flight < self._settings.concurrency

    async def ask(self, body: bytes, *, headers: Headers) -> ArmAnswer:
        """Ask once, and wait until the answer, a failure or the end of patience.

        One task asks one thing at a time.
        """
        if not self.has_room:
            return ArmAnswer(Fate.SHED, None, None, None, 0.0, Detail.NO_SLOT)
        asking = _Asking(perf_counter())
        _ASKING.set(asking)
        self._in_flight += 1
        timer = self._loop.call_later(self._patience_s, asking.end)
        try:
            return await self._exchange(body, headers, asking)
        except Exception as error:  # noqa: BLE001 - whatever an arm does is a fate, never an error
            return _failure(error, asking)
        finally:
            timer.cancel()
            self._in_flight -= 1

    async def _exchange(self, body: bytes, headers: Headers, asking: _Asking) -> ArmAnswer:
        request = _Post(self._url, headers, body, self._extensions)
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.ConnectError:
            if asking.cut:
                raise
            # Nothing was sent, so asking once more cannot ask twice.
            response = await self._transport.handle_async_request(request)
        stream = cast("httpx.AsyncByteStream", response.stream)
        try:
            if response.status_code != httpx.codes.OK:
                return _nothing(
                    Fate.FAILED, Detail.HTTP_STATUS, asking, status=response.status_code
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                return _nothing(Fate.INVALID, Detail.ENCODED, asking, status=200)
            if _declared_bytes(response) > self._settings.reply_limit_bytes:
                return _nothing(Fate.INVALID, Detail.TOO_LARGE, asking, status=200)
            return await self._read(stream, asking)
        finally:
            await stream.aclose()

    async def _read(self, stream: httpx.AsyncByteStream, asking: _Asking) -> ArmAnswer:
        chunks: list[bytes] = []
        size = 0
        async for chunk in stream:
            size += len(chunk)
            if size > self._settings.reply_limit_bytes:
                return _nothing(Fate.INVALID, Detail.TOO_LARGE, asking, status=200)
            if perf_counter() - asking.started > self._patience_s:
                return _nothing(Fate.TIMED_OUT, Detail.DEADLINE, asking)
            chunks.append(chunk)
        return self._whole(chunks[0] if len(chunks) == 1 else b"".join(chunks), asking)

    def _whole(self, body: bytes, asking: _Asking) -> ArmAnswer:
        duration_ms = (perf_counter() - asking.started) * 1000.0
        try:
            reply = parse(body)
        except NotStrictJSONError as error:
            return ArmAnswer(Fate.INVALID, 200, body, None, duration_ms, Detail(error.reason))
        if not isinstance(reply, dict):
            return ArmAnswer(Fate.INVALID, 200, body, None, duration_ms, Detail.NOT_AN_OBJECT)
        on_time = duration_ms <= self._deadline_ms
        return ArmAnswer(
            Fate.ANSWERED if on_time else Fate.LATE,
            200,
            body,
            cast("Mapping[str, object]", reply),
            duration_ms,
            None if on_time else Detail.DEADLINE,
        )

    async def aclose(self) -> None:
        """Close the connections, which ends what is still under way."""
        await self._transport.aclose()


def _small_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
    return made


def _declared_bytes(response: httpx.Response) -> int:
    """Content-Length where it is a number; what is read is counted whatever stands there."""
    declared = response.headers.get("content-length", "")
    return int(declared) if len(declared) < 19 and declared.isdecimal() else 0


def _nothing(
    kind: Fate, detail: Detail, asking: _Asking, *, status: int | None = None
) -> ArmAnswer:
    duration_ms = (perf_counter() - asking.started) * 1000.0
    return ArmAnswer(kind, status, None, None, duration_ms, detail)


def _failure(error: Exception, asking: _Asking) -> ArmAnswer:
    if asking.cut:
        return _nothing(Fate.TIMED_OUT, Detail.DEADLINE, asking)
    # The transport calls every broken connection a ConnectTimeout; the cause tells them apart.
    match error.__cause__ if isinstance(error, httpx.TransportError) else error:
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return _nothing(Fate.TIMED_OUT, Detail.DEADLINE, asking)
        case aiohttp.ClientConnectorError():
            return _nothing(Fate.FAILED, Detail.CONNECT, asking)
        case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
            return _nothing(Fate.FAILED, Detail.RESET, asking)
        case aiohttp.ClientResponseError():
            return _nothing(Fate.INVALID, Detail.NOT_HTTP, asking)
        case _:
            return _nothing(Fate.FAILED, Detail.TRANSPORT, asking)
