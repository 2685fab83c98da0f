"""Who is measured: the arm itself, our gateway, the textbook's, nginx `mirror`, Envoy if there."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import nginx_mirror, python, running
from gateway.demo.children import free_port
from gateway.journal_reader import gaps
from gateway.store.capture import register
from gateway.store.engine import open_store
from tests.support.example_protocol import example_protocol
from tests.support.gateway import make_folder

BUDGET_MS = 250
"""The capture budget here: a busy machine must not turn the comparison into one of gaps."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that takes requests. `folder` is set for our gateway."""

    name: str
    port: int
    path: str
    process: "subprocess.Popen[bytes] | None" = None
    folder: Path | None = None

    def cpu_ms(self) -> float:
        """Say how much processor time the answering process has used (Linux only)."""
        if self.process is None:
            return 0.0
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 10.0


@contextmanager
def our_gateway(
    folder: Path, soc_port: int, candidate_url: str, *, mirror: bool, name: str = "Equipoise"
) -> Iterator[Contender]:
    """Run our gateway, and its mirror too unless the candidate is off."""

    def edit(document: dict[str, Any]) -> None:
        document["setting"]["capture"]["budget_ms"] = BUDGET_MS

    protocol = example_protocol(edit)
    make_folder(
        folder,
        standard_of_care_url=f"http://127.0.0.1:{soc_port}/",
        candidate_url=candidate_url,
        protocol=protocol,
        store=True,
    )
    settings = json.loads((folder / "equipoise.json").read_text())
    store = open_store(settings["store_url"])
    register(store, protocol, "benchmark", actor="benchmark", at_us=1)
    store.close()
    where = ("--folder", str(folder))
    with ExitStack() as stack:
        command = python("gateway.serve", *where, "--only", "gateway")
        port = settings["port"]
        process = stack.enter_context(running(command, folder / "gateway.log", port=port))
        if mirror:
            stack.enter_context(_mirror(folder, where))
        path = f"/v1/trials/{settings['trial']}/decisions"
        yield Contender(name, port, path, process, folder)


@contextmanager
def _mirror(folder: Path, where: tuple[str, str]) -> Iterator[None]:
    with (folder / "mirror.log").open("ab") as log:
        process = subprocess.Popen(python("gateway.mirror", *where), stdout=log, stderr=log)
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError(f"the mirror ended: {(folder / 'mirror.log').read_text()[-2000:]}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def gap_count(contender: Contender) -> int:
    """Count the answers that left unconfirmed."""
    if contender.folder is None:
        return 0
    return sum(len(gaps(path)) for path in (contender.folder / "gaps").glob("gaps-*.jsonl"))


@contextmanager
def textbook(folder: Path, soc_port: int, candidate_port: int) -> Iterator[Contender]:
    """Run the gateway that one would write first (`benchmarks.textbook`)."""
    port = free_port()
    command = python(
        "benchmarks.textbook",
        *("--primary", f"http://127.0.0.1:{soc_port}/"),
        *("--candidate", f"http://127.0.0.1:{candidate_port}/"),
        *("--database", str(folder / "textbook.sqlite"), "--port", str(port)),
    )
    with running(command, folder / "textbook.log", port=port) as process:
        yield Contender("textbook (FastAPI + httpx + BackgroundTasks)", port, "/decisions", process)


@contextmanager
def proxies(folder: Path, soc_port: int, candidate_port: int) -> Iterator[list[Contender]]:
    """Run the proxies that this machine has."""
    with ExitStack() as stack:
        found = []
        if shutil.which("nginx"):
            port = stack.enter_context(nginx_mirror(folder, soc_port, candidate_port))
            found.append(Contender("nginx mirror (stores nothing)", port, "/"))
        envoy = shutil.which("envoy") or shutil.which(
            "envoy", path=str(Path(sys.executable).parent)
        )
        if envoy:
            port = stack.enter_context(_envoy(envoy, folder, soc_port, candidate_port))
            found.append(Contender("Envoy request_mirror_policies (stores nothing)", port, "/"))
        yield found


@contextmanager
def _envoy(binary: str, folder: Path, soc_port: int, candidate_port: int) -> Iterator[int]:
    port = free_port()
    config = folder / "envoy.json"
    config.write_text(json.dumps(_envoy_config(port, soc_port, candidate_port)))
    command = [binary, "-c", str(config), "--concurrency", "1", "--log-level", "error"]
    with running(command, folder / "envoy.log", port=port):
        yield port


def _envoy_config(port: int, soc_port: int, candidate_port: int) -> dict[str, Any]:
    base = "type.googleapis.com/envoy.extensions.filters"
    router = {"name": "envoy.filters.http.router", "typed_config": {}}
    router["typed_config"] = {"@type": f"{base}.http.router.v3.Router"}
    route = {
        "match": {"prefix": "/"},
        "route": {"cluster": "soc", "request_mirror_policies": [{"cluster": "candidate"}]},
    }
    manager = {
        "@type": f"{base}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "http_filters": [router],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    return {
        "static_resources": {
            "listeners": [{"address": _address(port), "filter_chains": [chain]}],
            "clusters": [_cluster("soc", soc_port), _cluster("candidate", candidate_port)],
        }
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name: str, port: int) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(port)}}
    return {
        "name": name,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }
