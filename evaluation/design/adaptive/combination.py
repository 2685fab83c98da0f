"""Stages combined with weights frozen in advance: inverse normal, Cui, Hung & Wang.

Each stage brings its own z; the weights stay those of the planned information whatever size the
stages reach, so that a size chosen from the data costs no type I error (Cui, Hung & Wang 1999,
Biometrics 55:853; Lehmacher & Wassmer 1999, Biometrics 55:1286).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.design.boundaries import check_information, leaving
from evaluation.design.roots import inverted
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class CombinedInference:
    """Stage-wise p, median unbiased estimate and two-sided interval, from the null."""

    statistic: float
    p_value: float
    estimate: float
    low: float
    high: float
    level: float


def inverse_normal(stage_z: Sequence[float], planned: Sequence[float]) -> tuple[float, ...]:
    """The combined z after each stage; `planned` is cumulative planned information by look.

    Each stage has the weight of the information it was planned to add. Raises `UsageError` for
    fewer planned looks than stages.
    """
    weights = _weights(planned, len(stage_z))
    scores = [w * z for w, z in zip(weights, stage_z, strict=True)]
    return tuple(math.fsum(scores[: k + 1]) / math.sqrt(planned[k]) for k in range(len(stage_z)))


def _weights(planned: Sequence[float], stages: int) -> list[float]:
    if not 0 < stages <= len(planned):
        raise UsageError("LENGTHS_DIFFER", "Each stage needs its planned information.")
    check_information(planned)
    before = (0.0, *planned[: stages - 1])
    return [math.sqrt(b - a) for a, b in zip(before, planned, strict=False)]


def combined_p(
    statistic: float,
    bounds_before: Sequence[float],
    planned: Sequence[float],
    *,
    stage_information: Sequence[float],
    effect: float = 0.0,
) -> float:
    """Probability under `effect` of a result at least as extreme by stage-wise ordering.

    The stages really brought `stage_information`; the combination keeps its planned weights,
    so a true effect moves each stage by effect sqrt(information of the stage).
    """
    stages = len(stage_information)
    weights = _weights(planned, stages)
    shifts = [effect * w * math.sqrt(i) for w, i in zip(weights, stage_information, strict=True)]
    bounds = [*bounds_before, statistic]
    if len(bounds) != stages:
        raise UsageError("LENGTHS_DIFFER", "Each earlier stage needs its bound.")
    moved = [
        bound - math.fsum(shifts[: k + 1]) / math.sqrt(planned[k]) for k, bound in enumerate(bounds)
    ]
    free = [-math.inf] * stages
    return min(1.0, math.fsum(leaving(moved, free, planned[:stages]).upper))


def combined_inference(
    stage_z: Sequence[float],
    bounds_before: Sequence[float],
    planned: Sequence[float],
    *,
    stage_information: Sequence[float],
    level: float,
) -> CombinedInference:
    """Inverts `combined_p` in the effect. Effects are on the scale of 1 / sqrt(information).

    Raises `UsageError` for a level outside (0, 1).
    """
    statistic = inverse_normal(stage_z, planned)[-1]

    def at(effect: float) -> float:
        return combined_p(
            statistic,
            bounds_before,
            planned,
            stage_information=stage_information,
            effect=effect,
        )

    total = math.fsum(stage_information)
    naive = statistic / math.sqrt(total)
    unit = 1 / math.sqrt(total)
    estimate, low, high = inverted(at, naive=naive, unit=unit, level=level)
    return CombinedInference(statistic, at(0.0), estimate, low, high, level)
