"""A status as JSON and as a table for people."""

from collections.abc import Iterator

from gateway.status import Status
from gateway.store.tables import SafetyResumption
from gateway.timestamps import rfc3339

_SHOWN_NUMBERS = 10


def status_document(status: Status) -> dict[str, object]:
    """Write the status as a JSON object."""
    registration, counted, look = status.registration, status.completeness, status.next_look
    return {
        "trial": registration.trial,
        "version": registration.version,
        "digest": registration.digest,
        "registered_at": rfc3339(registration.registered_at_us),
        "registered_by": registration.registered_by,
        "retrospective": registration.retrospective,
        "epochs": [
            {
                "epoch": epoch.epoch,
                "started_at": rfc3339(epoch.started_at_us),
                "accepted_seq": epoch.accepted_seq,
                "shipped_seq": epoch.shipped_seq,
                "closed": epoch.closed,
            }
            for epoch in status.epochs
        ],
        "accepted": counted.accepted,
        "recorded": counted.recorded,
        "booked_gaps": counted.booked_gaps,
        "in_flight": counted.in_flight,
        "unexplained": list(counted.unexplained),
        "fates": counted.fates,
        "pending": status.pending,
        "outcomes": status.outcomes,
        "further_outcomes": status.further_outcomes,
        "evaluable": status.evaluable,
        "evaluable_planned": status.evaluable_planned,
        "evaluable_needed": status.evaluable_planned if look is None else look.planned,
        "next_look": None
        if look is None
        else {
            "look": look.look,
            "number": look.number,
            "planned": look.planned,
            "earliest": look.earliest,
            "due": look.due,
        },
        "looks_conducted": list(status.conducted),
        "accrual_closed": status.accrual_closed,
        "deviations": status.deviations,
        "refusals": status.refusals,
        "alarms": [
            {
                "rule": alarm.rule,
                "action": alarm.action,
                "severity": alarm.severity,
                "raised_at": rfc3339(alarm.raised_at_us),
                "resumption": _resumption_document(status.resumptions.get(alarm.rule)),
            }
            for alarm in status.alarms
        ],
        "held": status.hold.word,
        "held_by": list(status.hold.rules),
        "mirror": _mirror_document(status),
        "watch": _watch_document(status),
    }


def _resumption_document(row: SafetyResumption | None) -> dict[str, str] | None:
    if row is None:
        return None
    return {"at": rfc3339(row.resumed_at_us), "by": row.resumed_by, "reason": row.reason}


def _watch_document(status: Status) -> dict[str, object] | None:
    watch = status.watch
    if watch is None:
        return None
    read = watch.read_at_us
    return {
        "state": "silent" if watch.is_silent(status.at_us) else watch.state,
        "heard_at": rfc3339(watch.at_us),
        "read_at": None if read is None else rfc3339(read),
        "round_ms": watch.round_ms,
        "lag_s": watch.lag_s,
        "store_error": watch.store_error,
    }


def _mirror_document(status: Status) -> dict[str, object] | None:
    mirror = status.mirror
    if mirror is None:
        return None
    return {
        "state": "silent" if mirror.is_silent(status.at_us) else mirror.state,
        "heard_at": rfc3339(mirror.at_us),
        "backlog": mirror.backlog,
        "lag_ms": {"p50": mirror.lag_p50_ms, "p99": mirror.lag_p99_ms},
        "breaker": mirror.breaker,
        "store_error": mirror.store_error,
        "held_by": list(mirror.held_by),
        "missing_journals": list(mirror.missing_journals),
    }


