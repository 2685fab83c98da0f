"""A fault of our own is a problem, and what was sent is not in the log."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from gateway.app import build_app
from gateway.settings import load_protocol, load_settings
from tests.support.gateway import decision, make_folder


async def _post(app: Any, body: bytes) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/v1/trials/{app.context.trial}/decisions",
        "headers": [(b"content-type", b"application/json")],
    }
    async with app.lifespan(app.api):
        app.services.journal.next_seq = lambda: 1 / 0
        await app(scope, receive, send)
    return sent


def test_a_fault_of_ours_is_a_500_whose_log_line_names_the_place_and_no_value(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = make_folder(tmp_path, standard_of_care_url="http://127.0.0.1:9/")
    settings = load_settings(folder, {})
    app = build_app(settings, load_protocol(folder, trial=settings.trial))
    with caplog.at_level(logging.ERROR):
        sent = asyncio.run(_post(app, decision("CANARY", subject="CANARY")))
    assert sent[0]["status"] == 500
    assert b"urn:equipoise:problem:internal-error" in sent[1]["body"]
    assert "ZeroDivisionError at test_faults_of_ours.py" in caplog.text
    assert "CANARY" not in caplog.text
