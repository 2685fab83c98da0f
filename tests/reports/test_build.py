"""A report on disk: the same bytes on any machine, all of it or nothing."""

import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.archive import to_bytes
from reports.build import build_report, report_files
from reports.errors import ReportError
from tests.reports.example_results import as_bytes, final_results, interim_results
from tests.support.simulator import Truth, example_results

ROOT = Path(__file__).resolve().parents[2]


def _digest_elsewhere(results: Path, output: Path, **machine: str) -> dict[str, str]:
    """Build in another process with another hash seed, zone and language."""
    command = [sys.executable, "-c", "from equipoise import main; main()", "report", "build"]
    command += ["--results", str(results), "--output", str(output), "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **machine}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    digests = json.loads(done.stdout)["digests"]
    assert isinstance(digests, dict)
    return digests


def test_two_machines_write_the_same_bytes(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    results.write_bytes(as_bytes(final_results()))
    one = _digest_elsewhere(results, tmp_path / "a", PYTHONHASHSEED="1", TZ="UTC", LANG="C")
    two = _digest_elsewhere(
        results, tmp_path / "b", PYTHONHASHSEED="77", TZ="Asia/Kathmandu", LANG="de_DE.UTF-8"
    )
    assert one == two
    page = (tmp_path / "a" / "report.html").read_bytes()
    assert page == (tmp_path / "b" / "report.html").read_bytes()
    assert one["report.html"] == f"sha256:{hashlib.sha256(page).hexdigest()}"


def test_the_report_holds_page_results_and_data(tmp_path: Path) -> None:
    source = as_bytes(final_results())
    built = build_report(source, tmp_path / "report")
    assert (tmp_path / "report/results.json").read_bytes() == source
    assert all(path.is_file() for path in built.paths)
    assert len(built.digests) == len(built.paths)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report"]


def test_the_page_shows_the_time_of_the_lock_and_no_other(tmp_path: Path) -> None:
    page = report_files(as_bytes(final_results()))["report.html"].decode()
    assert "18 November 2026, 09:30 UTC" in page


def test_a_report_of_the_same_place_is_replaced_whole(tmp_path: Path) -> None:
    build_report(as_bytes(final_results()), tmp_path / "report")
    build_report(as_bytes(interim_results()), tmp_path / "report")
    assert "INTERIM: look 1" in (tmp_path / "report/report.html").read_text(encoding="utf-8")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report"]


def test_a_folder_with_other_work_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        build_report(as_bytes(final_results()), tmp_path)
    assert caught.value.code == "REPORT_FOLDER_OCCUPIED"
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        build_report(as_bytes(final_results()), tmp_path / "file" / "report")
    assert caught.value.code == "REPORT_UNWRITABLE"
    assert "--output" in str(caught.value)


def test_a_person_s_file_beside_a_report_is_never_lost(tmp_path: Path) -> None:
    report = tmp_path / "report"
    build_report(as_bytes(final_results()), report)
    (report / "signed.pdf").write_bytes(b"mine")
    with pytest.raises(ReportError) as caught:
        build_report(as_bytes(final_results()), report)
    assert caught.value.code == "REPORT_FOLDER_OCCUPIED"
    assert (report / "signed.pdf").read_bytes() == b"mine"


def test_a_report_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """The tables are small enough for the file size that the system allows; the page is not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(ReportError, match="File too large"):
            build_report(as_bytes(final_results()), tmp_path / "report")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-18T09:30:00"])
def test_a_lock_without_a_moment_in_time_is_refused(moment: str) -> None:
    results = final_results()
    facts = results.facts.model_copy(update={"locked_at": moment})
    with pytest.raises(ReportError) as caught:
        report_files(as_bytes(results.model_copy(update={"facts": facts})))
    assert caught.value.code == "REPORT_UNREADABLE"


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"facts": 1}'])
def test_results_that_cannot_be_read_are_refused(damage: bytes, tmp_path: Path) -> None:
    with pytest.raises(ReportError) as caught:
        build_report(damage, tmp_path / "report")
    assert caught.value.code == "REPORT_UNREADABLE"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("final", [False, True], ids=["interim", "final"])
def test_what_the_engine_found_becomes_a_report(final: bool, tmp_path: Path) -> None:
    truth = Truth(
        n=700,
        missing_outcome_share=0.03,
        candidate_failure_share=0.04,
        standard_of_care_failure_share=0.02,
        conflict_share=0.01,
        ineligible_share=0.03,
        duplicate_share=0.02,
    )
    results = example_results(truth, final=final)
    built = build_report(to_bytes(results), tmp_path / "report")
    page = (tmp_path / "report/report.html").read_text(encoding="utf-8")
    assert results.headline.split(":")[0] in page
    assert "report.html" in built.digests


def test_a_protocol_text_that_is_not_the_registered_one_is_refused(tmp_path: Path) -> None:
    results = final_results()
    size = {**_section(results.protocol, "sample_size"), "power": 0.8}
    softened = {**results.protocol, "sample_size": size}
    changed = results.model_copy(update={"protocol": softened})
    with pytest.raises(ReportError) as caught:
        build_report(as_bytes(changed), tmp_path / "report")
    assert caught.value.code == "REPORT_PROTOCOL_DIGEST"
    assert list(tmp_path.iterdir()) == []


def _section(protocol: dict[str, object], name: str) -> dict[str, object]:
    section = protocol[name]
    assert isinstance(section, dict)
    return section
