"""`equipoise design`: what the registered design does, before any data."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from evaluation.design_tables import (
    bounds_lines,
    power_lines,
    simulation_lines,
    size_lines,
)
from evaluation.planning.document import (
    design_of,
    needing_sizes,
    simulation_of,
    to_bytes,
)
from evaluation.planning.simulating import (
    Run,
    Tally,
    found_in,
    most_needed,
    nothing,
    runs_of,
    tallies,
)
from evaluation.results.design import DesignResults, SimulatedScenario, Simulations
from gateway.store.commands import json_option
from protocols.cli import read_protocol
from protocols.errors import UsageError
from protocols.schema import Protocol
from protocols.schema import Simulation as SimulationPlan

INTERRUPTED = 1
REPORT = "equipoise.design_report"
"""Key of `click.Context.meta` under which the assembly leaves the writer of design reports."""

WriteReport = Callable[[bytes, Path], Path]
Command = TypeVar("Command", bound=Callable[..., object])


def design_options(command: Command) -> Command:
    """PROTOCOL, `--json` and `--output`, which every command has."""
    given: Any = json_option(command)
    given = click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        help="Also write the design report into this folder.",
    )(given)
    found: Command = click.argument("protocol", type=click.Path(path_type=Path))(given)
    return found


@click.group(epilog="Example:  equipoise design boundaries my-trial.yaml")
def design() -> None:
    """Boundaries, power, size and simulation of a protocol, before any data."""


@design.command(epilog="Example:  equipoise design boundaries my-trial.yaml --output ./my-design")
@design_options
def boundaries(protocol: Path, *, output: Path | None, as_json: bool) -> None:
    """Print the bounds of every look on the scales of z, p, effect and conditional power.

    Futility and harm bounds too, and how trials end under the null and the registered effect.
    """
    found = design_of(read_protocol(protocol, as_json=as_json))
    _say(found, bounds_lines(found), output=output, as_json=as_json)


@design.command(epilog="Example:  equipoise design power my-trial.yaml")
@design_options
def power(protocol: Path, *, output: Path | None, as_json: bool) -> None:
    """Print power at the planned pairs over effects and, for paired shares, over discordances.

    Exit status 3: the protocol has no size design, or one that lacks a value.
    """
    plan = read_protocol(protocol, as_json=as_json)
    needing_sizes(plan)
    found = design_of(plan)
    _say(found, power_lines(found), output=output, as_json=as_json)


@design.command(epilog="Example:  equipoise design samplesize my-trial.yaml --json")
@design_options
def samplesize(protocol: Path, *, output: Path | None, as_json: bool) -> None:
    """Print the pairs that every hypothesis needs, and whether the plan is enough.

    Exit status 3: the protocol has no size design, or one that lacks a value.
    """
    plan = read_protocol(protocol, as_json=as_json)
    needing_sizes(plan)
    found = design_of(plan)
    _say(found, size_lines(found), output=output, as_json=as_json)


@design.command(epilog="Example:  equipoise design simulate my-trial.yaml --output ./my-design")
@design_options
def simulate(protocol: Path, *, output: Path | None, as_json: bool) -> None:
    """Run the registered scenarios until their standard error is reached; Ctrl-C ends early.

    Exit status 1: ended early; what was done until then is printed. 3: nothing is registered.
    """
    plan = read_protocol(protocol, as_json=as_json)
    registered = simulation_of(plan)
    simulations = _simulated(plan, registered)
    found = design_of(plan, simulations)
    _say(found, simulation_lines(found), output=output, as_json=as_json)
    if simulations.interrupted:
        click.echo("Ended early: some scenarios have fewer trials than registered.", err=True)
        sys.exit(INTERRUPTED)


def _say(found: DesignResults, lines: Sequence[str], *, output: Path | None, as_json: bool) -> None:
    content = to_bytes(found)
    click.echo(content.decode() if as_json else "\n".join(lines))
    if output is None:
        return
    write: WriteReport | None = click.get_current_context().meta.get(REPORT)
    if write is None:
        raise UsageError("NO_REPORT_HERE", "Call this command as `equipoise design`.")
    page = write(content, output)
    if not as_json:
        click.echo(f"\n{page}")


@dataclass(slots=True)
class Stop:
    """Whether a person asked to end; a second Ctrl-C ends at once."""

    asked: bool = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def _stoppable() -> Iterator[Stop]:
    """Ctrl-C is noted and obeyed between batches, so that no batch counts half."""
    stop = Stop()
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _simulated(plan: Protocol, registered: SimulationPlan) -> Simulations:
    """Every scenario, or what was done of them; progress and time left go to standard error."""
    done: list[SimulatedScenario] = []
    runs = list(runs_of(registered, needing_sizes(plan)))
    most = most_needed(registered)
    with (
        _stoppable() as stop,
        click.progressbar(
            length=len(runs) * most,
            file=sys.stderr,
            show_eta=True,
            hidden=not sys.stderr.isatty(),
        ) as bar,
    ):
        for place, run in enumerate(runs, start=1):
            bar.label = f"{place}/{len(runs)} {run.scenario.name}"
            tally = _run(run, registered, stop, bar.update)
            bar.length = (bar.length or 0) - (most - tally.replicates)  # reached before
            if tally.replicates > 1:
                done.append(found_in(run, tally, registered, interrupted=stop.asked))
            if stop.asked:
                break
    return Simulations(
        seed=registered.seed,
        target_se=registered.target_se,
        most_replicates=registered.most_replicates,
        interrupted=stop.asked,
        scenarios=tuple(done),
    )


def _run(
    run: Run, registered: SimulationPlan, stop: Stop, progress: Callable[[int], None]
) -> Tally:
    """One scenario up to its registered precision, or to the batch in which a person said stop."""
    tally = nothing(run)
    for later in tallies(run, registered):
        progress(later.replicates - tally.replicates)
        tally = later
        if stop.asked:
            break
    return tally
