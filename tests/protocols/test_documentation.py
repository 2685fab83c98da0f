"""The room's README names every field, every finding code and every name of an expression."""

import re
from pathlib import Path

import pytest

import protocols
from protocols.findings import Code
from protocols.load import check
from protocols.methods.measures import MEASURES
from protocols.rules import RULES
from protocols.validation import field_paths
from tests.protocols.cases import CASES

ROOM = Path(protocols.__file__).parent
README = (ROOM / "README.md").read_text(encoding="utf-8")
LIBRARY = sorted((ROOM / "library").glob("*.yaml"))
FIRST_CELL = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
CODE_ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| ([EW]) \|", re.MULTILINE)


def _documented_fields() -> set[str]:
    text = README[README.index("## Every field") : README.index("## Every measure")]
    return set(FIRST_CELL.findall(text))


def _schema_fields() -> set[str]:
    return {
        re.sub(r"^arms\.(standard_of_care|candidate)\.", "arms.<arm>.", path)
        for path in field_paths()
    }


def test_every_field_is_documented_and_no_other() -> None:
    assert _documented_fields() == _schema_fields()


def test_every_finding_code_is_documented_and_no_other() -> None:
    codes = [code for code, _ in CODE_ROW.findall(README)]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(Code)


def test_the_documented_level_is_the_level_of_the_finding() -> None:
    letters = dict(CODE_ROW.findall(README))
    for code, (level, _, _) in CASES.items():
        assert letters[code] == level[0].upper(), code


def test_every_measure_is_documented_with_its_parameters() -> None:
    text = README[README.index("## Every measure") : README.index("## Every finding code")]
    rows = dict(re.findall(r"^\| `([a-z_]+)` \|(.*)$", text, re.MULTILINE))
    assert list(rows) == list(MEASURES)
    for word, spec in MEASURES.items():
        assert [f"`{asked.name}`" for asked in spec.parameters] == re.findall(
            "`[a-z_]+`", rows[word]
        )


def test_every_rule_runs_once() -> None:
    assert len(RULES) == len(set(RULES))


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_every_protocol_of_the_library_can_be_registered(path: Path) -> None:
    result = check(path.read_bytes(), name=path.name)
    assert [finding for finding in result.findings if finding.level == "error"] == []
    assert result.protocol is not None
