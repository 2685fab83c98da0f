"""The parts of the demo: its folder, its processes, and what it reads from a reply."""

import contextlib
import sys
from pathlib import Path

import pytest

from gateway.demo.children import Children, DemoError, free_port, wait_for
from gateway.demo.folder import MARK, fresh
from gateway.demo.replay import percentile, server_timing
from protocols.errors import UsageError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_an_earlier_run_is_replaced_and_what_lies_beside_it_is_kept(tmp_path: Path) -> None:
    folder = fresh(tmp_path / "demo")
    folder.trial.mkdir()
    (folder.root / "note.txt").write_text("mine")
    assert not fresh(folder.root).trial.exists()
    assert (folder.root / "note.txt").read_text() == "mine"
    assert (folder.root / MARK).is_file()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(UsageError, match="--folder"):
        fresh(tmp_path / "demo")


def test_a_process_ends_when_the_demo_breaks_off(tmp_path: Path) -> None:
    with contextlib.suppress(RuntimeError), Children(tmp_path) as children:
        children.start("sleeper", SLEEP)
        running = children._running["sleeper"]
        raise RuntimeError
    assert running.returncode is not None


def test_a_process_that_died_is_named_with_its_log(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        children.start("arm", [sys.executable, "-c", "raise SystemExit(7)"])
        with pytest.raises(DemoError, match=r"arm ended with status 7; read .*arm\.log"):
            wait_for(lambda: False, children, "arm", longest_s=10)


def test_a_process_that_is_never_ready_is_named_with_its_log(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        children.start("arm", SLEEP)
        with pytest.raises(DemoError, match=r"not ready after 0\.2 s"):
            wait_for(lambda: False, children, "arm", longest_s=0.2)


def test_a_refused_command_is_repeated_in_its_own_words(tmp_path: Path) -> None:
    with Children(tmp_path) as children, pytest.raises(DemoError, match=r"status .*failed: .+"):
        children.run("commands", ["status", "--folder", str(tmp_path / "nowhere")])


def test_two_free_ports_are_two() -> None:
    assert len({free_port() for _ in range(5)}) > 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [("soc;dur=1.5, gw;dur=0.25", 0.25), ("gw;dur=3", 3.0), ("soc;dur=1", None), ("", None)],
)
def test_the_gateways_own_time_is_read_from_the_header(header: str, expected: float | None) -> None:
    assert server_timing(header, "gw") == expected


def test_a_percentile_of_nothing_is_no_number() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0
