"""The table of a registered analysis: one row for each quantity, in the engine's order."""

from evaluation.results import AnalysisResult, QuantityResult
from reports import numbers
from reports.blocks import Cell, Column, Row, Table, blank, cell
from reports.cells import value_cell
from reports.sentences import as_clause, capital

SEE_NOTE = "see note"
COLUMNS = (
    Column("Quantity"),
    Column("Estimate", numeric=True, parts=("Estimate", "Standard error")),
    Column("Interval", numeric=True, parts=("Interval, low", "Interval, high")),
    Column("Statistic", numeric=True, parts=("Statistic", "Degrees of freedom")),
    Column("p", numeric=True),
)


def analysis_table(analysis: AnalysisResult) -> Table:
    """Every quantity; a number that should be there and is not has its reason in the note."""
    return Table(
        id=f"analysis-{analysis.id}",
        caption=f"{analysis.id}: estimates and tests",
        columns=COLUMNS,
        rows=tuple(_row(quantity) for quantity in analysis.quantities),
        note=_reasons(analysis),
    )


def quantity_title(quantity: QuantityResult) -> str:
    """The engine's title at the head of a line, with a true minus sign."""
    return capital(quantity.title.replace(" - ", f" {numbers.MINUS} "))


def _row(quantity: QuantityResult) -> Row:
    limits = [limit for limit in (quantity.low, quantity.high) if limit is not None]
    form = numbers.quantity_format(quantity.estimate, limits)
    return Row(
        (
            cell(quantity_title(quantity)),
            _estimate(quantity, form),
            _interval(quantity, form),
            _statistic(quantity),
            value_cell(quantity.p_value, numbers.p_value),
        )
    )


def _estimate(quantity: QuantityResult, form: numbers.Format) -> Cell:
    if quantity.estimate is None:
        tested = quantity.p_value is not None or quantity.statistic is not None
        return blank(SEE_NOTE if quantity.reason and not tested else "")
    return Cell(form.number(quantity.estimate), (quantity.estimate, quantity.standard_error))


def _interval(quantity: QuantityResult, form: numbers.Format) -> Cell:
    low, high = quantity.low, quantity.high
    if low is None and high is None:
        return blank(SEE_NOTE if quantity.reason and quantity.estimate is not None else "")
    if low is None or high is None:  # an open side is not an infinite number
        words = (
            f"up to {form.number(high)}" if high is not None else f"from {form.number(low or 0)}"
        )
        return Cell(words, (low, high))
    return Cell(form.interval(low, high), (low, high))


def _statistic(quantity: QuantityResult) -> Cell:
    if quantity.statistic is None:
        return blank()
    words = numbers.statistic(quantity.statistic)
    if quantity.df is not None:
        words += f" (df {numbers.trimmed(quantity.df, 1)})"
    return Cell(words, (quantity.statistic, quantity.df))


def _reasons(analysis: AnalysisResult) -> str:
    """Each reason once, with the quantities that it is the reason of."""
    held: dict[str, list[str]] = {}
    for quantity in analysis.quantities:
        if quantity.reason:
            held.setdefault(as_clause(quantity.reason), []).append(quantity_title(quantity))
    return " ".join(f"{'; '.join(titles)}: {reason}." for reason, titles in held.items())