def status_lines(status: Status) -> Iterator[str]:
    """Write the status for people, one line after the other."""
    registration, counted = status.registration, status.completeness
    yield f"{registration.trial} {registration.version}"
    yield f"  digest       {registration.digest}"
    yield f"  registered   {rfc3339(registration.registered_at_us)} by {registration.registered_by}"
    if registration.retrospective:
        yield "  retrospective: the first request predates the registration"
    yield (
        f"  accepted     {counted.accepted}: {counted.recorded} recorded, "
        f"{counted.booked_gaps} booked gaps, {counted.in_flight} in flight, "
        f"{len(counted.unexplained)} unexplained"
    )
    if counted.unexplained:
        more = "" if len(counted.unexplained) <= _SHOWN_NUMBERS else " …"
        yield f"  unexplained  {' '.join(counted.unexplained[:_SHOWN_NUMBERS])}{more}"
    for epoch in status.epochs:
        state = "closed" if epoch.closed else "open"
        yield f"  epoch        {epoch.epoch}: {epoch.shipped_seq} of {epoch.accepted_seq}, {state}"
    for arm, fates in counted.fates.items():
        yield f"  {arm:<20} {_listed(fates)}"
    yield f"  mirror       {_mirror(status)}"
    yield f"  outcomes     {_listed(status.outcomes)}"
    for name, counts in status.further_outcomes.items():
        yield f"    {name:<18} {_listed(counts)}"
    yield f"  evaluable    {status.evaluable} of {status.evaluable_planned} planned"
    yield f"  looks        {_looks(status)}"
    yield f"  accrual      {'closed' if status.accrual_closed else 'open'}"
    yield f"  deviations   {_listed(status.deviations)}"
    yield f"  refusals     {status.refusals}"
    yield from _safety(status)


def _safety(status: Status) -> Iterator[str]:
    """What keeps the candidate from being asked, each alarm, and whether somebody is watching."""
    if status.hold.word:
        yield (
            f"  {status.hold.word.upper():<12} the candidate is not asked:"
            f" {', '.join(status.hold.rules)}"
        )
    for alarm in status.alarms:
        yield (
            f"  safety       {alarm.rule} asks to {alarm.action} ({alarm.severity}),"
            f" raised {rfc3339(alarm.raised_at_us)}"
        )
        row = status.resumptions.get(alarm.rule)
        if row is not None:
            yield (f"    resumed    {rfc3339(row.resumed_at_us)} by {row.resumed_by}: {row.reason}")
    if status.has_rules or status.watch is not None:
        yield f"  watch        {_watch(status)}"


def _watch(status: Status) -> str:
    watch = status.watch
    if watch is None:
        return "never heard of; `equipoise serve` starts it"
    if watch.is_silent(status.at_us):
        return f"silent since {rfc3339(watch.at_us)}; see that it runs"
    stopped = watch.state == "stopped"
    said = ["stopped; `equipoise serve` starts it" if stopped else watch.state]
    if watch.read_at_us is not None:
        said.append(f"rules read {rfc3339(watch.read_at_us)} in {watch.round_ms:g} ms")
    if watch.lag_s is not None:
        said.append(f"newest outcome read after {watch.lag_s:g} s")
    if watch.store_error is not None:
        said.append(f"store: {watch.store_error}")
    return ", ".join(said)


def _mirror(status: Status) -> str:
    mirror = status.mirror
    if mirror is None:
        return "never heard of; start it with `equipoise serve`"
    if mirror.is_silent(status.at_us):
        return f"silent since {rfc3339(mirror.at_us)}; see that it runs"
    said = [mirror.state, f"{mirror.backlog} waiting"]
    if mirror.lag_p50_ms is not None:
        said.append(f"lag p50 {mirror.lag_p50_ms} ms, p99 {mirror.lag_p99_ms} ms")
    if mirror.breaker != "closed":
        said.append(f"breaker {mirror.breaker}")
    if mirror.store_error is not None:
        said.append(f"store: {mirror.store_error}")
    if mirror.held_by:
        said.append(f"held by {' '.join(mirror.held_by)}")
    if mirror.missing_journals:
        said.append(f"journals missing: {' '.join(mirror.missing_journals)}")
    return ", ".join(said)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {word}" for word, n in counts.items()) or "none"


def _looks(status: Status) -> str:
    done = f"conducted: {', '.join(status.conducted) or 'none'}"
    look = status.next_look
    if look is None:
        return done
    due = "due now" if look.due else f"due from {look.earliest} evaluable pairs"
    return f"{done}; next: {look.look}, {due}"
