"""Data for the laws: small paired tables, scored encounters and spending designs."""

import numpy as np
from hypothesis import strategies as st

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.proportions.difference import PairedCounts

CELL = st.integers(0, 60)
TABLES = st.builds(PairedCounts, CELL, CELL, CELL, CELL)
DISCORDANT_TABLES = TABLES.filter(lambda table: table.n_discordant > 0)
MARGINS = st.floats(0.005, 0.3)
ALPHAS = st.sampled_from([0.005, 0.01, 0.025, 0.05])

Scored = tuple[FloatArray, FloatArray, BoolArray, IntArray]


@st.composite
def scored(draw: st.DrawFn, *, largest: int = 40) -> Scored:
    """Two arms' scores with ties and worst ranks, two of each class, two subjects at least."""
    n = draw(st.integers(6, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    outcome = rng.random(n) < draw(st.floats(0.2, 0.8))
    outcome[:2], outcome[2:4] = True, False
    rng.shuffle(outcome)
    candidate = rng.integers(0, 8, n) + 2.0 * outcome * draw(st.sampled_from([0, 1]))
    if draw(st.booleans()):
        failed = rng.random(n) < 0.2
        candidate[failed] = np.where(outcome[failed], -np.inf, np.inf)
    soc = rng.normal(size=n) + outcome
    cluster = rng.integers(0, max(3, n // 3), n)
    cluster[:2] = 0, 1
    return candidate.astype(np.float64), soc, outcome, cluster.astype(np.int64)


@st.composite
def looks(draw: st.DrawFn, *, most: int = 6) -> tuple[float, ...]:
    """Increasing information fractions, at least 2 % apart."""
    n = draw(st.integers(1, most))
    hundredths = draw(st.lists(st.integers(5, 100), min_size=n, max_size=n, unique=True))
    return tuple(sorted(h / 100 for h in hundredths))
