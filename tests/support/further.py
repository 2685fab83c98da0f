"""Generated further outcomes and inputs beside the simulator's pairs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gateway.store.capture import OutcomeItem
from gateway.store.records import PairRecord

Values = dict[str, float | int | str | bool]


def with_further(pairs: Sequence[PairRecord], *, seed: int = 5) -> tuple[PairRecord, ...]:
    """The pairs with the inputs and further outcomes of `protocols/eleven_families.yaml`."""
    rng = np.random.default_rng(seed)
    return tuple(_furnished(pair, rng) for pair in pairs)


def _furnished(pair: PairRecord, rng: np.random.Generator) -> PairRecord:
    sick = 1.5 if pair.outcome else 0.5
    return replace(
        pair,
        inputs={
            "age": int(rng.integers(20, 95)),
            "sex": "f" if rng.random() < 0.5 else "m",
            "crp": None,
            "days": float(rng.integers(2, 20)),
            "rule": int(rng.random() < (0.6 if pair.outcome else 0.2)),
        },
        further={
            "severity.standard_of_care": round(float(rng.gamma(2, sick)), 1) % 10,
            "severity.candidate": round(float(rng.gamma(2, sick)), 1) % 10,
            "alerts.standard_of_care": int(rng.poisson(2 * sick)),
            "alerts.candidate": int(rng.poisson(2 * sick)),
            **_time("detection.standard_of_care", rng.exponential(8), censored=rng.random() < 0.2),
            **_time("detection.candidate", rng.exponential(7), censored=rng.random() < 0.2),
            **_time("relapse", rng.exponential(30 / sick), censored=rng.random() < 0.5),
        },
    )


def _time(name: str, time: float, *, censored: bool) -> Values:
    return {f"{name}.time": round(time, 2) + 0.01, f"{name}.event": not censored}


def reports_of(pairs: Sequence[PairRecord]) -> list[OutcomeItem]:
    """What would be reported to the gateway for the pairs' further outcomes."""
    return [
        OutcomeItem(
            pair_id=pair.pair_id,
            name=name,
            value=value,
            ascertained_at_us=pair.arrived_at_us,
            source="adjudication",
        )
        for pair in pairs
        for name, value in _values(pair).items()
    ]


def _values(pair: PairRecord) -> dict[str, object]:
    """Flat keys folded back: `alerts.candidate` into {"alerts": {"candidate": ...}}."""
    folded: dict[str, object] = {}
    for key, value in pair.further.items():
        place = folded
        *path, last = key.split(".")
        for part in path:
            place = place.setdefault(part, {})  # type: ignore[assignment]
        place[last] = value
    return folded
