"""The gateway's commands: register, serve, status, outcomes import, accrual close."""

import json
import os
import sys
import time
from pathlib import Path

import click

from gateway.access import Tokeniser, read_subject_key
from gateway.mirror.heartbeat import HEARTBEAT_FILE, read_heartbeat
from gateway.outcome_files import ImportReceipt, OutcomeFile, import_outcomes
from gateway.registering import Addresses, Registered, read_document, register_into
from gateway.settings import subject_key_path
from gateway.status import read_status
from gateway.status_text import status_document, status_lines
from gateway.store.capture import close_accrual
from gateway.store.commands import actor_option, folder_option, json_option, opened_trial
from gateway.store.reads import protocol_in_force
from gateway.store.watch_beat import WATCH_FILE, read_watch_beat
from gateway.timestamps import rfc3339
from protocols.errors import DocumentError, Finding, UsageError
from protocols.load import Checked, render_finding

PROGRESS_LINES = 5000

FILE = click.Path(path_type=Path, dir_okay=False)


def _now_us() -> int:
    return time.time_ns() // 1000


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))


@click.command(
    epilog="Example:  equipoise protocol register my-trial.yaml --folder ./my-trial"
    " --standard-of-care-url https://score.example/ --candidate-url https://model.example/"
)
@click.argument("file", type=FILE)
@folder_option
@click.option("--standard-of-care-url", help="Where the standard of care answers.")
@click.option("--candidate-url", help="Where the candidate answers.")
@click.option("--store-url", help="sqlite:///… or postgresql+pg8000://…; default: in the folder.")
@click.option("--host", help="Address on which the gateway listens.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port on which it listens.")
@actor_option
@json_option
def register(
    file: Path, folder: Path, actor: str, *, as_json: bool, **addresses: str | int | None
) -> None:
    """Register a protocol FILE and make a folder from which the gateway starts.

    The same document again changes nothing. Once requests are on record, another document for
    the trial is refused (exit 4). A document with errors is refused with all of them (exit 3).
    """
    checked = read_document(file)
    try:
        registered = register_into(
            folder,
            checked,
            addresses=Addresses(**addresses),  # type: ignore[arg-type]  # click has typed them
            actor=actor,
            at_us=_now_us(),
        )
    except DocumentError as error:
        _show_findings(error.findings, checked, as_json=as_json)
        raise
    _show_findings(registered.findings, checked, as_json=False)
    _show_registered(registered, folder, as_json=as_json)


def _show_findings(findings: tuple[Finding, ...], checked: Checked, *, as_json: bool) -> None:
    if as_json:
        names = ("code", "level", "path", "line", "column", "message", "remedy")
        _print_json({"findings": [{n: getattr(one, n) for n in names} for one in findings]})
        return
    for finding in findings:
        click.echo(render_finding(finding, checked.source, checked.name), err=True)


def _show_registered(registered: Registered, folder: Path, *, as_json: bool) -> None:
    row = registered.registration
    document = {
        "trial": row.trial,
        "version": row.version,
        "digest": row.digest,
        "registered_at": rfc3339(row.registered_at_us),
        "registered_by": row.registered_by,
        "retrospective": row.retrospective,
        "folder": str(folder),
    }
    if as_json:
        _print_json(document)
        return
    click.echo(row.digest)
    click.echo(
        f"{row.trial} {row.version}, registered {document['registered_at']} by "
        f"{row.registered_by}; folder {folder}"
    )
    if row.retrospective:
        click.echo("retrospective: the first request predates this registration")


@click.command(epilog="Example:  equipoise status --folder ./my-trial")
@folder_option
@json_option
def status(folder: Path, *, as_json: bool) -> None:
    """Say how a trial stands: accepted, recorded, pending, evaluable, the next look.

    Also how mirror and safety watch do, and whether an alarm keeps the candidate from being asked.
    """
    with opened_trial(folder) as (store, trial):
        mirror = read_heartbeat(folder / HEARTBEAT_FILE)
        watch = read_watch_beat(folder / WATCH_FILE)
        found = read_status(store, trial, at_us=_now_us(), mirror=mirror, watch=watch)
    if as_json:
        _print_json(status_document(found))
        return
    for line in status_lines(found):
        click.echo(line)


@click.group(epilog="Example:  equipoise outcomes import outcomes.csv --folder ./my-trial")
def outcomes() -> None:
    """Outcomes from files."""


@outcomes.command(
    "import", epilog="Example:  equipoise outcomes import outcomes.csv --folder ./my-trial"
)
@click.argument("file", type=FILE)
@folder_option
@click.option("--source", help="Source of lines that name none; default: the file's name.")
@json_option
def import_file(file: Path, folder: Path, source: str | None, *, as_json: bool) -> None:
    """Import outcomes from a CSV FILE.

    Columns: pair_id (or subject and encounter), value, ascertained_at, name for further outcomes,
    and source if lines differ in it. Every wrong line is named; the others are stored. Importing a
    file again changes nothing.
    """
    with opened_trial(folder) as (store, trial):
        protocol = protocol_in_force(store, trial)
        found = OutcomeFile(file, source or file.name, lambda: _tokeniser(folder), protocol)
        receipt = import_outcomes(store, trial, found, received_at_us=_now_us(), tell=_tell)
    _show_import(receipt, file, as_json=as_json)
    if receipt.refused:
        sys.exit(1)


def _tokeniser(folder: Path) -> Tokeniser:
    return Tokeniser(read_subject_key(subject_key_path(folder, os.environ)))


def _tell(lines: int) -> None:
    if lines % PROGRESS_LINES == 0:
        click.echo(f"{lines} lines …", err=True)


def _show_import(receipt: ImportReceipt, file: Path, *, as_json: bool) -> None:
    if as_json:
        refused = [
            {"line": one.line, "code": one.code, "message": one.message} for one in receipt.refused
        ]
        _print_json({"lines": receipt.lines, "states": receipt.states, "refused": refused})
        return
    for one in receipt.refused:
        click.echo(f"{file}:{one.line}: {one.code} {one.message}", err=True)
    states = ", ".join(f"{n} {state}" for state, n in sorted(receipt.states.items()))
    click.echo(f"{receipt.lines} lines: {states or 'none stored'}, {len(receipt.refused)} refused")


@click.group(epilog="Example:  equipoise accrual close --folder ./my-trial --reason 'All are in.'")
def accrual() -> None:
    """The end of accrual."""


@accrual.command(
    epilog="Example:  equipoise accrual close --folder ./my-trial --reason 'All are in.'"
)
@folder_option
@click.option("--reason", required=True, help="Why no more encounters are taken.")
@actor_option
@json_option
def close(folder: Path, reason: str, actor: str, *, as_json: bool) -> None:
    """Declare accrual closed, so that the last look may be run with what there is."""
    if not reason.strip():
        raise UsageError("REASON", "write in --reason why no more encounters are taken")
    with opened_trial(folder) as (store, trial):
        closure = close_accrual(store, trial, reason, actor=actor, at_us=_now_us())
    if as_json:
        _print_json(
            {
                "trial": closure.trial,
                "reason": closure.reason,
                "actor": closure.actor,
                "closed_at": rfc3339(closure.at_us),
            }
        )
        return
    click.echo(
        f"{closure.trial}: accrual closed {rfc3339(closure.at_us)} by {closure.actor}:"
        f" {closure.reason}"
    )


def __getattr__(name: str) -> click.Command:
    """Import the server only when `serve` is asked for: every other command starts without it."""
    if name == "serve":
        from gateway.serve import serve_command

        return serve_command
    raise AttributeError(name)
