"""Every reason for having no answer stands in the room's README."""

import re
from pathlib import Path

import evaluation.design
import evaluation.inference


def test_every_code_of_a_refusal_is_documented() -> None:
    rooms = [Path(room.__path__[0]) for room in (evaluation.inference, evaluation.design)]
    readme = (rooms[0] / "README.md").read_text(encoding="utf-8")
    sources = "".join(
        path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py")
    )
    codes = set(re.findall(r'NotEvaluable\(\s*"(\w+)"', sources))
    assert len(codes) > 10
    assert {code for code in codes if f"`{code}`" not in readme} == set()
