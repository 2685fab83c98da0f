"""Trials whose size was changed by what was seen, many at once, on sufficient statistics."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.design.adaptive.promising import TwoStages, Zone
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.spending import cumulative_alpha
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.re_estimation import Reading, blinded
from protocols.schema import Protocol
from tests.operating.vectorised import tango_score

ALPHA = 0.025
HALVES = (0.5, 1.0)


def two_looks() -> TwoStages:
    """O'Brien-Fleming-like at halves."""
    alphas = cumulative_alpha("lan_demets_obrien_fleming", ALPHA, HALVES)
    first, last = efficacy_boundaries(alphas, HALVES)
    return TwoStages(HALVES, (first, last))


def totals(z: FloatArray, design: TwoStages, zone: Zone) -> FloatArray:
    """Total information by the zone's rule, written anew: a second route to `resized`."""
    share = design.information[0] / design.information[1]
    critical = (design.upper[1] - z * np.sqrt(share)) / np.sqrt(1 - share)
    effect = z / np.sqrt(design.here)
    power = special.ndtr(effect * np.sqrt(1 - design.here) - critical)
    safe = np.where(effect > 0, effect, 1.0)
    coming = (np.maximum(critical + special.ndtri(zone.target), 0) / safe) ** 2
    wanted = np.where(effect > 0, design.here + coming, np.inf)
    inside = (z < design.upper[0]) & (power >= zone.low) & (power <= zone.high)
    return np.where(inside, np.clip(wanted, 1.0, zone.cap), 1.0)


@dataclass(frozen=True, slots=True)
class Claims:
    """Shares of trials that claim: by planned weights, and by pooling all pairs."""

    trials: int
    weighted: float
    pooled: float

    @property
    def error(self) -> float:
        """Monte Carlo standard error of a share of alpha."""
        return float(np.sqrt(ALPHA * (1 - ALPHA) / self.trials))


def promising_claims(zone: Zone, *, trials: int, seed: int, drift: float = 0.0) -> Claims:
    """Two looks on one stream; `drift` is the mean of z at the planned end."""
    design, rng = two_looks(), np.random.default_rng(seed)
    first = rng.standard_normal(trials) + drift * np.sqrt(design.here)
    whole = totals(first, design, zone)
    coming = whole - design.here
    second = rng.standard_normal(trials) + drift * np.sqrt(coming)
    early = first >= design.upper[0]
    share = design.information[0]
    weighted = np.sqrt(share) * first + np.sqrt(1 - share) * second
    pooled = (np.sqrt(design.here) * first + np.sqrt(coming) * second) / np.sqrt(whole)
    last = design.upper[1]
    return Claims(
        trials,
        float(np.mean(early | (weighted >= last))),
        float(np.mean(early | (pooled >= last))),
    )


@dataclass(frozen=True, slots=True)
class Blind:
    """Shares of trials that claim with the size changed blind, and with the plan kept."""

    trials: int
    changed: float
    kept: float
    mean_total: float


def blinded_share_claims(
    protocol: Protocol, *, discordance: float, trials: int, seed: int
) -> Blind:
    """Independent pairs of right and wrong on the edge of the margin, two looks, score test."""
    plan, margin = protocol.sample_size, _margin(protocol)
    planned, seen = plan.evaluable_pairs, plan.evaluable_pairs // 2
    rng = np.random.default_rng(seed)
    cells = [1 - discordance, (discordance - margin) / 2, (discordance + margin) / 2]
    first = rng.multinomial(seen, cells, size=trials)
    counts = first[:, 1] + first[:, 2]
    by_count = {int(d): _total(protocol, int(d) / seen, seen) for d in np.unique(counts)}
    whole = np.array([by_count[int(d)] for d in counts])
    changed = first + rng.multinomial(whole - seen, cells)
    kept = first + rng.multinomial(planned - seen, cells, size=trials)
    design = two_looks()
    early = _z(first, np.full(trials, seen), margin) >= design.upper[0]
    lasts = {int(n): _last(seen, int(n), planned) for n in np.unique(whole)}
    last = np.array([lasts[int(n)] for n in whole])
    return Blind(
        trials,
        float(np.mean(early | (_z(changed, whole, margin) >= last))),
        float(np.mean(early | (_z(kept, np.full(trials, planned), margin) >= design.upper[1]))),
        float(whole.mean()),
    )


