"""What every command on a trial's folder shares: its options, and the open store."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from gateway.store.engine import Store, open_store
from gateway.store.folder import read_store_location

Command = TypeVar("Command", bound=Callable[..., object])


def folder_option(command: Command) -> Command:
    """`--folder`, required."""
    return click.option(
        "--folder",
        type=click.Path(path_type=Path, file_okay=False),
        required=True,
        help="The trial's folder.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`, given to the command as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def actor_option(command: Command) -> Command:
    """`--actor`, for every command that writes."""
    return click.option(
        "--actor", default=_login_name, show_default="login name", help="Who does this."
    )(command)


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account need not have a name
        return f"uid {os.getuid()}"


@contextmanager
def opened_trial(folder: Path) -> Iterator[tuple[Store, str]]:
    """The store of the trial in `folder`, and the trial's name, until the block ends.

    Raises
    ------
    UsageError
        The folder does not say where the store is.
    StoreError
        The store cannot be opened.
    """
    trial, store_url = read_store_location(folder)
    store = open_store(store_url)
    try:
        yield store, trial
    finally:
        store.close()
