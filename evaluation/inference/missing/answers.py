"""How an answer to a question about missing outcomes becomes a quantity."""

import math
from dataclasses import replace

from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable, Quantity
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError


def choice(asked: Asked, name: str, choices: dict[str, str]) -> str:
    """The registered word of the parameter `name`; raises `UsageError` for one not in `choices`."""
    word = asked.word(name)
    if word not in choices:
        raise UsageError("PARAMETER", f"{word} is no choice of {name}.")
    return word


def bounded(quantity: Quantity, low: float, high: float, asked: Asked) -> Quantity:
    """With its interval; an infinite limit is no limit."""
    finite = [value if math.isfinite(value) else None for value in (low, high)]
    return replace(quantity, low=finite[0], high=finite[1], level=asked.level)


def tested(name: str, title: str, answer: Estimate | NotEvaluable, asked: Asked) -> Quantity:
    """A test's answer with its interval, or the reason for having none."""
    if isinstance(answer, NotEvaluable):
        return Quantity(name, title, reason=answer.reason)
    quantity = Quantity(
        name,
        title,
        answer.estimate,
        answer.standard_error,
        statistic=answer.statistic,
        df=answer.df,
        p_value=answer.p_value,
    )
    return bounded(quantity, answer.low, answer.high, asked)


def findings(
    method: Method, quantities: tuple[Quantity, ...], rows: Rows, *warnings: str
) -> Findings:
    """The quantities as findings of all pairs and subjects, known or not."""
    return Findings(method, quantities, rows.n, rows.n_clusters, warnings)
