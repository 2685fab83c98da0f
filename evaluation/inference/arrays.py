"""The array types of this room, and sums that do not depend on the order of the rows."""

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


def exact_sum(values: FloatArray) -> float:
    """The correctly rounded sum, hence the same bytes for every order of `values`.

    Shewchuk 1997, Discrete Comput Geom 18:305, as in `math.fsum`.
    """
    return math.fsum(values.tolist())


def cluster_index(cluster: IntArray) -> tuple[IntArray, int]:
    """Labels recoded as 0 .. K-1, and K."""
    labels, index = np.unique(cluster, return_inverse=True)
    return index.astype(np.int64), len(labels)


def cluster_sums(values: FloatArray, index: IntArray, n_clusters: int) -> FloatArray:
    """Sums by cluster; values are ordered inside a cluster first, so row order is immaterial."""
    order = np.lexsort((values, index))
    sums = np.bincount(index[order], weights=values[order], minlength=n_clusters)
    return sums.astype(np.float64)
