"""The room's README names every refusal, every error and every module; versions agree."""

import re
import tomllib
from pathlib import Path

from evaluation.conduct import ENGINE_VERSION
from evaluation.errors import LookRefusal

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "evaluation"
README = (ROOM / "README.md").read_text(encoding="utf-8")


def test_every_refusal_is_documented() -> None:
    assert [code for code in LookRefusal if f"`{code}`" not in README] == []


def test_every_error_code_is_documented() -> None:
    codes = {
        code
        for path in ROOM.glob("*.py")
        for code in re.findall(r'EvaluationError\(\s*"([A-Z_]+)"', path.read_text("utf-8"))
    }
    assert codes
    assert sorted(code for code in codes if f"`{code}`" not in README) == []


def test_every_module_has_its_line() -> None:
    apart = {"__init__", "errors", "cli"}
    modules = {path.stem for path in ROOM.glob("*.py")} - apart
    assert sorted(name for name in modules if f"`{name}`" not in README) == []


def test_results_carry_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == ENGINE_VERSION
