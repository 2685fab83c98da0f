"""What a protocol must say before it can be planned with: each gap by its field, none filled in."""

from collections.abc import Iterable
from enum import StrEnum

from protocols.errors import DocumentError, Finding

REFUSED = "DESIGN_INCOMPLETE"


class Need(StrEnum):
    """Closed list; the README has a line on each."""

    SIZE_DESIGN_MISSING = "SIZE_DESIGN_MISSING"
    SIZE_DESIGN_TWICE = "SIZE_DESIGN_TWICE"
    NUISANCE_MISSING = "NUISANCE_MISSING"
    NUISANCE_UNKNOWN = "NUISANCE_UNKNOWN"
    DESIGN_CONTRADICTION = "DESIGN_CONTRADICTION"
    SIMULATION_MISSING = "SIMULATION_MISSING"


def lacking(code: Need, path: str, message: str, remedy: str) -> Finding:
    """A gap at a dotted path of the protocol."""
    return Finding(code.value, "error", path, 0, 0, message, remedy)


def refused(findings: Iterable[Finding]) -> DocumentError:
    """Every gap in one error (exit status 3)."""
    found = tuple(findings)
    said = " ".join(f"{f.path}: {f.message} {f.remedy}" for f in found)
    return DocumentError(REFUSED, said, found)
