"""`equipoise design simulate` at work: both engines, progress, an early end, records in a file."""

import csv
import math
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from evaluation.design.simulation.families import FamilyRecords
from evaluation.design.simulation.trials import Records
from evaluation.planning.conducts import clock_notes
from evaluation.planning.document import needing_sizes
from evaluation.planning.generated import Cast
from evaluation.planning.rehearsal import BLOCK as TRIALS
from evaluation.planning.rehearsal import Trial, casts_of, waves
from evaluation.planning.rehearsed import found_in_trials, together_in_trials
from evaluation.planning.simulating import (
    Run,
    Tally,
    found_in,
    joint_tallies,
    most_needed,
    runs_of,
    shared_tallies,
)
from evaluation.planning.together import Joint, JointTally, found_together, joints_of
from evaluation.planning.workers import Hand, hands
from evaluation.results.design import SimulatedScenario, SimulatedTogether, Simulations
from protocols.errors import UsageError
from protocols.schema import Protocol as Registered
from protocols.schema import Simulation

PACKAGES = ("equipoise", "numpy", "scipy", "statsmodels")
COLUMNS = ("scenario", "tried", "hypothesis", "replicate", "look", "end", "evaluable_pairs", "z",
           "estimate", "standard_error", "harm_signal_pairs", "alarm_pairs")  # fmt: skip
ALARMS = (
    "Rules between looks are watched with --full alone. Whether one of their alarms is false "
    "depends on the rule's limit, about which no scenario says anything."
)
MIX = "The mix of fates is not watched: in simulated trials every asking is answered."
T = TypeVar("T")
TOO_FEW = 2  # without two trials there is no standard error


@dataclass(frozen=True, slots=True)
class Asked:
    """How to run; `workers` None is one process, or all processors for whole trials."""

    full: bool
    workers: int | None
    backend: str
    records: Path | None

    @property
    def hands(self) -> int:
        return self.workers or ((os.cpu_count() or 1) if self.full else 1)


@dataclass(slots=True)
class Stop:
    """Whether a person asked to end; a second Ctrl-C ends at once."""

    asked: bool = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@dataclass(slots=True)
class _Desk:
    """Where the work is done and shown; `write` takes rows of the records file."""

    plan: Simulation
    asked: Asked
    stop: Stop
    hand: Hand
    bar: Any
    write: Callable[[Iterable[Sequence[object]]], None] | None
    of: int
    place: int = 0

    def last(
        self, found: Iterator[T], label: str, *, most: int, size: Callable[[T], int]
    ) -> T | None:
        """The last of what comes, until a person says stop; the bar follows."""
        self.place += 1
        self.bar.label = f"{self.place}/{self.of} {label}"
        latest, seen = None, 0
        if not self.stop.asked:
            for latest in found:
                self.bar.update(size(latest) - seen)
                seen = size(latest)
                if self.stop.asked:
                    break
        self.bar.length = max((self.bar.length or 0) - (most - seen), 1)  # reached before
        return latest


def simulated(protocol: Registered, plan: Simulation, asked: Asked) -> Simulations:
    """Every scenario, or what was done of them; progress and time left go to standard error.

    Raises `DocumentError(DESIGN_INCOMPLETE)` for gaps, `UsageError` where the records file is
    there already, where dask is not installed, or where no trial can be made at all.
    """
    run = _rehearsed if asked.full else _walked
    with ExitStack() as stack:
        stop = stack.enter_context(_stoppable())
        write = stack.enter_context(_file(asked.records)) if asked.records else None
        hand = stack.enter_context(hands(asked.hands, asked.backend))
        bar = click.progressbar(
            length=1, file=sys.stderr, show_eta=True, hidden=not sys.stderr.isatty()
        )
        desk = _Desk(plan, asked, stop, hand, stack.enter_context(bar), write, of=0)
        alone, joint, notes = run(protocol, desk)
    return Simulations(
        engine="full" if asked.full else "statistics",
        versions=versions(),
        seed=plan.seed,
        target_se=plan.target_se,
        most_replicates=plan.most_replicates,
        interrupted=stop.asked,
        scenarios=tuple(alone),
        together=tuple(joint),
        notes=(
            *notes,
            *([MIX] if protocol.fate_mix else []),
            *clock_notes(protocol, full=asked.full),
        ),
    )


