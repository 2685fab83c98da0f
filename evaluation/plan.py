"""What the registered protocol says about one look: nothing here has been decided by data."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.errors import EvaluationError, LookRefusal
from evaluation.inference.base import Scale
from evaluation.inference.orientation import null_effect, turned
from evaluation.inference.rows import Asked
from protocols.errors import RefusedError
from protocols.methods.table import TESTS
from protocols.schema import Endpoint, Hypothesis, Protocol, Resampling
from protocols.vocabulary import Framework, Role

UNPLANNED = "unplanned"  # looks that are not in the plan are called unplanned_1, unplanned_2, ...


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

    @property
    def null(self) -> float:
        """The margin with its sign where effects are added: the logarithm of a ratio."""
        if self.scale == "ratio":
            return math.log(self.margin)
        return null_effect(self.margin, self.endpoint.direction)

    def from_null(self, effect: float) -> float:
        """How far an effect on the test's scale lies beyond the null, towards the alternative."""
        linear = math.log(effect) if self.scale == "ratio" else effect
        return turned(linear - self.null, self.endpoint.direction)

    def effect_at(self, distance: float) -> float:
        """The effect on the test's scale that lies `distance` beyond the null."""
        linear = self.null + turned(distance, self.endpoint.direction)
        return math.exp(linear) if self.scale == "ratio" else linear

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
class LookAt:
    """A look by its id; a look that is not in the plan has no planned information."""

    id: str
    information: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """What the registered re-estimation made of the planned total at the look `at`.

    `weighted`: the effect was looked at, so later looks combine stages by planned weights.
    """

    at: str
    total: int
    weighted: bool


@dataclass(frozen=True, slots=True)
class LookPlan:
    """One look; `number` counts the looks made from 1, `place` those of the plan.

    They differ only where the plan allows looks to be skipped or added. `moment` is what the
    clocks `events` and `calendar` read at the lock, known once there is one; `change` is what an
    earlier look made of the planned total, None where none did; `passed` is the last place of the
    plan that a look, this or an earlier one, has taken.
    """

    protocol: Protocol
    look: LookAt
    number: int
    hypotheses: tuple[HypothesisPlan, ...]
    place: int | None
    moment: float | None = None
    change: Change | None = None
    passed: int = 0

    @property
    def final(self) -> bool:
        return self.place == len(self.protocol.monitoring.looks)

    @property
    def planned_pairs(self) -> int:
        """The total in force: the registered one until a re-estimation has changed it."""
        registered = self.protocol.sample_size.evaluable_pairs
        return registered if self.change is None else self.change.total

    def planned_at(self, look: str) -> int:
        """The total that was in force at the look before this one, by its id."""
        before = self.change is None or look == self.change.at
        return self.protocol.sample_size.evaluable_pairs if before else self.planned_pairs

    @property
    def weighted(self) -> bool:
        """Whether stages are combined here by weights that were planned."""
        return self.change is not None and self.change.weighted

    @property
    def required_pairs(self) -> float:
        """How many evaluable pairs let this look be run; the last look has no tolerance.

        One is enough for a look that is not in the plan.
        """
        if self.look.information is None:
            return 1.0
        tolerance = 0.0 if self.final else self.protocol.monitoring.tolerance
        needed = self.look.information * self.planned_pairs * (1 - tolerance)
        return round(needed, 6)  # 0.07 of 100 is 7 pairs, not the 7.000000000000001 of a float

    @property
    def primary_endpoints(self) -> tuple[Endpoint, ...]:
        leading = (Role.PRIMARY, Role.CO_PRIMARY)
        return tuple(e for e in self.protocol.endpoints if e.role in leading)


def plan_of(protocol: Protocol, look: str, before: Sequence[str] = ()) -> LookPlan:
    """The plan of a look by its id, after the looks `before`.

    RefusedError(LOOK_UNPLANNED) when there is no such look, and where the plan allows others, when
    it has not the name of the next of them: a planned look misspelt must not become a look.
    """
    monitoring = protocol.monitoring
    places = {planned.id: place for place, planned in enumerate(monitoring.looks, start=1)}
    place = places.get(look)
    if place is None:
        _require_next_unplanned(protocol, look, before)
    plans = tuple(_hypothesis_plan(protocol, h) for h in protocol.hypotheses)
    fixed = (monitoring.unplanned_looks, monitoring.skipped_looks) == ("forbidden", "forbidden")
    number = place if place is not None and fixed else len(before) + 1
    information = None if place is None else monitoring.looks[place - 1].information
    passed = max((places.get(name, 0) for name in (*before, look)), default=0)
    at = LookAt(look, information)
    return LookPlan(protocol, at, number, plans, place, passed=passed)


def _require_next_unplanned(protocol: Protocol, look: str, before: Sequence[str]) -> None:
    planned = [known.id for known in protocol.monitoring.looks]
    refusal = f"The protocol has no look {look}; its looks are {', '.join(planned)}."
    if protocol.monitoring.unplanned_looks == "allowed":
        made = sum(name not in planned for name in before)
        name = f"{UNPLANNED}_{made + 1}"
        if look == name:
            return
        refusal += f" The next look that is not in the plan is called {name}."
    raise RefusedError(LookRefusal.UNPLANNED, refusal)


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
