"""Fits the candidate on the training cohort and fixes its threshold. No trial patient is read.

    python -m gateway.demo.fit_candidate [FILE]

Cox regression (Breslow ties) of recurrence-free survival in the German Breast Cancer Study Group
cohort. The threshold flags as many patients of that cohort as the standard of care's does.
"""

import hashlib
import json
import sys
from pathlib import Path
from statistics import median

import numpy as np
from statsmodels.duration.hazard_regression import PHReg

from gateway.demo.cohorts import (
    HORIZON_DAYS,
    SIZE_CLASSES,
    read_rows,
    size_class,
    training_inputs,
)
from gateway.demo.scores import DATA, CoxModel, artefact_path, covariates, load_artefact
from protocols.vocabulary import Arm

TRAINING = DATA / "gbsg.csv"
NOTTINGHAM_THRESHOLD = 5.4  # above it: the poor-prognosis group (Galea et al. 1992)
DECIMALS = 6  # coefficients agree to more on every machine, so the file is the same everywhere


def size_medians(rows: list[dict[str, str]]) -> dict[str, float]:
    """The median size in mm of each class in the training cohort: what stands for the class."""
    sizes = [float(row["size"]) for row in rows]
    return {
        name: median(size for size in sizes if size_class(size) == name) for name in SIZE_CLASSES
    }


def fit(rows: list[dict[str, str]]) -> CoxModel:
    """Coefficients and the Breslow baseline at the horizon, rounded."""
    patients = [covariates(training_inputs(row)) for row in rows]
    names = list(patients[0])
    design = np.array([[patient[name] for name in names] for patient in patients])
    days = np.array([float(row["rfstime"]) for row in rows])
    events = np.array([int(row["status"]) for row in rows])
    estimate = np.asarray(PHReg(days, design, status=events, ties="breslow").fit(disp=0).params)
    weights = np.exp(design @ estimate)
    hazard = sum(
        1 / weights[days >= day].sum()
        for day, event in zip(days, events, strict=True)
        if event and day <= HORIZON_DAYS
    )
    coefficients = {
        name: round(float(beta), DECIMALS) for name, beta in zip(names, estimate, strict=True)
    }
    return CoxModel(coefficients, round(float(hazard), DECIMALS))


def threshold(model: CoxModel, rows: list[dict[str, str]]) -> tuple[float, int]:
    """The risk half-way between the last patient flagged and the next, and how many are flagged."""
    standard = load_artefact(Arm.STANDARD_OF_CARE).model
    requests = [training_inputs(row) for row in rows]
    n_flagged = sum(standard.score(inputs) > NOTTINGHAM_THRESHOLD for inputs in requests)
    risks = sorted((model.score(inputs) for inputs in requests), reverse=True)
    return round((risks[n_flagged - 1] + risks[n_flagged]) / 2, 4), n_flagged


def artefact() -> bytes:
    """The candidate's artefact file."""
    rows = read_rows(TRAINING)
    model = fit(rows)
    cut, n_flagged = threshold(model, rows)
    content = {
        "name": "gbsg-recurrence-cox",
        "version": "1.0.0",
        "kind": "Cox proportional hazards, Breslow ties, Breslow baseline",
        "horizon_days": HORIZON_DAYS,
        "coefficients": dict(model.coefficients),
        "baseline_cumulative_hazard": model.baseline_cumulative_hazard,
        "training": {
            "cohort": "gbsg.csv",
            "sha256": hashlib.sha256(TRAINING.read_bytes()).hexdigest(),
            "patients": len(rows),
            "events": sum(row["status"] == "1" for row in rows),
        },
        "operating_point": {
            "threshold": cut,
            "flagged_in_training": n_flagged,
            "rule": f"flags as many as the index above {NOTTINGHAM_THRESHOLD} flags",
        },
    }
    return (json.dumps(content, indent=2) + "\n").encode("ascii")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else artefact_path(Arm.CANDIDATE)
    target.write_bytes(artefact())
