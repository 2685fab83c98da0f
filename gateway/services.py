"""The running parts of one gateway process, made at its start and closed at its end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.arms.client import ArmClient
from gateway.context import GatewayContext
from gateway.gaps import GapBook
from gateway.idempotency import IdempotencyStore
from gateway.journal import Journal
from gateway.metrics import GatewayMetrics
from protocols.vocabulary import Fate


@dataclass(slots=True)
class Lifecycle:
    """What changes while the process runs: it drains, and the standard of care was last seen."""

    draining: bool = False
    standard_of_care: Fate | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that the answer's path uses. It holds no trial store, on purpose."""

    context: GatewayContext
    arm: ArmClient
    journal: Journal
    gaps: GapBook
    idempotency: IdempotencyStore
    metrics: GatewayMetrics
    read_model: Callable[[Mapping[str, object]], bytes]
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
