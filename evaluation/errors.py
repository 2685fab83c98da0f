"""Errors of the evaluation, and the codes by which a look is refused.

EquipoiseError (protocols.errors)
├── RefusedError        the registered plan does not allow this look (exit 4); recorded
└── EvaluationError     the evaluation cannot go on (exit 6); a fault of the system, not of the plan
"""

from enum import StrEnum

from protocols.errors import EquipoiseError


class EvaluationError(EquipoiseError):
    """What is stored does not fit together, or a result is not a number; nothing is saved."""

    exit_status = 6


class LookRefusal(StrEnum):
    """Why a look is refused, in the order in which the reasons are looked for.

    Before any of them, the trial store refuses a trial without a protocol: NOT_REGISTERED.
    """

    UNPLANNED = "LOOK_UNPLANNED"
    REPEATED = "LOOK_REPEATED"
    OUT_OF_ORDER = "LOOK_OUT_OF_ORDER"
    EARLY = "LOOK_EARLY"
    IMMATURE = "OUTCOME_IMMATURE"
    NOT_READY = "LOOK_NOT_READY"
