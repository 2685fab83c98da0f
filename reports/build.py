"""A report on disk: all of it or nothing.

Everything is written to a temporary folder beside the target, which then takes the target's
name. A report that is there is replaced; a folder that holds anything else is left alone.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reports.blocks import DesignPage, Page, tables_of
from reports.design_page import design_page
from reports.errors import ReportError
from reports.formats.csv import table_csv
from reports.pages import page_of
from reports.render import render, render_design

PAGE = "report.html"


@dataclass(frozen=True, slots=True)
class BuiltReport:
    """`digests` maps each file's name inside the report to `sha256:<hex>`, sorted by name."""

    paths: tuple[Path, ...]
    digests: dict[str, str]


def build_report(results: bytes, output: Path) -> BuiltReport:
    """Write report.html, results.json (the same bytes) and data/*.csv into `output`.

    Raises `ReportError`: the codes of `read_results`, REPORT_FOLDER_OCCUPIED, REPORT_UNWRITABLE.
    """
    return _built(report_files(results), output)


def build_design_report(design: bytes, output: Path) -> BuiltReport:
    """Write report.html, design.json (the same bytes) and data/*.csv into `output`.

    Raises `ReportError`: REPORT_UNREADABLE, REPORT_FOLDER_OCCUPIED, REPORT_UNWRITABLE.
    """
    return _built(design_files(design), output)


def _built(files: dict[str, bytes], output: Path) -> BuiltReport:
    """All of the files, or none."""
    output = output.resolve()
    _refuse_occupied(output)
    try:
        _put(files, output)
    except OSError as error:
        message = f"{output} cannot be written: {error.strerror}. Name another with --output."
        raise ReportError("REPORT_UNWRITABLE", message) from error
    digests = {name: f"sha256:{hashlib.sha256(held).hexdigest()}" for name, held in files.items()}
    return BuiltReport(tuple(output / name for name in files), digests)


def _put(files: dict[str, bytes], output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    try:
        _write(files, partial)
        _take_place(partial, output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def report_files(results: bytes) -> dict[str, bytes]:
    """Every file of the report by name, sorted; nothing touches the disk."""
    page = page_of(results)
    return _with_tables(page, {PAGE: render(page), "results.json": results})


def design_files(design: bytes) -> dict[str, bytes]:
    """The same for a design."""
    page = design_page(design)
    return _with_tables(page, {PAGE: render_design(page), "design.json": design})


def _with_tables(page: Page | DesignPage, files: dict[str, bytes]) -> dict[str, bytes]:
    tables = {f"data/{table.id}.csv": table_csv(table) for table in tables_of(page)}
    return dict(sorted({**files, **tables}.items()))


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
        case ("report.html" | "results.json" | "design.json",):
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
