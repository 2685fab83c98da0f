"""How many decisions a second, beside who does less: interleaved rounds, medians."""

import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import Contender, gap_count, our_gateway, proxies, textbook
from benchmarks.load import Load, saturate
from benchmarks.processes import static_arm

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Standing:
    """One contender's medians. `cpu_us` is processor time per request, where it is known."""

    name: str
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float | None
    failed: int
    gaps: int


def measure(*, rounds: int, seconds: float) -> list[Standing]:
    """Measure everyone against the same two static arms."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder = Path(place)
        soc = stack.enter_context(static_arm(folder, "soc"))
        candidate = stack.enter_context(static_arm(folder, "candidate"))
        url = f"http://127.0.0.1:{candidate}/"
        contenders = [
            Contender("the arm itself", soc, "/"),
            stack.enter_context(
                our_gateway(folder / "alone", soc, url, mirror=False, name="Equipoise gateway")
            ),
            stack.enter_context(
                our_gateway(
                    folder / "both", soc, url, mirror=True, name="Equipoise gateway and mirror"
                )
            ),
            stack.enter_context(textbook(folder, soc, candidate)),
            *stack.enter_context(proxies(folder, soc, candidate)),
        ]
        return _rounds(folder, contenders, rounds=rounds, seconds=seconds)


def _rounds(
    folder: Path, contenders: list[Contender], *, rounds: int, seconds: float
) -> list[Standing]:
    loads: dict[str, list[Load]] = {one.name: [] for one in contenders}
    cpu: dict[str, list[float]] = {one.name: [] for one in contenders}
    for _ in range(rounds):
        for one in contenders:
            before = one.cpu_ms()
            load = saturate(folder, one.port, one.path, seconds=seconds, connections=CONNECTIONS)
            loads[one.name].append(load)
            cpu[one.name].append((one.cpu_ms() - before) * 1000 / max(1, load.n))
            print(f"  {one.name}: {load.per_second:.0f} a second, p99 {load.p99_ms:.1f} ms")
    return [_standing(one, loads[one.name], cpu[one.name]) for one in contenders]


def _standing(one: Contender, loads: list[Load], cpu: list[float]) -> Standing:
    return Standing(
        name=one.name,
        per_second=statistics.median(load.per_second for load in loads),
        p50_ms=statistics.median(load.p50_ms for load in loads),
        p99_ms=statistics.median(load.p99_ms for load in loads),
        cpu_us=statistics.median(cpu) if one.process else None,
        failed=sum(load.failed for load in loads),
        gaps=gap_count(one),
    )
