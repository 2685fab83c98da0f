"""The command line. It only assembles the rooms' own commands, each imported when it is called."""

import importlib
import sys

import click

from protocols.errors import EquipoiseError

COMMANDS = {
    # name: (module, attribute, one line for --help)
    "demo": ("gateway.demo.cli", "demo", "Run a whole trial on real patients, on this machine."),
    "protocol": ("protocols.cli", "protocol", "Lint, show, digest or register a protocol."),
    "serve": ("gateway.cli", "serve", "Start the gateway and the mirror."),
    "status": ("gateway.cli", "status", "Say how a trial stands: accepted, recorded, pending."),
    "outcomes": ("gateway.cli", "outcomes", "Import outcomes from a CSV file."),
    "look": ("evaluation.cli", "look", "Lock and run a registered look, or show one."),
    "accrual": ("gateway.cli", "accrual", "Declare accrual closed."),
    "report": ("reports.cli", "report", "Build the report of a look."),
}

# A group whose commands live in two rooms: registering writes to the store.
GUESTS = {"protocol": (("gateway.cli", "register"),)}


def _load(module: str, attribute: str) -> click.Command:
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)  # noqa: S101 - a broken assembly, not input
    return command


class LazyGroup(click.Group):
    """Knows every command's name and line, and imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = _load(module, attribute)
        for guest_module, guest in GUESTS.get(cmd_name, ()):
            assert isinstance(command, click.Group)  # noqa: S101 - a broken assembly, not input
            command.add_command(_load(guest_module, guest))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.command(cls=LazyGroup, epilog="Example:  equipoise demo --folder ./first-trial")
@click.version_option(package_name="equipoise")
def cli() -> None:
    """Equipoise: shadow evaluation of a candidate algorithm beside the standard of care."""


def main() -> None:
    """Run the command line; every error of ours ends in one sentence, a code and an exit status."""
    try:
        cli(prog_name="equipoise")
    except EquipoiseError as error:
        click.echo(f"equipoise: {error.code}: {error}", err=True)
        sys.exit(error.exit_status)
