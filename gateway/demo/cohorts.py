"""The two cohorts of the demo: patients as requests, and what happened to them within five years.

Convention of the outcome: five years are 1,826.25 days (5 x 365.25). *Yes*: recurrence, or death
from any cause, within five years of surgery. *No*: neither, and followed for recurrence for at
least five years. Everyone else was lost before five years; that outcome is missing and is never
reported. No patient's class changes for any horizon between 1,825 and 1,827 days.
"""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.scores import DATA

HORIZON_DAYS = 5 * 365.25

SIZE_CLASSES = ("<=20", "20-50", ">50")


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient of the trial cohort; `recurrence` is None for one lost before five years."""

    pid: int
    year: int
    inputs: dict[str, int | str]
    recurrence: bool | None


def trial_cohort(path: Path = DATA / "rotterdam.csv") -> list[Patient]:
    """Every patient of the Rotterdam tumour bank in order of year of surgery.

    The data set numbers patients by what became of them (hardly any event among the first 1,200),
    so within a year the order of the numbers' digests stands for the unknown order of surgery.
    """
    patients = [
        Patient(
            pid=int(row["pid"]),
            year=int(row["year"]),
            inputs=_inputs(row, row["size"]),
            recurrence=_recurrence(row),
        )
        for row in read_rows(path)
    ]
    return sorted(patients, key=lambda patient: (patient.year, _lot(patient.pid)))


def training_inputs(row: dict[str, str]) -> dict[str, int | str]:
    """A patient of the training cohort as a request: size in mm becomes the trial's class."""
    return _inputs(row, size_class(float(row["size"])))


def size_class(size_mm: float) -> str:
    """Read at 20 and 50 mm, upper limits included, as the Rotterdam tumour bank's classes."""
    if size_mm <= 20:
        return "<=20"
    return "20-50" if size_mm <= 50 else ">50"


def read_rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's lines, each by column name."""
    with path.open(encoding="ascii", newline="") as lines:
        return list(csv.DictReader(lines))


def _lot(pid: int) -> bytes:
    return hashlib.sha256(str(pid).encode("ascii")).digest()


def _inputs(row: dict[str, str], size: str) -> dict[str, int | str]:
    fields = ("age", "meno", "grade", "nodes", "pgr", "er", "hormon")
    return {**{field: int(row[field]) for field in fields}, "size_class": size}


def _recurrence(row: dict[str, str]) -> bool | None:
    recurred = row["recur"] == "1" and float(row["rtime"]) <= HORIZON_DAYS
    died = row["death"] == "1" and float(row["dtime"]) <= HORIZON_DAYS
    if recurred or died:
        return True
    return False if float(row["rtime"]) >= HORIZON_DAYS else None
