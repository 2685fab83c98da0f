"""The cells that tables write most often, and what stands where there is no value."""

from collections.abc import Callable
from typing import TypeVar

from reports import numbers
from reports.blocks import Cell, blank, cell

V = TypeVar("V", int, float)


def count_cell(n: int) -> Cell:
    """A count, thousands separated on the page and whole in the CSV."""
    return cell(numbers.count(n), n)


def value_cell(value: V | None, words: Callable[[V], str], absent: str = "") -> Cell:
    """The value in words; `absent` says why where there is none."""
    return blank(absent) if value is None else cell(words(value), value)
