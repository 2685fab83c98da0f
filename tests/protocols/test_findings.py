"""Every finding code is brought about by a real document, at the right place and level."""

import pytest

from protocols.errors import Finding
from protocols.findings import Code
from protocols.load import check
from tests.protocols.cases import CASES, RAW_CASES, UNREACHED, Case
from tests.protocols.documents import checked, minimal_text


def test_the_minimal_protocol_has_no_finding() -> None:
    result = checked(minimal_text())
    assert result.findings == ()
    assert result.protocol is not None


def test_every_code_has_a_document_that_brings_it_about() -> None:
    assert set(CASES) | set(RAW_CASES) | UNREACHED == set(Code)


@pytest.mark.parametrize("code", CASES, ids=str)
def test_a_changed_protocol_has_the_finding_in_its_place(code: Code) -> None:
    level, path, edits = CASES[code]
    found = _only(checked(minimal_text(*edits)).findings, code, path)
    assert found.level == level
    assert found.line > 0
    assert found.column > 0
    assert found.message.endswith((".", "?"))
    assert found.remedy


@pytest.mark.parametrize("code", CASES, ids=str)
def test_errors_refuse_the_protocol_and_warnings_do_not(code: Code) -> None:
    _, _, edits = CASES[code]
    result = checked(minimal_text(*edits))
    has_error = any(finding.level == "error" for finding in result.findings)
    assert (result.protocol is None) is has_error


@pytest.mark.parametrize(
    "case", [case for case in CASES.values() if case[0] == "warning"], ids=lambda case: case[1]
)
def test_a_warning_alone_leaves_the_protocol_usable(case: Case) -> None:
    assert checked(minimal_text(*case[2])).protocol is not None


@pytest.mark.parametrize("code", RAW_CASES, ids=str)
def test_a_bad_file_has_the_finding_in_its_place(code: Code) -> None:
    source, line, column = RAW_CASES[code]
    result = check(source, name="bad.yaml")
    assert result.protocol is None
    places = [(f.line, f.column) for f in result.findings if f.code == code]
    assert places == [(line, column)]


def _only(findings: tuple[Finding, ...], code: Code, path: str) -> Finding:
    found = [finding for finding in findings if (finding.code, finding.path) == (code, path)]
    assert found, [(finding.code, finding.path) for finding in findings]
    return found[0]
