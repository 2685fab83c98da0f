"""Inference where a trial stops, beside the stage-wise one: other orders, late outcomes, the bias.

The orders of the estimates (Emerson & Fleming 1990, Biometrika 77:875) and of the likelihood
ratios (Rosner & Tsiatis 1988, Biometrika 75:723), and the estimate that is adjusted for its bias
(Whitehead 1986, Biometrika 73:573), ask what the trial would have found had it gone on. They take
the looks that were made as they were and those to come as planned, on information projected in
proportion to pairs; futility is in them only where it binds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.boundaries import Step
from evaluation.design.after.orderings import (
    OrderedInference,
    Ordering,
    Plan,
    bias_adjusted_estimate,
    ordered_inference,
)
from evaluation.design.after.overrun import deletion_inference, weighted_inference
from evaluation.design.boundaries import CLOSEST
from evaluation.design.conditional.power import Later
from evaluation.design.stagewise import StagewiseInference, stagewise_inference

ORDERS = {
    "estimate_order": Ordering.ESTIMATE,
    "likelihood_ratio_order": Ordering.LIKELIHOOD_RATIO,
}


@dataclass(frozen=True, slots=True)
class Stopped:
    """A trial up to the look that ends it; `later` are the looks that will not be made.

    `trail` ends with this look, whose statistic is `z`; information times `scale` is in units in
    which the estimate lies z standard errors beyond the null.
    """

    z: float
    trail: tuple[Step, ...]
    scale: float
    later: Later | None = None

    @property
    def clock(self) -> list[float]:
        return [step.information * self.scale for step in self.trail]

    @property
    def plan(self) -> Plan:
        """The whole plan: looks made, and looks to come."""
        ahead = self.later or Later((), ())
        information = (*self.clock, *(i * self.scale for i in ahead.information))
        lower = [*(step.lower for step in self.trail), *(-math.inf for _ in ahead.information)]
        binding = max(lower) > -math.inf
        upper = (*(step.z for step in self.trail), *ahead.upper)
        return Plan(information, upper, tuple(lower) if binding else ())

    def stagewise(self, level: float) -> StagewiseInference:
        """By the stage-wise order, which asks for no later look."""
        before = self.trail[:-1]
        return stagewise_inference(
            self.z, [s.z for s in before], self.clock, level=level, lower=binding(before)
        )

    def ordered(self, kind: str, level: float) -> OrderedInference:
        """By one of `ORDERS`."""
        look = len(self.trail)
        return ordered_inference(self.z, look, self.plan, ordering=ORDERS[kind], level=level)

    def bias_adjusted(self) -> float:
        """The effect, from the null, under which trials find this estimate on average."""
        return bias_adjusted_estimate(self.z, len(self.trail), self.plan)


def binding(steps: Sequence[Step]) -> tuple[float, ...]:
    """The binding futility bounds of these looks; empty where none of them has one."""
    lower = tuple(step.lower for step in steps)
    return lower if max(lower, default=-math.inf) > -math.inf else ()


@dataclass(frozen=True, slots=True)
class Late:
    """Outcomes after a claim: `steps` are the looks before the one that made it.

    `stopped` is information and z of that look, `total` that of all outcomes; `scale` as above.
    """

    steps: tuple[Step, ...]
    stopped: tuple[float, float]
    total: tuple[float, float]
    scale: float

    @property
    def adds(self) -> bool:
        """Whether information has grown since the claim."""
        return self.total[0] - self.stopped[0] >= CLOSEST * self.total[0]

    def inference(self, kind: str, level: float) -> StagewiseInference:
        """`weighted` by information with what stopped the trial, or by `deletion` of that look."""
        (before, z_before), (total, z) = self.stopped, self.total
        bounds = [step.z for step in self.steps]
        clock = [step.information * self.scale for step in self.steps]
        lower = binding(self.steps)
        if kind == "deletion":
            clock.append(total * self.scale)
            return deletion_inference(z, bounds, clock, level=level, lower=lower)
        score = z * math.sqrt(total) - z_before * math.sqrt(before)
        late = score / math.sqrt(total - before), (total - before) * self.scale
        clock.append(before * self.scale)
        return weighted_inference(z_before, bounds, clock, late=late, level=level, lower=lower)
