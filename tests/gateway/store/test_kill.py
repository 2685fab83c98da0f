"""A mirror killed at any instant, or a disk that is full, neither loses nor doubles a row."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.store.capture import OutcomeReceipt
from gateway.store.engine import Store, open_store
from gateway.store.reads import completeness, deviations, epochs
from protocols.errors import StoreError
from protocols.vocabulary import Fate
from tests.gateway.store.test_outcomes import tell
from tests.gateway.store.ward import TRIAL, new_store, request, ship_requests

N_ROWS = 4000
ROOT = Path(__file__).resolve().parents[3]
SHIPPING = f"""
import sys
from gateway.store.engine import Store, open_store
from gateway.store.reads import epochs
from tests.gateway.store.ward import TRIAL, request, ship_requests
store = open_store(sys.argv[1])
while True:
    shipped = max((row.shipped_seq for row in epochs(store, TRIAL)), default=0)
    if shipped >= {N_ROWS}:
        break
    # Some rows come again, as after a crash between commit and acknowledgement.
    first = max(1, shipped - 20)
    ship_requests(store, *[request(seq) for seq in range(first, min(first + 60, {N_ROWS + 1}))])
"""


def test_killing_the_shipping_process_again_and_again_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    store = new_store(tmp_path)
    url = f"sqlite:///{tmp_path / 'trial.sqlite'}"
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", SHIPPING, url], cwd=ROOT)
        before = _shipped(url)
        until_s = time.monotonic() + 20
        while _shipped(url) == before and process.poll() is None and time.monotonic() < until_s:
            time.sleep(0.01)
        process.kill()
        process.wait()
        counted = completeness(store, TRIAL)
        assert counted.recorded == counted.accepted == counted.fates["standard_of_care"]["answered"]
    subprocess.run([sys.executable, "-c", SHIPPING, url], cwd=ROOT, check=True)
    counted = completeness(store, TRIAL)
    assert (counted.accepted, counted.recorded, counted.unexplained) == (N_ROWS, N_ROWS, ())
    assert counted.fates["candidate"] == {Fate.PENDING: N_ROWS}
    assert deviations(store, TRIAL) == []
    store.close()


def _shipped(url: str) -> int:
    store = open_store(url)
    shipped = max((row.shipped_seq for row in epochs(store, TRIAL)), default=0)
    store.close()
    return shipped


def test_reports_from_many_threads_are_numbered_one_after_the_other(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    ship_requests(store, request(1))
    receipts: list[OutcomeReceipt] = []

    def report(number: int) -> None:
        receipts.append(tell(store, "pair-000001", number % 2 == 0, at=number))

    threads = [threading.Thread(target=report, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 12
    assert [receipt.state for receipt in receipts].count("created") == 1
    assert [row.code for row in deviations(store, TRIAL)] == ["OUTCOME_CONFLICT"]
    store.close()


def _limit_pages(store: Store, n_pages: int) -> None:
    with store.session() as session:
        session.connection().execute(text(f"PRAGMA max_page_count = {n_pages}"))


def test_a_full_disk_stops_shipping_whole_and_space_lets_it_go_on(tmp_path: Path) -> None:
    store = new_store(tmp_path)
    ship_requests(store, request(1))
    rows = [request(seq) for seq in range(1, 2001)]
    _limit_pages(store, 60)
    with pytest.raises(StoreError) as raised:
        ship_requests(store, *rows)
    assert raised.value.code == "STORE_UNAVAILABLE"
    assert completeness(store, TRIAL).recorded == 1
    _limit_pages(store, 1_000_000)
    assert ship_requests(store, *rows).n_recorded == 1999
    with store.session() as session:
        assert session.connection().execute(text("PRAGMA integrity_check")).scalar() == "ok"
    store.close()
