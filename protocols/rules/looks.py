"""Clocks, the inference that a claim rests on, and outcomes that come after a stop."""

from collections.abc import Iterator
from datetime import date

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.schema import Protocol

MAXIMUM = {"events": ("events",), "calendar": ("days",)}
BY_WHOLE_PLAN = frozenset({"estimate_order", "likelihood_ratio_order"})


def clock_maximum(protocol: Protocol) -> Iterator[Finding]:
    """A clock that does not count pairs says where all of alpha is spent."""
    monitoring = protocol.monitoring
    needed: tuple[str, ...] = MAXIMUM.get(monitoring.clock, ())
    if monitoring.clock == "information":
        needed = tuple(hypothesis.id for hypothesis in protocol.hypotheses)
    given = monitoring.clock_maximum
    remedy = f"Write {{{', '.join(f'{name}: ...' for name in needed)}}} as the trial was planned."
    path = "monitoring.clock_maximum"
    for name in needed:
        if name not in given:
            message = f"The clock `{monitoring.clock}` has no maximum of {name}."
            yield error(Code.CLOCK_MAXIMUM, path, message, remedy)
    for name in given:
        if name not in needed:
            message = f"The clock `{monitoring.clock}` reads no maximum of {name}."
            away = remedy if needed else "Write clock_maximum: {}."
            yield error(Code.CLOCK_MAXIMUM, f"{path}.{name}", message, away)


def clock_start(protocol: Protocol) -> Iterator[Finding]:
    """Days are counted from a day that is registered and exists."""
    monitoring, path = protocol.monitoring, "monitoring.clock_start"
    calendar = monitoring.clock == "calendar"
    remedy = "Write the day on which accrual begins, as YYYY-MM-DD; null for other clocks."
    if calendar != (monitoring.clock_start is not None):
        verb = "needs" if calendar else "has no"
        message = f"The clock `{monitoring.clock}` {verb} start."
        yield error(Code.CLOCK_START, path, message, remedy)
    elif monitoring.clock_start is not None and not _is_day(monitoring.clock_start):
        message = f"There is no day {monitoring.clock_start}."
        yield error(Code.CLOCK_START, path, message, remedy)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text) >= date(1970, 1, 1)
    except ValueError:
        return False


def claim_order(protocol: Protocol) -> Iterator[Finding]:
    """An order that looks at later looks needs a plan that is kept."""
    monitoring = protocol.monitoring
    if monitoring.claim_interval not in BY_WHOLE_PLAN:
        return
    moving = [
        name
        for name, moves in (
            ("unplanned looks", monitoring.unplanned_looks == "allowed"),
            ("skipped looks", monitoring.skipped_looks == "allowed"),
            ("a re-estimated size", protocol.re_estimation is not None),
        )
        if moves
    ]
    if moving:
        message = f"`{monitoring.claim_interval}` depends on later looks, and the plan allows "
        message += f"{' and '.join(moving)}."
        remedy = "Register claim_interval: stagewise, which asks for no later look, or forbid them."
        yield error(Code.CLAIM_ORDER, "monitoring.claim_interval", message, remedy)


def delayed_response(protocol: Protocol) -> Iterator[Finding]:
    """No look can wait for its pipeline before it decides (Hampson & Jennison 2013)."""
    if protocol.monitoring.late_outcomes != "delayed_response":
        return
    message = "A delayed response ends enrolment at a look, above or below, and decides when the "
    message += "pipeline is in. Here a look decides on what it has, and asking goes on after it."
    remedy = "Write late_outcomes: repeated (the usual one), weighted or deletion."
    yield error(Code.DELAYED_RESPONSE, "monitoring.late_outcomes", message, remedy)


def one_beta(protocol: Protocol) -> Iterator[Finding]:
    """A hypothesis has one beta to spend."""
    seen: set[str] = set()
    for index, rule in enumerate(protocol.futility):
        if rule.scale != "beta_spending":
            continue
        if rule.hypothesis in seen:
            message = f"A rule before this one spends the beta of {rule.hypothesis} already."
            remedy = "Register one beta_spending rule for each hypothesis, with all of its looks."
            yield error(Code.FUTILITY_TWICE, f"futility[{index}].scale", message, remedy)
        seen.add(rule.hypothesis)


RULES = (clock_maximum, clock_start, claim_order, delayed_response, one_beta)
