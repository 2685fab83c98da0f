"""An arm whose score is one field of the request: a published estimate, replayed.

`python -m tests.support.score_arm --field physician_survival --complement --port 9001 …`
A null estimate is answered honestly: HTTP 200 without a score.
"""

import argparse
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class ScoreArm:
    """Answers `inputs[field]`, or one minus it, under the identity it was started with."""

    field: str
    complement: bool
    identity: dict[str, str]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        reply = json.dumps({"model": self.identity, "output": {"score": self._score(body)}})
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": reply.encode()})

    def _score(self, body: bytes) -> float | None:
        estimate = json.loads(body)["inputs"][self.field]
        if estimate is None or not self.complement:
            return estimate  # type: ignore[no-any-return] # JSON of our own test
        return 1.0 - estimate  # type: ignore[no-any-return] # likewise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--field", required=True)
    parser.add_argument("--complement", action="store_true")
    parser.add_argument("--name", required=True)
    parser.add_argument("--digest", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    identity = {"name": options.name, "version": "1", "digest": options.digest}
    arm = ScoreArm(options.field, options.complement, identity)
    uvicorn.run(
        arm,
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
