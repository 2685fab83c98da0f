"""The room's README names every code and every module."""

import re
from pathlib import Path

import reports.build

ROOM = Path(reports.build.__file__).parent
README = (ROOM / "README.md").read_text(encoding="utf-8")


def test_every_error_code_is_documented() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted(ROOM.rglob("*.py")))
    codes = set(re.findall(r'"(REPORT_[A-Z_]+)"', sources))
    assert codes
    assert all(f"`{code}`" in README for code in codes)


def test_every_module_has_its_place_in_the_table() -> None:
    modules = {path.stem for path in ROOM.glob("*.py")} - {"__init__", "errors"}
    assert all(f"`{module}`" in README for module in modules)
