"""The registered clock that says how much alpha may be spent: what it reads at a look's lock.

Never the clock of a wall alone: `calendar` counts days from the registered start to the moment at
which the look's data were locked, against the registered duration. `information` needs no reading:
each hypothesis has its own, against its own registered maximum.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from evaluation.plan import LookPlan
from evaluation.populations import Pairs
from evaluation.rounding import to_digits
from protocols.schema import Monitoring

DAY_US = 86_400_000_000
MOMENTS = {"events": "events", "calendar": "days"}  # clock: the name of its maximum


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a trial is on what decides when its looks may be run."""

    have: float
    needed: float
    unit: str  # evaluable pairs | events | days

    @property
    def reached(self) -> bool:
        return self.have >= self.needed

    def sentence(self) -> str:
        """'needs 300 evaluable pairs and there are 210'."""
        if self.unit == "days":
            needed = f"needs {self.needed:g} days from the registered start"
            return f"{needed} and {max(self.have, 0.0):.1f} have passed"
        return f"needs {ceil(self.needed)} {self.unit} and there are {self.have:g}"


def moment_of(look: LookPlan, pairs: Pairs, *, at_us: int) -> float | None:
    """What the clock reads at `at_us`, with the digits that are stored; None for the others."""
    monitoring = look.protocol.monitoring
    if monitoring.clock == "events":
        return float(pairs.n_events)
    if monitoring.clock == "calendar":
        return to_digits(days_since_start(monitoring, at_us))
    return None


def days_since_start(monitoring: Monitoring, at_us: int) -> float:
    """Days from the registered start, midnight UTC; below 0 before it."""
    return (at_us - start_us(monitoring)) / DAY_US


def start_us(monitoring: Monitoring) -> int:
    """The registered start in microseconds; the linter has seen to it that there is one."""
    start = datetime.fromisoformat(monitoring.clock_start or "1970-01-01").replace(tzinfo=UTC)
    return int(start.timestamp()) * 1_000_000


def planned_lock_us(monitoring: Monitoring, look: str) -> int | None:
    """When a planned look is locked if days go by as planned; None where they do not count."""
    if monitoring.clock != "calendar":
        return None
    share = next(planned.information for planned in monitoring.looks if planned.id == look)
    return start_us(monitoring) + round(share * monitoring.clock_maximum["days"] * DAY_US)


def progress_of(look: LookPlan, pairs: Pairs, *, at_us: int) -> Progress:
    """Against what lets this look be run.

    Information is known only to whoever has seen the effect, so that on its clock evaluable pairs
    decide when to look, and what is found there decides what is spent.
    """
    monitoring = look.protocol.monitoring
    moment = moment_of(look, pairs, at_us=at_us)
    if moment is None or look.look.information is None:
        return Progress(pairs.n_evaluable, look.required_pairs, "evaluable pairs")
    unit = MOMENTS[monitoring.clock]
    tolerance = 0.0 if look.final else monitoring.tolerance
    needed = look.look.information * monitoring.clock_maximum[unit] * (1 - tolerance)
    return Progress(moment, round(needed, 6), unit)


def spending_time(look: LookPlan, code: str, *, evaluable: int, information: float | None) -> float:
    """Where the registered clock stands for one hypothesis, in [0, 1]; more than all is all.

    Once the effect has changed the size, it stands where the plan has it: bounds are the plan's.
    """
    if look.weighted and look.look.information is not None:
        return look.look.information
    monitoring = look.protocol.monitoring
    observed = min(1.0, evaluable / look.planned_pairs)
    match monitoring.clock:
        case "information":
            return min(1.0, (information or 0.0) / monitoring.clock_maximum[code])
        case "events" | "calendar" as clock:
            reading = max(look.moment or 0.0, 0.0)
            return min(1.0, reading / monitoring.clock_maximum[MOMENTS[clock]])
        case "smaller_of_planned_and_observed" if look.look.information is not None:
            return min(look.look.information, observed)
        case _:
            return observed


def time_ahead(monitoring: Monitoring, code: str, *, share: float, information: float) -> float:
    """Where the clock will stand at a planned look, if the trial goes on as planned."""
    if monitoring.clock == "information":
        return min(1.0, information / monitoring.clock_maximum[code])
    return share
