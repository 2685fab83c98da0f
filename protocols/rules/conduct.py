"""Arms, mirror, capture, outcome: whether what is planned can be run and is a shadow trial."""

from collections.abc import Iterator
from datetime import date

from protocols.errors import Finding
from protocols.findings import Code, error, warning
from protocols.reading import path_problem
from protocols.schema import ArmPlan, Protocol


def _arms(protocol: Protocol) -> Iterator[tuple[str, ArmPlan]]:
    yield "arms.standard_of_care", protocol.arms.standard_of_care
    yield "arms.candidate", protocol.arms.candidate


def reply_paths(protocol: Protocol) -> Iterator[Finding]:
    """Where a reply holds identity and score can be read as JMESPath."""
    for path, arm in _arms(protocol):
        for field, text in (("identity", arm.identity), ("score", arm.score)):
            if (problem := path_problem(text)) is not None:
                remedy = "Write for example model, output.score or predictions[0].value."
                yield error(Code.PATH_SYNTAX, f"{path}.{field}", problem, remedy)


def outputs(protocol: Protocol) -> Iterator[Finding]:
    """The range of an arm's output is one, and the threshold lies in it."""
    for path, arm in _arms(protocol):
        low, high = arm.output.low, arm.output.high
        outside_unit = arm.output.kind == "probability" and (low < 0 or high > 1)
        no_level = arm.output.kind == "category" and (low != 0 or high != int(high))
        if low >= high or outside_unit or no_level:
            message = f"[{low:g}, {high:g}] is not a range for a {arm.output.kind}."
            remedy = "low lies below high; probabilities lie in [0, 1], categories count from 0."
            yield error(Code.OUTPUT_RANGE, f"{path}.output", message, remedy)
        elif not low <= arm.decision.threshold <= high:
            message = f"The threshold {arm.decision.threshold:g} lies outside [{low:g}, {high:g}]."
            remedy = "No score could ever reach it, or every score does."
            place = f"{path}.decision.threshold"
            yield error(Code.THRESHOLD_OUT_OF_RANGE, place, message, remedy)


def identities(protocol: Protocol) -> Iterator[Finding]:
    """Each arm has the digest of a real artefact, and not the other's."""
    for path, arm in _arms(protocol):
        if len(set(arm.digest.removeprefix("sha256:"))) <= 2:
            message = "This digest does not look like that of a real artefact."
            remedy = "Write the SHA-256 of the file or image that answers."
            yield warning(Code.DIGEST_PLACEHOLDER, f"{path}.digest", message, remedy)
    if protocol.arms.standard_of_care.digest == protocol.arms.candidate.digest:
        message = "Both arms are the same artefact."
        remedy = "Right for an A/A trial of the apparatus; otherwise mend the digest."
        yield warning(Code.ARMS_IDENTICAL, "arms.candidate.digest", message, remedy)


def training_data(protocol: Protocol) -> Iterator[Finding]:
    """The candidate was frozen before the trial began."""
    candidate = protocol.arms.candidate
    path = "arms.candidate.training_data_end"
    if candidate.kind == "model" and candidate.training_data_end is None:
        message = "Nobody can tell whether the candidate was trained on the trial's own patients."
        yield warning(Code.TRAINING_END_MISSING, path, message, "Write the last day of its data.")
    ended, written = _day(candidate.training_data_end), _day(protocol.protocol.date)
    if ended is not None and written is not None and ended > written:
        message = f"Training data until {ended} reach past the protocol of {written}."
        remedy = "The candidate is frozen before the trial; check both dates."
        yield error(Code.TRAINING_END_LATE, path, message, remedy)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def dates(protocol: Protocol) -> Iterator[Finding]:
    """The protocol's date is a day."""
    if _day(protocol.protocol.date) is None:
        message = f"There is no day {protocol.protocol.date}."
        yield error(Code.DATE_IMPOSSIBLE, "protocol.date", message, "Write YYYY-MM-DD.")


def shadow(protocol: Protocol) -> Iterator[Finding]:
    """No clinician sees the candidate."""
    if protocol.arms.candidate.seen_by_clinician:
        message = "A candidate that clinicians see changes the care it is judged by."
        remedy = "Shadow evaluation needs seen_by_clinician: false for the candidate."
        yield error(Code.CANDIDATE_SEEN, "arms.candidate.seen_by_clinician", message, remedy)


def mirroring(protocol: Protocol) -> Iterator[Finding]:
    """The candidate is asked at all, in order of its deadlines, with few losses."""
    mirror, capture = protocol.setting.mirror, protocol.setting.capture
    if mirror.late_until_ms < mirror.deadline_ms:
        message = "Late answers end before answers on time do."
        remedy = "late_until_ms is at least deadline_ms."
        path = "setting.mirror.late_until_ms"
        yield error(Code.LATE_BEFORE_DEADLINE, path, message, remedy)
    if mirror.share == 0:
        message = "No subject is mirrored, so the candidate is never asked."
        yield error(Code.NOTHING_MIRRORED, "setting.mirror.share", message, "1.0 mirrors all.")
    if capture.largest_gap_share > 0.05:
        message = f"Up to {capture.largest_gap_share:g} of the answers may go unrecorded."
        path = "setting.capture.largest_gap_share"
        yield warning(Code.GAP_SHARE_WIDE, path, message, "0.001 to 0.01 is usual.")


def repeats(protocol: Protocol) -> Iterator[Finding]:
    """Repeated predictions of one subject are not taken as independent unawares."""
    design = protocol.design
    if design.cluster == "none" and design.repeated_predictions == "all":
        message = "Repeated predictions of one subject would count as independent."
        remedy = "Right if nobody comes twice; otherwise cluster: subject or first_per_encounter."
        yield warning(Code.REPEATS_WITHOUT_CLUSTER, "design.cluster", message, remedy)


def outcome(protocol: Protocol) -> Iterator[Finding]:
    """Whoever ascertains the outcome does not know the candidate; no arm reads the outcome."""
    plan = protocol.outcome
    if "candidate" not in plan.assessor_blinded_to:
        message = "Whoever ascertains the outcome may know what the candidate said."
        path = "outcome.assessor_blinded_to"
        yield warning(Code.OUTCOME_NOT_BLINDED, path, message, "Blind them to the candidate.")
    outcomes = {plan.name, *(further.name for further in protocol.further_outcomes)}
    for index, field in enumerate(protocol.inputs.fields):
        if field.name in outcomes:
            message = f"The outcome `{field.name}` is also an input."
            remedy = "An arm that reads the outcome predicts nothing; rename or remove it."
            yield error(Code.OUTCOME_AS_INPUT, f"inputs.fields[{index}].name", message, remedy)


RULES = (
    reply_paths,
    outputs,
    identities,
    training_data,
    dates,
    shadow,
    mirroring,
    repeats,
    outcome,
)
