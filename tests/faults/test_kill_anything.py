"""SIGKILL the gateway, the mirror or both at any moment: no served answer is missing or double.

Real processes, real sockets, real files. The clients do what clinical systems do: each request has
an idempotency key and is sent again until it is answered.
"""

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.demo.children import free_port
from gateway.store.reads import completeness, deviations, epochs
from gateway.store.tables import Encounter, Gap
from tests.support.arms import running_arm
from tests.support.trial_folder import (
    CANDIDATE_IDENTITY,
    ROOT,
    TrialFolder,
    make_folder,
    wait_until,
)

CLIENTS = 6
Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class Clients:
    """Clinical systems under way. `answered` maps an encounter to the pair of its answer."""

    port: int
    path: str
    answered: dict[str, str] = field(default_factory=dict)
    broken: int = 0
    wrong: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def work(self, name: str) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            encounter = f"{name}-{number}"
            pair_id = self._ask(encounter)
            while pair_id is None and not self.stopping.is_set():
                self.broken += 1
                time.sleep(0.02)
                pair_id = self._ask(encounter)
            if pair_id is not None:
                self.answered[encounter] = pair_id

    def _ask(self, encounter: str) -> str | None:
        inputs = {"age": 70, "sex": "female"}
        body = json.dumps({"subject": "s", "encounter": encounter, "inputs": inputs})
        headers = {"content-type": "application/json", "idempotency-key": encounter}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", self.path, body, headers)
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if reply.status != http.HTTPStatus.OK:
            self.wrong.append(f"{reply.status}")
            return None
        pair_id: str = json.loads(content)["pair_id"]
        return pair_id


@contextmanager
def _clients(folder: TrialFolder) -> Iterator[Clients]:
    clients = Clients(folder.settings.port, f"/v1/trials/{folder.trial}/decisions")
    threads = [
        threading.Thread(target=clients.work, args=(f"c{n}",), daemon=True) for n in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        clients.stopping.set()
        for thread in threads:
            thread.join(30)


@dataclass(slots=True)
class Service:
    """Gateway and mirror as a service manager runs them: what is killed is started again."""

    folder: TrialFolder
    running: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str) -> None:
        module = {"gateway": ["gateway.serve", "--only", "gateway"], "mirror": ["gateway.mirror"]}
        command = [sys.executable, "-m", *module[name], "--folder", str(self.folder.path)]
        with (self.folder.path / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(command, cwd=ROOT, stderr=log, stdout=log)

    def kill(self, victims: tuple[str, ...]) -> None:
        for name in victims:
            self.running[name].kill()
        for name in victims:
            self.running[name].wait(10)
            self.start(name)

    def stop(self, name: str) -> int:
        self.running[name].terminate()
        return self.running[name].wait(30)

    def end(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
                process.wait(10)


def _answers_come(clients: Clients) -> None:
    before = len(clients.answered)
    wait_until(lambda: len(clients.answered) > before + CLIENTS, longest_s=30)


def _run(folder: TrialFolder, *, kills: int, seed: int) -> Clients:
    chance = random.Random(seed)
    service = Service(folder)
    try:
        service.start("gateway")
        service.start("mirror")
        with _clients(folder) as clients:
            for _ in range(kills):
                _answers_come(clients)
                time.sleep(chance.uniform(0.0, 0.6))
                service.kill(chance.choice((("gateway",), ("mirror",), ("gateway", "mirror"))))
            _answers_come(clients)
        assert service.stop("gateway") == 0
        wait_until(lambda: _nothing_pending(folder), longest_s=60)
        assert service.stop("mirror") == 0
    finally:
        service.end()
    return clients


def _nothing_pending(folder: TrialFolder) -> bool:
    store = folder.store()
    try:
        found = completeness(store, folder.trial)
        known = epochs(store, folder.trial)
        closed = bool(known) and max(known, key=lambda row: row.epoch).closed
    finally:
        store.close()
    return closed and not found.in_flight and "pending" not in found.fates["candidate"]


def _check(folder: TrialFolder, clients: Clients) -> dict[str, object]:
    store = folder.store()
    with store.session() as session:
        recorded = session.exec(select(Encounter.pair_id, Encounter.encounter)).all()
        gaps = set(session.exec(select(Gap.pair_id)).all())
    found = completeness(store, folder.trial)
    codes = Counter(deviation.code for deviation in deviations(store, folder.trial))
    counts: dict[str, object] = {
        "epochs": len(epochs(store, folder.trial)),
        "answers received": len(clients.answered),
        "requests that broke": clients.broken,
        "recorded": len(recorded),
        "recorded but not delivered": len(recorded) - len(clients.answered),
        "booked gaps without a row": found.booked_gaps,
        "numbers of requests cut off": len(found.unexplained),
        "fates": found.fates,
        "deviations": dict(codes),
    }
    store.close()
    pairs = {pair_id for pair_id, _ in recorded}
    missing = set(clients.answered.values()) - pairs
    assert missing <= gaps, f"served and not on record: {len(missing - gaps)} of {counts}"
    assert len(pairs) == len(recorded) == len({encounter for _, encounter in recorded}), counts
    # A request that was under way at the kill got no answer; its number may be missing, named.
    assert found.accepted == len(recorded) + found.booked_gaps + len(found.unexplained), counts
    assert codes["SEQUENCE_GAP"] <= len(found.unexplained), counts
    soc = folder.observations("standard_of_care")
    candidate = folder.observations("candidate")
    assert set(soc) == set(candidate) == pairs, counts
    assert set(found.fates["candidate"]) == {"answered"}, counts
    assert clients.wrong == [], counts
    return counts


@pytest.mark.parametrize(
    "kills", [4, pytest.param(30, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_no_served_answer_is_lost_or_double_whatever_is_killed(
    kills: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_arm() as soc, running_arm(identity=CANDIDATE_IDENTITY) as candidate:
        folder = make_folder(
            tmp_path,
            standard_of_care_url=soc.url,
            candidate_url=candidate.url,
            port=free_port(),
            mirror={"keep_closed_s": 86_400},
        )
        counts = _check(folder, _run(folder, kills=kills, seed=20261120))
    askings = Counter(asked.headers["x-equipoise-pair-id"] for asked in candidate.asked)
    counts["pairs asked again after a kill"] = sum(n > 1 for n in askings.values())
    with capsys.disabled():
        sys.stdout.write(f"\n{kills} kills: {json.dumps(counts)}\n")
