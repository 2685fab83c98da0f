"""The flow diagram's reasons in words; a criterion speaks with its registered description."""

from evaluation.results import FlowStep
from protocols.schema import Protocol
from protocols.vocabulary import Fate
from reports.sentences import as_clause, fate_words

REASONS = {
    "gap_booked": "served before the journal confirmed; gap booked",
    "unexplained": "accepted, but nothing accounts for it",
    "on_its_way": "still on its way to the trial store",
    "not_sampled": "not sampled for the candidate",
    "duplicate": "repeated request",
    "later_prediction_of_encounter": "later request of the same encounter",
    "standard_of_care_without_answer": "standard of care gave no answer",
    "outcome_missing": "outcome not ascertained",
    "outcome_conflict": "contradicting outcome reports",
    **{f"candidate_{fate}": f"candidate: {fate_words(fate)}" for fate in Fate if fate != "pending"},
}

PENDING = "candidate_pending"
# The engine lets a pending pair leave at one of two boxes: it waits for the next look, or, where no
# look follows, it counts as a candidate without an answer.
PENDING_WORDS = {
    False: "candidate not asked by this lock; waits for the next look",
    True: "candidate not asked by the final lock",
}

FIELD_REASONS = {"missing": "input missing", "type": "input of another type"}


def step_in_words(step: FlowStep, protocol: Protocol, *, final: bool) -> FlowStep:
    """The step with its reasons in words; the other kind of look's pending row only if not zero."""
    silent = any(code.startswith("candidate_") and code != PENDING for code, _ in step.excluded)
    said: list[tuple[str, int]] = []
    for code, n in step.excluded:
        if code != PENDING:
            said.append((reason_words(code, protocol), n))
        elif n or silent is final:
            said.append((PENDING_WORDS[silent], n))
    return step.model_copy(update={"excluded": tuple(said)})


def reason_words(code: str, protocol: Protocol) -> str:
    """What a reason's code means; a reason that has no words here stands as it came."""
    if code in REASONS:
        return REASONS[code]
    for criterion in (*protocol.eligibility.participant, *protocol.eligibility.input):
        if criterion.id == code:
            return f"criterion not met: {as_clause(criterion.description)}"
    kind, _, field = code.partition(":")
    if field and kind in FIELD_REASONS:
        return f"{FIELD_REASONS[kind]}: {field}"
    return code
