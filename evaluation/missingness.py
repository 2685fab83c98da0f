"""Does it matter who is missing? Patterns of unanswered pairs."""

import numpy as np

from evaluation.inference.missing.bounds import MissingnessTest, informative_missingness
from evaluation.populations import BoolArray, Sample, answered
from evaluation.results import MissingPattern
from protocols.vocabulary import Arm, Fate

LEVEL = 0.95
INFORMATIVE_BELOW = 0.05

NAMES = {Arm.STANDARD_OF_CARE: "the standard of care", Arm.CANDIDATE: "the candidate"}


def missing_patterns(asked: Sample, *, final: bool, clustered: bool) -> tuple[MissingPattern, ...]:
    """Event share with and without each arm's answer, among pairs that both arms were asked about.

    At an interim look a pair that still waits for the candidate says nothing about the candidate.
    """
    known = asked.evaluable()
    soc = np.array([answered(r.standard_of_care) for r in known.records], dtype=np.bool_)
    waiting = np.array([r.candidate.fate is Fate.PENDING for r in known.records], dtype=np.bool_)
    told = known if final else known.take(~waiting)
    return (
        _pattern(Arm.STANDARD_OF_CARE, known, soc, clustered=clustered),
        _pattern(Arm.CANDIDATE, told, told.candidate_answered, clustered=clustered),
    )


def _pattern(
    arm: Arm, sample: Sample, with_answer: BoolArray, *, clustered: bool
) -> MissingPattern:
    happened = sample.outcome == 1
    n_with, n_without = int(with_answer.sum()), int((~with_answer).sum())
    events_with = int((happened & with_answer).sum())
    events_without = int((happened & ~with_answer).sum())
    low = high = p_value = None
    found = informative_missingness(
        events_answered=events_with,
        n_answered=n_with,
        events_unanswered=events_without,
        n_unanswered=n_without,
        level=LEVEL,
    )
    if isinstance(found, MissingnessTest):
        low, high, p_value = found.low, found.high, found.p_value
    informative = None if p_value is None else p_value < INFORMATIVE_BELOW
    share_with = events_with / n_with if n_with else None
    share_without = events_without / n_without if n_without else None
    return MissingPattern(
        arm=arm,
        n_answered=n_with,
        n_unanswered=n_without,
        event_share_answered=share_with,
        event_share_unanswered=share_without,
        low=low,
        high=high,
        p_value=p_value,
        informative=informative,
        sentence=_sentence(arm, n_without, (share_with, share_without), informative)
        + (" Pairs are taken as independent here." if clustered and p_value is not None else ""),
    )


def _sentence(
    arm: Arm, n_without: int, shares: tuple[float | None, float | None], informative: bool | None
) -> str:
    name = NAMES[arm]
    if n_without == 0:
        return f"Every pair with a known outcome has an answer of {name}."
    share_with, share_without = shares
    if share_with is None or share_without is None:
        return f"No pair with a known outcome has an answer of {name}."
    numbers = (
        f"the event share is {100 * share_without:.1f}% in the {n_without} pairs without an answer"
        f" of {name} and {100 * share_with:.1f}% in those with one"
    )
    if informative is None:
        return f"Whether missing answers matter is not evaluable: {numbers}."
    if informative:
        return f"Who is missing matters: {numbers}."
    return f"No sign that it matters who is missing: {numbers}."
