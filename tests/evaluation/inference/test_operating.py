"""Error rates by enumeration: exact, without simulation."""

import numpy as np
import pytest
from scipy.special import gammaln, xlogy

from evaluation.inference.base import Estimate
from evaluation.inference.proportions.difference import PairedCounts, score_test
from protocols.vocabulary import Direction


def type_one_errors(n: int, margin: float) -> list[float]:
    """Rejection at one-sided 0.025 on the margin, over the share that the candidate alone loses."""
    cells = np.array([(a, b) for a in range(n + 1) for b in range(n + 1 - a)])
    rejects = np.array([_rejects(n, int(a), int(b), margin) for a, b in cells])
    a, b = cells.T
    c = n - a - b
    ways = gammaln(n + 1) - gammaln(a + 1) - gammaln(b + 1) - gammaln(c + 1)
    errors = []
    for lost in np.linspace(margin, (1 + margin) / 2, 40)[:-1]:
        won = lost - margin
        log_p = ways + xlogy(a, won) + xlogy(b, lost) + xlogy(c, 1 - won - lost)
        errors.append(float(np.exp(log_p)[rejects].sum()))
    return errors


def _rejects(n: int, n10: int, n01: int, margin: float) -> bool:
    table = PairedCounts(n - n10 - n01, n10, n01, 0)
    found = score_test(table, margin=margin, direction=Direction.HIGHER_IS_BETTER, level=0.95)
    return isinstance(found, Estimate) and found.p_value <= 0.025


@pytest.mark.parametrize(
    ("n", "margin", "largest"),
    [(44, 0.2, 0.034), (34, 0.1, 0.034), (62, 0.15, 0.031), (120, 0.2, 0.028)],
)
def test_the_score_test_errs_at_small_sizes_as_documented(
    n: int, margin: float, largest: float
) -> None:
    """The worst found for 30 to 200 pairs and margins 0.02 to 0.2; all near full discordance."""
    assert max(type_one_errors(n, margin)) < largest


@pytest.mark.parametrize(("n", "margin"), [(38, 0.05), (60, 0.05), (60, 0.1)])
def test_the_score_test_holds_its_level_at_usual_discordance(n: int, margin: float) -> None:
    half = len(type_one_errors(n, margin)) // 2
    assert max(type_one_errors(n, margin)[:half]) < 0.028
