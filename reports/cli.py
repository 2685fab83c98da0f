"""`equipoise report build`: the report of a stored look, or of a results.json."""

import json
from pathlib import Path

import click

from protocols.errors import UsageError
from reports.build import BuiltReport, build_report
from reports.errors import ReportError


@click.group(epilog="Example:  equipoise report build L1 --folder ./my-trial --output ./my-report")
def report() -> None:
    """Build the report of a look."""


@report.command(
    epilog="Example:  equipoise report build L1 --folder ./my-trial --output ./my-report"
)
@click.argument("look", required=False)
@click.option("--folder", type=click.Path(path_type=Path), help="The trial's folder.")
@click.option("--results", type=click.Path(path_type=Path), help="A results.json instead of LOOK.")
@click.option("--output", type=click.Path(path_type=Path), required=True, help="Where to write.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def build(
    look: str | None, folder: Path | None, results: Path | None, output: Path, *, as_json: bool
) -> None:
    """Write report.html, results.json and data/*.csv of LOOK."""
    if results is not None and look is None and folder is None:
        source = _from_file(results)
    elif look is not None and folder is not None and results is None:
        source = _from_store(folder, look)
    else:
        raise UsageError(
            "REPORT_USAGE", "Give either LOOK with --folder, or --results FILE, and not both."
        )
    _say(build_report(source, output), output, as_json=as_json)


def _from_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Name a results.json with --results."
        raise ReportError("REPORT_UNREADABLE", message) from error


def _from_store(folder: Path, look: str) -> bytes:
    # Imported here: building from a file needs no database library.
    from gateway.store.commands import opened_trial
    from gateway.store.reads import look_result

    with opened_trial(folder) as (store, trial):
        found = look_result(store, trial, look)
    if found is None:
        message = (
            f"Trial {trial} has no result of look {look}. Run `equipoise look run {look}` first."
        )
        raise ReportError("REPORT_NO_LOOK", message)
    return found.results.encode()


def _say(built: BuiltReport, output: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"output": str(output), "digests": built.digests}, sort_keys=True))
        return
    click.echo(f"{output / 'report.html'}")
    click.echo(f"{len(built.paths)} files; results.json {built.digests['results.json']}")
