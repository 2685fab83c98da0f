"""CSV files: numbers whole, text harmless."""

import csv
import io

from reports.blocks import Column, Row, Table, blank, cell
from reports.build import report_files
from reports.formats.csv import guarded, table_csv
from tests.reports.example_results import as_bytes, final_results


def _rows(name: str) -> list[list[str]]:
    text = report_files(as_bytes(final_results()))[f"data/{name}.csv"].decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def test_text_that_a_spreadsheet_would_run_is_disarmed() -> None:
    for hostile in ("=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1"):
        assert guarded(hostile) == f"'{hostile}"
    assert guarded("harmless - text") == "harmless - text"


def test_a_negative_number_stays_a_number() -> None:
    table = Table("t", "t", (Column("a"),), (Row((cell("−0.5", -0.5),)),))
    assert table_csv(table) == b"a\r\n-0.5\r\n"


def test_numbers_leave_unrounded() -> None:
    rows = _rows("figure-01-intervals")
    assert rows[1][2:5] == ["-0.0115", "-0.0275", "0.0046"]


def test_both_ends_of_an_interval_are_numbers_of_their_own() -> None:
    head, first, *_ = _rows("H1-differences")
    assert head[2:4] == ["Interval, low", "Interval, high"]
    assert [float(limit) for limit in first[2:4]] == [-0.0275, 0.0046]
    assert not any(value.startswith("'") for row in _rows("H1-differences") for value in row)


def test_a_reason_leaves_the_columns_beside_it_empty() -> None:
    table = Table("t", "t", (Column("a", parts=("low", "high")),), (Row((blank("no pair"),)),))
    assert table_csv(table) == b"low,high\r\nno pair,\r\n"


def test_an_arm_s_own_interval_leaves_with_its_value() -> None:
    head, first, *_ = _rows("H2-values")
    value, low, high = (float(v) for v in first[head.index("Candidate") :][:3])
    assert low < value < high


def test_a_suppressed_cell_gives_no_count_away() -> None:
    coma = next(row for row in _rows("figure-11-subgroups") if row[0] == "Coma")
    assert coma[2:4] == ["suppressed", "suppressed"]
    assert not any(character.isdigit() for character in "".join(coma[2:4]))


def test_every_table_of_the_page_has_its_file_and_no_two_share_one() -> None:
    files = report_files(as_bytes(final_results()))
    page = files["report.html"].decode()
    names = [name for name in files if name.startswith("data/")]
    assert page.count("<table") == len(names)