Found = tuple[list[SimulatedScenario], list[SimulatedTogether], list[str]]


def versions() -> dict[str, str]:
    """Of what computed the numbers."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a folder of sources
            continue
    return found


def _walked(protocol: Registered, desk: _Desk) -> Found:
    """Sufficient statistics: each hypothesis by itself, then all of them together."""
    sized = needing_sizes(protocol)
    designs = [(design, size) for design, size in sized if not design.equivalence]
    notes = [
        f"{design.id} is an equivalence: two tests at once, which --full alone simulates."
        for design, _ in sized
        if design.equivalence
    ]
    runs, (joints, why) = list(runs_of(desk.plan, designs)), joints_of(desk.plan, protocol)
    notes += [*why, *([ALARMS] if protocol.anytime_safety else [])]
    most, plan, hand = most_needed(desk.plan), desk.plan, desk.hand
    desk.of = len(runs) + len(joints)
    desk.bar.length = desk.of * most
    ended: list[tuple[Run, Tally, Simulation, bool]] = []
    for run in runs:
        found = shared_tallies(run, plan, hand=hand, workers=desk.asked.hands, sink=_sink(desk))
        tally = desk.last(found, run.scenario.name, most=most, size=_replicates)
        if tally is not None and tally.replicates >= TOO_FEW:
            ended.append((run, tally, plan, desk.stop.asked))
    together = []
    for joint in joints:
        waves_of = joint_tallies(
            joint, plan, hand=hand, workers=desk.asked.hands, sink=_joint_sink(desk)
        )
        all_of = desk.last(waves_of, joint.family.name, most=most, size=_replicates)
        if all_of is not None and all_of.replicates >= TOO_FEW:
            together.append(found_together(joint, all_of, plan, interrupted=desk.stop.asked))
    return hand(_found, ended), together, notes


def _found(run: Run, tally: Tally, plan: Simulation, interrupted: bool) -> SimulatedScenario:
    return found_in(run, tally, plan, interrupted=interrupted)


def _replicates(tally: Tally | JointTally) -> int:
    return tally.replicates


def _rehearsed(protocol: Registered, desk: _Desk) -> Found:
    """Whole trials; hypotheses whose encounters are the same are in the same ones."""
    notes: list[str] = []
    casts: list[Cast] = []
    for scenario in desk.plan.scenarios:
        made, why = casts_of(protocol, scenario)
        casts += made
        notes += why
    if not casts:
        raise UsageError("REHEARSAL_NOTHING", " ".join(notes))
    blocks = math.ceil(0.25 / desk.plan.target_se**2 / TRIALS)
    most = min(desk.plan.most_replicates, blocks * TRIALS)
    desk.of = len(casts)
    desk.bar.length = desk.of * most
    alone: list[SimulatedScenario] = []
    joint: list[SimulatedTogether] = []
    for cast in casts:
        found = waves(cast, desk.plan, hand=desk.hand, workers=desk.asked.hands)
        label = f"{cast.scenario.id}:{'+'.join(cast.ids)}"
        trials = desk.last(_written(desk, cast, found), label, most=most, size=len) or []
        if len(trials) < TOO_FEW:
            continue
        cut = desk.stop.asked
        alone += found_in_trials(cast, trials, desk.plan, interrupted=cut)
        whole = together_in_trials(cast, trials, desk.plan, interrupted=cut)
        joint += [whole] if whole is not None else []
    return alone, joint, notes


def _written(desk: _Desk, cast: Cast, found: Iterator[list[Trial]]) -> Iterator[list[Trial]]:
    """The same waves, each into the records file as it comes."""
    seen = 0
    for trials in found:
        if desk.write is not None:
            desk.write(row for trial in trials[seen:] for row in _trial_rows(cast, trial))
        seen = len(trials)
        yield trials


@contextmanager
def _stoppable() -> Iterator[Stop]:
    """Ctrl-C is noted and obeyed between batches, so that no batch counts half."""
    stop = Stop()
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _file(path: Path) -> Iterator[Callable[[Iterable[Sequence[object]]], None]]:
    """A new CSV file with its head; what was written before an early end stays."""
    try:
        file = path.open("x", encoding="utf-8", newline="")
    except FileExistsError as problem:
        message = f"{path} is there already: records are written to a new file."
        raise UsageError("RECORDS_EXIST", message) from problem
    except OSError as problem:
        message = f"{path} cannot be written: {problem.strerror}. Name another with --records."
        raise UsageError("RECORDS_UNWRITABLE", message) from problem
    with file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)

        def write(rows: Iterable[Sequence[object]]) -> None:
            writer.writerows(rows)
            file.flush()

        yield write


def _sink(desk: _Desk) -> Callable[[Run, int, Records], None] | None:
    write = desk.write
    if write is None:
        return None
    return lambda run, first, records: write(_walk_rows(run, first, records))


def _walk_rows(run: Run, first: int, records: Records) -> Iterator[Sequence[object]]:
    planned = run.sized.planned
    for row in range(len(records)):
        place, look, told = (
            int(column[row]) for column in (records.pattern, records.look, records.signal)
        )
        pattern = run.scenario.patterns[place]
        harmed = told == look and run.design.harm_ends
        end = _end(bool(records.rejected[row]), bool(records.futile[row]), harmed)
        yield (
            run.asked.id, "alone", run.design.id, first + row, look + 1, end,
            f"{planned * pattern[look]:.12g}", repr(float(records.z[row])), "", "",
            f"{planned * pattern[told]:.12g}" if told >= 0 else "", "",
        )  # fmt: skip


def _joint_sink(desk: _Desk) -> Callable[[Joint, int, FamilyRecords], None] | None:
    write = desk.write
    if write is None:
        return None
    return lambda joint, first, records: write(_joint_rows(joint, first, records))


def _joint_rows(joint: Joint, first: int, records: FamilyRecords) -> Iterator[Sequence[object]]:
    """One for each hypothesis of a trial, at the look that showed it or else at the last one."""
    scenarios = joint.family.scenarios
    for row in range(len(records)):
        place, last = int(records.pattern[row]), int(records.look[row])
        for j, (code, planned) in enumerate(zip(joint.codes, joint.planned, strict=True)):
            shown = int(records.shown[row, j])
            look = shown if shown >= 0 else last
            end = "claim" if records.claimed[row, j] else ("shown" if shown >= 0 else "not_shown")
            pairs = planned * scenarios[j].patterns[place][look]
            yield (
                joint.asked.id, "together", code, first + row, look + 1, end,
                f"{pairs:.12g}", "", "", "", "", "",
            )  # fmt: skip


def _end(claimed: bool, stopped: bool, harmed: bool) -> str:
    if claimed:
        return "claim"
    if not stopped:
        return "last_look"
    return "harm" if harmed else "futility"


def _trial_rows(cast: Cast, trial: Trial) -> Iterator[Sequence[object]]:
    tried = "together" if len(cast.ids) > 1 else "alone"
    for code, end in zip(cast.ids, trial.ends, strict=True):
        known = end.estimate is not None and end.information
        yield (
            cast.scenario.id, tried, code, end.number, end.look + 1,
            _end(end.claimed, end.futile or end.harmful, end.harmful), end.evaluable, "",
            repr(end.estimate) if known else "",
            repr(1 / math.sqrt(end.information)) if known and end.information else "",
            _or_empty(end.harm_after), _or_empty(end.alarm_after),
        )  # fmt: skip


def _or_empty(value: int | None) -> object:
    return "" if value is None else value
