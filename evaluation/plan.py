"""What the registered protocol says about one look: nothing here has been decided by data."""

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.errors import EvaluationError, LookRefusal
from protocols.errors import RefusedError
from protocols.schema import Endpoint, Hypothesis, Look, Protocol
from protocols.vocabulary import Framework, Role


@dataclass(frozen=True, slots=True)
class HypothesisPlan:
    """One registered test with the endpoint it is about.

    `margin` is 0 for superiority; `clustered` says whether pairs of a subject hang together;
    `populations` gives each analysis population's title by its id.
    """

    hypothesis: Hypothesis
    endpoint: Endpoint
    margin: float
    clustered: bool
    populations: Mapping[str, str]

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


def _hypothesis_plan(protocol: Protocol, hypothesis: Hypothesis) -> HypothesisPlan:
    endpoints = {endpoint.id: endpoint for endpoint in protocol.endpoints}
    clustered = protocol.design.cluster == "subject"
    if clustered and hypothesis.test == "tango_score":
        raise EvaluationError(
            "TEST_NEEDS_INDEPENDENT_PAIRS",
            f"{hypothesis.id} registers tango_score although pairs cluster by subject;"
            " register clustered_difference.",
        )
    non_inferiority = hypothesis.framework is Framework.NON_INFERIORITY
    if non_inferiority != (hypothesis.margin is not None):
        raise EvaluationError(
            "MARGIN_AND_FRAMEWORK",
            f"{hypothesis.id} must have a margin exactly if it is about non-inferiority.",
        )
    margin = hypothesis.margin.value if hypothesis.margin else 0.0
    titles = {population.id: population.title for population in protocol.analysis_populations}
    return HypothesisPlan(hypothesis, endpoints[hypothesis.endpoint], margin, clustered, titles)
