"""Arms on real sockets, well-behaved and not, each in a thread of its own.

`with start_arm("hung") as url: ...` The kinds are the keys of KINDS. What an arm was asked is in
`arm.asked` when it is started with `running_arm`.
"""

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.children import free_port

IDENTITY = {"name": "Score in use", "version": "1", "digest": "sha256:" + "a" * 64}
MIB = 1024 * 1024


@dataclass(slots=True)
class Asked:
    """One request as the arm got it; header names are lower case."""

    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Arm:
    """A running arm. `delay_s` may be changed while it runs."""

    kind: str
    identity: dict[str, str]
    score: float
    delay_s: float
    body: bytes | None
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    def reply(self) -> bytes:
        if self.body is not None:
            return self.body
        return json.dumps({"model": self.identity, "output": {"score": self.score}}).encode()


Writer = asyncio.StreamWriter
Behaviour = Callable[[Arm, Writer], Awaitable[bool]]


async def _send(
    writer: Writer,
    body: bytes,
    *,
    status: str = "200 OK",
    extra: str = "",
    length: int | None = None,
) -> bool:
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n"
    writer.write(f"{head}{extra}\r\n".encode() + body)
    await writer.drain()
    return True


async def _healthy(arm: Arm, writer: Writer) -> bool:
    if arm.delay_s:
        await asyncio.sleep(arm.delay_s)
    return await _send(writer, arm.reply())


async def _hung(arm: Arm, writer: Writer) -> bool:
    await asyncio.sleep(3600)
    return False


async def _dripping(arm: Arm, writer: Writer) -> bool:
    await _send(writer, b"", length=100_000)
    for _ in range(100_000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(arm.delay_s or 0.03)
    return False


async def _huge(arm: Arm, writer: Writer) -> bool:
    await _send(writer, b"", length=100 * MIB)
    for _ in range(100):
        writer.write(b"x" * MIB)
        await writer.drain()
    return True


async def _undeclared(arm: Arm, writer: Writer) -> bool:
    """100 MB in chunks: nobody can know from the head how much there will be."""
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    for _ in range(100):
        writer.write(b"%x\r\n" % MIB + b"x" * MIB + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    return True


async def _resetting(arm: Arm, writer: Writer) -> bool:
    writer.transport.abort()
    return False


async def _reset_mid_body(arm: Arm, writer: Writer) -> bool:
    await _send(writer, b'{"model":', length=1000)
    await asyncio.sleep(0.01)
    writer.transport.abort()
    return False


async def _not_http(arm: Arm, writer: Writer) -> bool:
    writer.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
    await writer.drain()
    return False


async def _failing(arm: Arm, writer: Writer) -> bool:
    return await _send(writer, b'{"error":"SECRET-CANARY of Mrs Miller"}', status="500 Oops")


async def _redirecting(arm: Arm, writer: Writer) -> bool:
    where = "location: http://127.0.0.1:9/latest/meta-data\r\n"
    return await _send(writer, b"", status="307 Temporary Redirect", extra=where)


async def _gzip_bomb(arm: Arm, writer: Writer) -> bool:
    bomb = gzip.compress(b" " * (20 * MIB))
    return await _send(writer, bomb, extra="content-encoding: gzip\r\n")


async def _cookie(arm: Arm, writer: Writer) -> bool:
    return await _send(writer, arm.reply(), extra="set-cookie: session=abc\r\n")


def _says(body: bytes) -> Behaviour:
    async def behave(arm: Arm, writer: Writer) -> bool:
        return await _send(writer, body)

    return behave


KINDS: dict[str, Behaviour] = {
    "healthy": _healthy,
    "slow": _healthy,
    "wrong_identity": _healthy,
    "hung": _hung,
    "dripping": _dripping,
    "huge": _huge,
    "undeclared": _undeclared,
    "resetting": _resetting,
    "reset_mid_body": _reset_mid_body,
    "not_http": _not_http,
    "failing": _failing,
    "redirecting": _redirecting,
    "gzip_bomb": _gzip_bomb,
    "cookie": _cookie,
    "garbage": _says(b"\xff\xfe\x00garbage"),
    "nan": _says(b'{"output":{"score":NaN}}'),
    "duplicate_key": _says(b'{"output":{"score":0.1},"output":{"score":0.9}}'),
    "deep": _says(b"[" * 200_000),
    "list": _says(b"[1, 2, 3]"),
    "empty": _says(b""),
}
"""`refusing` is a kind too: nothing listens at its address."""


async def _converse(arm: Arm, reader: asyncio.StreamReader, writer: Writer) -> None:
    arm.connections += 1
    with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            lines = (line.partition(":") for line in head[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in lines}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            arm.asked.append(Asked(headers, body))
            if not await KINDS[arm.kind](arm, writer):
                break
    writer.close()


async def _serve(
    arm: Arm, sock: socket.socket, started: threading.Event, stop: asyncio.Event
) -> None:
    talks: set[asyncio.Task[Any]] = set()

    async def on_connection(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        task.add_done_callback(talks.discard)
        await _converse(arm, reader, writer)

    server = await asyncio.start_server(on_connection, sock=sock)
    started.set()
    await stop.wait()
    server.close()
    for task in list(talks):
        task.cancel()
    await asyncio.gather(*talks, return_exceptions=True)


@contextmanager
def running_arm(
    kind: str = "healthy",
    *,
    identity: dict[str, str] | None = None,
    score: float = 0.5,
    delay_s: float | None = None,
    body: bytes | None = None,
    port: int = 0,
) -> Iterator[Arm]:
    """Run an arm until the block ends; `body` replaces the whole reply of a healthy one."""
    if identity is None:
        identity = dict(IDENTITY, name="Another") if kind == "wrong_identity" else IDENTITY
    pause_s = (1.0 if kind == "slow" else 0.0) if delay_s is None else delay_s
    arm = Arm(kind=kind, identity=identity, score=score, delay_s=pause_s, body=body)
    if kind == "refusing":
        arm.url = f"http://127.0.0.1:{free_port()}/"
        yield arm
        return
    sock = socket.create_server(("127.0.0.1", port))
    arm.url = f"http://127.0.0.1:{sock.getsockname()[1]}/"
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    started = threading.Event()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(_serve(arm, sock, started, stop),), daemon=True
    )
    thread.start()
    started.wait(10)
    try:
        yield arm
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@contextmanager
def start_arm(kind: str = "healthy", **options: Any) -> Iterator[str]:
    """Run an arm and yield its address."""
    with running_arm(kind, **options) as arm:
        yield arm.url
