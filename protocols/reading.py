"""An arm's reply as the protocol reads it: identity, score, flag. The only door to JMESPath."""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import jmespath
from jmespath.exceptions import JMESPathError

from protocols.schema import ArmPlan, DecisionReading

Problem = Literal["no_score", "score_not_a_number", "score_out_of_range", "no_identity"]

# Picking a value needs names, indices and at most a renaming {name: a.b}. Functions, filters,
# wildcards and pipes are left out: a reply is hostile, and a path should be plain to a reader.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_.\"\[\]{}:, -]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reply says. With a `problem` there is no score and no flag.

    The identity is kept as far as it could be read, also beside a problem with the score.
    """

    score: float | None
    flag: bool | None
    name: str | None
    version: str | None
    digest: str | None
    problem: Problem | None


def path_problem(path: str) -> str | None:
    """Why this is not a plain path, as a sentence; None when it is one."""
    if not PLAIN_PATH.fullmatch(path):
        return "A path holds names, dots, [indices] and {renamings} only."
    try:
        jmespath.compile(path)
    except (JMESPathError, RecursionError, ValueError):
        return "This is not a path that JMESPath understands."
    return None


class ReplyReader:
    """Reads the replies of one registered arm."""

    def __init__(self, plan: ArmPlan) -> None:
        self._plan = plan
        self._identity = jmespath.compile(plan.identity)
        self._score = jmespath.compile(plan.score)

    def read(self, reply: object) -> Reading:
        """`reply` is parsed JSON of any shape; nothing in it raises."""
        name, version, digest = self._read_identity(reply)
        score, problem = self._read_score(reply)
        if name is None or version is None or digest is None:
            problem = "no_identity"
        if problem is not None or score is None:
            return Reading(None, None, name, version, digest, problem)
        return Reading(score, flag_of(score, self._plan.decision), name, version, digest, None)

    def _read_identity(self, reply: object) -> tuple[str | None, str | None, str | None]:
        found = _search(self._identity, reply)
        if not isinstance(found, dict):
            return None, None, None
        return _text(found.get("name")), _text(found.get("version")), _text(found.get("digest"))

    def _read_score(self, reply: object) -> tuple[float | None, Problem | None]:
        found = _search(self._score, reply)
        if found is None:
            return None, "no_score"
        if isinstance(found, bool) or not isinstance(found, int | float):
            return None, "score_not_a_number"
        if isinstance(found, float) and not isfinite(found):
            return None, "score_not_a_number"
        return (float(found), None) if in_range(found, self._plan) else (None, "score_out_of_range")


def in_range(score: float, plan: ArmPlan) -> bool:
    """Whether an arm may answer this: within its range, and a whole number where it names a level.

    `score` is finite, or an integer of any length.
    """
    output = plan.output
    whole = output.kind != "category" or score == int(score)
    return output.low <= score <= output.high and whole


def flag_of(score: float, decision: DecisionReading) -> bool:
    """Whether the arm would have alerted at its frozen threshold."""
    match decision.flag_when:
        case "score_at_or_above":
            return score >= decision.threshold
        case "score_above":
            return score > decision.threshold
        case "score_at_or_below":
            return score <= decision.threshold
        case "score_below":
            return score < decision.threshold


def identity_matches(reading: Reading, plan: ArmPlan) -> bool:
    """Whether the arm that answered is the arm that was registered, to the letter."""
    return (reading.name, reading.version, reading.digest) == (
        plan.name,
        plan.version,
        plan.digest,
    )


def _search(path: jmespath.parser.ParsedResult, reply: object) -> object:
    try:
        return path.search(reply)
    except (JMESPathError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None
