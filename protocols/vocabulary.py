"""The words every room shares: arms, fates, roles, verdicts.

The closed lists stand here once. A word that is not in the glossary of the README is not used.
"""

from enum import StrEnum


class Arm(StrEnum):
    """A predictor, not a patient group: every encounter meets both, so data are paired."""

    STANDARD_OF_CARE = "standard_of_care"
    CANDIDATE = "candidate"


class Fate(StrEnum):
    """What became of one accepted request at one arm. Every request has exactly one per arm."""

    ANSWERED = "answered"
    LATE = "late"  # a whole, valid answer after the arm's deadline; kept, never used as on time
    TIMED_OUT = "timed_out"
    FAILED = "failed"  # connection refused or broken, or an HTTP status other than 200
    INVALID = "invalid"  # an answer that is not what the protocol says an answer is
    SHED = "shed"  # not asked because the mirror was at its limit
    BREAKER_OPEN = "breaker_open"
    NOT_SAMPLED = "not_sampled"
    INELIGIBLE = "ineligible"
    DUPLICATE = "duplicate"
    LOST_AT_SHUTDOWN = "lost_at_shutdown"
    PENDING = "pending"  # no observation yet; the only fate that is the absence of a row


ASKED = (
    Fate.ANSWERED,
    Fate.LATE,
    Fate.TIMED_OUT,
    Fate.FAILED,
    Fate.INVALID,
    Fate.SHED,
    Fate.BREAKER_OPEN,
    Fate.LOST_AT_SHUTDOWN,
)
"""What may become of a pair that the candidate was to be asked about."""

OTHER_FATES = "other"
"""In a registered mix: all fates of `ASKED` that it does not name."""


class Role(StrEnum):
    """What an endpoint is in the trial for."""

    PRIMARY = "primary"
    CO_PRIMARY = "co_primary"
    KEY_SECONDARY = "key_secondary"
    SECONDARY = "secondary"
    DESCRIPTIVE = "descriptive"


class Direction(StrEnum):
    """Which way is good. The only place where the sign of an effect is given a meaning."""

    HIGHER_IS_BETTER = "higher_is_better"
    LOWER_IS_BETTER = "lower_is_better"


class Framework(StrEnum):
    """What a hypothesis sets out to show."""

    NON_INFERIORITY = "non_inferiority"
    SUPERIORITY = "superiority"
    EQUIVALENCE = "equivalence"  # not different by the margin or more, either way


class OutcomeState(StrEnum):
    """What the record knows of one pair's outcome at a lock."""

    ASCERTAINED = "ascertained"
    MISSING = "missing"
    CONFLICT = "conflict"  # contradicting values were reported; all are kept


class Verdict(StrEnum):
    """The answer to one hypothesis, computed from interval, margin and boundary; never typed.

    For a higher-is-better effect with interval [L, U] and margin m:
    """

    SUPERIOR = "superior"  # L > 0 and superiority was registered
    NON_INFERIOR = "non_inferior"  # L > -m
    EQUIVALENT = "equivalent"  # -m < L and U < m, and equivalence was registered
    NON_INFERIOR_BUT_WORSE = "non_inferior_but_worse_within_margin"  # -m < L and U < 0
    NOT_SHOWN = "not_shown"  # L <= -m <= U: inconclusive
    NOT_SHOWN_AND_WORSE = "not_shown_and_worse"  # L <= -m <= U < 0
    INFERIOR = "inferior"  # U < -m
    NOT_ROBUST = "not_robust"  # the analysis populations disagree
    NOT_EVALUABLE = "not_evaluable"  # with a reason; never a number in its place
    NOT_TESTED = "not_tested"  # an earlier hypothesis in the registered order did not pass


class SafetyVerdict(StrEnum):
    """The answer to one safety rule."""

    LIMIT_EXCEEDED = "limit_exceeded"  # the lower one-sided bound lies above the limit
    WITHIN_LIMIT = "within_limit"  # the upper one-sided bound lies below the limit
    NOT_SETTLED = "not_settled"
    NOT_EVALUABLE = "not_evaluable"
