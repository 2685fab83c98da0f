"""`python -m benchmarks [evaluation|designs] [--quick]`: measure, and write RESULTS.md.

Without a word it is the gateway that is measured. Read ratios, not numbers.
"""

import argparse
import os
import platform
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import designs, evaluation, matrix, throughput, transports
from benchmarks.parts import write_part

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Run what was asked for and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("gateway", "evaluation", "designs"), default="gateway"
    )
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--only", choices=("transports", "matrix"), help="print one table")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write the results")
    options = parser.parse_args()
    if options.what == "evaluation":
        evaluation.report(options.output, quick=options.quick)
        return
    if options.what == "designs":
        designs.report(options.output, quick=options.quick)
        return
    rounds, seconds = (1, 2.0) if options.quick else (5, 4.0)
    if options.only == "transports":
        print("\n".join(_transports(transports.measure(rounds=rounds, seconds=seconds / 2))))
        return
    if options.only == "matrix":
        print("\n".join(_matrix(matrix.measure(rounds=rounds, seconds=seconds))))
        return
    ways = transports.measure(rounds=rounds, seconds=seconds / 2)
    standings = throughput.measure(rounds=rounds, seconds=seconds)
    cases = matrix.measure(rounds=rounds, seconds=seconds)
    lines = [*_head(rounds, seconds), *_throughput(standings), *_matrix(cases), *_transports(ways)]
    write_part(options.output, lines)
    print(options.output.read_text(encoding="utf-8"))


def _head(rounds: int, seconds: float) -> list[str]:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return [
        "# What was measured",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {rounds} interleaved round(s) of {seconds:g} s, medians. "
        f"{os.cpu_count()} processors shared by load, arms and contenders; load average {load}; "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {_version('nginx', '-v')}, "
        f"load by {'wrk' if shutil.which('wrk') else 'our own generator'}.",
        "Ratios within one run can be compared; numbers of different runs or machines cannot.",
        "",
    ]


def _version(program: str, flag: str) -> str:
    if shutil.which(program) is None:
        return f"no {program}"
    said = subprocess.run([program, flag], capture_output=True, text=True, check=False)
    return (said.stdout + said.stderr).strip().rpartition(" ")[2]


def _throughput(standings: list[throughput.Standing]) -> list[str]:
    rate = {one.name: one.per_second for one in standings}
    nginx = next((one.per_second for one in standings if one.name.startswith("nginx")), None)
    book = next(one.per_second for one in standings if one.name.startswith("textbook"))
    lines = [
        "## Decisions a second",
        "",
        f"{throughput.CONNECTIONS} connections, each as fast as it is answered; one process each; "
        "the same static arms. Ours syncs every row before its answer; the proxies store nothing.",
        "",
        "| who | a second | p50 ms | p99 ms | CPU µs each | × textbook | ÷ nginx mirror | not 200 |"
        " gaps |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in standings:
        cpu = "" if one.cpu_us is None else f"{one.cpu_us:.0f}"
        beside = "" if nginx is None else f"{rate[one.name] / nginx:.2f}"
        lines.append(
            f"| {one.name} | {one.per_second:.0f} | {one.p50_ms:.1f} | {one.p99_ms:.1f} | {cpu} | "
            f"{rate[one.name] / book:.1f} | {beside} | {one.failed} | {one.gaps} |"
        )
    return [*lines, ""]


def _matrix(cases: list[matrix.Case]) -> list[str]:
    off = cases[0]
    lines = [
        "## What a candidate changes for the clinician",
        "",
        f"{matrix.RATE:g} requests/s over {matrix.CONNECTIONS} kept connections. Times are the "
        "whole request's, from the moment it was due. `changed`: answers whose standard-of-care "
        "bytes were not those of the arm. Candidates run on the same processors at the lowest "
        "priority: a hospital's candidate has a machine of its own. `huge` answers 100 MB and says "
        "so, `undeclared` answers 100 MB in chunks.",
        "",
        "| candidate | requests | p50 ms | Δ p50 | p99 ms | Δ p99 | not 200 | changed | gaps |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {one.n} | {one.p50_ms:.2f} | {one.p50_ms - off.p50_ms:+.2f} | "
        f"{one.p99_ms:.2f} | {one.p99_ms - off.p99_ms:+.2f} | {one.failed} | {one.changed} | "
        f"{one.gaps} |"
        for one in cases
    ]
    return [*lines, ""]


def _transports(ways: dict[str, float]) -> list[str]:
    own = next(iter(ways.values()))
    lines = [
        "## How an arm is asked",
        "",
        f"{transports.AT_A_TIME} askings at a time from one process.",
        "",
        "| how | askings a second | ratio |",
        "|---|---|---|",
    ]
    return [*lines, *(f"| {name} | {rate:.0f} | {rate / own:.1f} |" for name, rate in ways.items())]


if __name__ == "__main__":
    main()
