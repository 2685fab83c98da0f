"""A table's specification as CSV (RFC 4180): unrounded values, text that no spreadsheet runs."""

import csv
import io

from reports.blocks import Cell, Column, Table, Value

RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def table_csv(table: Table) -> bytes:
    """UTF-8 with CRLF line ends; the header is the columns' titles."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(title) for column in table.columns for title in _titles(column)])
    for row in table.rows:
        cells = zip(row.cells, table.columns, strict=True)
        writer.writerow([_written(value) for held in cells for value in _values(*held)])
    return out.getvalue().encode()


def _titles(column: Column) -> tuple[str, ...]:
    return column.parts or (column.title,)


def _values(cell: Cell, column: Column) -> tuple[Value, ...]:
    """As many values as the column has titles; a reason stands in the first."""
    held = cell.value if isinstance(cell.value, tuple) else (cell.value,)
    return held + (None,) * (len(_titles(column)) - len(held))


def _written(value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return guarded(value)
        case _:
            return repr(value)


def guarded(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if text.lstrip(" \u00a0\ufeff\n").startswith(RUNS_AS_FORMULA):
        return f"'{text}"
    return text
