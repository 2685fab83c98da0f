"""The error tree. An error has a stable code, an exit status and a sentence that says what to do.

EquipoiseError
├── DocumentError     the protocol document has findings (exit 3)
├── RefusedError      the registered plan does not allow this (exit 4); the attempt is recorded
├── StoreError        the trial store cannot be used (exit 5)
└── UsageError        the call itself is wrong (exit 2)
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
    exit_status = 2


class DocumentError(EquipoiseError):
    """The document has findings of level error; all of them are in `findings`."""

    exit_status = 3

    def __init__(self, code: str, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(code, message)
        self.findings = findings


class RefusedError(EquipoiseError):
    exit_status = 4


class StoreError(EquipoiseError):
    exit_status = 5
