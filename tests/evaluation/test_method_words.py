"""The commands and the README that say what can be registered."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluation.inference import registry
from evaluation.methods import described, markdown
from evaluation.methods_cli import methods
from protocols.errors import UsageError

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
