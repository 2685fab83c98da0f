"""All hypotheses of a protocol under one registered scenario, by its own procedure.

Needs a size design of every hypothesis and registered correlations; `family_of` gives a sentence
instead where one of them is not there. A hypothesis is held against its null from the same drift
as alone; alpha that comes to it moves its bounds only.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.design.simulation.families import (
    MOST,
    Closed,
    Family,
    FamilyRecords,
    Gates,
    bonferroni,
    levels_of,
    run_families,
    simes,
    stepwise,
)
from evaluation.design.simulation.trials import Bounds, bounds_of
from evaluation.inference.arrays import IntArray
from evaluation.plan import HypothesisPlan, plan_of
from evaluation.planning.conducts import rule_of, scenario_of
from evaluation.planning.designs import Design, design_at, local_alpha
from evaluation.planning.sized import Sized
from evaluation.results.design import Simulated, SimulatedTogether
from evaluation.sharing import graph_of
from protocols import schema
from protocols.errors import UsageError
from protocols.schema import Protocol

EDGE = 1e-9  # a drift this small is that of decimals


@dataclass(frozen=True, slots=True)
class Joint:
    """A family ready to run; `nulls` are the hypotheses that are true nulls, None where they drift.

    `planned` are the evaluable pairs that information 1 stands for.
    """

    codes: tuple[str, ...]
    asked: schema.Scenario
    family: Family
    planned: tuple[float, ...]
    nulls: tuple[bool, ...] | None
    procedure: str
    seed: int


@dataclass(frozen=True, slots=True)
class JointTally:
    """Counts of who is claimed (bit j: hypothesis j), of ends by pattern and look, of claims.

    `shown` is by hypothesis and look.
    """

    replicates: int
    claimed: IntArray
    ended: IntArray
    shown: IntArray

    def and_(self, records: FamilyRecords) -> "JointTally":
        """With more trials, those that follow."""
        size = records.claimed.shape[1]
        masks = records.claimed @ (1 << np.arange(size))
        ended, shown = self.ended.copy(), self.shown.copy()
        np.add.at(ended, (records.pattern, records.look), 1)
        for j in range(size):
            looks = records.shown[records.claimed[:, j], j]
            shown[j] += np.bincount(looks, minlength=shown.shape[1])
        claimed = self.claimed + np.bincount(masks, minlength=len(self.claimed))
        return JointTally(self.replicates + len(records), claimed, ended, shown)


def joints_of(plan: schema.Simulation, protocol: Protocol) -> tuple[list[Joint], list[str]]:
    """The family under every scenario, or a sentence on why there is none."""
    plans = plan_of(protocol, protocol.monitoring.looks[-1].id).hypotheses
    if len(plans) < 2:
        return [], []
    reason = _lacking(plan, protocol, plans)
    if reason is not None:
        return [], [reason]
    try:
        designs = [_design(protocol, item) for item in plans]
        return [_joint(plan, asked, designs) for asked in plan.scenarios], []
    except UsageError as problem:
        return [], [f"The hypotheses are not simulated together: {problem}"]


def _lacking(
    plan: schema.Simulation, protocol: Protocol, plans: Sequence[HypothesisPlan]
) -> str | None:
    sized = {design.hypothesis for design in protocol.sample_size.design}
    without = [item.hypothesis.id for item in plans if item.hypothesis.id not in sized]
    if without:
        return (
            f"The hypotheses are not simulated together: {', '.join(without)} has no size design."
        )
    if not plan.correlations:
        return (
            "The hypotheses are not simulated together: no correlation of their statistics is "
            "registered (simulation.correlations). With --full it comes from the encounters."
        )
    if len(plans) > MOST:
        return f"More than {MOST} hypotheses are not simulated together."
    return None


def _design(protocol: Protocol, plan: HypothesisPlan) -> tuple[Design, Sized]:
    """At its first share of alpha, or at all of it where it waits for a share."""
    design = design_at(protocol, plan, local_alpha(protocol, plan) or plan.hypothesis.alpha)
    if design.sized is None:
        message = f"{design.id} has no size formula."
        raise UsageError("SIZE_FORMULA", message)
    return design, design.sized


def _joint(
    plan: schema.Simulation, asked: schema.Scenario, designs: Sequence[tuple[Design, Sized]]
) -> Joint:
    codes = tuple(design.id for design, _ in designs)
    protocol = designs[0][0].protocol
    scenarios = tuple(scenario_of(d, sized, asked, seed=plan.seed) for d, sized in designs)

    def bounds(j: int, level: float) -> tuple[Bounds, ...]:
        held = replace(designs[j][0], alpha=level)
        return bounds_of(scenarios[j], rule_of(held, asked))

    procedure = procedure_of(protocol, codes)
    family = Family(
        name=f"{asked.id}:{'+'.join(codes)}",
        scenarios=scenarios,
        correlation=_correlation(plan, codes),
        procedure=procedure,
        bounds={(j, level): bounds(j, level) for j, level in sorted(levels_of(procedure))},
        first=tuple(bounds(j, design.alpha) for j, (design, _) in enumerate(designs)),
    )
    drifting = any(scenario.changes_at is not None for scenario in scenarios)
    nulls = tuple(scenario.effect <= EDGE for scenario in scenarios)
    return Joint(
        codes=codes,
        asked=asked,
        family=family,
        planned=tuple(float(sized.planned) for _, sized in designs),
        nulls=None if drifting else nulls,
        procedure=protocol.multiplicity.procedure,
        seed=plan.seed,
    )


def _correlation(plan: schema.Simulation, codes: Sequence[str]) -> tuple[tuple[float, ...], ...]:
    held = {frozenset((one, other)): rho for one, other, rho in plan.correlations}
    return tuple(tuple(1.0 if a == b else held[frozenset((a, b))] for b in codes) for a in codes)


def procedure_of(protocol: Protocol, codes: Sequence[str]) -> Gates | Closed:
    """The registered procedure on hypotheses numbered as in `codes`."""
    shared, word = protocol.multiplicity, protocol.multiplicity.procedure
    graph = shared.graph
    if graph is None:
        alphas = {h.id: h.alpha for h in protocol.hypotheses}
        groups = [tuple(codes.index(code) for code in group) for group in shared.order]
        if word != "fixed_sequence":  # every group for itself: no gate before it
            groups = [tuple(j for group in groups for j in group)] if groups else []
        return Gates(tuple(groups), tuple(alphas[code] for code in codes))
    whole = graph_of(graph, shared, codes)
    if word in ("hochberg", "hommel"):
        alpha = graph.alpha * min(1.0, math.fsum(whole.weights))
        return stepwise(len(codes), alpha, procedure=word, look_back=graph.look_back)
    make = simes if graph.local_test == "simes" else bonferroni
    return make(whole, graph.alpha, look_back=graph.look_back)


def no_trials(joint: Joint) -> JointTally:
    """The tally before the first trial."""
    patterns = joint.family.scenarios[0].patterns
    looks = max(len(pattern) for pattern in patterns)
    return JointTally(
        0,
        np.zeros(1 << len(joint.codes), dtype=np.int64),
        np.zeros((len(patterns), looks), dtype=np.int64),
        np.zeros((len(joint.codes), looks), dtype=np.int64),
    )


def trials_of(joint: Joint, first: int, n: int) -> FamilyRecords:
    """Trials first, ..., first + n - 1."""
    return run_families(joint.family, seed=joint.seed, first=first, n=n)


def joint_reached(tally: JointTally, target_se: float) -> bool:
    """Whether every hypothesis' share of claims is known as well as registered."""
    n = tally.replicates
    shares = ((int(count) + 1) / (n + 2) for count in _marginal(tally))
    return n > 0 and all(math.sqrt(p * (1 - p) / n) <= target_se for p in shares)


