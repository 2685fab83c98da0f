"""From bytes to a protocol: every fault at once, each in its place, with what to do."""

from pathlib import Path

import pytest

from protocols.errors import DocumentError
from protocols.load import check, load, render_finding
from protocols.tree import Ambiguous, dotted, parts_of, resolve_plain
from tests.protocols.documents import MINIMAL, checked, line_of, minimal_text


def test_a_file_without_findings_is_read() -> None:
    protocol = load(MINIMAL)
    assert protocol.protocol.id == "minimal-shadow"
    assert protocol.monitoring.looks[1].information == 1.0


def test_a_refused_file_raises_with_all_its_findings(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(minimal_text(("alpha: 0.025", "alpha: 0.7"), ("signs: true", "signs: yes")))
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert {finding.code for finding in caught.value.findings} == {
        "OUT_OF_RANGE",
        "AMBIGUOUS_BOOLEAN",
    }
    assert caught.value.exit_status == 3


def test_a_file_that_is_not_there_is_an_error_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="check the path") as caught:
        load(tmp_path / "absent.yaml")
    assert caught.value.code == "FILE_UNREADABLE"


def test_faults_of_every_layer_of_text_are_listed_together_in_file_order() -> None:
    text = minimal_text(
        ('version: "1.0.0"', "version: 1.0"),
        ("signs: true", "signs: yes"),
        ("measure: auc", "measure: auroc"),
        ("    alpha: 0.025\n", ""),
        ("  tolerance: 0.05", "  tolerance: 0.05\n  tolerance: 0.06"),
    )
    findings = checked(text).findings
    assert [finding.code for finding in findings] == [
        "WRONG_TYPE",
        "AMBIGUOUS_BOOLEAN",
        "NOT_IN_LIST",
        "MISSING_FIELD",
        "DUPLICATE_KEY",
    ]
    assert [finding.line for finding in findings] == sorted(finding.line for finding in findings)


def test_a_repeated_margin_does_not_silently_win() -> None:
    text = minimal_text(("      value: 0.05", "      value: 0.05\n      value: 0.5"))
    (finding,) = checked(text).findings
    assert (finding.code, finding.line) == ("DUPLICATE_KEY", line_of(text, "value: 0.5\n"))


def test_a_missing_field_points_at_its_section() -> None:
    text = minimal_text(("    alpha: 0.025\n", ""))
    (finding,) = checked(text).findings
    assert (finding.path, finding.line) == ("hypotheses[0].alpha", line_of(text, "- id: H1"))


def test_a_misspelt_field_points_at_itself_and_names_the_right_one() -> None:
    text = minimal_text(("    alpha: 0.025", "    alhpa: 0.025"))
    unknown = next(f for f in checked(text).findings if f.code == "UNKNOWN_FIELD")
    assert (unknown.line, unknown.column) == (line_of(text, "alhpa"), 5)
    assert unknown.remedy == "Did you mean `alpha`?"


def test_a_field_like_no_other_is_answered_with_the_known_ones() -> None:
    unknown = checked(minimal_text(("  clock:", "  zzzzz: 1\n  clock:"))).findings[0]
    assert "spending" in unknown.remedy


def test_a_misspelt_word_names_the_closest_allowed_one() -> None:
    finding = checked(minimal_text(("test: delong", "test: delonge"))).findings[0]
    assert finding.remedy == "Did you mean `delong`?"


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ('version: "2.4"', "version: 2.4", "Put the value in quotes."),
        ("share: 1.0", 'share: "1.0"', "Take the quotes away"),
        ("sites: [One hospital]", "sites: 5", "Give such a value."),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_how_to_write_it(old: str, new: str, remedy: str) -> None:
    finding = checked(minimal_text((old, new))).findings[0]
    assert finding.code == "WRONG_TYPE"
    assert finding.remedy.startswith(remedy)


def test_an_input_of_no_plain_kind_is_one_finding_not_five() -> None:
    (finding,) = checked(minimal_text(("age: 70", "age: [70]"))).findings
    assert finding.code == "WRONG_TYPE"
    assert finding.path == "worked_examples[0].pair.inputs.age"


