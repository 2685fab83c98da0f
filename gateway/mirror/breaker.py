"""The breaker: after many failures in a row, stop asking for a moment, then try with one pair.

It protects a candidate in trouble and our own backlog, and it must not invent missingness: only a
pair that arrived since the failures began meets an open breaker; one that was waiting before goes
on waiting (the asker holds it). Time comes in as an argument.
"""

from dataclasses import dataclass
from enum import StrEnum


class Admission(StrEnum):
    """What the breaker says about the next asking."""

    ASK = "ask"
    PROBE = "probe"  # the one asking that finds out whether the candidate is back
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class BreakerPlan:
    """Opens after `failures` in a row; pauses double from `pause_s` to `longest_pause_s`."""

    failures: int
    pause_s: float
    longest_pause_s: float


@dataclass(slots=True)
class Breaker:
    """State of one candidate's breaker. Moments are seconds of a monotonic clock."""

    plan: BreakerPlan
    _in_a_row: int = 0
    _trouble_since_us: int = 0
    _pause_s: float = 0.0
    _next_probe_at_s: float | None = None  # None while closed
    _probing: bool = False

    @property
    def is_open(self) -> bool:
        return self._next_probe_at_s is not None

    @property
    def is_stuck(self) -> bool:
        """Whether probes have failed for so long that the pause no longer grows."""
        return self.is_open and self._pause_s >= self.plan.longest_pause_s

    @property
    def trouble_since_us(self) -> int:
        """When the first failure of the present run was asked; wall clock, microseconds."""
        return self._trouble_since_us

    def admit(self, now_s: float) -> Admission:
        """Decide about one asking; a probe that is granted must be reported back."""
        if self._next_probe_at_s is None:
            return Admission.ASK
        if self._probing or now_s < self._next_probe_at_s:
            return Admission.REFUSE
        self._probing = True
        return Admission.PROBE

    def may_pass(self, now_s: float) -> bool:
        """Say whether `admit` would let an asking through now, without granting it."""
        return self._next_probe_at_s is None or (
            not self._probing and now_s >= self._next_probe_at_s
        )

    def wait_s(self, now_s: float) -> float:
        """Say how long it is until the next probe may go; 0 when it may go now."""
        if self._next_probe_at_s is None:
            return 0.0
        return max(0.0, self._next_probe_at_s - now_s)

    def report(self, *, reachable: bool, probe: bool, asked_at_us: int, now_s: float) -> None:
        """Take note of how an asking went; `reachable` means that the candidate replied at all.

        An asking from before the opening may come back after it: only the probe moves the pause.
        """
        if reachable:
            self._in_a_row = 0
            self._pause_s = self.plan.pause_s
            self._next_probe_at_s = None
            self._probing = False
            return
        if self._in_a_row == 0:
            self._trouble_since_us = asked_at_us
        self._in_a_row += 1
        self._trouble_since_us = min(self._trouble_since_us, asked_at_us)
        if self._next_probe_at_s is None and self._in_a_row >= self.plan.failures:
            self._pause_s = self.plan.pause_s
            self._next_probe_at_s = now_s + self._pause_s
        elif probe:
            self._pause_s = min(2 * self._pause_s, self.plan.longest_pause_s)
            self._next_probe_at_s = now_s + self._pause_s
            self._probing = False
