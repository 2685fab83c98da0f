"""`equipoise design`: what the registered design does, before any data."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from evaluation.design_tables import (
    bounds_lines,
    power_lines,
    size_lines,
)
from evaluation.planning.document import (
    design_of,
    needing_sizes,
    simulation_of,
    to_bytes,
)
from evaluation.planning.workers import BACKENDS
from evaluation.results.design import DesignResults
from evaluation.simulation_run import Asked, simulated
from evaluation.simulation_tables import simulation_lines
from gateway.store.commands import json_option
from protocols.cli import read_protocol
from protocols.errors import UsageError

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
    found = _sized(protocol, as_json=as_json)
    _say(found, power_lines(found), output=output, as_json=as_json)


@design.command(epilog="Example:  equipoise design samplesize my-trial.yaml --json")
@design_options
def samplesize(protocol: Path, *, output: Path | None, as_json: bool) -> None:
    """Print the pairs that every hypothesis needs, and whether the plan is enough.

    Exit status 3: the protocol has no size design, or one that lacks a value.
    """
    found = _sized(protocol, as_json=as_json)
    _say(found, size_lines(found), output=output, as_json=as_json)


def _sized(protocol: Path, *, as_json: bool) -> DesignResults:
    plan = read_protocol(protocol, as_json=as_json)
    needing_sizes(plan)
    return design_of(plan)


@design.command(epilog="Example:  equipoise design simulate my-trial.yaml --output ./my-design")
@click.option("--full", is_flag=True, help="Whole trials on generated encounters, as conducted.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes at once. Without: 1, or with --full all processors.",
)
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default="joblib",
    show_default=True,
    help="Who does the work; dask is an extra: equipoise[dask].",
)
@click.option(
    "--records",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write every replicate into this new CSV file.",
)
@design_options
def simulate(
    protocol: Path,
    *,
    output: Path | None,
    as_json: bool,
    full: bool,
    workers: int | None,
    backend: str,
    records: Path | None,
) -> None:
    """Run the registered scenarios until their standard error is reached; Ctrl-C ends early.

    The numbers are the same for any number of workers. Exit status 1: ended early; what was done
    until then is printed. 3: nothing is registered.
    """
    plan = read_protocol(protocol, as_json=as_json)
    registered = simulation_of(plan)
    simulations = simulated(plan, registered, Asked(full, workers, backend, records))
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
