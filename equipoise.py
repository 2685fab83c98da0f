"""The command line. It only assembles the rooms' own commands, each imported when it is called."""

import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from protocols.errors import EquipoiseError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is written, and its one line in --help."""

    module: str
    attribute: str
    line: str

    def load(self) -> click.Command:
        command = getattr(importlib.import_module(self.module), self.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.module}.{self.attribute} is not a command")
        return command


COMMANDS = {
    "demo": Place(
        "gateway.demo.cli", "demo", "Run a whole trial on real patients, on this machine."
    ),
    "protocol": Place("protocols.cli", "protocol", "Lint, show, digest or register a protocol."),
    "serve": Place("gateway.cli", "serve", "Start the gateway, the mirror and the safety watch."),
    "status": Place("gateway.cli", "status", "Say how a trial stands: recorded, pending, due."),
    "outcomes": Place("gateway.cli", "outcomes", "Import outcomes from a CSV file."),
    "accrual": Place("gateway.cli", "accrual", "Declare accrual closed."),
    "methods": Place("evaluation.methods_cli", "methods", "List what a protocol can register."),
    "design": Place(
        "evaluation.design_cli", "design", "Boundaries, power, size and simulation of a protocol."
    ),
    "safety": Place(
        "evaluation.safety_cli", "safety", "Read safety rules between looks; resume after a pause."
    ),
    "look": Place("evaluation.cli", "look", "Lock and run a registered look; show or verify it."),
    "report": Place("reports.cli", "report", "Build the report of a look."),
}

# What `equipoise design --output` finds in click's `Context.meta`.
DESIGN_REPORT = "equipoise.design_report"

# Registering writes to the trial store, and the room of the protocols may import only itself.
REGISTER = {"register": Place("gateway.cli", "register", "Register a protocol into a folder.")}


class LazyGroup(click.Group):
    """Knows its commands' names and lines, and imports one only when it is called."""

    def __init__(self, places: Mapping[str, Place], **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type] # passed through to click as it came
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self._places, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._places:
            return super().get_command(ctx, cmd_name)
        command = self._places[cmd_name].load()
        return _with_register(command) if cmd_name == "protocol" else command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, place.line) for name, place in self._places.items()]
        rows += [(name, own.get_short_help_str()) for name, own in sorted(self.commands.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _with_register(protocol: click.Command) -> click.Command:
    assert isinstance(protocol, click.Group)  # noqa: S101 - a broken assembly, not bad input
    return LazyGroup(
        REGISTER,
        name=protocol.name,
        commands=protocol.commands,
        help=protocol.help,
        epilog=protocol.epilog,
    )


@click.command(
    cls=LazyGroup, places=COMMANDS, epilog="Example:  equipoise demo --folder ./first-trial"
)
@click.version_option(package_name="equipoise")
@click.pass_context
def cli(context: click.Context) -> None:
    """Equipoise: shadow evaluation of a candidate algorithm beside the standard of care."""
    context.meta[DESIGN_REPORT] = _write_design_report


def _write_design_report(design: bytes, output: Path) -> Path:
    """Handed over here, because the room of the evaluation may not import that of the reports."""
    from reports.build import PAGE, build_design_report

    build_design_report(design, output)
    return output / PAGE


def main() -> None:
    """Run the command line; every error of ours ends in one sentence, a code and an exit status."""
    # Read when numpy is first imported, by a command. Our matrices are small: on a busy machine
    # threads that wait for each other double the processor time of a look.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        cli(prog_name="equipoise")
    except EquipoiseError as error:
        click.echo(f"equipoise: {error.code}: {error}", err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
