"""`equipoise serve`: two processes, and what happens when one of them dies."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from protocols.errors import RefusedError, UsageError
from tests.support.arms import start_arm
from tests.support.gateway import ROOT, make_folder
from tests.support.served import children_of, is_ready, port_of, served
from tests.support.trial_folder import wait_until


@pytest.mark.skipif(sys.platform != "linux", reason="reads the children of a process from /proc")
@pytest.mark.parametrize("victim", ["gateway.mirror", "gateway.serve"])
def test_whichever_of_the_two_dies_is_started_again(tmp_path: Path, victim: str) -> None:
    with start_arm() as url:
        folder = make_folder(tmp_path, standard_of_care_url=url, candidate_url=url, store=True)
        with served(folder) as process:
            wait_until(lambda: is_ready(folder) and len(children_of(process)) == 2)
            pid = children_of(process)[victim]
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: children_of(process).get(victim, pid) != pid)
            wait_until(lambda: is_ready(folder))
        assert process.returncode == 0


def test_settings_that_are_refused_end_it_with_a_sentence(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "gateway.serve", "--folder", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == UsageError.exit_status
    assert "equipoise protocol register" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_address_that_is_taken_ends_it_with_a_sentence_and_leaves_no_journal(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path, standard_of_care_url="http://127.0.0.1:9/", drain_s=0.3)
    with socket.create_server(("127.0.0.1", port_of(folder))):
        result = _gateway_alone(folder)
    assert result.returncode == UsageError.exit_status
    assert "equipoise: ADDRESS: the gateway cannot listen on http://127.0.0.1:" in result.stderr
    assert not (folder / "journal").exists()


def test_a_predecessor_that_still_drains_is_waited_for(tmp_path: Path) -> None:
    with start_arm() as url:
        folder = make_folder(tmp_path, standard_of_care_url=url, candidate_url=url, store=True)
        with socket.create_server(("127.0.0.1", port_of(folder))) as predecessor, served(folder):
            wait_until(lambda: "is taken; waiting" in (folder / "serve.log").read_text())
            predecessor.close()
            wait_until(lambda: is_ready(folder))


def test_a_protocol_changed_after_its_registration_is_not_served(tmp_path: Path) -> None:
    folder = make_folder(tmp_path, standard_of_care_url="http://127.0.0.1:9/", store=True)
    snapshot = folder / "protocol.json"
    snapshot.write_text(snapshot.read_text().replace('"threshold":0.25', '"threshold":0.35'))
    result = _gateway_alone(folder)
    assert result.returncode == RefusedError.exit_status
    assert "DIGEST_MISMATCH" in result.stderr
    assert "register that document again" in result.stderr
    assert not (folder / "journal").exists()


def test_what_a_gateway_writes_is_closed_to_everybody_else(tmp_path: Path) -> None:
    with start_arm() as url:
        folder = make_folder(tmp_path, standard_of_care_url=url, candidate_url=url, store=True)
        with served(folder):
            wait_until(lambda: is_ready(folder) and (folder / "mirror.json").exists())
            made = [*(folder / "journal").iterdir(), folder / "mirror.json", folder / "journal"]
    assert len(made) >= 3
    assert not [path.name for path in made if path.exists() and path.stat().st_mode & 0o007]


def _gateway_alone(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "gateway.serve", "--folder", str(folder), "--only", "gateway"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
