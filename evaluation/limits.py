"""What this look cannot show, in sentences generated from the protocol and the lock."""

from evaluation.flow import alarms_of, completeness_of
from evaluation.plan import LookPlan
from evaluation.populations import Sample
from evaluation.results import HypothesisResult, MissingPattern
from gateway.store.records import LockedData
from protocols.schema import Protocol
from protocols.vocabulary import Fate, OutcomeState

RETROSPECTIVE = "RETROSPECTIVE_START"


def is_retrospective(data: LockedData) -> bool:
    """Whether the first request predates the registration; that stamp is for ever."""
    return any(deviation["code"] == RETROSPECTIVE for deviation in data.facts.deviations)


def limits_of(
    look: LookPlan,
    data: LockedData,
    *,
    hypotheses: tuple[HypothesisResult, ...],
    patterns: tuple[MissingPattern, ...],
    sample: Sample,
    evaluable: int,
) -> tuple[str, ...]:
    """What this trial cannot show, in sentences that follow from its own facts."""
    protocol = look.protocol
    return (
        "The candidate never acted on anybody, so this trial cannot show its effects on patients.",
        *_outcomes(look, data, sample),
        *_identifiability(protocol),
        *_conduct(protocol, data),
        *_held(data),
        *_other_looks(look, hypotheses),
        *_short_end(look, data, evaluable=evaluable),
        *_repeats(protocol, sample),
        *_safety(protocol),
        *_subgroups(protocol),
        *_analyses(protocol),
        *(p.sentence for p in patterns if p.informative),
        *(w for h in hypotheses for w in h.primary.warnings),
    )


def _outcomes(look: LookPlan, data: LockedData, sample: Sample) -> list[str]:
    sentences = []
    n_unascertained = sample.n - sample.evaluable().n
    if n_unascertained:
        sentences.append(
            f"{n_unascertained} pairs of the primary population have no ascertained outcome and"
            " count in no estimate."
        )
    conflicts = sum(p.outcome_state is OutcomeState.CONFLICT for p in data.pairs)
    if conflicts:
        sentences.append(f"{conflicts} of all recorded outcomes were reported with two values.")
    plan = look.protocol.outcome
    if plan.maturity == "ascertained":
        sentences.append(
            "An outcome counts as mature once it is reported as final; the "
            f"{plan.horizon_days:g} days of its horizon are not waited for separately."
        )
    return sentences


def _identifiability(protocol: Protocol) -> list[str]:
    return [
        f"{endpoint.title} cannot be shown in shadow mode: {endpoint.identifiability.reason}"
        for endpoint in protocol.endpoints
        if not endpoint.identifiability.identifiable
    ]


def _held(data: LockedData) -> list[str]:
    """An alarm that keeps the candidate from being asked, and what it costs this look."""
    holding = [alarm for alarm in alarms_of(data.facts) if alarm.holds]
    if not holding:
        return []
    named = ", ".join(alarm.rule for alarm in holding)
    stopped = any(alarm.action == "stop" for alarm in holding)
    n_waiting = sum(
        pair.candidate.fate is Fate.PENDING
        and (pair.eligible and pair.sampled and pair.duplicate_of is None)
        for pair in data.pairs
    )
    return [
        f"The trial is {'stopped' if stopped else 'paused'} by {named}: the candidate is not"
        f" asked any more, and {n_waiting} pairs that wait for it count in no estimate."
    ]


def _conduct(protocol: Protocol, data: LockedData) -> list[str]:
    sentences = []
    gaps = completeness_of(protocol, data.facts)
    if not gaps.within_protocol:
        sentences.append(
            f"{gaps.booked_gaps + len(gaps.unexplained)} of {gaps.accepted} accepted requests are"
            " not on record, more than the protocol accepts."
        )
    if is_retrospective(data):
        sentences.append(
            "Retrospective: the first request predates the registration of the protocol."
        )
    seen = {
        "none_seen": None,
        "predictions_seen": "Predictions had been seen before registration",
        "outcomes_seen": "Outcomes had been seen before registration",
    }[protocol.prior_data_access.status]
    if seen is not None:
        sentences.append(f"{seen}: {protocol.prior_data_access.explanation}")
    return sentences


def _repeats(protocol: Protocol, sample: Sample) -> list[str]:
    evaluable = sample.evaluable()
    if protocol.design.cluster == "subject" or evaluable.n_subjects == evaluable.n:
        return []
    return [
        f"The {evaluable.n} evaluable pairs come from {evaluable.n_subjects} subjects, but the"
        " protocol registers pairs as independent; the intervals may be too narrow."
    ]


def _other_looks(look: LookPlan, hypotheses: tuple[HypothesisResult, ...]) -> list[str]:
    """Looks may come when they will, but not because of what an earlier one has shown."""
    planned = [known.id for known in look.protocol.monitoring.looks]
    made = [boundary.look for boundary in hypotheses[0].boundaries]
    until = max((planned.index(name) for name in made if name in planned), default=0)
    added = [name for name in made if name not in planned]
    skipped = [name for name in planned[:until] if name not in made]
    why = "error rates hold only if no earlier result led to it."
    return [
        *(f"Look {name} was not in the plan; {why}" for name in added),
        *(f"Planned look {name} was passed over; {why}" for name in skipped),
    ]


def _short_end(look: LookPlan, data: LockedData, *, evaluable: int) -> list[str]:
    """A short last look is sound unless results chose the end; by its fraction it spends less."""
    if not (look.final and data.facts.accrual_closed and evaluable < look.planned_pairs):
        return []
    partly = look.protocol.monitoring.final_look == "information_fraction"
    unspent = " As registered, the last look spends by its information and leaves alpha unspent."
    return [
        f"Accrual was closed at {evaluable} of {look.planned_pairs} planned evaluable pairs; error"
        f" rates hold only if no earlier result led to it.{unspent if partly else ''}"
    ]


def _safety(protocol: Protocol) -> list[str]:
    """The bounds do not allow for several looks."""
    if not protocol.safety:
        return []
    sentences = []
    n_looks = len(protocol.monitoring.looks)
    if n_looks > 1:
        sentences.append(
            f"Safety bounds hold their confidence at each of the {n_looks} planned looks by itself,"
            " not over all of them together."
        )
    return sentences


def _subgroups(protocol: Protocol) -> list[str]:
    if not protocol.subgroups:
        return []
    n = sum(len(subgroup.levels) for subgroup in protocol.subgroups)
    return [
        f"The {n} subgroup intervals are not adjusted for their number; one in twenty misses its"
        " true value by design, and none of them supports a claim."
    ]


def _analyses(protocol: Protocol) -> list[str]:
    """Many analyses give some small p by chance; nothing corrects for it."""
    n = len(protocol.analyses)
    return [f"The {n} registered analyses are not adjusted for their number."] if n > 1 else []
