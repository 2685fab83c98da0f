"""What an author sees: lint, show and digest, on the screen and for machines."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from protocols.canonical import canonical_protocol, digest_of
from protocols.cli import protocol
from protocols.load import load
from tests.protocols.documents import MINIMAL, line_of, minimal_text
from tests.protocols.edits import analysis, further


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(protocol, [str(argument) for argument in arguments])


@pytest.fixture
def bad_file(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(
        minimal_text(("      value: 0.05", "      value: 1.5"), ("power: 0.9", "power: 0.7"))
    )
    return path


def test_a_clean_protocol_ends_with_status_0_and_its_digest() -> None:
    result = _run("lint", MINIMAL)
    assert result.exit_code == 0
    assert digest_of(load(MINIMAL)) in result.output


def test_warnings_alone_do_not_refuse(tmp_path: Path) -> None:
    path = tmp_path / "weak.yaml"
    path.write_text(minimal_text(("power: 0.9", "power: 0.7")))
    result = _run("lint", path)
    assert result.exit_code == 0
    assert "warning POWER_LOW" in result.output


def test_an_error_names_file_and_line_and_ends_with_status_3(bad_file: Path) -> None:
    result = _run("lint", bad_file)
    line = line_of(bad_file.read_text(), "value: 1.5")
    assert result.exit_code == 3
    assert f"{bad_file}:{line}:14: error MARGIN_OFF_SCALE" in result.output
    assert "1 error(s), 1 warning(s)" in result.output


def test_lint_for_machines_is_the_same_twice(bad_file: Path) -> None:
    first, second = _run("lint", bad_file, "--json"), _run("lint", bad_file, "--json")
    assert first.output == second.output
    answer = json.loads(first.output)
    assert (first.exit_code, answer["errors"], answer["warnings"]) == (3, 1, 1)
    assert [finding["code"] for finding in answer["findings"]] == ["MARGIN_OFF_SCALE", "POWER_LOW"]
    assert answer["digest"] is None


def test_digest_prints_the_digest_and_nothing_else() -> None:
    assert _run("digest", MINIMAL).output == digest_of(load(MINIMAL)) + "\n"


def test_digest_for_machines_names_trial_and_version() -> None:
    answer = json.loads(_run("digest", MINIMAL, "--json").output)
    assert answer["trial"] == "minimal-shadow"
    assert answer["digest"] == digest_of(load(MINIMAL))


@pytest.mark.parametrize("command", ["digest", "show"])
def test_a_refused_protocol_has_no_digest_and_is_not_read_aloud(
    command: str, bad_file: Path
) -> None:
    result = _run(command, bad_file)
    assert result.exit_code == 3
    assert "MARGIN_OFF_SCALE" in result.stderr
    assert result.stdout == ""


def test_a_refused_protocol_is_said_in_json_to_machines(bad_file: Path) -> None:
    result = _run("digest", bad_file, "--json")
    assert result.exit_code == 3
    assert json.loads(result.output)["errors"] == 1


def test_show_reads_the_plan_aloud() -> None:
    shown = " ".join(_run("show", MINIMAL).output.split())
    for part in (
        "H0: Discrimination: the candidate lies below the standard of care by 0.05 or more",
        "tested in the order H1 → H2",
        "L1 at 300 evaluable pairs",
        "FAS, primary:",
        "at most 0.2 of pairs with outcome",
        "any look: if H1.shown and safety.missed.within, randomised pilot.",
        "Ada, principal investigator",
    ):
        assert part in shown


def test_show_reads_further_outcomes_and_analyses_aloud(tmp_path: Path) -> None:
    file = tmp_path / "trial.yaml"
    estimated = analysis(
        estimator="clustered_effect",
        interval="cr2",
        parameters="{weighting: subject_weighted}",
    )
    file.write_text(minimal_text(further(per_arm="true"), estimated))
    shown = " ".join(_run("show", file).output.split())
    for part in (
        "dose, number for each arm, adjudicated: The right dose.",
        "A1, supporting: Described; SENS by clustered_effect (weighting subject_weighted),",
        "interval cr2 at 0.95, in FAS.",
    ):
        assert part in shown
    assert "Further outcomes None." in " ".join(_run("show", MINIMAL).output.split())


def test_show_for_machines_holds_the_sentences() -> None:
    answer = json.loads(_run("show", MINIMAL, "--json").output)
    assert answer["hypotheses"][0]["margin"] == 0.05
    assert answer["hypotheses"][1]["null_hypothesis"].startswith("Sensitivity: ")


def test_show_canonical_gives_the_very_bytes_of_the_digest() -> None:
    assert _run("show", MINIMAL, "--canonical").stdout_bytes == canonical_protocol(load(MINIMAL))


def test_a_file_that_is_not_there_is_said_in_a_sentence() -> None:
    result = _run("lint", "absent.yaml")
    assert result.exception is not None
    assert "check the path" in str(result.exception)
