"""Asking one arm: its own connections, a total deadline, a cap on bytes and on askings at a time.

Spoken at transport level: httpx.Request in, httpx.Response out, over the httpx-aiohttp transport
(README.md has the figures). An asking is never cancelled: whoever waits stops waiting at the
deadline, and the asking ends by its own time-outs while it still holds its slot.
"""

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from gateway.arms.answer import ArmAnswer, Detail
from gateway.strict_json import NotStrictJSONError, parse
from protocols.vocabulary import Fate

if TYPE_CHECKING:
    from collections.abc import Mapping

Headers = list[tuple[bytes, bytes]]

_BASE_HEADERS: Headers = [
    (b"content-type", b"application/json"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"identity"),
]
_POOL_RESERVE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSettings:
    """How to ask one arm. A whole answer between `deadline_ms` and `late_until_ms` is late."""

    url: str
    deadline_ms: float
    late_until_ms: float | None = None
    reply_limit_bytes: int = 1024 * 1024
    concurrency: int = 64
    keep_alive_s: float = 2.0


class ArmClient:
    """Asks one arm. Make it inside the event loop that uses it, and close it there."""

    def __init__(self, settings: ArmSettings) -> None:
        self._settings = settings
        self._deadline_ms = settings.deadline_ms
        self._patience_ms = max(settings.deadline_ms, settings.late_until_ms or 0.0)
        patience_s = self._patience_ms / 1000.0
        self._extensions = {"timeout": dict.fromkeys(("connect", "read", "pool"), patience_s)}
        self._url = httpx.URL(settings.url)
        self._transport = AiohttpTransport(trust_env=False)
        self._transport.client = self._session
        self._loop = asyncio.get_running_loop()
        self._in_flight = 0
        self._askings: set[asyncio.Task[None]] = set()

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._settings.concurrency + _POOL_RESERVE,
            keepalive_timeout=self._settings.keep_alive_s,
            ssl=self._transport.ssl_context,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            skip_auto_headers=("User-Agent", "Accept"),
        )

    @property
    def in_flight(self) -> int:
        """Askings that hold a slot, those that nobody waits for any more included."""
        return self._in_flight

    @property
    def has_room(self) -> bool:
        """Whether `ask` would ask now; true until the next await of the caller."""
        return self._in_flight < self._settings.concurrency

    async def ask(self, body: bytes, *, headers: Headers) -> ArmAnswer:
        """Ask once, and wait until the answer, a failure or the end of patience."""
        if not self.has_room:
            return ArmAnswer(Fate.SHED, None, None, None, 0.0, Detail.NO_SLOT)
        started = perf_counter()
        waiter: asyncio.Future[ArmAnswer | None] = self._loop.create_future()
        self._in_flight += 1
        asking = self._loop.create_task(self._asking(body, headers, started, waiter))
        self._askings.add(asking)
        timer = self._loop.call_later(self._patience_ms / 1000.0, _give_up, waiter)
        try:
            answer = await waiter
        finally:
            timer.cancel()
        return answer or self._nothing(Fate.TIMED_OUT, Detail.DEADLINE, started)

    async def _asking(
        self,
        body: bytes,
        headers: Headers,
        started: float,
        waiter: "asyncio.Future[ArmAnswer | None]",
    ) -> None:
        try:
            answer = await self._exchange(body, headers, started)
        except Exception as error:  # noqa: BLE001 - whatever an arm does is a fate, never an error
            answer = self._failure(error, started)
        finally:
            self._in_flight -= 1
            task = asyncio.current_task()
            if task is not None:
                self._askings.discard(task)
        if not waiter.done():
            waiter.set_result(answer)

    async def _exchange(self, body: bytes, headers: Headers, started: float) -> ArmAnswer:
        request = httpx.Request(
            "POST",
            self._url,
            headers=_BASE_HEADERS + headers,
            content=body,
            extensions=self._extensions,
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.ConnectError:
            # Nothing was sent, so asking once more cannot ask twice.
            response = await self._transport.handle_async_request(request)
        stream = cast("httpx.AsyncByteStream", response.stream)
        try:
            if response.status_code != httpx.codes.OK:
                return self._nothing(
                    Fate.FAILED, Detail.HTTP_STATUS, started, status=response.status_code
                )
            if response.headers.get("content-encoding", "identity") != "identity":
                return self._nothing(Fate.INVALID, Detail.ENCODED, started, status=200)
            return await self._read(stream, started)
        finally:
            await stream.aclose()

    async def _read(self, stream: httpx.AsyncByteStream, started: float) -> ArmAnswer:
        chunks: list[bytes] = []
        size = 0
        async for chunk in stream:
            size += len(chunk)
            if size > self._settings.reply_limit_bytes:
                return self._nothing(Fate.INVALID, Detail.TOO_LARGE, started, status=200)
            if (perf_counter() - started) * 1000.0 > self._patience_ms:
                return self._nothing(Fate.TIMED_OUT, Detail.DEADLINE, started)
            chunks.append(chunk)
        return self._whole(chunks[0] if len(chunks) == 1 else b"".join(chunks), started)

    def _whole(self, body: bytes, started: float) -> ArmAnswer:
        duration_ms = (perf_counter() - started) * 1000.0
        try:
            reply = parse(body)
        except NotStrictJSONError as error:
            return ArmAnswer(Fate.INVALID, 200, body, None, duration_ms, Detail(error.reason))
        if not isinstance(reply, dict):
            return ArmAnswer(Fate.INVALID, 200, body, None, duration_ms, Detail.NOT_AN_OBJECT)
        kind = Fate.ANSWERED if duration_ms <= self._deadline_ms else Fate.LATE
        return ArmAnswer(
            kind,
            200,
            body,
            cast("Mapping[str, object]", reply),
            duration_ms,
            None if kind is Fate.ANSWERED else Detail.DEADLINE,
        )

    def _nothing(
        self, kind: Fate, detail: Detail, started: float, *, status: int | None = None
    ) -> ArmAnswer:
        return ArmAnswer(kind, status, None, None, (perf_counter() - started) * 1000.0, detail)

    def _failure(self, error: Exception, started: float) -> ArmAnswer:
        # The transport calls every broken connection a ConnectTimeout; the cause tells them apart.
        match error.__cause__ if isinstance(error, httpx.TransportError) else error:
            case aiohttp.ServerTimeoutError() | TimeoutError():
                return self._nothing(Fate.TIMED_OUT, Detail.DEADLINE, started)
            case aiohttp.ClientConnectorError():
                return self._nothing(Fate.FAILED, Detail.CONNECT, started)
            case aiohttp.ClientConnectionError() | aiohttp.ClientPayloadError():
                return self._nothing(Fate.FAILED, Detail.RESET, started)
            case aiohttp.ClientResponseError():
                return self._nothing(Fate.INVALID, Detail.NOT_HTTP, started)
            case _:
                return self._nothing(Fate.FAILED, Detail.TRANSPORT, started)

    async def aclose(self) -> None:
        """Close the connections, which ends what is still under way."""
        await self._transport.aclose()
        if self._askings:
            await asyncio.wait(self._askings, timeout=1.0)


def _give_up(waiter: "asyncio.Future[ArmAnswer | None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
