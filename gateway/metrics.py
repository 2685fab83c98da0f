"""What Prometheus reads at /metrics. No label and no value comes from a request.

The answer's path adds to plain numbers; families are built when somebody asks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from protocols.vocabulary import Fate

_BOUNDS_MS = (0.5, 1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 500, 1000, 2500, 5000)


@dataclass(slots=True)
class Timings:
    """A histogram of durations."""

    cells: list[int] = field(default_factory=lambda: [0] * (len(_BOUNDS_MS) + 1))
    total_ms: float = 0.0

    def add(self, duration_ms: float) -> None:
        """Count one duration, in milliseconds."""
        self.cells[bisect_left(_BOUNDS_MS, duration_ms)] += 1
        self.total_ms += duration_ms

    def family(self, name: str, text: str) -> HistogramMetricFamily:
        """The histogram for Prometheus, in seconds."""
        buckets: list[tuple[str, float]] = []
        running = 0
        for bound, cell in zip((*_BOUNDS_MS, None), self.cells, strict=True):
            running += cell
            buckets.append(("+Inf" if bound is None else repr(bound / 1000), running))
        return HistogramMetricFamily(name, text, buckets=buckets, sum_value=self.total_ms / 1000)


@dataclass(slots=True, eq=False)
class GatewayMetrics:
    """One process's numbers."""

    fates: Counter[Fate] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    gaps_unbooked: int = 0
    replays: int = 0
    disconnects: int = 0
    in_flight: int = 0
    journal_up: bool = False
    overhead: Timings = field(default_factory=Timings)
    standard_of_care: Timings = field(default_factory=Timings)

    def collect(self) -> Iterator[Metric]:
        """Build the families (prometheus_client's collector interface)."""
        yield self._counted(
            "equipoise_requests_accepted",
            "Accepted requests by the fate of the standard of care.",
            "fate",
            {fate.value: self.fates[fate] for fate in Fate if self.fates[fate]},
        )
        yield self._counted(
            "equipoise_problems", "Problems replied, by type.", "type", dict(self.problems)
        )
        yield self._counted(
            "equipoise_capture_gaps",
            "Accepted requests that the journal had not confirmed in time, by cause.",
            "cause",
            dict(self.gaps),
        )
        for name, text, value in (
            ("equipoise_capture_gaps_unbooked", "Gaps not booked in time.", self.gaps_unbooked),
            ("equipoise_idempotent_replays", "Stored answers replayed.", self.replays),
            ("equipoise_client_disconnects", "Callers gone before their answer.", self.disconnects),
        ):
            yield CounterMetricFamily(name, text, value=value)
        yield GaugeMetricFamily(
            "equipoise_requests_in_flight", "Requests under way.", value=self.in_flight
        )
        yield GaugeMetricFamily(
            "equipoise_journal_up", "1 while the journal takes rows.", value=float(self.journal_up)
        )
        yield self.overhead.family(
            "equipoise_gateway_overhead_seconds",
            "Time of an accepted request beyond the standard of care's own.",
        )
        yield self.standard_of_care.family(
            "equipoise_standard_of_care_seconds", "Time of asking the standard of care."
        )

    @staticmethod
    def _counted(name: str, text: str, label: str, counts: dict[str, int]) -> CounterMetricFamily:
        family = CounterMetricFamily(name, text, labels=[label])
        for value, count in sorted(counts.items()):
            family.add_metric([value], count)
        return family

    def exposition(self) -> bytes:
        """Write everything in the text format."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)
