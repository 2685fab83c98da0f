"""The commands and the README that say what can be registered."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluation.inference import registry
from evaluation.methods import described, markdown
from evaluation.methods_cli import methods
from protocols.errors import UsageError
from protocols.methods.measures import MEASURES

README = (Path(__file__).resolve().parents[2] / "evaluation" / "README.md").read_text("utf-8")
WORDS = sorted((*registry.TESTS, *registry.ESTIMATORS))


def test_the_readme_holds_the_list_that_the_command_prints() -> None:
    _, _, rest = README.partition("<!-- methods -->\n")
    section, _, _ = rest.partition("<!-- end of methods -->")
    assert section == markdown(), "write it anew: equipoise methods list --markdown"


def test_every_word_is_listed_once() -> None:
    assert sorted(item.word for item in described()) == WORDS


def test_the_list_as_json_holds_what_the_table_holds() -> None:
    printed = CliRunner().invoke(methods, ["list", "--json"], catch_exceptions=False)
    assert sorted(item["word"] for item in json.loads(printed.output)) == WORDS


def test_a_family_is_listed_alone() -> None:
    printed = CliRunner().invoke(methods, ["list", "--family", "safety"], catch_exceptions=False)
    assert printed.output.startswith("Safety\n")
    assert "delong" not in printed.output


def test_a_word_is_shown_with_source_limits_and_checks() -> None:
    printed = CliRunner().invoke(methods, ["show", "delong"], catch_exceptions=False)
    for part in ("DeLong", "1988", "limits", "checked by", "hypotheses[].test"):
        assert part in printed.output
    again = CliRunner().invoke(methods, ["show", "delong", "--json"], catch_exceptions=False)
    assert json.loads(again.output)["measures"] == ["auc"]


def test_a_word_that_nobody_knows_is_answered_with_its_neighbours() -> None:
    with pytest.raises(UsageError, match="Near it: delong"):
        CliRunner().invoke(methods, ["show", "delon"], catch_exceptions=False)


@pytest.mark.parametrize("measure", MEASURES)
def test_what_fits_a_measure_is_listed_alone(measure: str) -> None:
    command = ["list", "--measure", measure, "--json"]
    listed = json.loads(CliRunner().invoke(methods, command, catch_exceptions=False).output)
    assert [item["word"] for item in listed] == [
        item.word for item in described() if measure in item.measures
    ]


def test_every_measure_is_listed_with_its_parameters() -> None:
    printed = CliRunner().invoke(methods, ["measures"], catch_exceptions=False).output
    for word, spec in MEASURES.items():
        (line,) = [line for line in printed.splitlines() if line.split()[0] == word]
        assert spec.title in line
        assert all(parameter.meaning in line for parameter in spec.parameters)
    as_json = CliRunner().invoke(methods, ["measures", "--json"], catch_exceptions=False).output
    assert set(json.loads(as_json)) == set(MEASURES)
