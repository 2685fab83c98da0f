"""What a trial is tried out on: effects of hypotheses that exist, correlations that can be."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.rules.names import suggestion
from protocols.schema import Protocol, Simulation

PLACE = "simulation.correlations"
ROUNDING = 1e-9  # a pivot this far below zero is one of decimals


def simulated_hypotheses(protocol: Protocol) -> Iterator[Finding]:
    """Effects and correlations are of registered hypotheses."""
    plan, known = protocol.simulation, [hypothesis.id for hypothesis in protocol.hypotheses]
    if plan is None:
        return
    used = [
        (f"simulation.scenarios[{index}].true_effects.{name}", name)
        for index, scenario in enumerate(plan.scenarios)
        for name in scenario.true_effects
    ]
    for index, (one, other, _) in enumerate(plan.correlations):
        used += [(f"{PLACE}[{index}][0]", one), (f"{PLACE}[{index}][1]", other)]
    for path, name in used:
        if name not in known:
            message, remedy = f"There is no hypothesis `{name}`.", suggestion(name, known)
            yield error(Code.UNKNOWN_HYPOTHESIS, path, message, remedy)


def simulated_correlations(protocol: Protocol) -> Iterator[Finding]:
    """All pairs or none, each once, with their source, and possible together."""
    plan, known = protocol.simulation, [hypothesis.id for hypothesis in protocol.hypotheses]
    if plan is None:
        return
    if (plan.correlation_basis is not None) != bool(plan.correlations):
        message = "Correlations stand together with where they are from."
        remedy = "Write correlation_basis with correlations, null without."
        yield error(Code.CORRELATION_UNJUSTIFIED, "simulation.correlation_basis", message, remedy)
    problem = _problem(plan, known) if plan.correlations else None
    if problem is not None:
        remedy = "Write every pair of hypotheses once with a number from -1 to 1, or []."
        yield error(Code.SIMULATION_CORRELATIONS, PLACE, problem, remedy)


def _problem(plan: Simulation, known: Sequence[str]) -> str | None:
    named = [frozenset((one, other)) for one, other, _ in plan.correlations]
    if any(not pair <= set(known) for pair in named):
        return None  # said already
    twice = next((pair for i, pair in enumerate(named) if len(pair) < 2 or pair in named[:i]), None)
    if twice is not None:
        return f"{' and '.join(sorted(twice))} stand twice, or are one hypothesis."
    lacking = [pair for pair in combinations(known, 2) if frozenset(pair) not in named]
    if lacking:
        return f"{' and '.join(lacking[0])} have no correlation, others have one."
    held = {pair: rho for pair, (_, _, rho) in zip(named, plan.correlations, strict=True)}
    matrix = [[1.0 if a == b else held[frozenset((a, b))] for b in known] for a in known]
    return None if _possible(matrix) else "No statistics have these correlations all at once."


def _possible(matrix: list[list[float]]) -> bool:
    """Whether Cholesky's pivots are nowhere negative; behind a pivot of zero nothing is left."""
    n = len(matrix)
    root = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            left = matrix[i][j] - math.fsum(root[i][k] * root[j][k] for k in range(j))
            if i == j:
                if left < -ROUNDING:
                    return False
                root[i][i] = math.sqrt(max(left, 0.0))
            elif root[j][j] ** 2 > ROUNDING:
                root[i][j] = left / root[j][j]
            elif abs(left) > math.sqrt(ROUNDING):
                return False
    return True


RULES = (simulated_hypotheses, simulated_correlations)
