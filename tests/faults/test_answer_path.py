"""What the caller gets, and what is on record, when something on the answer's path breaks."""

import http.client
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.journal_reader import journals, read_meta
from protocols.vocabulary import Fate
from tests.support.arms import Arm, running_arm
from tests.support.example_protocol import example_protocol
from tests.support.gateway import RunningGateway, decision, make_folder, running_gateway
from tests.support.trial_folder import wait_until


@contextmanager
def trial(
    folder: Path, kind: str = "healthy", *, policy: str = "clinical-first", **options: Any
) -> Iterator[tuple[RunningGateway, Arm]]:
    """Run a gateway beside one arm of a kind; the arm's deadline is 400 ms unless said."""

    def edit(document: dict[str, Any]) -> None:
        document["setting"]["standard_of_care_deadline_ms"] = options.get("deadline_ms", 400)
        document["setting"]["capture"]["policy"] = policy
        document["setting"]["capture"]["budget_ms"] = options.get("budget_ms", 2000)

    settings = options.get("settings", {})
    with running_arm(kind, delay_s=options.get("delay_s")) as arm:
        make_folder(
            folder, standard_of_care_url=arm.url, protocol=example_protocol(edit), **settings
        )
        with running_gateway(folder) as gateway:
            yield gateway, arm


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGateway, Arm]]:
    with trial(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "status", "fate", "detail"),
    [
        ("resetting", 502, Fate.FAILED, "reset"),
        ("reset_mid_body", 502, Fate.FAILED, "reset"),
        ("failing", 502, Fate.FAILED, "http_status"),
        ("redirecting", 502, Fate.FAILED, "http_status"),
        ("not_http", 502, Fate.INVALID, "not_http"),
        ("garbage", 502, Fate.INVALID, "not_json"),
        ("nan", 502, Fate.INVALID, "not_json"),
        ("duplicate_key", 502, Fate.INVALID, "duplicate_key"),
        ("deep", 502, Fate.INVALID, "not_json"),
        ("list", 502, Fate.INVALID, "not_an_object"),
        ("empty", 502, Fate.INVALID, "not_json"),
        ("gzip_bomb", 502, Fate.INVALID, "encoded"),
        ("huge", 502, Fate.INVALID, "too_large"),
        ("undeclared", 502, Fate.INVALID, "too_large"),
        ("hung", 504, Fate.TIMED_OUT, "deadline"),
        ("dripping", 504, Fate.TIMED_OUT, "deadline"),
    ],
)
def test_a_failing_standard_of_care_fails_honestly_and_on_record(
    shared: tuple[RunningGateway, Arm], kind: str, status: int, fate: Fate, detail: str
) -> None:
    gateway, arm = shared
    arm.kind = kind
    begun = time.monotonic()
    reply = gateway.decide()
    assert time.monotonic() - begun < 9
    assert reply.status == status
    slug = "timeout" if status == 504 else "unavailable"
    assert reply.json()["type"] == f"urn:equipoise:problem:standard-of-care-{slug}"
    record = gateway.records()[-1]
    assert (record.soc_fate, record.soc_detail) == (fate, detail)
    assert record.pair_id == reply.headers["x-pair-id"]
    assert b"SECRET-CANARY" not in reply.body + gateway.log.read_bytes()


def test_a_standard_of_care_that_is_down_is_a_502_on_record(tmp_path: Path) -> None:
    with trial(tmp_path, "refusing") as (gateway, _):
        assert gateway.decide().status == 502
        assert [record.soc_detail for record in gateway.records()] == ["connect"]


def test_an_arm_is_asked_once_however_it_fails(tmp_path: Path) -> None:
    with trial(tmp_path, "resetting") as (gateway, arm):
        gateway.decide()
        assert len(arm.asked) == 1


def test_a_failure_is_not_stored_so_that_a_retry_reaches_the_standard_of_care(
    tmp_path: Path,
) -> None:
    with trial(tmp_path, "failing") as (gateway, arm):
        assert gateway.decide(headers={"idempotency-key": "k"}).status == 502
        arm.kind = "healthy"
        assert gateway.decide(headers={"idempotency-key": "k"}).status == 200
        assert [record.seq for record in gateway.records()] == [1, 2]


