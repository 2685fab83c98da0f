"""A line of the registry: a protocol word, the function it means, and what stands behind it."""

from collections.abc import Callable
from dataclasses import dataclass

from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable
from evaluation.inference.rows import Asked, Rows


@dataclass(frozen=True, slots=True)
class HypothesisTest:
    """A test of a margin: what `hypotheses[].test` may name.

    `limits` says where the method ends and what it refuses; `witnesses` are the reference case
    and the law (or second route) that vouch for its numbers. `inverted`: its interval is found by
    inverting the test, so that it is no symmetric interval and is found anew at every level.
    """

    method: Method
    run: Callable[[Rows, Asked], Estimate | NotEvaluable]
    limits: str
    witnesses: tuple[str, str]
    inverted: bool = False
    keeps_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Estimator:
    """A registered analysis: what `analyses[].estimator` may name.

    With `keeps_unknown` it is given pairs without an ascertained outcome too (`Rows.known`).
    """

    method: Method
    run: Callable[[Rows, Asked], Findings | NotEvaluable]
    limits: str
    witnesses: tuple[str, str]
    keeps_unknown: bool = False
