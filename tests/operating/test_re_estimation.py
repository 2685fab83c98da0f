"""What a change of the size costs in type I error: nothing by planned weights, little when blind.

The table is printed with `-s`; evaluation/README.md holds it.
"""

import math

import numpy as np
import pytest

from evaluation.design.adaptive.promising import Zone, resized
from tests.operating.resized import (
    ALPHA,
    Blind,
    blinded_mean_claims,
    blinded_share_claims,
    promising_claims,
    totals,
    two_looks,
    with_total,
)
from tests.support.resizing import blind_means, blind_shares

HOPEFUL = Zone(0.01, 0.95, 0.95, 4.0)  # enlarges where pooling is known not to be safe


@pytest.mark.parametrize("zone", [Zone(0.3, 0.9, 0.9, 2.0), HOPEFUL])
def test_sizes_written_anew_are_those_of_the_engine(zone: Zone) -> None:
    design = two_looks()
    z = np.linspace(-1.0, 3.5, 181)
    again = totals(z, design, zone)
    for value, total in zip(z, again, strict=True):
        found = resized(float(value), design, zone)
        expected = 1.0 if found.zone == "stopped" else found.total
        assert total == pytest.approx(expected, abs=1e-9)


def test_planned_weights_hold_alpha_where_pooling_does_not() -> None:
    found = promising_claims(HOPEFUL, trials=1_000_000, seed=20)
    assert abs(found.weighted - ALPHA) < 3 * found.error
    assert found.pooled > ALPHA + 3 * found.error


def test_a_promising_zone_gains_power() -> None:
    """Planned for a drift of 3.24 and met with 2.5, enlarged up to twice."""
    grown = promising_claims(Zone(0.3, 0.9, 0.9, 2.0), trials=200_000, seed=21, drift=2.5)
    kept = promising_claims(Zone(0.3, 0.9, 0.9, 1.0), trials=200_000, seed=21, drift=2.5)
    assert grown.weighted > kept.weighted + 0.03


@pytest.mark.slow
def test_planned_weights_hold_alpha_over_ten_million_trials() -> None:
    weighted = pooled = 0.0
    for part in range(10):
        found = promising_claims(HOPEFUL, trials=1_000_000, seed=100 + part)
        weighted, pooled = weighted + found.weighted / 10, pooled + found.pooled / 10
    error = math.sqrt(ALPHA * (1 - ALPHA) / 10_000_000)
    print(f"\nweighted {weighted:.5f}, pooled {pooled:.5f}, standard error {error:.5f}")  # noqa: T201 - run with -s
    assert abs(weighted - ALPHA) < 3 * error
    assert pooled > ALPHA + 3 * error


def _row(words: str, found: Blind) -> str:
    return f"| {words} | {found.mean_total:.0f} | {found.changed:.4f} | {found.kept:.4f} |"


@pytest.mark.slow
def test_a_blinded_change_costs_less_than_a_tenth_of_alpha() -> None:
    lines = ["", "| on the margin | mean total | changed | kept |", "|---|---|---|---|"]
    worst = []
    for pairs in (120, 300, 600):
        for discordance in (0.08, 0.12, 0.2, 0.3):
            protocol = with_total(blind_shares(), pairs)
            found = blinded_share_claims(protocol, discordance=discordance, trials=400_000, seed=2)
            lines.append(_row(f"{pairs} pairs, discordance {discordance}", found))
            worst.append(found.changed)
    for pairs in (20, 60, 200, 400):
        for sd in (0.12, 0.16, 0.2):
            protocol = with_total(blind_means(), pairs)
            found = blinded_mean_claims(protocol, sd=sd, trials=400_000, seed=2)
            lines.append(_row(f"{pairs} pairs, standard deviation {sd}", found))
            worst.append(found.changed)
    print("\n".join(lines))  # noqa: T201 - run with -s
    assert max(worst) < ALPHA * 1.1
