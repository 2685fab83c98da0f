"""How a finding looks on a screen: the place, the line itself, a caret and what to do."""

from protocols.errors import Finding

WIDEST = 160


def render_finding(finding: Finding, source: str, name: str) -> str:
    """`file:line:column: level CODE message`, the source line, a caret, the remedy."""
    where = f"{name}:{finding.line}:{finding.column}" if finding.line else name
    subject = f" [{finding.path}]" if finding.path else ""
    lines = [f"{where}: {finding.level} {finding.code}{subject} {finding.message}"]
    source_lines = source.split("\n")
    if 0 < finding.line <= len(source_lines):
        lines += _excerpt(source_lines[finding.line - 1], finding)
    lines.append(f"  remedy: {finding.remedy}")
    return "\n".join(lines)


def _excerpt(line: str, finding: Finding) -> list[str]:
    """The line and its caret; of a very long line only the part around the caret."""
    start = max(0, finding.column - WIDEST // 2) if len(line) > WIDEST else 0
    shown = "".join(c if c.isprintable() else "�" for c in line[start : start + WIDEST])
    label = f"  {finding.line} | "
    caret = " " * (finding.column - 1 - start) + "^"
    return [f"{label}{shown.rstrip()}", f"{' ' * (len(label) - 2)}| {caret}"]
