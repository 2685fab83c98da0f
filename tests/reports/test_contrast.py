"""Colours: text at 4.5 to 1, marks at 3 to 1, on paper and in the dark (WCAG 1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest

import reports.render

CSS = (Path(reports.render.__file__).parent / "templates/report.css").read_text(encoding="utf-8")
THEMES = [
    dict(re.findall(r"--(\w+): (#\w+);", b)) for b in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
]


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark", "print"])
def test_text_is_legible_on_every_ground(theme: dict[str, str]) -> None:
    for ground in ("paper", "wash"):
        for ink in ("ink", "quiet", "candidate"):
            assert _contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark", "print"])
def test_marks_are_seen_on_paper_and_beyond_the_margin(theme: dict[str, str]) -> None:
    for ground in ("paper", "beyond"):
        for mark in ("candidate", "soc"):
            assert _contrast(theme[mark], theme[ground]) >= 3, (mark, ground)


def test_no_verdict_is_told_by_red_or_green() -> None:
    assert not re.search(r"\b(red|green)\b", CSS)
