"""A variance taken around the effect under test, so that an estimate cannot vouch for itself.

A mean of influence values has the variance sum (r_k + x w_k)^2 when the values are taken around an
effect at the distance x below the estimate: r_k are the residuals around the estimate, w_k the
subjects' shares of the weight. Few subjects, or one with most of the weight, make it far larger
than sum r_k^2, and a rare harm that the data happen not to show is not taken as absent.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CentredVariance:
    """The three sums of the variance at a distance x: spread + 2 x tilt + x^2 weight.

    `spread` is sum r^2 (or its unbiased form), `tilt` sum r w, `weight` sum w^2 > 0.
    Obuchowski 1998, Statistics in Medicine 17:1495, takes it at no difference.
    """

    spread: float
    tilt: float
    weight: float

    def statistic(self, distance: float) -> float:
        """Distance over its standard error, never falling as the distance grows.

        Far away the standard error outgrows the distance: an effect is rejected with every one
        beyond it, so the largest statistic on the way is the one that counts.
        """
        if distance == 0:
            return 0.0
        tilt = math.copysign(1.0, distance) * self.tilt
        size = abs(distance)
        if tilt < 0:
            size = min(size, self.spread / -tilt)
        variance = self.spread + 2 * size * tilt + size * size * self.weight
        return math.copysign(size / math.sqrt(variance) if variance > 0 else math.inf, distance)

    def reach(self, critical: float, *, side: int) -> float:
        """The distance at which the statistic comes to `critical`; infinite where it never does.

        `side` is 1 for effects below the estimate and -1 for effects above it.
        """
        square = critical * critical
        if math.isinf(square):
            return math.inf
        tilt = side * square * self.tilt
        root = tilt * tilt + (1 - square * self.weight) * square * self.spread
        bottom = math.sqrt(root) - tilt if root >= 0 else 0.0
        return square * self.spread / bottom if bottom > 0 else math.inf
