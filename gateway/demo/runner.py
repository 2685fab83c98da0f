"""The story of the demo, in order: register, serve, replay, look, outage, replay, look, report.

Everything is done as an operator would: by the command line and over HTTP, never by a shortcut.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.children import Children, DemoError, answers, free_port, wait_for
from gateway.demo.cohorts import Patient, trial_cohort
from gateway.demo.display import Display
from gateway.demo.folder import DemoFolder
from gateway.demo.replay import Replay, clinical_system
from gateway.demo.summary import Outage, Run
from protocols.vocabulary import Arm

PROTOCOL = Path(__file__).resolve().parents[2] / "protocols" / "library" / "breast-recurrence.yaml"
ACTOR = "demo"
GATEWAY = "serve"

OUTAGE_S = 1.0
# Fifteen years of surgery pass in seconds here: at full speed a second would be months without the
# candidate, and the trial would be about the outage. Around it the replay slows down to a pace at
# which one second touches about as many patients in a thousand as a bad day of an arm would.
OUTAGE_PER_S = 10.0
OUTAGE_PATIENTS = 40
OUTAGE_AFTER_S = 0.5

CATCH_UP_S = 60.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of one run."""

    standard_of_care: int
    candidate: int
    gateway: int

    @staticmethod
    def url(port: int) -> str:
        """The address of a port on this machine."""
        return f"http://127.0.0.1:{port}"


