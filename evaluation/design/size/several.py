"""Several co-primary endpoints at once: all must succeed, so their powers multiply or worse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.design.multiplicity.orthants import any_exceeds, check_correlation
from evaluation.design.size.plan import Normal, Plan, SampleSize, sized, smallest
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class CoPrimarySize:
    """The common size, and at that size the joint power and each endpoint's own."""

    size: SampleSize
    joint_power: float
    powers: tuple[float, ...]


def joint_power(
    endpoints: Sequence[Normal],
    n: float,
    plan: Plan,
    *,
    correlation: Sequence[Sequence[float]] | None = None,
) -> float:
    """Chance that every endpoint succeeds at full alpha with `n` independent pairs.

    `correlation` is that of the test statistics; None is independence, the careful choice where
    it is not known. Raises `UsageError` where it does not fit the endpoints.
    """
    if not endpoints:
        raise UsageError("NO_HYPOTHESES", "Co-primary endpoints are one at least.")
    m = len(endpoints)
    matrix = np.eye(m) if correlation is None else np.array(correlation, dtype=np.float64)
    check_correlation(matrix)
    if len(matrix) != m:
        raise UsageError("CORRELATION_SHAPE", "The correlation has one row per endpoint.")
    deviates = np.array([endpoint.deviate(n, plan) for endpoint in endpoints])
    if correlation is None:
        return float(np.prod(special.ndtr(deviates)))
    return 1 - any_exceeds(deviates, matrix)


def co_primary_size(
    endpoints: Sequence[Normal],
    plan: Plan,
    *,
    correlation: Sequence[Sequence[float]] | None = None,
) -> CoPrimarySize:
    """The size whose joint power reaches the plan's (Sozu, Sugimoto & Hamasaki 2010).

    Stat Med 29:2169. Endpoints that count different pairs are brought to the common population by
    `Normal.among`: sensitivity and specificity share no pair, so they are independent.
    """

    def power_at(n: float) -> float:
        return joint_power(endpoints, n, plan, correlation=correlation)

    alone = max(endpoint.size(_bare(plan), "").n_independent for endpoint in endpoints)
    n = smallest(power_at, plan.power, alone)
    size = sized(n, plan, power_at, "co-primary endpoints")
    there = size.n_pairs / plan.factor
    powers = tuple(endpoint.power(there, plan) for endpoint in endpoints)
    return CoPrimarySize(size, size.attained_power, powers)


def _bare(plan: Plan) -> Plan:
    return Plan(plan.alpha, plan.power)
