"""Two loads: as much as it takes (wrk where present), and a steady rate from many connections."""

import asyncio
import re
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_LUA = """
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
local n = 0
local lane = "%s-" .. tostring(math.random(1, 1000000000))
function request()
  n = n + 1
  return wrk.format(nil, nil, nil,
    '{"subject":"sub-' .. (n %% 5000) .. '","encounter":"' .. lane .. '-' .. n ..
    '","inputs":{"age":71,"sex":"female","lactate":3.1,"pulse":92}}')
end
"""

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of a load saw. Times are milliseconds; `failed` counts what was not a 200."""

    per_second: float
    p50_ms: float
    p99_ms: float
    n: int
    failed: int


def body(lane: str, number: int) -> bytes:
    """Write one decision request."""
    return (
        b'{"subject":"sub-%d","encounter":"%b-%d",'
        b'"inputs":{"age":71,"sex":"female","lactate":3.1,"pulse":92}}'
    ) % (number % 5000, lane.encode(), number)


def saturate(folder: Path, port: int, path: str, *, seconds: float, connections: int) -> Load:
    """Send as much as is answered, over kept connections."""
    if shutil.which("wrk") is None:
        return asyncio.run(_closed_loop(port, path, seconds=seconds, connections=connections))
    script = folder / "post.lua"
    script.write_text(_LUA % int(time.time()))
    output = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"),
            *("--latency", "-s", str(script), f"http://127.0.0.1:{port}{path}"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return _read_wrk(output)


def _read_wrk(output: str) -> Load:
    def percentile(name: str) -> float:
        found = re.search(rf"{name}%\s+([\d.]+)(us|ms|s)", output)
        assert found, output
        return float(found[1]) * _UNITS[found[2]]

    total = re.search(r"(\d+) requests in", output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert total, output
    assert rate, output
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+)", output)
    failed = int(wrong[1]) if wrong else 0
    failed += sum(map(int, sockets.groups())) if sockets else 0
    return Load(float(rate[1]), percentile("50"), percentile("99"), int(total[1]), failed)


class Connection:
    """One kept HTTP connection, as plain as can be."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, content: bytes) -> tuple[int, bytes]:
        """Send one request and give status and body; connects on first use."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(self._head + b"%d\r\n\r\n" % len(content) + content)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert length, head
        reply = await reader.readexactly(int(length[1]))
        return int(head[9:12]), reply

    def close(self) -> None:
        """Close it if it was opened."""
        if self._streams is not None:
            self._streams[1].close()


async def _closed_loop(port: int, path: str, *, seconds: float, connections: int) -> Load:
    until = time.perf_counter() + seconds
    taken: list[float] = []
    failed = 0

    async def lane(number: int) -> None:
        nonlocal failed
        connection = Connection(port, path)
        sent = 0
        while (begun := time.perf_counter()) < until:
            sent += 1
            status, _ = await connection.ask(body(f"lane{number}-{until}", sent))
            taken.append((time.perf_counter() - begun) * 1000)
            failed += status != 200
        connection.close()

    await asyncio.gather(*(lane(number) for number in range(connections)))
    return summarise(taken, seconds, failed)


async def steady(
    port: int, path: str, *, lane: str, rate: float, seconds: float, connections: int
) -> tuple[Load, set[bytes]]:
    """Send at a steady rate; also give the distinct outputs of the standard of care seen.

    Time counts from the moment a request was due, so that a stall is felt by all it delayed.
    """
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(connections):
        idle.put_nowait(Connection(port, path))
    taken: list[float] = []
    outputs: set[bytes] = set()
    failed = 0

    async def one(number: int, due: float) -> None:
        nonlocal failed
        connection = await idle.get()
        try:
            status, reply = await connection.ask(body(lane, number))
            taken.append((time.perf_counter() - due) * 1000)
            failed += status != 200
            outputs.add(output_of(reply))
        finally:
            idle.put_nowait(connection)

    begun = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        pause = begun + number / rate - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        tasks.append(asyncio.create_task(one(number, time.perf_counter())))
    await asyncio.gather(*tasks)
    while not idle.empty():
        idle.get_nowait().close()
    return summarise(taken, time.perf_counter() - begun, failed), outputs


def output_of(reply: bytes) -> bytes:
    """Cut the standard of care's bytes out of a decision reply."""
    _, _, rest = reply.partition(b'"output":')
    return rest.rpartition(b',"served_at":')[0]


def summarise(taken: list[float], seconds: float, failed: int) -> Load:
    """Rate and quantiles of the durations taken, in milliseconds."""
    cuts = statistics.quantiles(taken, n=100) if len(taken) > 1 else [0.0] * 99
    return Load(len(taken) / seconds, cuts[49], cuts[98], len(taken), failed)
