"""Random numbers that belong to a replicate, not to whoever happens to draw them.

Philox is counted, not walked (Salmon, Moraes, Dror & Shaw 2011, SC11): replicate i owns a fixed
block of counters, and a normal is the quantile of one word. So replicate 7 is the same trial
whether drawn alone, in another batch or by another process.
"""

import zlib

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError

_WORDS = 4  # that one counter gives


def scenario_key(seed: int, scenario: str) -> tuple[int, int]:
    """The key of a scenario: other scenarios and their order do not change it."""
    if seed < 0:
        raise UsageError("SEED", f"A seed is a whole number of 0 or more, not {seed}.")
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(scenario.encode()),))
    words = sequence.generate_state(2, np.uint64)
    return int(words[0]), int(words[1])


def normals(key: tuple[int, int], first: int, n_replicates: int, n_each: int) -> FloatArray:
    """Standard normals of replicates first, first + 1, ..., (n_replicates, n_each)."""
    blocks = -(-n_each // _WORDS)
    bits = np.random.Philox(key=np.array(key, dtype=np.uint64), counter=first * blocks)
    words = bits.random_raw(n_replicates * blocks * _WORDS)
    rows = np.asarray(words).reshape(n_replicates, blocks * _WORDS)[:, :n_each]
    uniform = ((rows >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.asarray(special.ndtri(uniform))