def test_the_gateway_recovers_after_an_hour_of_hangs_without_a_restart(tmp_path: Path) -> None:
    with trial(tmp_path, "hung", settings={"standard_of_care_concurrency": 4}) as (gateway, arm):
        for _ in range(6):
            assert gateway.decide().status == 504
        arm.kind = "healthy"
        assert gateway.decide().status == 200


def test_a_kept_connection_that_the_arm_closed_is_not_used_again(tmp_path: Path) -> None:
    settings = {"arm_keep_alive_s": 0.2}
    with trial(tmp_path, settings=settings) as (gateway, arm):
        gateway.decide()
        time.sleep(0.5)
        assert gateway.decide().status == 200
        assert arm.connections == 2


def test_beyond_the_limit_of_askings_a_request_is_turned_away_at_once(tmp_path: Path) -> None:
    settings = {"standard_of_care_concurrency": 1}
    with trial(tmp_path, "hung", settings=settings) as (gateway, _):
        first = _in_background(gateway, "enc-1")
        time.sleep(0.15)
        reply = gateway.decide("enc-2")
        first.join()
        assert reply.status == 503
        assert reply.json()["type"] == "urn:equipoise:problem:overloaded"
        assert reply.headers["retry-after"] == "1"
        assert [record.soc_fate for record in gateway.records()] == [Fate.TIMED_OUT]


def test_a_key_in_flight_is_said_to_be_in_progress(tmp_path: Path) -> None:
    with trial(tmp_path, "hung") as (gateway, _):
        first = _in_background(gateway, "enc-1", {"idempotency-key": "k"})
        time.sleep(0.15)
        reply = gateway.decide("enc-1", headers={"idempotency-key": "k"})
        first.join()
        assert reply.status == 409
        assert reply.json()["type"] == "urn:equipoise:problem:idempotency-in-progress"


def test_a_caller_who_leaves_is_on_record_as_gone(tmp_path: Path) -> None:
    with trial(tmp_path, "slow", delay_s=0.3) as (gateway, _):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
        headers = {"content-type": "application/json"}
        connection.request("POST", gateway.path, decision(), headers)
        time.sleep(0.1)
        connection.close()
        records = _await_records(gateway, 1)
        assert records[0].client_disconnected
        assert records[0].soc_fate is Fate.ANSWERED


def test_a_journal_that_hangs_delays_an_answer_by_its_budget_and_becomes_a_gap(
    tmp_path: Path,
) -> None:
    with trial(tmp_path, budget_ms=50) as (gateway, _), _locked_journal(gateway):
        begun = time.monotonic()
        reply = gateway.decide()
        assert reply.status == 200
        assert time.monotonic() - begun < 2
        (gap,) = gateway.gaps()
        assert (gap.seq, gap.cause) == (1, "budget")
        assert gap.pair_id == reply.json()["pair_id"]


def test_trial_first_refuses_what_the_journal_does_not_confirm(tmp_path: Path) -> None:
    running = trial(tmp_path, policy="trial-first", budget_ms=50)
    with running as (gateway, _), _locked_journal(gateway):
        reply = gateway.decide()
        assert reply.status == 503
        assert reply.json()["type"] == "urn:equipoise:problem:capture-unavailable"
        assert [gap.cause for gap in gateway.gaps()] == ["refused_budget"]


def test_a_disk_that_refuses_to_write_opens_a_new_epoch_and_loses_nothing_unsaid(
    tmp_path: Path,
) -> None:
    with trial(tmp_path) as (gateway, _):
        for _ in range(3):
            gateway.decide()
        resource.prlimit(
            gateway.process.pid, resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY)
        )
        statuses = {gateway.decide(f"enc-{n}").status for n in range(30)}
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, unlimited)
        wait_until(lambda: gateway.send("GET", "/readyz").json()["journal"] == "up")
        assert statuses == {200}
        assert gateway.decide("after").status == 200
        known = {record.pair_id for record in gateway.records()}
        known |= {gap.pair_id for gap in gateway.gaps()}
        assert len(journals(tmp_path / "journal", gateway.trial)) > 1
        assert gateway.gaps()
        assert len(known) == 34


