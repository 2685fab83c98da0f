"""Whether the candidate is worse: a bound on the side of harm with an alpha of its own.

The registered test is turned round and asked against no effect, not against the margin: an alarm
must not wait until all that the margin allows is lost. Its alpha is spent by its own spending over
the same clock, as if no look ever stopped, so that it holds whatever else is decided, and nothing
is taken from the alpha of a claim.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.boundaries import SMALLEST_STEP
from evaluation.design.boundaries import CLOSEST, efficacy_boundaries
from evaluation.design.repeated import nominal_alpha
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.results import Boundary, HarmReading
from evaluation.spending import spending_by
from protocols.schema import HarmBound

NOT_GROWN = "Statistical information has not grown since an earlier look."
NOTHING_TO_SPEND = "The registered spending gives this look no alpha."


@dataclass(frozen=True, slots=True)
class Worse:
    """What the turned test found: 1 / SE^2 and z, None with a reason where it has no answer."""

    information: float | None
    statistic: float | None
    reason: str | None


def harm_readings(
    look: LookPlan,
    plan: HypothesisPlan,
    found: Worse,
    *,
    time: float,
    earlier: Sequence[Boundary],
) -> tuple[HarmReading, ...]:
    """Every harm bound that is registered for this hypothesis, in the protocol's order."""
    rules = [rule for rule in plan.protocol.harm_bounds if rule.hypothesis == plan.hypothesis.id]
    return tuple(
        _reading(look, plan, rule, found, time=time, earlier=[b.harm[i] for b in earlier])
        for i, rule in enumerate(rules)
    )


def _reading(
    look: LookPlan,
    plan: HypothesisPlan,
    rule: HarmBound,
    found: Worse,
    *,
    time: float,
    earlier: Sequence[HarmReading],
) -> HarmReading:
    before = earlier[-1].alpha_spent if earlier else 0.0
    by_now = 1.0 if look.final else time  # the last look has nothing to save alpha for
    spent = max(before, spending_by(rule.spending, rule.alpha, time=by_now, number=look.place))
    z, reason = _bound(found, spent, before, earlier)
    held = before if z is None else spent
    return HarmReading(
        alpha=rule.alpha,
        alpha_spent=held,
        nominal_alpha=0.0 if z is None else nominal_alpha(z),
        information=found.information,
        z=z,
        statistic=found.statistic,
        z_of_hypothesis=_on_the_hypothesis(plan, z, found.information),
        crossed=None if z is None or found.statistic is None else found.statistic >= z,
        action=rule.action,
        reason=reason,
    )


def _bound(
    found: Worse, spent: float, before: float, earlier: Sequence[HarmReading]
) -> tuple[float | None, str | None]:
    here = found.information
    if here is None:
        return None, found.reason
    if spent - before <= SMALLEST_STEP * before:
        return None, NOTHING_TO_SPEND
    made = [e for e in earlier if e.z is not None and e.information is not None]
    clock = [e.information or 0.0 for e in made]
    if here - max(clock, default=0.0) < CLOSEST * here:
        return None, NOT_GROWN
    alphas = [e.alpha_spent for e in made] + [spent]
    return efficacy_boundaries(alphas, [*clock, here])[-1], None


def _on_the_hypothesis(
    plan: HypothesisPlan, z: float | None, information: float | None
) -> float | None:
    """The z that the registered hypothesis has where the estimate lies on the harm bound."""
    if z is None or information is None:
        return None
    none = 1.0 if plan.scale == "ratio" else 0.0
    return plan.from_null(none) * math.sqrt(information) - z
