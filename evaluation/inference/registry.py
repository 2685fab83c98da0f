"""The words of the protocol and the functions they mean: the families' literal tables, joined.

Each family keeps its table beside its functions (`<family>/words.py`); a word stands in one family
only. Rows are put into canonical order here, once, so that neither the order of the pairs nor the
partition they came in changes a bit of an answer.
"""

from collections.abc import Mapping
from types import ModuleType

import numpy as np

from evaluation.inference.agreement import words as agreement
from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable
from evaluation.inference.clusters import words as clusters
from evaluation.inference.continuous import words as continuous
from evaluation.inference.diagnostic import words as diagnostic
from evaluation.inference.discrimination import words as discrimination
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.events import words as events
from evaluation.inference.missing import words as missing
from evaluation.inference.probabilities import words as probabilities
from evaluation.inference.proportions import mcnemar
from evaluation.inference.proportions import words as proportions
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.mcnemar import McNemar, McNemarKind
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.safety import words as safety
from evaluation.inference.subgroups import words as subgroups
from protocols.vocabulary import Direction

FAMILIES: Mapping[str, ModuleType] = {
    "proportions": proportions,
    "clusters": clusters,
    "diagnostic": diagnostic,
    "discrimination": discrimination,
    "probabilities": probabilities,
    "continuous": continuous,
    "agreement": agreement,
    "events": events,
    "safety": safety,
    "missing": missing,
    "subgroups": subgroups,
}
TESTS: dict[str, HypothesisTest] = {
    word: entry for family in FAMILIES.values() for word, entry in family.TESTS.items()
}
ESTIMATORS: dict[str, Estimator] = {
    word: entry for family in FAMILIES.values() for word, entry in family.ESTIMATORS.items()
}
LARGEST = 1e100
SENSITIVITY_TESTS: dict[str, McNemarKind] = {
    "mcnemar_exact": "exact",
    "mcnemar_midp": "midp",
}


def method_of(word: str) -> Method:
    """The face of a registered word; KeyError for a word that no table holds."""
    if word in SENSITIVITY_TESTS:
        return mcnemar.METHODS[SENSITIVITY_TESTS[word]]
    return TESTS[word].method if word in TESTS else ESTIMATORS[word].method


def estimate(word: str, rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    """The registered test of a hypothesis; `word` is the protocol's `test`.

    Refuses values whose squares are no numbers, and what the word's own function refuses; raises
    KeyError for a word that no table holds.
    """
    return _too_large(rows) or TESTS[word].run(rows.canonical(), asked)


def analysis(word: str, rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """A registered analysis; `word` is the protocol's `estimator`. Refuses as `estimate`."""
    return _too_large(rows) or ESTIMATORS[word].run(rows.canonical(), asked)


def _too_large(rows: Rows) -> NotEvaluable | None:
    """The refusal of values whose squares are no numbers; a missing answer's worst rank is none."""
    for column in (rows.candidate, rows.standard_of_care, *rows.extra.values()):
        size = np.abs(column)
        if ((size > LARGEST) & (size < np.inf)).any():
            reason = f"A value lies beyond {LARGEST:g}, which no measurement does."
            return NotEvaluable("values_too_large", reason)
    return None


def sensitivity_test(
    word: str, counts: PairedCounts, *, direction: Direction
) -> McNemar | NotEvaluable:
    """A registered sensitivity test of equal shares; it knows no margin.

    Refuses a table without discordant pairs.
    """
    return mcnemar.mcnemar(counts, kind=SENSITIVITY_TESTS[word], direction=direction)