@pytest.mark.parametrize("text", ["a word\n", "- a\n- list\n", "5\n"])
def test_a_document_that_is_no_mapping_is_refused(text: str) -> None:
    result = checked(text)
    assert result.protocol is None
    assert result.findings[0].code in {"BAD_VALUE", "WRONG_TYPE"}


@pytest.mark.parametrize("nothing", ["", "\n\n", "# only a remark\n", "null\n", "---\n"])
def test_a_document_that_says_nothing_is_refused(nothing: str) -> None:
    assert checked(nothing).protocol is None
    assert checked(nothing).findings


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    source = b"\xef\xbb\xbf" + minimal_text().replace("\n", "\r\n").encode()
    assert check(source, name="windows.yaml").protocol == load(MINIMAL)


@pytest.mark.parametrize(
    "word",
    [
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "True",
        "FALSE",
        "~",
        "",
        "Null",
        "NULL",
        "1e-3",
        "1E5",
        "1.0e3",
        "1_000",
        "0o17",
        "0x1F",
        "0b1",
        "007",
        "1:30",
        "1:30:45",
        "+5",
        ".5",
        "5.",
        ".inf",
        "-.INF",
        ".nan",
        "NaN",
        "Infinity",
        "12,5",
        "5%",
        "1/2",
        "1 000",
        "−5",
        "٣",
        "1'000",
        "1e5 %",
    ],
)
def test_a_word_on_which_yaml_readers_disagree_is_refused(word: str) -> None:
    assert isinstance(resolve_plain(word), Ambiguous)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-12", -12),
        ("0.025", 0.025),
        ("-1.5e-3", -0.0015),
        ("9007199254740991", 9007199254740991),
        ("2026-01-15", "2026-01-15"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("1.0.0", "1.0.0"),
        ("nothing", "nothing"),
        ("inputs.age >= 18", "inputs.age >= 18"),
        ("yes please", "yes please"),
        ("-", "-"),
    ],
)
def test_a_word_on_which_all_readers_agree_is_taken(word: str, meaning: object) -> None:
    resolved = resolve_plain(word)
    assert resolved == meaning
    assert type(resolved) is type(meaning)


def test_numbers_too_large_to_be_exact_are_refused() -> None:
    for word in ("9007199254740992", "9" * 5000, "1" + "0" * 400 + ".0", "1.0e+999"):
        assert isinstance(resolve_plain(word), Ambiguous)


def test_a_finding_is_shown_with_its_line_and_a_caret() -> None:
    text = minimal_text(("  tolerance: 0.05", "  tolerance: 5e-2"))
    (finding,) = checked(text).findings
    line = line_of(text, "tolerance: 5e-2")
    shown = render_finding(finding, text, "minimal.yaml").split("\n")
    assert shown[0].startswith(f"minimal.yaml:{line}:14: error AMBIGUOUS_NUMBER")
    assert shown[1] == f"  {line} |   tolerance: 5e-2"
    assert shown[2].index("^") == shown[1].index("5e-2")
    assert shown[3].startswith("  remedy: ")


def test_a_very_long_line_is_shown_around_the_caret_and_without_control_characters() -> None:
    text = 'a: "' + "x" * 500 + '\x1b[31m"\n'
    (finding,) = checked(text).findings
    shown = render_finding(finding, text, "long.yaml").split("\n")
    assert "\x1b" not in "".join(shown)
    assert max(map(len, shown)) < 200
    assert shown[1][shown[2].index("^")] == "�"


def test_a_dotted_path_and_its_parts_are_inverse() -> None:
    path = ("worked_examples", 0, "pair", "inputs", "age")
    assert dotted(path) == "worked_examples[0].pair.inputs.age"
    assert parts_of(dotted(path)) == path
    assert parts_of("multiplicity.order[1][0]") == ("multiplicity", "order", 1, 0)
    assert parts_of("") == ()
