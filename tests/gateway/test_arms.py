"""Asking an arm: one fate for whatever it does, in bounded time, bytes and connections."""

import asyncio
from pathlib import Path

import pytest

from gateway.arms.answer import ArmAnswer, Detail
from gateway.arms.client import ArmClient, ArmSettings
from protocols.vocabulary import Fate
from tests.support.arms import KINDS, Arm, running_arm

BODY = b'{"inputs":{}}'


def ask(arm: Arm, **settings: float) -> ArmAnswer:
    async def once() -> ArmAnswer:
        client = ArmClient(ArmSettings(url=arm.url, **{"deadline_ms": 300, **settings}))  # type: ignore[arg-type]
        try:
            return await client.ask(BODY, headers=[(b"x-equipoise-shadow", b"1")])
        finally:
            assert client.in_flight == 0
            await client.aclose()

    return asyncio.run(once())


@pytest.mark.parametrize("kind", [*KINDS, "refusing"])
def test_whatever_an_arm_does_is_one_fate_within_its_time(kind: str) -> None:
    with running_arm(kind, delay_s=0.0 if kind == "slow" else None) as arm:
        answer = ask(arm)
    assert answer.duration_ms < 3000
    good = {"healthy", "slow", "wrong_identity", "cookie"}
    assert (answer.kind is Fate.ANSWERED) == (kind in good)
    assert (answer.detail is None) == (kind in good)


def test_an_answer_has_the_bytes_and_what_they_say() -> None:
    with running_arm(score=0.25) as arm:
        answer = ask(arm)
        assert answer.body == arm.reply()
        assert answer.reply is not None
        assert answer.reply["output"] == {"score": 0.25}
        assert arm.asked[0].body == BODY
        assert arm.asked[0].headers["x-equipoise-shadow"] == "1"


def test_a_whole_answer_after_the_deadline_is_late_and_kept() -> None:
    with running_arm("slow", delay_s=0.3) as arm:
        answer = ask(arm, deadline_ms=100, late_until_ms=3000)
    assert answer.kind is Fate.LATE
    assert answer.body is not None


def test_the_end_of_patience_cuts_a_drip_that_never_pauses_long() -> None:
    with running_arm("dripping", delay_s=0.02) as arm:
        answer = ask(arm, deadline_ms=200)
    assert (answer.kind, answer.detail) == (Fate.TIMED_OUT, Detail.DEADLINE)
    assert answer.duration_ms < 1500


def test_a_reply_that_declares_too_much_is_not_read() -> None:
    with running_arm(body=b'{"x":"' + b"y" * 5000 + b'"}') as arm:
        assert ask(arm, reply_limit_bytes=5000).detail is Detail.TOO_LARGE
        assert ask(arm, reply_limit_bytes=6000).kind is Fate.ANSWERED


def test_a_reply_of_undeclared_length_is_read_no_further_than_its_limit() -> None:
    with running_arm("undeclared") as arm:
        assert ask(arm, reply_limit_bytes=3_000_000).detail is Detail.TOO_LARGE


def test_a_redirect_is_not_followed() -> None:
    with running_arm("redirecting") as arm:
        answer = ask(arm)
    assert (answer.kind, answer.status) == (Fate.FAILED, 307)


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with running_arm() as arm:
        assert ask(arm).kind is Fate.ANSWERED


def test_a_cookie_is_not_kept() -> None:
    async def twice(arm: Arm) -> None:
        client = ArmClient(ArmSettings(url=arm.url, deadline_ms=1000))
        for _ in range(2):
            await client.ask(BODY, headers=[])
        await client.aclose()

    with running_arm("cookie") as arm:
        asyncio.run(twice(arm))
        assert "cookie" not in arm.asked[1].headers
        assert arm.connections == 1


def test_no_more_is_asked_at_a_time_than_agreed_and_the_rest_is_shed() -> None:
    async def many(arm: Arm) -> list[ArmAnswer]:
        client = ArmClient(ArmSettings(url=arm.url, deadline_ms=300, concurrency=3))
        answers = await asyncio.gather(*(client.ask(BODY, headers=[]) for _ in range(10)))
        assert client.in_flight == 0
        await client.aclose()
        return list(answers)

    with running_arm("hung") as arm:
        answers = asyncio.run(many(arm))
        assert len(arm.asked) == 3
    assert sum(answer.kind is Fate.SHED for answer in answers) == 7


def test_a_hundred_hangs_leave_every_slot_free_for_a_healthy_arm() -> None:
    async def storm(arm: Arm) -> ArmAnswer:
        client = ArmClient(ArmSettings(url=arm.url, deadline_ms=50, concurrency=10))
        for _ in range(10):
            await asyncio.gather(*(client.ask(BODY, headers=[]) for _ in range(10)))
        arm.kind = "healthy"
        try:
            return await client.ask(BODY, headers=[])
        finally:
            await client.aclose()

    with running_arm("hung") as arm:
        assert asyncio.run(storm(arm)).kind in (Fate.ANSWERED, Fate.LATE)


def test_the_arms_room_is_the_only_door_to_http_clients() -> None:
    room = Path(__file__).resolve().parents[2] / "gateway"
    for path in room.glob("*.py"):
        assert "import httpx" not in path.read_text(), path.name