def test_a_gateway_without_a_journal_folder_still_answers(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    with trial(tmp_path) as (gateway, _):
        assert gateway.decide().status == 200
        assert gateway.send("GET", "/readyz").json()["journal"] == "down"
        assert [gap.cause for gap in gateway.gaps()] == ["journal_down"]
        (tmp_path / "journal").unlink()
        wait_until(lambda: gateway.send("GET", "/readyz").json()["journal"] == "up")
        gateway.decide("enc-2")
        assert len(gateway.records()) == 1


def test_no_answer_is_lost_when_the_process_is_killed_under_load(tmp_path: Path) -> None:
    with running_arm() as arm:
        folder = make_folder(tmp_path, standard_of_care_url=arm.url)
        served: set[str] = set()
        for _ in range(3):
            with running_gateway(folder) as gateway:
                lanes = [_lane(gateway, served) for _ in range(6)]
                time.sleep(0.4)
                gateway.process.kill()
                gateway.process.wait()
                for lane in lanes:
                    lane.join()
                known = {record.pair_id for record in gateway.records()}
                known |= {gap.pair_id for gap in gateway.gaps()}
        assert len(served) > 50
        assert served <= known


def test_a_clean_end_says_goodbye_in_the_journal(tmp_path: Path) -> None:
    with trial(tmp_path) as (gateway, _):
        for _ in range(4):
            gateway.decide()
        assert gateway.stop() == 0
        (path,) = journals(tmp_path / "journal", gateway.trial)
        meta = read_meta(path)
        assert (meta.closed, meta.accepted_seq) == (True, 4)


def test_readiness_fails_first_and_requests_are_still_answered(tmp_path: Path) -> None:
    settings = {"drain_delay_s": 1.5}
    with trial(tmp_path, settings=settings) as (gateway, _):
        gateway.decide()
        gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: gateway.send("GET", "/readyz").status == 503)
        assert gateway.decide().status == 200
        gateway.hang_up()
        assert gateway.process.wait(60) == 0


def test_what_is_under_way_at_the_end_is_finished(tmp_path: Path) -> None:
    with trial(tmp_path, "slow", delay_s=0.3) as (gateway, _):
        replies: list[int] = []
        lane = _in_background(gateway, "enc-1", replies=replies)
        time.sleep(0.1)
        gateway.process.send_signal(signal.SIGTERM)
        lane.join()
        assert gateway.process.wait(60) == 0
        assert replies == [200]


def test_what_cannot_be_finished_at_the_end_is_on_record_as_lost(tmp_path: Path) -> None:
    settings = {"drain_s": 1}
    with trial(tmp_path, "hung", deadline_ms=30_000, settings=settings) as (gateway, _):
        lane = _in_background(gateway, "enc-1")
        wait_until(lambda: b"in_flight 1.0" in gateway.send("GET", "/metrics").body)
        gateway.stop()
        lane.join()
        assert [record.soc_fate for record in gateway.records()] == [Fate.LOST_AT_SHUTDOWN]
        (path,) = journals(tmp_path / "journal", gateway.trial)
        assert read_meta(path).closed


def _in_background(
    gateway: RunningGateway,
    encounter: str,
    headers: dict[str, str] | None = None,
    *,
    replies: list[int] | None = None,
) -> threading.Thread:
    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        sent = {"content-type": "application/json", **(headers or {})}
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("POST", gateway.path, decision(encounter), sent)
            response = connection.getresponse()
            response.read()
            if replies is not None:
                replies.append(response.status)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def _lane(gateway: RunningGateway, served: set[str]) -> threading.Thread:
    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)
        headers = {"content-type": "application/json"}
        try:
            while True:
                connection.request("POST", gateway.path, decision(), headers)
                response = connection.getresponse()
                body = response.read()
                if response.status == 200 and body.endswith(b"}"):
                    served.add(response.headers["x-pair-id"])
        except (OSError, http.client.HTTPException):
            connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@contextmanager
def _locked_journal(gateway: RunningGateway) -> Iterator[None]:
    """Hold SQLite's write lock, as a disk that hangs would hold up the writer."""
    (path,) = journals(gateway.folder / "journal", gateway.trial)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def _await_records(gateway: RunningGateway, n: int) -> list[Any]:
    wait_until(lambda: len(gateway.records()) >= n)
    return gateway.records()
