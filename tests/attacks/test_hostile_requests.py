"""Requests that mean harm: each gets a problem that repeats nothing, and care goes on."""

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.arms import running_arm
from tests.support.gateway import RunningGateway, decision, make_folder, running_gateway

CANARY = "CANARY-4711"
SHORT_DEADLINE_S = 1.0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with running_arm() as arm:
        folder = make_folder(
            tmp_path_factory.mktemp("trial"),
            standard_of_care_url=arm.url,
            body_deadline_s=SHORT_DEADLINE_S,
            body_limit_bytes=16_384,
        )
        with running_gateway(folder) as running:
            yield running


def _good(**more: object) -> dict[str, object]:
    document: dict[str, object] = json.loads(decision())
    return document | more


MALFORMED = {
    "not JSON": b"{CANARY-4711",
    "nothing": b"",
    "not an object": b'["CANARY-4711"]',
    "not UTF-8": b'{"subject":"\xff\xfeCANARY-4711"}',
    "a lone surrogate": b'{"subject":"\\ud800CANARY-4711","encounter":"e","inputs":{}}',
    "NaN": b'{"subject":"CANARY-4711","encounter":"e","inputs":{"x":NaN}}',
    "infinity": b'{"subject":"CANARY-4711","encounter":"e","inputs":{"x":1e999}}',
    "a repeated key": b'{"subject":"CANARY-4711","encounter":"e","inputs":{"a":1,"a":2}}',
    "a repeated subject": b'{"subject":"a","subject":"CANARY-4711","encounter":"e","inputs":{}}',
    "a key repeated by escapes": (
        b'{"subject":"CANARY-4711","encounter":"e","inputs":{"a":1,"\\u0061":2}}'
    ),
    "great depth": b'{"subject":"CANARY-4711","encounter":"e","inputs":{"x":' + b"[" * 5000,
    "depth that can be read but not written": (
        b'{"subject":"CANARY-4711","encounter":"e","inputs":{"x":' + b"[" * 300 + b"]" * 300 + b"}}"
    ),
    "a context of such depth": (
        b'{"subject":"CANARY-4711","encounter":"e","inputs":{},"context":{"x":'
        + b"[" * 300
        + b"]" * 300
        + b"}}"
    ),
    "no subject": json.dumps({"encounter": CANARY, "inputs": {}}).encode(),
    "an empty subject": json.dumps(_good(subject="")).encode(),
    "a number as subject": json.dumps(_good(subject=4711)).encode(),
    "a long subject": json.dumps(_good(subject=CANARY * 40)).encode(),
    "an odd subject": json.dumps(_good(subject={"value": CANARY})).encode(),
    "inputs that are a list": json.dumps(_good(inputs=[CANARY])).encode(),
    "a context that is text": json.dumps(_good(context=CANARY)).encode(),
    "an unknown member": json.dumps(_good(**{CANARY: 1})).encode(),
    "a byte-order mark": b"\xef\xbb\xbf" + decision(),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_request_is_told_what_is_wrong_and_nothing_is_repeated(
    gateway: RunningGateway, what: str
) -> None:
    before = len(gateway.records())
    reply = gateway.decide(body=MALFORMED[what])
    assert reply.status == 400
    assert reply.json()["type"] == "urn:equipoise:problem:invalid-request"
    assert reply.json()["errors"]
    assert CANARY.encode() not in reply.body + gateway.log.read_bytes()
    assert len(gateway.records()) == before


def test_everything_wrong_is_said_at_once(gateway: RunningGateway) -> None:
    errors = gateway.decide(body=b'{"subject":1,"context":2}').json()["errors"]
    pointers = {error["pointer"] for error in errors}
    assert pointers == {"/subject", "/encounter", "/inputs", "/context"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/json; charset=latin-1", ""]
)
def test_another_content_type_is_refused(gateway: RunningGateway, content_type: str) -> None:
    reply = gateway.decide(headers={"content-type": content_type})
    assert reply.status == 415


@pytest.mark.parametrize("key", ["", '"open', "two words", '"a" , "b"', "k" * 256, '""', "a,b"])
def test_an_idempotency_key_that_is_none_is_refused(gateway: RunningGateway, key: str) -> None:
    assert gateway.decide(headers={"idempotency-key": key}).status == 400


def test_a_body_over_the_limit_is_refused(gateway: RunningGateway) -> None:
    body = decision(context={"x": "y" * 20_000})
    gateway.hang_up()
    assert gateway.decide(body=body).status == 413
    gateway.hang_up()


def _raw(gateway: RunningGateway, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Send bytes as they are; give what comes back until the gateway closes or falls silent."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as sock:
        answer = b""
        try:
            for part in parts:
                sock.sendall(part)
                time.sleep(pause_s)
            sock.settimeout(3)
            while chunk := sock.recv(65536):
                answer += chunk
                if re.search(rb"content-length: 0|}$", chunk):
                    break
        except (TimeoutError, ConnectionError):
            pass
        return answer


def _head(gateway: RunningGateway, *lines: str) -> bytes:
    listed = "\r\n".join(["host: x", "content-type: application/json", *lines])
    return f"POST {gateway.path} HTTP/1.1\r\n{listed}\r\n\r\n".encode()


def test_a_chunked_body_is_counted_by_bytes_read(gateway: RunningGateway) -> None:
    chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
    answer = _raw(gateway, _head(gateway, "transfer-encoding: chunked"), *[chunk] * 5)
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_in_bounds_is_taken(gateway: RunningGateway) -> None:
    body = decision()
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    answer = _raw(gateway, _head(gateway, "transfer-encoding: chunked"), chunked)
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_body_that_dribbles_in_is_cut_off_at_the_deadline(gateway: RunningGateway) -> None:
    begun = time.monotonic()
    answer = _raw(gateway, _head(gateway, "content-length: 500"), b"{", b'"', pause_s=0.2)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert time.monotonic() - begun < 9


@pytest.mark.parametrize("path", ["/nowhere", "/v1/trials/another/decisions"])
def test_a_body_that_nobody_wants_keeps_no_connection_by_dribbling(
    gateway: RunningGateway, path: str
) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n".encode()
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as sock:
        sock.sendall(head)
        assert sock.recv(65536).startswith(b"HTTP/1.1 404 ")
        with suppress(ConnectionError):
            while time.monotonic() - begun < 20:
                sock.sendall(b"x")
                time.sleep(0.1)
    assert time.monotonic() - begun < 9


def test_a_caller_who_never_sends_the_body_leaves_no_row(gateway: RunningGateway) -> None:
    before = len(gateway.records())
    with socket.create_connection(("127.0.0.1", gateway.port)) as sock:
        sock.sendall(_head(gateway, "content-length: 100") + b"{")
    assert gateway.decide().status == 200
    assert len(gateway.records()) == before + 1


@pytest.mark.parametrize(
    "lines",
    [
        ("content-length: 5", "transfer-encoding: chunked"),
        ("content-length: 5", "content-length: 6"),
        ("content-length: -5",),
        ("content-length: 0x10",),
        ("transfer-encoding: chunked, identity",),
    ],
)
def test_a_smuggled_length_gets_no_decision(
    gateway: RunningGateway, lines: tuple[str, ...]
) -> None:
    before = len(gateway.records())
    answer = _raw(gateway, _head(gateway, *lines) + b"0\r\n\r\n")
    assert b"HTTP/1.1 200" not in answer
    assert len(gateway.records()) == before


def test_a_flood_of_headers_does_not_stop_the_next_caller(gateway: RunningGateway) -> None:
    flood = b"".join(b"x-%d: %b\r\n" % (n, b"y" * 1000) for n in range(300))
    _raw(gateway, f"POST {gateway.path} HTTP/1.1\r\nhost: x\r\n".encode() + flood + b"\r\n")
    assert gateway.decide().status == 200


def test_a_head_that_dribbles_in_is_cut_off_at_the_deadline(gateway: RunningGateway) -> None:
    begun = time.monotonic()
    answer = _raw(gateway, f"POST {gateway.path} HTTP/1.1\r\nx-slow: ".encode(), b"a", pause_s=0.1)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert time.monotonic() - begun < 9


def test_a_head_without_end_is_refused(gateway: RunningGateway) -> None:
    endless = b"GET / HTTP/1.1\r\nx: " + b"y" * 40_000
    assert _raw(gateway, endless, b"y" * 40_000, pause_s=0.2).startswith(b"HTTP/1.1 400 ")


def test_a_hundred_and_one_headers_are_too_many(gateway: RunningGateway) -> None:
    lines = [f"x-{number}: 1" for number in range(99)]
    assert _raw(gateway, _head(gateway, *lines)).startswith(b"HTTP/1.1 400 ")


def test_what_is_no_http_gets_a_problem_like_any_other_refusal(gateway: RunningGateway) -> None:
    head, _, body = _raw(gateway, b"CANARY-4711\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["type"] == "urn:equipoise:problem:invalid-http"
    assert CANARY.encode() not in body


def test_beyond_the_connection_limit_a_caller_is_turned_away_and_probes_are_answered(
    tmp_path: Path,
) -> None:
    with running_arm() as arm:
        folder = make_folder(tmp_path, standard_of_care_url=arm.url, connection_limit=3)
        with running_gateway(folder) as gateway:
            idle = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(3)]
            gateway.hang_up()
            time.sleep(0.2)
            try:
                refused = gateway.decide()
                gateway.hang_up()
                probes = [gateway.send("GET", path).status for path in ("/livez", "/readyz")]
                metrics = gateway.send("GET", "/metrics").body
            finally:
                for sock in idle:
                    sock.close()
    assert refused.status == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert probes == [200, 200]
    assert b'equipoise_problems_total{type="overloaded"} 1.0' in metrics


def test_three_hundred_idle_callers_keep_nobody_out(gateway: RunningGateway) -> None:
    idle = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(300)]
    try:
        assert gateway.decide().status == 200
    finally:
        for sock in idle:
            sock.close()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/trials//decisions",
        "/v1/trials/../decisions",
        "/v1/trials/%00/decisions",
        "/v1/trials/x/decisions/",
        "//v1/trials",
        "/v1/trials/{trial}/decisions;a=b",
    ],
)
def test_a_crooked_path_gets_a_problem(gateway: RunningGateway, path: str) -> None:
    gateway.hang_up()
    reply = gateway.decide(path=path)
    gateway.hang_up()
    assert reply.status in (404, 405)
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_trailing_slash_sends_nobody_to_the_host_that_the_caller_claims(
    gateway: RunningGateway,
) -> None:
    reply = gateway.decide(path=gateway.path + "/", headers={"host": "elsewhere.example"})
    assert reply.status == 404
    assert "location" not in reply.headers


def test_a_compressed_body_is_refused_as_such(gateway: RunningGateway) -> None:
    packed = gzip.compress(decision())
    reply = gateway.decide(body=packed, headers={"content-encoding": "gzip"})
    assert reply.status == 415
    assert "content-encoding" in reply.json()["detail"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_only_post_asks_for_a_decision(gateway: RunningGateway, method: str) -> None:
    reply = gateway.send(method, gateway.path)
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)
MEMBERS = st.sampled_from(["subject", "encounter", "inputs", "context", "system", "value", "x"])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(document=st.dictionaries(MEMBERS, JSON, max_size=5), raw=st.binary(max_size=40))
def test_no_body_makes_the_gateway_fail(
    gateway: RunningGateway, document: dict[str, object], raw: bytes
) -> None:
    for body in (json.dumps(document).encode(), raw):
        assert gateway.decide(body=body).status in (200, 400)
