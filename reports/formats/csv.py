"""A table's specification as CSV (RFC 4180): unrounded values, text that no spreadsheet runs."""

import csv
import io

from reports.blocks import Table, Value

RUNS_AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table_csv(table: Table) -> bytes:
    """UTF-8 with CRLF line ends; the header is the columns' titles."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(column.title) for column in table.columns])
    for row in table.rows:
        writer.writerow([_written(cell.value) for cell in row.cells])
    return out.getvalue().encode()


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
    if text.lstrip(" ").startswith(RUNS_AS_FORMULA):
        return f"'{text}"
    return text
