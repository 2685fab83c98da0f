"""A variance taken around the effect under test, so that an estimate cannot vouch for itself.

A mean of influence values has the variance sum (r_k + x w_k)^2 when the values are taken around an
effect at the distance x below the estimate: r_k are the residuals around the estimate, w_k the
subjects' shares of the weight. One subject with most of the weight makes it far larger than
sum r_k^2, and a rare harm that the data happen not to show is not taken as absent.
"""

import math
from dataclasses import dataclass

from evaluation.inference.arrays import FloatArray, exact_sum


@dataclass(frozen=True, slots=True)
class CentredVariance:
    """The variance spread + 2 x tilt + x^2 weight at a distance x, over `units` >= 2 subjects.

    `spread` is sum r^2 (or its unbiased form), `tilt` sum r w, `weight` sum w^2 > 0. Where all
    subjects weigh alike the statistic is Student's with the factor K/(K-1), for any distance.
    Obuchowski 1998, Statistics in Medicine 17:1495, takes the variance at no difference.
    """

    spread: float
    tilt: float
    weight: float
    units: int

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
        left = self.units * variance - size * size  # what of K r^2 is not the distance itself
        ratio = math.sqrt((self.units - 1) / left) * size if left > 0 else math.inf
        return math.copysign(ratio, distance)

    def reach(self, critical: float, *, side: int) -> float:
        """The distance at which the statistic comes to `critical`; infinite where it never does.

        `side` is 1 for effects below the estimate and -1 for effects above it.
        """
        if math.isinf(critical):
            return math.inf
        square = critical * critical * self.units / (self.units - 1 + critical * critical)
        tilt = side * square * self.tilt
        root = tilt * tilt + (1 - square * self.weight) * square * self.spread
        bottom = math.sqrt(root) - tilt if root >= 0 else 0.0
        return square * self.spread / bottom if bottom > 0 else math.inf


def carried_by(influence: FloatArray) -> float:
    """How many values carry a sum of squares, less the excess that all of them would share.

    1 / (sum r^4 / (sum r^2)^2 - 1/K): infinite where all squares are alike, half of Satterthwaite's
    (1946, Biometrics Bulletin 2:110) degrees of freedom from the fourth moment. Normal values give
    K/2, and m of K values of one size K m / (K - m).
    """
    squares = influence**2
    total = exact_sum(squares)
    if total == 0:
        return math.inf
    relative = exact_sum((squares / total) ** 2) - 1 / len(influence)
    return 1 / relative if relative > 1e-12 else math.inf