def _marginal(tally: JointTally) -> Iterator[int]:
    masks = np.arange(len(tally.claimed))
    for j in range(len(tally.shown)):
        yield int(tally.claimed[(masks >> j) & 1 == 1].sum())


def found_together(
    joint: Joint, tally: JointTally, plan: schema.Simulation, *, interrupted: bool
) -> SimulatedTogether:
    """What a tally of two trials or more says."""
    return together(
        joint.codes,
        joint.asked.id,
        tally,
        procedure=joint.procedure,
        nulls=joint.nulls,
        correlation="registered",
        pairs=_pairs(joint, tally),
        reached=joint_reached(tally, plan.target_se),
        interrupted=interrupted,
    )


def together(
    codes: Sequence[str],
    scenario: str,
    tally: JointTally,
    *,
    procedure: str,
    nulls: Sequence[bool] | None,
    correlation: str,
    pairs: Simulated,
    reached: bool,
    interrupted: bool,
) -> SimulatedTogether:
    """The figures of a family, whichever engine has counted them."""
    n, masks = tally.replicates, np.arange(len(tally.claimed))
    null_mask = sum(1 << j for j, null in enumerate(nulls or ()) if null)
    wrong = int(tally.claimed[(masks & null_mask) > 0].sum())
    return SimulatedTogether(
        scenario=scenario,
        hypotheses=tuple(codes),
        procedure=procedure,
        correlation=correlation,
        replicates=n,
        reached=reached,
        interrupted=interrupted,
        claims=tuple(share(count, n) for count in _marginal(tally)),
        claims_by_look=tuple(tuple(share(int(at), n) for at in row) for row in tally.shown),
        any_claim=share(n - int(tally.claimed[0]), n),
        all_claims=share(int(tally.claimed[-1]), n),
        true_nulls=tuple(code for code, null in zip(codes, nulls or (), strict=False) if null),
        family_error=share(wrong, n) if null_mask else None,
        family_error_reason=_no_error(nulls, null_mask),
        expected_pairs=pairs,
    )


def _no_error(nulls: Sequence[bool] | None, null_mask: int) -> str | None:
    if nulls is None:
        return "Effects drift, so no hypothesis is a true null throughout."
    return None if null_mask else "No hypothesis is a true null in this scenario."


def share(count: int, n: int) -> Simulated:
    """A share of trials with its binomial standard error."""
    value = count / n
    return Simulated(value=value, standard_error=math.sqrt(value * (1 - value) / n))


def _pairs(joint: Joint, tally: JointTally) -> Simulated:
    held = [
        (
            int(tally.ended[place, look]),
            max(
                planned * scenario.patterns[place][look]
                for planned, scenario in zip(joint.planned, joint.family.scenarios, strict=True)
            ),
        )
        for place, pattern in enumerate(joint.family.scenarios[0].patterns)
        for look in range(len(pattern))
    ]
    return mean_of(held, tally.replicates)


def mean_of(held: Sequence[tuple[int, float]], n: int) -> Simulated:
    """From whole counts, so that no order of adding matters."""
    mean = math.fsum(count * pairs for count, pairs in held) / n
    spread = math.fsum(count * (pairs - mean) ** 2 for count, pairs in held) / (n - 1)
    return Simulated(value=mean, standard_error=math.sqrt(spread / n))
