"""The efficacy bound of one hypothesis at one look: how alpha is spent, on which correlations.

Two clocks, kept apart (Lan & DeMets 1983, Biometrika 70:659): evaluable pairs, or the smaller of
their planned and observed share, drive how much alpha may have been spent by now; statistical
information (1 / SE^2) drives the correlations. The bound
depends on this look and the looks before it, never on later ones; what earlier looks spent is read
from their results and is not computed again.

A look spends nothing where the clock has not moved on. When statistical information has not grown
by 0.01 % over its earlier maximum, correlations are undefined or next to one: an interim look then
spends nothing, and the last look takes what is left of alpha by the union bound, which holds
whatever the correlation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.design.boundaries import CLOSEST, efficacy_boundaries
from evaluation.design.repeated import nominal_alpha
from evaluation.inference.orientation import critical_of
from evaluation.plan import HypothesisPlan, LookPlan
from evaluation.results import Boundary
from evaluation.spending import spending_by

SMALLEST_STEP = 1e-9  # of what was spent: below it lies the rounding of stored results


@dataclass(frozen=True, slots=True)
class Bound:
    """What a look may claim with: `nominal_alpha` and `z` are None where it spends nothing."""

    alpha_spent: float  # cumulative, one-sided
    nominal_alpha: float | None
    z: float | None
    reason: str | None  # why nothing is spent
    warnings: tuple[str, ...] = ()


def bound_of(
    look: LookPlan,
    plan: HypothesisPlan,
    *,
    evaluable: int,
    information: float | None,
    earlier: Sequence[Boundary],
) -> Bound:
    """The bound at this look; `information` is None where the hypothesis has no estimate."""
    spent = earlier[-1].alpha_spent if earlier else 0.0
    if information is None:
        return Bound(spent, None, None, "There is no estimate, so no alpha is spent.")
    cumulative = max(spent, _may_be_spent(look, plan, evaluable))
    increment = cumulative - spent
    if increment <= SMALLEST_STEP * spent:
        seen = earlier[-1].information_fraction if earlier else 0.0
        grown = evaluable / look.planned_pairs > seen
        return Bound(spent, None, None, _nothing_left(look, plan, spent, grown=grown))
    spending = [e for e in earlier if e.z is not None and e.statistical_information is not None]
    highest = max((e.statistical_information or 0.0 for e in spending), default=0.0)
    if information - highest >= CLOSEST * information:
        alphas = [e.alpha_spent for e in spending] + [cumulative]
        clock = [e.statistical_information or 0.0 for e in spending] + [information]
        z = efficacy_boundaries(alphas, clock)[-1]
        return Bound(cumulative, nominal_alpha(z), z, None)
    return _without_new_information(look, spent=spent, cumulative=cumulative)


def _may_be_spent(look: LookPlan, plan: HypothesisPlan, evaluable: int) -> float:
    """Cumulative alpha by the registered spending; a last look with full_alpha spends all."""
    monitoring, alpha = look.protocol.monitoring, plan.hypothesis.alpha
    if look.final and monitoring.final_look == "full_alpha":
        return alpha
    time = spending_time(look, evaluable)
    return spending_by(monitoring.spending, alpha, time=time, number=look.number)


def spending_time(look: LookPlan, evaluable: int) -> float:
    """Where the registered clock stands, in [0, 1]; more pairs than planned count as all."""
    observed = min(1.0, evaluable / look.planned_pairs)
    if look.protocol.monitoring.clock == "smaller_of_planned_and_observed":
        return min(look.look.information, observed)
    return observed


def _nothing_left(look: LookPlan, plan: HypothesisPlan, spent: float, *, grown: bool) -> str:
    if spent >= plan.hypothesis.alpha * (1 - SMALLEST_STEP):
        return "All of alpha was spent at an earlier look, so this look can claim nothing."
    if spent > 0 and grown:
        return "The registered spending gives this look no more than earlier looks have spent."
    if spent > 0:
        return "No evaluable pairs came on since the look before, so this look spends no alpha."
    return (
        f"Too few evaluable pairs at look {look.look.id}: the spending function gives it no alpha."
    )


def _without_new_information(look: LookPlan, *, spent: float, cumulative: float) -> Bound:
    note = "Statistical information has not grown since an earlier look"
    if not look.final:
        return Bound(spent, None, None, f"{note}, so this look spends no alpha.", (f"{note}.",))
    left = cumulative - spent
    warning = f"{note}; the last look uses the alpha that is left, {left:.6g}, by the union bound."
    return Bound(cumulative, left, critical_of(left), None, (warning,))


def boundary_of(
    look: LookPlan,
    bound: Bound,
    *,
    evaluable: int,
    information: float | None,
    statistic: float | None,
    crossed: bool | None,
) -> Boundary:
    """The bound as the results keep it; `crossed` is None where nothing was tested."""
    return Boundary(
        look=look.look.id,
        number=look.number,
        planned_information=look.look.information,
        information_fraction=evaluable / look.planned_pairs,
        statistical_information=information,
        alpha_spent=bound.alpha_spent,
        nominal_alpha=bound.nominal_alpha or 0.0,
        z=bound.z,
        statistic=statistic,
        crossed=crossed,
    )
