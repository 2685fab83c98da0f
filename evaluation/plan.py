"""What the registered protocol says about one look: nothing here has been decided by data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.errors import EvaluationError, LookRefusal
from evaluation.inference.base import Scale
from evaluation.inference.rows import Asked
from protocols.errors import RefusedError
from protocols.methods.table import TESTS
from protocols.schema import Endpoint, Hypothesis, Look, Protocol, Resampling
from protocols.vocabulary import Framework, Role


@dataclass(frozen=True, slots=True)
class HypothesisPlan:
    """One registered test with the endpoint it is about.

    `margin` is on the test's `scale`: for superiority 0, or 1 for a ratio. `clustered` says
    whether pairs of a subject hang together; `populations` gives each analysis population's title
    by its id.
    """

    protocol: Protocol
    hypothesis: Hypothesis
    endpoint: Endpoint
    scale: Scale
    margin: float
    clustered: bool
    populations: Mapping[str, str]

    @property
    def distance(self) -> float:
        """How far the margin lies from no effect, on the scale where intervals are read."""
        return abs(math.log(self.margin)) if self.scale == "ratio" else self.margin

    def asked(self, level: float) -> Asked:
        """What the registered test is asked, with a two-sided interval at `level`."""
        hypothesis, endpoint = self.hypothesis, self.endpoint
        return Asked(
            level=level,
            direction=endpoint.direction,
            margin=self.margin,
            parameters={
                "measure": endpoint.measure,
                **endpoint.parameters,
                **hypothesis.parameters,
            },
            seed=seed_of(hypothesis.resampling),
            resamples=resamples_of(hypothesis.resampling),
        )

    @property
    def naive_level(self) -> float:
        """Two-sided level of an interval that knows nothing of other looks."""
        return 1 - 2 * self.hypothesis.alpha


@dataclass(frozen=True, slots=True)
class LookPlan:
    """One look; `number` counts from 1."""

    protocol: Protocol
    look: Look
    number: int
    hypotheses: tuple[HypothesisPlan, ...]

    @property
    def final(self) -> bool:
        return self.number == len(self.protocol.monitoring.looks)

    @property
    def planned_pairs(self) -> int:
        return self.protocol.sample_size.evaluable_pairs

    @property
    def required_pairs(self) -> float:
        """How many evaluable pairs let this look be run; the last look has no tolerance."""
        tolerance = 0.0 if self.final else self.protocol.monitoring.tolerance
        needed = self.look.information * self.planned_pairs * (1 - tolerance)
        return round(needed, 6)  # 0.07 of 100 is 7 pairs, not the 7.000000000000001 of a float

    @property
    def primary_endpoints(self) -> tuple[Endpoint, ...]:
        leading = (Role.PRIMARY, Role.CO_PRIMARY)
        return tuple(e for e in self.protocol.endpoints if e.role in leading)


def plan_of(protocol: Protocol, look: str) -> LookPlan:
    """The plan of a look by its id; RefusedError(LOOK_UNPLANNED) when there is no such look."""
    for number, planned in enumerate(protocol.monitoring.looks, start=1):
        if planned.id == look:
            plans = tuple(_hypothesis_plan(protocol, h) for h in protocol.hypotheses)
            return LookPlan(protocol, planned, number, plans)
    known = ", ".join(planned.id for planned in protocol.monitoring.looks)
    raise RefusedError(
        LookRefusal.UNPLANNED, f"The protocol has no look {look}; its looks are {known}."
    )


def seed_of(resampling: Resampling | None) -> int | None:
    """The registered seed, None where nothing is drawn."""
    return resampling.seed if resampling else None


def resamples_of(resampling: Resampling | None) -> int | None:
    """The registered number of resamples, None where nothing is drawn."""
    return resampling.resamples if resampling else None


def _hypothesis_plan(protocol: Protocol, hypothesis: Hypothesis) -> HypothesisPlan:
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    clustered = protocol.design.cluster == "subject"
    spec = TESTS[hypothesis.test]
    if clustered and spec.pairs == "independent":
        raise EvaluationError(
            "TEST_NEEDS_INDEPENDENT_PAIRS",
            f"{hypothesis.id} registers {hypothesis.test} although pairs cluster by subject;"
            " register a test between subjects, such as clustered_difference.",
        )
    superiority = hypothesis.framework is Framework.SUPERIORITY
    if superiority != (hypothesis.margin is None):
        raise EvaluationError(
            "MARGIN_AND_FRAMEWORK",
            f"{hypothesis.id} must have a margin unless it is about superiority, and none then.",
        )
    none = 1.0 if spec.scale == "ratio" else 0.0
    return HypothesisPlan(
        protocol=protocol,
        hypothesis=hypothesis,
        endpoint=endpoints[hypothesis.endpoint],
        scale=spec.scale,
        margin=hypothesis.margin.value if hypothesis.margin else none,
        clustered=clustered,
        populations={p.id: p.title for p in protocol.analysis_populations},
    )
