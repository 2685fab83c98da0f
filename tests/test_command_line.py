"""The command line as a newcomer reads it."""

from collections.abc import Iterator

import click
import pytest

from equipoise import cli


def _commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from _commands(command, *path, name)


COMMANDS = dict(_commands(cli))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_says_what_it_does_and_shows_an_example(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    assert f"equipoise {path}" in (command.epilog or "")


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_of_a_command_is_explained(path: str) -> None:
    options = [one for one in COMMANDS[path].params if isinstance(one, click.Option)]
    assert not [one.name for one in options if not one.help]
