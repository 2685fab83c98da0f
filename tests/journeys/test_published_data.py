"""Published patients through the real gateway give the published numbers and an honest verdict.

Expected figures: worked out from the tables beforehand, checked by a separate DeLong.
"""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.results import LookResults
from protocols.vocabulary import SafetyVerdict, Verdict
from tests.journeys.published import PROTOCOLS, SHARED, Row, ScoreArms, conduct, hypothesis

SUPPORT2 = SHARED / "support2" / "support2_shared.csv.gz"
EICU = SHARED / "eicu_apache" / "apachepatientresult.csv.gz"
PATIENTS = SHARED / "eicu_apache" / "patient.csv.gz"
absent = pytest.mark.skipif(
    not (SUPPORT2.exists() and EICU.exists()),
    reason="the shared data sets do not lie beside the project",
)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, mode="rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _support2() -> list[Row]:
    return [
        Row(
            subject=row["id"],
            encounter=row["id"],
            inputs={
                "physician_survival": _number(row["prg2m"]),
                "model_survival": _number(row["surv2m"]),
            },
            died=row["death"] == "1" and float(row["d.time"]) <= 60,
        )
        for row in _rows(SUPPORT2)
    ]


def _eicu() -> list[Row]:
    """One row a stay with a result; minus one means "not scored", in both versions alike."""
    patient = {row["patientunitstayid"]: row["uniquepid"] for row in _rows(PATIENTS)}
    stays: dict[str, dict[str, dict[str, str]]] = {}
    for row in _rows(EICU):
        stays.setdefault(row["patientunitstayid"], {})[row["apacheversion"]] = row

    def scored(row: dict[str, str]) -> float | None:
        score = float(row["predictedhospitalmortality"])
        return None if score < 0 else score

    return [
        Row(
            subject=patient[stay],
            encounter=stay,
            inputs={"apache_iv": scored(version["IV"]), "apache_iva": scored(version["IVa"])},
            died=version["IV"]["actualhospitalmortality"] == "EXPIRED",
        )
        for stay, version in stays.items()
    ]


@pytest.fixture(scope="module")
def support2(tmp_path_factory: pytest.TempPathFactory) -> LookResults:
    arms = ScoreArms("physician_survival", "model_survival", complement=True)
    folder = tmp_path_factory.mktemp("support2")
    return conduct(folder, PROTOCOLS / "support2.yaml", arms, _support2())


@pytest.fixture(scope="module")
def eicu(tmp_path_factory: pytest.TempPathFactory) -> LookResults:
    arms = ScoreArms("apache_iv", "apache_iva", complement=False)
    return conduct(tmp_path_factory.mktemp("eicu"), PROTOCOLS / "eicu.yaml", arms, _eicu())


@absent
def test_the_support_model_loses_little_discrimination(support2: LookResults) -> None:
    found = hypothesis(support2, "AUC_03").primary
    assert found.n_pairs == 3734
    assert found.standard_of_care is not None
    assert found.candidate is not None
    assert found.candidate.value == pytest.approx(0.7987, abs=5e-5)
    assert found.standard_of_care.value == pytest.approx(0.8102, abs=5e-5)
    assert found.estimate == pytest.approx(-0.0115, abs=5e-5)
    naive = next(interval for interval in found.intervals if interval.kind == "naive")
    assert (naive.low, naive.high) == pytest.approx((-0.0275, 0.0046), abs=5e-5)


@absent
def test_the_margin_decides_whether_the_support_model_passes(support2: LookResults) -> None:
    assert hypothesis(support2, "AUC_03").verdict is Verdict.NON_INFERIOR
    assert hypothesis(support2, "AUC_02").verdict is Verdict.NOT_SHOWN


@absent
def test_the_safety_rule_stops_the_support_model(support2: LookResults) -> None:
    rule = support2.safety[0]
    assert (rule.n_events, rule.n_among) == (378, 1295)
    assert rule.verdict is SafetyVerdict.LIMIT_EXCEEDED
    assert support2.recommendation.recommendation == "stop"


@absent
def test_the_support_model_misses_deaths_that_physicians_foresee(support2: LookResults) -> None:
    found = hypothesis(support2, "SENS_05").primary
    assert found.table is not None
    assert (found.table.n10, found.table.n01, found.n_pairs) == (106, 378, 1295)
    assert found.estimate == pytest.approx(-0.210, abs=5e-4)
    naive = next(interval for interval in found.intervals if interval.kind == "naive")
    assert (naive.low, naive.high) == pytest.approx((-0.241, -0.179), abs=5e-4)


@absent
def test_the_support_model_is_more_specific(support2: LookResults) -> None:
    found = hypothesis(support2, "SPEC_05").primary
    assert found.table is not None
    assert (found.table.n10, found.table.n01, found.n_pairs) == (386, 125, 2439)
    assert found.estimate == pytest.approx(0.107, abs=5e-4)


@absent
def test_physicians_are_silent_about_sicker_patients(support2: LookResults) -> None:
    found = next(arm for arm in support2.missing_patterns if arm.arm == "standard_of_care")
    share = found.n_unanswered / (found.n_unanswered + found.n_answered)
    assert share == pytest.approx(0.181, abs=5e-4)
    assert found.event_share_unanswered == pytest.approx(0.393, abs=5e-4)
    assert found.event_share_answered == pytest.approx(0.347, abs=5e-4)
    assert found.informative is True


@absent
def test_apache_iva_is_non_inferior_to_apache_iv(eicu: LookResults) -> None:
    found = hypothesis(eicu, "AUC_02")
    assert found.verdict is Verdict.NON_INFERIOR
    assert found.primary.n_events == 63
    assert found.primary.estimate == pytest.approx(0.0010, abs=5e-5)
    naive = next(interval for interval in found.primary.intervals if interval.kind == "naive")
    assert (naive.low, naive.high) == pytest.approx((-0.0111, 0.0131), abs=5e-5)
    assert hypothesis(eicu, "BRIER_01").primary.estimate == pytest.approx(-0.00098, abs=5e-6)


@absent
def test_both_apache_versions_expect_too_many_deaths(eicu: LookResults) -> None:
    ratio = {found.arm: found.observed_over_expected for found in eicu.calibration}
    assert ratio["standard_of_care"] == pytest.approx(0.728, abs=5e-4)
    assert ratio["candidate"] == pytest.approx(0.812, abs=5e-4)
