"""Cochran's Q: are several models right equally often on the same encounters?"""

import numpy as np

from evaluation.inference.agreement.homogeneity import ChiSquared
from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.refusals import NO_PAIRS
from protocols.errors import UsageError

METHOD = Method(
    "cochran_q",
    "Cochran's Q over the encounters on which the models are not all right or all wrong.",
    "Cochran 1950, Biometrika 37:256",
)


def cochran_q(correct: FloatArray) -> ChiSquared | NotEvaluable:
    """Q of a table of 0/1, one row an encounter, one column a model (two at least).

    Refuses no encounter, and models that are never right on different encounters. Raises
    `UsageError` for other values than 0 and 1 and for fewer than two columns.
    """
    if correct.ndim != 2 or correct.shape[1] < 2 or not np.isin(correct, (0.0, 1.0)).all():
        raise UsageError("TABLE", "Cochran's Q needs 0/1 values of two models at least.")
    if len(correct) == 0:
        return NO_PAIRS
    right = correct.sum(axis=1)
    if ((right == 0) | (right == correct.shape[1])).all():
        reason = f"The models are right on the same of all {len(correct)} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    from statsmodels.stats.contingency_tables import cochrans_q  # slow to import

    found = cochrans_q(correct)
    return ChiSquared(float(found.statistic), int(found.df), float(found.pvalue))
