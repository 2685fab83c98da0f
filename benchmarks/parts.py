"""RESULTS.md in parts: every level-one heading is one, and a run replaces its own only."""

from collections.abc import Sequence
from pathlib import Path


def write_part(path: Path, lines: Sequence[str]) -> None:
    """Put `lines` (the first is the heading) in place of the part so headed, or at the end."""
    kept = _parts(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[lines[0]] = "\n".join(lines[1:]).strip("\n")
    text = "\n\n".join(f"{heading}\n\n{body}" for heading, body in kept.items())
    path.write_text(text + "\n", encoding="utf-8")


def _parts(text: str) -> dict[str, str]:
    """Heading to body, in order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("# "):
            found[line] = []
        elif found:
            next(reversed(found.values())).append(line)
    return {heading: "\n".join(body).strip("\n") for heading, body in found.items()}
