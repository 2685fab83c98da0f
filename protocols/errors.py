"""The error tree. An error has a stable code, an exit status and a sentence that says what to do.

EquipoiseError
├── DocumentError     the protocol document has findings (exit 3)
├── RefusedError      the registered plan does not allow this (exit 4); the attempt is recorded
├── StoreError        the trial store cannot be used (exit 5)
├── UsageError        the call itself is wrong (exit 2)
├── EvaluationError   a look cannot be computed (exit 6), in evaluation.errors
└── ReportError       a report cannot be built (exit 6), in reports.errors

Exit 1 is every other error, or a command that did its work and found something amiss.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The document is wrong at one place. `path` is dotted (hypotheses[0].margin.value).

    `line` and `column` count from 1; 0 means that the place is not known. `level` is `error`
    (refuses registration) or `warning`.
    """

    code: str
    level: str
    path: str
    line: int
    column: int
    message: str
    remedy: str


class EquipoiseError(Exception):
    """The program cannot go on. `str()` is a sentence fit for a person."""

    exit_status = 1

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UsageError(EquipoiseError):
    """The call itself is wrong: an argument, a setting, a folder that is not a trial's."""

    exit_status = 2


class DocumentError(EquipoiseError):
    """The document has findings of level error; all of them are in `findings`."""

    exit_status = 3

    def __init__(self, code: str, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(code, message)
        self.findings = findings


class RefusedError(EquipoiseError):
    """The registered plan does not allow this; what was asked for is recorded."""

    exit_status = 4


class StoreError(EquipoiseError):
    """The trial store is away, of another schema, or damaged."""

    exit_status = 5
