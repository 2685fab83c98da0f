"""One arm of the demo as an HTTP server in a process of its own.

    python -m gateway.demo.arm standard_of_care|candidate --port P

POST / with {"inputs": {...}} answers {"model": {name, version, digest}, "output": {"score": x}}.
The digest is that of the artefact file which this process loaded.
"""

import argparse
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import uvicorn

from gateway.demo.scores import Artefact, InputsError, load_artefact
from protocols.vocabulary import Arm

LARGEST_BODY = 64 * 1024
HOST = "127.0.0.1"

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ArmServer:
    """A raw ASGI application: one route, no framework, so that the arm is never the bottleneck."""

    def __init__(self, artefact: Artefact) -> None:
        self._model = artefact.model
        self._identity = {
            "name": artefact.name,
            "version": artefact.version,
            "digest": artefact.digest,
        }

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _reply(send, 200, {"model": self._identity})
            return
        await _reply(send, *self.answer(await _read(receive)))

    def answer(self, body: bytes | None) -> tuple[int, dict[str, object]]:
        """Status and reply for one request body; None stands for a body over the limit."""
        if body is None:
            return 413, {"error": f"the body is larger than {LARGEST_BODY} bytes"}
        try:
            request = orjson.loads(body)
        except orjson.JSONDecodeError:
            return 400, {"error": "the body is not JSON"}
        inputs = request.get("inputs") if isinstance(request, dict) else None
        if not isinstance(inputs, dict):
            return 400, {"error": "the body must be an object with the key inputs"}
        try:
            score = self._model.score(inputs)
        except InputsError as error:
            return 422, {"error": str(error)}
        return 200, {"model": self._identity, "output": {"score": score}}


async def _read(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _reply(send: Send, status: int, content: dict[str, object]) -> None:
    body = orjson.dumps(content)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve one arm on a loopback port until it is ended."""
    parser = argparse.ArgumentParser(description="One arm of the demo.")
    parser.add_argument("arm", choices=[arm.value for arm in Arm])
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    server = ArmServer(load_artefact(Arm(options.arm)))
    uvicorn.run(
        server,
        host=HOST,
        port=options.port,
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=30,
    )


if __name__ == "__main__":
    main()
