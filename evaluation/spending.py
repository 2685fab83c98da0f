"""The registered spending of an error rate: which share is used by which spending time."""

from evaluation.design.spending import confined, interpolated_alpha, spent
from protocols.schema import SpendingPlan


def spending_by(plan: SpendingPlan, alpha: float, *, time: float, number: int | None) -> float:
    """Cumulative one-sided error spent at spending time `time` in [0, 1], at look `number` from 1.

    A table spends by the look's place in the plan, and nothing at a look that has none (None);
    every other family by its time. Up to `start` nothing is spent; what was held back falls to
    the first look after it.
    """
    start = plan.start or 0.0

    def unconfined(at: float) -> float:
        match plan.family:
            case "table":
                return 0.0 if number is None else alpha * plan.points[number - 1][1]
            case "piecewise":
                knots, shares = zip(*plan.points, strict=True)
                return interpolated_alpha(knots, shares, alpha, [at])[0]
            case family:
                return spent(family, alpha, at, parameter=plan.parameter)

    if plan.family == "table":
        return unconfined(time)
    return confined(unconfined, alpha, (start, 1.0), rescaled=False)(time)
