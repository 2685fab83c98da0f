"""HTTP/1.1 as the gateway speaks it: uvicorn's, with bounds of our own and our own refusals."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.errors import INVALID_HTTP, Problem

_MOST_HEADERS = 100
_LONGEST_HEAD = 64 * 1024
_SEND_HTTP = (
    f"Send HTTP/1.1 with one length, at most {_MOST_HEADERS} headers, and a head of at most "
    f"{_LONGEST_HEAD // 1024} KiB, at once."
)


class _OneWrite:
    """A transport that holds a decision's head until its body comes: one packet, one system call.

    Only a decision: its endpoint always sends the body next, at once.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 200 ") and b"\r\nx-pair-id: " in data:
            self._head = data
            return
        self._transport.write(data)

    def close(self) -> None:
        if self._head:
            self._transport.write(self._head)
        self._transport.close()


class GatewayProtocol(HttpToolsProtocol):
    """uvicorn's HTTP over `_OneWrite`, with bounds on a request's head, which uvicorn has not.

    What uvicorn refuses by itself becomes a problem, as every other refusal is one.
    """

    head_deadline_s = 10.0
    connection_limit = 2048
    _in_head = False
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_OneWrite(transport))  # type: ignore[arg-type]
        # A caller who connects and says nothing is an idle one.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_of_head()
        self._end_of_unread()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end_of_head()
        if len(self.headers) > _MOST_HEADERS:
            raise ValueError("too many headers")  # the parser turns it into a 400
        if len(self.connections) > self.connection_limit:
            self.scope["state"]["turn_away"] = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._end_of_unread()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        answered = self.cycle
        if answered.response_complete and answered.more_body and self._unread_timer is None:
            # Answered without its body; who goes on sending it for ever keeps no connection.
            self._unread_timer = self.loop.call_later(self.head_deadline_s, self.transport.close)
        super().on_response_complete()

    def _end_of_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > _LONGEST_HEAD:
            self._refuse_head()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_deadline_s, self._refuse_head)

    def _end_of_head(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse_head(self) -> None:
        self._end_of_head()
        if not self.transport.is_closing():
            self.send_400_response("")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - one sentence for every cause
        problem = Problem(INVALID_HTTP, _SEND_HTTP)
        body = problem.body()
        headers = [
            *self.server_state.default_headers,
            *problem.headers(),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + lines + b"\r\n" + body)
        self.transport.close()