class Demo:
    """One run in one folder. The caller has entered `children`, and leaves it whatever happens."""

    def __init__(self, folder: DemoFolder, children: Children, display: Display) -> None:
        self._folder = folder
        self._children = children
        self._display = display
        self._ports = Ports(free_port(), free_port(), free_port())
        self._say = display.say

    def run(self) -> Run:
        """Conduct the whole trial and give what was measured."""
        started_s = time.monotonic()
        registered = self._register()
        self._start_servers()
        run = asyncio.run(self._conduct(str(registered["trial"])))
        self._equipoise("report", "build", "final", "--output", str(self._folder.report))
        self._children.stop(GATEWAY)
        run.seconds = time.monotonic() - started_s
        return run

    def _register(self) -> Mapping[str, object]:
        self._say(f"Registering {PROTOCOL.name}, before any patient is seen.")
        ports = self._ports
        registered = self._equipoise(
            "protocol",
            "register",
            str(PROTOCOL),
            "--standard-of-care-url",
            Ports.url(ports.standard_of_care),
            "--candidate-url",
            Ports.url(ports.candidate),
            "--port",
            str(ports.gateway),
            "--actor",
            ACTOR,
        )
        self._say(f"  {registered['trial']}, {registered['digest']}")
        return registered

    def _start_servers(self) -> None:
        self._say("Starting standard of care, candidate, gateway and mirror, each a process.")
        self._start_arm(Arm.STANDARD_OF_CARE, self._ports.standard_of_care)
        self._start_arm(Arm.CANDIDATE, self._ports.candidate)
        serve = [sys.executable, "-m", "equipoise", "serve", "--folder", str(self._folder.trial)]
        self._children.start(GATEWAY, serve)
        for arm, port in (
            (Arm.STANDARD_OF_CARE, self._ports.standard_of_care),
            (Arm.CANDIDATE, self._ports.candidate),
        ):
            self._wait_for(arm.value, Ports.url(port))
        self._wait_for(GATEWAY, Ports.url(self._ports.gateway) + "/readyz")

    async def _conduct(self, trial: str) -> Run:
        patients = trial_cohort()
        async with clinical_system(Ports.url(self._ports.gateway)) as client:
            replay = Replay(client, trial)
            run = Run(folder=self._folder, patients=len(patients), tally=replay.tally)
            seen = await self._until_interim(replay, patients)
            run.interim = await self._look("interim")
            run.outage = await self._outage(replay, patients[seen : seen + OUTAGE_PATIENTS])
            await self._stretch(replay, patients[seen + OUTAGE_PATIENTS :])
        reason = "the last patient of the cohort was replayed"
        self._say(f"Closing accrual: {reason}.")
        self._equipoise("accrual", "close", "--reason", reason, "--actor", ACTOR)
        run.final = await self._look("final")
        return run

    async def _until_interim(self, replay: Replay, patients: Sequence[Patient]) -> int:
        """Replay until half the information is there; give the number of patients seen."""
        needed = int(self._status()["evaluable_needed"])  # type: ignore[call-overload]
        seen = 0
        missing = needed
        while missing > 0 and seen < len(patients):
            stretch = _with_known_outcomes(patients[seen:], missing)
            await self._stretch(replay, stretch)
            seen += len(stretch)
            missing = needed - int(self._status()["evaluable"])  # type: ignore[call-overload]
        return seen

    async def _stretch(self, replay: Replay, patients: Sequence[Patient]) -> None:
        self._say(f"Replaying {len(patients)} patients, {_years(patients)}.")
        with self._display.patients("answered", len(patients)) as tick:
            await replay.flat_out(patients, tick)
        await self._report_outcomes(replay, patients)

    async def _outage(self, replay: Replay, patients: Sequence[Patient]) -> Outage:
        """Kill the candidate for a second while patients go on coming."""
        self._say(
            f"Killing the candidate (SIGKILL) for {OUTAGE_S:g} s while {len(patients)} patients "
            f"come at {OUTAGE_PER_S:g} per second; the clinic must not notice."
        )
        before = replay.tally.served
        with self._display.patients("answered", len(patients)) as tick:
            asking = asyncio.create_task(replay.paced(patients, OUTAGE_PER_S, tick))
            await asyncio.sleep(OUTAGE_AFTER_S)
            self._children.kill(Arm.CANDIDATE.value)
            killed_s = time.monotonic()
            await asyncio.sleep(OUTAGE_S)
            self._start_arm(Arm.CANDIDATE, self._ports.candidate)
            url = Ports.url(self._ports.candidate)
            await asyncio.to_thread(self._wait_for, Arm.CANDIDATE.value, url)
            back_s = time.monotonic()
            await asking
        served = replay.tally.served - before
        self._say(
            f"  The candidate was away for {back_s - killed_s:.1f} s; the standard of care "
            f"answered {served} of {len(patients)}."
        )
        await self._report_outcomes(replay, patients)
        return Outage(seconds=back_s - killed_s, patients=len(patients), served=served)

    async def _look(self, look: str) -> dict[str, object]:
        self._say(f"Locking the data and running the registered look: {look}.")
        found = await asyncio.to_thread(self._equipoise, "look", "run", look, "--actor", ACTOR)
        self._say(f"  {found['headline']}")
        return found

    async def _report_outcomes(self, replay: Replay, patients: Sequence[Patient]) -> None:
        """Wait until the mirror has asked about every patient so far, then post the outcomes."""
        until = time.monotonic() + CATCH_UP_S
        while not _caught_up(await asyncio.to_thread(self._status), replay.tally.served):
            self._children.check(GATEWAY)
            if time.monotonic() > until:
                raise DemoError(
                    "DEMO_MIRROR",
                    f"the mirror did not catch up in {CATCH_UP_S:g} s; read "
                    f"{self._children.log(GATEWAY)}",
                )
        self._say("The mirror has caught up; posting the outcomes that are known.")
        await replay.report_outcomes(patients)

    def _status(self) -> Mapping[str, object]:
        return self._equipoise("status")

    def _start_arm(self, arm: Arm, port: int) -> None:
        command = [sys.executable, "-m", "gateway.demo.arm", arm.value, "--port", str(port)]
        self._children.start(arm.value, command)

    def _wait_for(self, name: str, url: str) -> None:
        wait_for(lambda: answers(url), self._children, name)

    def _equipoise(self, *arguments: str) -> dict[str, object]:
        """Run one command on the trial's folder and give its JSON."""
        folder = ("--folder", str(self._folder.trial), "--json")
        printed = self._children.run("commands", [*arguments, *folder])
        content = json.loads(printed)
        if not isinstance(content, dict):
            raise DemoError("DEMO_COMMAND", f"equipoise {arguments[0]} printed no JSON object")
        return content


def _caught_up(status: Mapping[str, object], served: int) -> bool:
    """Whether all that was served is on record or a booked gap, and nobody is still to be asked."""
    recorded, gaps = status["recorded"], status["booked_gaps"]
    assert isinstance(recorded, int)  # noqa: S101 - the command's own JSON
    assert isinstance(gaps, int)  # noqa: S101
    return recorded + gaps >= served and status["pending"] == 0


def _with_known_outcomes(patients: Sequence[Patient], n: int) -> Sequence[Patient]:
    """The first patients of whom `n` have a known outcome."""
    known = 0
    for number, patient in enumerate(patients, start=1):
        known += patient.recurrence is not None
        if known == n:
            return patients[:number]
    return patients


def _years(patients: Sequence[Patient]) -> str:
    return f"operated {patients[0].year} to {patients[-1].year}" if patients else "none left"