def blinded_mean_claims(protocol: Protocol, *, sd: float, trials: int, seed: int) -> Blind:
    """Normal differences on the edge of the margin, two looks, by z with the variance of all."""
    planned = protocol.sample_size.evaluable_pairs
    seen, rng = planned // 2, np.random.default_rng(seed)
    mean = rng.normal(0.0, sd / np.sqrt(seen), trials)  # measured from the margin
    sums = np.array([mean, sd**2 * rng.chisquare(seen - 1, trials)])
    spread = np.sqrt(sums[1] / (seen - 1))
    grid = np.linspace(spread.min(), spread.max(), 400)
    whole = np.array([_total(protocol, float(value), seen) for value in grid])
    total = whole[np.searchsorted(grid, spread, side="left").clip(0, len(grid) - 1)]
    design = two_looks()
    early = _t_as_z(sums[0], spread, np.full(trials, seen)) >= design.upper[0]
    lasts = {int(n): _last(seen, int(n), planned) for n in np.unique(total)}
    last = np.array([lasts[int(n)] for n in total])
    changed = _later(sums, seen, total, sd=sd, rng=rng)
    kept = _later(sums, seen, np.full(trials, planned), sd=sd, rng=rng)
    return Blind(
        trials,
        float(np.mean(early | (changed >= last))),
        float(np.mean(early | (kept >= design.upper[1]))),
        float(total.mean()),
    )


def _later(
    sums: FloatArray, seen: int, total: IntArray, *, sd: float, rng: np.random.Generator
) -> FloatArray:
    """z of all pairs with new ones: mean and sum of squares put together."""
    more = np.maximum(total - seen, 2)
    mean = rng.normal(0.0, sd / np.sqrt(more))
    squares = sd**2 * rng.chisquare(more - 1)
    n = seen + more
    whole = (seen * sums[0] + more * mean) / n
    spread = sums[1] + squares + seen * more / n * (sums[0] - mean) ** 2
    return _t_as_z(whole, np.sqrt(spread / (n - 1)), n)


def _t_as_z(mean: FloatArray, spread: FloatArray, n: IntArray) -> FloatArray:
    t = mean / (spread / np.sqrt(n))
    return np.asarray(-special.ndtri(special.stdtr(n - 1, -t)))


def _z(table: IntArray, n: IntArray, margin: float) -> FloatArray:
    won, lost = table[:, 1].astype(float), table[:, 2].astype(float)
    found = np.empty(len(table))
    for size in np.unique(n):
        here = n == size
        found[here] = -special.ndtri(tango_score(won[here], lost[here], int(size), margin))
    return found


def _total(protocol: Protocol, nuisance: float, seen: int) -> int:
    return blinded(protocol, Reading(seen, nuisance, seen)).total_pairs


def _last(seen: int, total: int, planned: int) -> float:
    """The bound of the last look: alpha of the first by the old total, all of it by the end."""
    spent = cumulative_alpha("lan_demets_obrien_fleming", ALPHA, (seen / planned, 1.0))
    return efficacy_boundaries(spent, (seen / total, 1.0))[-1]


def _margin(protocol: Protocol) -> float:
    margin = protocol.hypotheses[0].margin
    assert margin is not None
    return margin.value


def with_total(protocol: Protocol, pairs: int) -> Protocol:
    """The same planned with so many pairs, capped at three times as many."""
    assert protocol.re_estimation is not None
    return protocol.model_copy(
        update={
            "sample_size": protocol.sample_size.model_copy(update={"evaluable_pairs": pairs}),
            "re_estimation": protocol.re_estimation.model_copy(update={"cap_pairs": 3 * pairs}),
        }
    )
