"""The demo's numbers by a second route: from the CSV and the run's own rows, with none of our code.

Scores are computed anew from the published formula and from the coefficients, areas by comparing
every patient with the event to every patient without, the score test by finding the root of the
constrained score, the boundary by integrating a bivariate normal.
"""

import csv
import hashlib
import hmac
import json
import math
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

DATA = Path(__file__).resolve().parents[2] / "gateway" / "demo" / "data"
SYSTEM = "urn:equipoise:demo:rotterdam-tumour-bank"

Array = npt.NDArray[np.float64]
Stored = dict[tuple[str, str], tuple[str, float | None]]
"""(encounter token, arm) -> (fate, score); the score is None where there is no answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """One patient: from the CSV, save for what became of the candidate's asking."""

    age: int
    nodes: int
    event: bool | None
    index: float
    risk: float
    answered: bool
    stored_index: float | None
    stored_risk: float | None


def rows(folder: Path) -> list[Row]:
    """Every patient of the CSV with the fate of the candidate's asking in the run."""
    stored = _stored(folder / "trial" / "trial.sqlite")
    key = bytes.fromhex((folder / "trial" / "subject.key").read_text().strip())
    with (DATA / "rotterdam.csv").open(newline="") as lines:
        return [_row(patient, stored, key) for patient in csv.DictReader(lines)]


def _row(patient: dict[str, str], stored: Stored, key: bytes) -> Row:
    message = f"encounter\0{patient['year']}-{patient['pid']}".encode()
    token = hmac.new(key, message, hashlib.sha256).hexdigest()
    standard, candidate = stored[token, "standard_of_care"], stored[token, "candidate"]
    recurred = patient["recur"] == "1" and int(patient["rtime"]) < 1826.25
    died = patient["death"] == "1" and int(patient["dtime"]) < 1826.25
    followed = int(patient["rtime"]) > 1826.25
    return Row(
        age=int(patient["age"]),
        nodes=int(patient["nodes"]),
        event=True if recurred or died else (False if followed else None),
        index=_index(patient),
        risk=_risk(patient),
        answered=candidate[0] == "answered",
        stored_index=standard[1],
        stored_risk=candidate[1],
    )


def _stored(path: Path) -> Stored:
    """What became of every asking, read with plain SQL."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
        found = store.execute(
            "SELECT e.encounter, o.arm, o.fate, o.score FROM encounter e"
            " JOIN observation o ON o.pair_id = e.pair_id"
        ).fetchall()
    store.close()
    return {(token, arm): (fate, score) for token, arm, fate, score in found}


def _index(patient: dict[str, str]) -> float:
    cm = {"<=20": 1.6, "20-50": 3.0, ">50": 6.0}[patient["size"]]
    nodes = int(patient["nodes"])
    stage = 1 if nodes == 0 else 2 if nodes < 4 else 3
    return 0.2 * cm + stage + int(patient["grade"])


def _risk(patient: dict[str, str]) -> float:
    model = json.loads((DATA / "candidate.json").read_bytes())
    beta = model["coefficients"]
    total = (
        beta["age_decades"] * int(patient["age"]) / 10
        + beta["postmenopausal"] * int(patient["meno"])
        + beta["size_20_50"] * (patient["size"] == "20-50")
        + beta["size_over_50"] * (patient["size"] == ">50")
        + beta["grade"] * int(patient["grade"])
        + beta["log_nodes"] * math.log(1 + int(patient["nodes"]))
        + beta["log_pgr"] * math.log(1 + int(patient["pgr"]))
        + beta["log_er"] * math.log(1 + int(patient["er"]))
        + beta["hormonal_treatment"] * int(patient["hormon"])
    )
    return 1 - math.exp(-model["baseline_cumulative_hazard"] * math.exp(total))


@dataclass(frozen=True, slots=True)
class Areas:
    difference: float
    error: float
    candidate: float
    index: float


def areas(population: list[Row]) -> Areas:
    """DeLong 1988 by comparing everyone with everyone; a candidate without an answer is worst."""
    kernels: dict[str, Array] = {}
    for arm in ("candidate", "index"):
        cases = np.array([_score(row, arm) for row in population if row.event])
        others = np.array([_score(row, arm) for row in population if row.event is False])
        above = (cases[:, None] > others[None, :]).astype(float)
        kernels[arm] = above + 0.5 * (cases[:, None] == others[None, :])
    difference = kernels["candidate"] - kernels["index"]
    by_case, by_other = difference.mean(axis=1), difference.mean(axis=0)
    variance = by_case.var(ddof=1) / len(by_case) + by_other.var(ddof=1) / len(by_other)
    return Areas(
        difference=float(difference.mean()),
        error=math.sqrt(variance),
        candidate=float(kernels["candidate"].mean()),
        index=float(kernels["index"].mean()),
    )


def _score(row: Row, arm: str) -> float:
    if arm == "index":
        return round(row.index, 6)  # ties must be ties, whatever order the terms were added in
    if row.answered:
        return row.risk
    return -math.inf if row.event else math.inf


@dataclass(frozen=True, slots=True)
class Table:
    both: int
    candidate_only: int
    index_only: int
    neither: int

    @property
    def n(self) -> int:
        return self.both + self.candidate_only + self.index_only + self.neither

    @property
    def difference(self) -> float:
        return (self.candidate_only - self.index_only) / self.n


def table(population: list[Row], *, event: bool) -> Table:
    """Who was right among those with (without) the event; no answer is wrong."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for row in population:
        if row.event is event:
            candidate = row.answered and (row.risk >= 0.52) is event
            counts[candidate, (row.index > 5.4) is event] += 1
    return Table(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def score_z(counts: Table, margin: float) -> float:
    """The score statistic of H0: difference = -margin.

    The nuisance, the share on which the index alone is right, is where the derivative of the
    constrained log-likelihood crosses zero; it falls all the way.
    """
    b, c, n = counts.candidate_only, counts.index_only, counts.n

    def slope(p01: float) -> float:
        p10 = p01 - margin
        return b / p10 + c / p01 - 2 * (n - b - c) / (1 - p01 - p10)

    p01 = brentq(slope, margin + 1e-12, (1 + margin) / 2 - 1e-12, xtol=1e-15)
    return (b - c + n * margin) / math.sqrt(n * (2 * float(p01) - margin - margin**2))


def final_boundary(fraction: float, correlation: float, alpha: float) -> tuple[float, float]:
    """Both critical values of Lan-DeMets O'Brien-Fleming type; `correlation` of the two z."""
    early = 2 * (1 - norm.cdf(norm.ppf(1 - alpha / 2) / math.sqrt(fraction)))
    first = float(norm.isf(early))
    joint = multivariate_normal(mean=[0, 0], cov=[[1, correlation], [correlation, 1]])

    def left_over(second: float) -> float:
        crossing_later = norm.cdf(first) - joint.cdf([first, second])
        return float(early + crossing_later - alpha)

    return first, float(brentq(left_over, 1.5, 3.0, xtol=1e-10))
