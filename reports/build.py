"""A report on disk: all of it or nothing.

Everything is written to a temporary folder beside the target, which then takes the target's
name. A report that is there is replaced; a folder that holds anything else is left alone.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reports.blocks import tables_of
from reports.errors import ReportError
from reports.formats.csv import table_csv
from reports.pages import page_of
from reports.render import render


@dataclass(frozen=True, slots=True)
class BuiltReport:
    """`digests` maps each file's name inside the report to `sha256:<hex>`, sorted by name."""

    paths: tuple[Path, ...]
    digests: dict[str, str]


def build_report(results: bytes, output: Path) -> BuiltReport:
    """Write report.html, results.json (the same bytes) and data/*.csv into `output`.

    Raises `ReportError`: the codes of `read_results`, REPORT_FOLDER_OCCUPIED.
    """
    files = report_files(results)
    output = output.resolve()
    _refuse_occupied(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        _write(files, partial)
        _take_place(partial, output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    digests = {name: f"sha256:{hashlib.sha256(held).hexdigest()}" for name, held in files.items()}
    return BuiltReport(tuple(output / name for name in files), digests)


def report_files(results: bytes) -> dict[str, bytes]:
    """Every file of the report by name, sorted; nothing touches the disk."""
    page = page_of(results)
    files = {"report.html": render(page), "results.json": results}
    for table in tables_of(page):
        files[f"data/{table.id}.csv"] = table_csv(table)
    return dict(sorted(files.items()))


def _refuse_occupied(output: Path) -> None:
    if not output.exists():
        return
    if output.is_dir() and all(_ours(output, path) for path in output.rglob("*")):
        return
    message = (
        f"{output} holds something else than a report, and would be replaced. Name another folder "
        "with --output."
    )
    raise ReportError("REPORT_FOLDER_OCCUPIED", message)


def _ours(output: Path, path: Path) -> bool:
    """Whether a report has such a file; a person's own beside it would be lost."""
    match path.relative_to(output).parts:
        case ("report.html" | "results.json",):
            return path.is_file() and not path.is_symlink()
        case ("data",):
            return path.is_dir() and not path.is_symlink()
        case ("data", name):
            return name.endswith(".csv") and path.is_file()
        case _:
            return False


def _write(files: dict[str, bytes], folder: Path) -> None:
    folder.chmod(0o755)
    for name, held in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(held)


def _take_place(partial: Path, output: Path) -> None:
    if output.exists():
        former = Path(tempfile.mkdtemp(prefix=f".{output.name}-former-", dir=output.parent))
        output.rename(former / output.name)
        partial.rename(output)
        shutil.rmtree(former)
    else:
        partial.rename(output)
