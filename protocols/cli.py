"""The commands an author uses before registration: lint, show, digest, methods."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from protocols.canonical import canonical_protocol, digest_of
from protocols.errors import DocumentError, Finding
from protocols.load import Checked, check, read_source, render_finding
from protocols.schema import Protocol
from protocols.summary import summary_lines, summary_of

FILE = click.argument("file", type=click.Path(path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable, sorted output.")


@click.group(epilog="Example:  equipoise protocol lint my-trial.yaml")
def protocol() -> None:
    """Lint, show, digest or register a protocol; list what it may name."""


@protocol.command(epilog="Example:  equipoise protocol lint my-trial.yaml")
@FILE
@AS_JSON
def lint(file: Path, *, as_json: bool) -> None:
    """Say everything that is wrong with FILE, each with its place and a remedy.

    Exit status 0: no error (there may be warnings). 3: it would be refused.
    """
    checked = _checked(file)
    if as_json:
        _print_json(_lint_json(checked))
    else:
        for finding in checked.findings:
            click.echo(render_finding(finding, checked.source, str(file)) + "\n")
        click.echo(_lint_line(file, checked))
    sys.exit(0 if checked.protocol is not None else DocumentError.exit_status)


@protocol.command(epilog="Example:  equipoise protocol show my-trial.yaml")
@FILE
@click.option("--canonical", is_flag=True, help="The exact bytes that the digest is taken of.")
@AS_JSON
def show(file: Path, *, canonical: bool, as_json: bool) -> None:
    """Read FILE aloud: hypotheses as sentences, margins, looks, populations, safety, decision."""
    plan = read_protocol(file, as_json=as_json)
    if canonical:
        click.echo(canonical_protocol(plan), nl=False)
    elif as_json:
        _print_json(asdict(summary_of(plan)))
    else:
        click.echo("\n".join(summary_lines(summary_of(plan))))


@protocol.command(epilog="Example:  equipoise protocol digest my-trial.yaml")
@FILE
@AS_JSON
def digest(file: Path, *, as_json: bool) -> None:
    """Print the digest that names FILE's content in every record and report."""
    plan = read_protocol(file, as_json=as_json)
    if as_json:
        identity = plan.protocol
        _print_json({"digest": digest_of(plan), "trial": identity.id, "version": identity.version})
    else:
        click.echo(digest_of(plan))


def _checked(file: Path) -> Checked:
    return check(read_source(file), name=str(file))


def read_protocol(file: Path, *, as_json: bool) -> Protocol:
    """The protocol, or its errors printed and exit status 3."""
    checked = _checked(file)
    if checked.protocol is not None:
        return checked.protocol
    if as_json:
        _print_json(_lint_json(checked))
    else:
        for finding in checked.findings:
            if finding.level == "error":
                click.echo(render_finding(finding, checked.source, str(file)) + "\n", err=True)
        click.echo(_lint_line(file, checked), err=True)
    sys.exit(DocumentError.exit_status)


def _lint_line(file: Path, checked: Checked) -> str:
    n_errors, n_warnings = _count(checked.findings)
    if checked.protocol is None:
        return f"{file}: {n_errors} error(s), {n_warnings} warning(s); this would be refused."
    return f"{file}: no errors, {n_warnings} warning(s); digest {digest_of(checked.protocol)}"


def _lint_json(checked: Checked) -> dict[str, object]:
    n_errors, n_warnings = _count(checked.findings)
    return {
        "digest": digest_of(checked.protocol) if checked.protocol else None,
        "errors": n_errors,
        "file": checked.name,
        "findings": [asdict(finding) for finding in checked.findings],
        "warnings": n_warnings,
    }


def _count(findings: tuple[Finding, ...]) -> tuple[int, int]:
    n_errors = sum(finding.level == "error" for finding in findings)
    return n_errors, len(findings) - n_errors


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False))
