"""The minimal protocol as text, and changes to it that must each meet exactly one place."""

from pathlib import Path

from protocols.errors import Finding
from protocols.load import Checked, check

MINIMAL = Path(__file__).resolve().parents[1] / "support" / "protocols" / "minimal.yaml"

Edit = tuple[str, str]


def minimal_text(*edits: Edit) -> str:
    text = MINIMAL.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) >= 1, f"{old!r} is not in the minimal protocol"
        text = text.replace(old, new, 1)
    return text


def checked(text: str) -> Checked:
    return check(text.encode(), name="minimal.yaml")


def findings_of(*edits: Edit) -> tuple[Finding, ...]:
    return checked(minimal_text(*edits)).findings


def line_of(text: str, part: str) -> int:
    """The line on which `part` starts, counted from 1."""
    return text[: text.index(part)].count("\n") + 1
