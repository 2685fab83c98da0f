"""The recommended tests keep their error rate at the margin, by simulation and by enumeration."""

import json
import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from click.testing import CliRunner

from evaluation.inference import registry
from evaluation.inference.base import Estimate
from evaluation.inference.rows import Asked, Rows
from evaluation.methods import defaults_markdown
from evaluation.methods_cli import methods
from protocols.methods.defaults import DEFAULTS
from tests.operating.cells import (
    ALPHA,
    CELLS,
    Cell,
    Measured,
    batches,
    binary_margin,
    measured,
    registered,
    table_p,
)
from tests.operating.table import README, beyond, markdown, section

DRAWN = [cell for cell in CELLS if not cell.exact]
CEILING = 0.0275
"""Measured for the score test of 50 pairs and more, over discordances up to 60 %."""
RARE_CEILING = 0.1
RUNS_CHECKED = 12


def _name(cell: Cell) -> str:
    return f"{cell.word} {cell.subjects} {cell.sizes} {cell.icc:g} {cell.data}".replace(" ", "-")


@cache
def _measured(cell: Cell) -> Measured:
    return measured(cell)


@pytest.mark.slow
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.held], ids=_name)
def test_a_default_is_wrong_at_the_margin_no_more_often_than_registered(cell: Cell) -> None:
    found = _measured(cell)
    assert not beyond(found), found
    assert 0 <= found.refused <= 1


@pytest.mark.slow
@pytest.mark.parametrize("cell", [cell for cell in CELLS if not cell.held], ids=_name)
def test_a_rare_large_loss_is_the_documented_limit_of_every_mean(cell: Cell) -> None:
    """What the data may not show at all, no mean can allow for; the table prints it in bold."""
    assert ALPHA < _measured(cell).at_margin < RARE_CEILING


@pytest.mark.slow
def test_the_readme_holds_what_was_measured() -> None:
    table = markdown(_measured(cell) for cell in CELLS)
    assert _words(section()) == _words(table), "write it anew: python -m tests.operating"
    # A processor's last bit may turn one run in thousands.
    assert _numbers(section()) == pytest.approx(_numbers(table), abs=0.001)


@pytest.mark.slow
def test_what_is_conservative_still_finds_what_is_there() -> None:
    """Without any effect a trial of some size is mostly shown, for shares, means and areas."""
    power = {_name(cell): _measured(cell).no_effect for cell in CELLS}
    assert power["tango_score-1000-one-pair-0-10%-discordant"] > 0.99
    assert power["clustered_score-50-1-to-8-pairs-0-10%-discordant"] > 0.4
    assert power["clustered_difference_cr2-50-1-to-8-pairs-0.3-normal"] > 0.7
    assert power["delong_at_margin-200-one-pair-0-area-0.94,-30%-events"] > 0.6


@pytest.mark.slow
def test_the_score_test_of_fifty_pairs_stays_below_its_documented_ceiling() -> None:
    worst = max(_score_cells(), key=lambda found: found.at_margin)
    assert ALPHA < worst.at_margin < CEILING, worst


def _score_cells() -> Iterator[Measured]:
    for n in (50, 75, 100, 200):
        for hundredth in range(1, 61):
            for margin in (0.01, 0.02, 0.05, 0.1, 0.15, 0.2):
                if margin <= hundredth / 100:
                    share = hundredth / 100
                    yield measured(
                        Cell("tango_score", "one pair", n, 0, "", margin, discordance=share)
                    )


@pytest.mark.parametrize("cell", DRAWN, ids=_name)
def test_what_is_simulated_is_what_is_registered(cell: Cell) -> None:
    """Some runs of every cell through the registered word: the same p-values and refusals."""
    batch, p = next(batches(cell, "margin", runs=RUNS_CHECKED))
    found = np.array([registered(batch, run) for run in range(RUNS_CHECKED)])
    assert p == pytest.approx(found, rel=1e-7, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.exact], ids=_name)
def test_what_is_enumerated_is_what_is_registered(cell: Cell) -> None:
    discordant = min(cell.subjects, 7)
    won = np.arange(discordant + 1)
    asked = Asked(1 - 2 * ALPHA, margin=cell.margin)
    for p, only in zip(table_p(cell, won, discordant), won.tolist(), strict=True):
        found = registry.estimate(cell.word, _table(only, discordant, cell.subjects), asked)
        assert isinstance(found, Estimate)
        assert p == pytest.approx(found.p_value, rel=1e-9)


def _table(won: int, discordant: int, n: int) -> Rows:
    candidate, soc = np.zeros(n), np.zeros(n)
    candidate[:won], soc[won:discordant] = 1, 1
    return Rows(
        candidate=candidate,
        standard_of_care=soc,
        outcome=np.ones(n, dtype=np.bool_),
        known=np.ones(n, dtype=np.bool_),
        cluster=np.arange(n),
        clustered=False,
        candidate_score=candidate,
        standard_of_care_score=soc,
        candidate_flag=candidate > 0,
        standard_of_care_flag=soc > 0,
    )


QUICK = [
    Cell("tango_score", "one pair", 50, 0, "quick", binary_margin(0.3), discordance=0.3),
    *(cell for cell in DRAWN if cell.held and cell.subjects in (6, 20) and cell.icc > 0),
]


@pytest.mark.parametrize("cell", QUICK, ids=_name)
def test_a_few_runs_already_show_a_test_that_rejects_too_often(cell: Cell) -> None:
    runs = 1000
    found = measured(cell, runs=runs)
    assert found.at_margin <= ALPHA + 4 * (ALPHA * (1 - ALPHA) / runs) ** 0.5


def test_the_readme_holds_the_recommended_tests() -> None:
    _, _, rest = README.read_text("utf-8").partition("<!-- defaults -->\n")
    found, _, _ = rest.partition("<!-- end of defaults -->")
    assert found == defaults_markdown(), "write it: equipoise methods list --defaults --markdown"


def test_the_command_lists_the_recommended_tests() -> None:
    arguments = ["list", "--defaults", "--measure", "auc"]
    printed = CliRunner().invoke(methods, arguments, catch_exceptions=False)
    assert printed.output.splitlines()[1].split() == ["auc", *["delong_at_margin"] * 2]
    again = CliRunner().invoke(methods, [*arguments, "--json"], catch_exceptions=False)
    assert [line["independent"] for line in json.loads(again.output)] == ["delong_at_margin"]


def test_what_is_called_simulated_is_simulated() -> None:
    lines = [line for line in DEFAULTS if line.simulated]
    words = {line.independent for line in lines} | {line.clustered for line in lines}
    assert words == {cell.word for cell in CELLS}


def _words(table: str) -> str:
    return re.sub(r"[*]*\d\.\d+[*]*", "#", table)


def _numbers(table: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d\.\d+", table)]
