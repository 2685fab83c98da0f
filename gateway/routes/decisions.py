"""POST /v1/trials/{trial}/decisions as a plain ASGI endpoint: the one hot route."""

import logging
from time import perf_counter

from gateway.asgi import (
    ClientGoneError,
    Headers,
    Receive,
    Scope,
    Send,
    read_body,
    reply,
    reply_problem,
)
from gateway.decision import DecisionMaker, Served
from gateway.errors import (
    BODY_TOO_LARGE,
    INTERNAL,
    INVALID_REQUEST,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    Problem,
    whereabouts,
)
from gateway.idempotency import StoredAnswer
from gateway.services import Services
from gateway.wire import NOT_ENCODED, is_json, read_decision, read_idempotency_key, read_trace

log = logging.getLogger(__name__)

_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")


class DecisionEndpoint:
    """Reads, decides and answers; every way out is a reply."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._maker = DecisionMaker(services)
        settings = services.context.settings
        self._limit_bytes = settings.body_limit_bytes
        self._deadline_s = settings.body_deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        try:
            await self._answer(scope, receive, send, started)
        except Problem as problem:
            self._services.metrics.problems[problem.kind.slug] += 1
            await reply_problem(send, problem)
        except ClientGoneError:
            self._services.metrics.disconnects += 1
        except Exception as error:  # noqa: BLE001 - a fault of ours; the log gets no values
            log.error("a decision failed: %s", whereabouts(error))  # noqa: TRY400 - likewise
            self._services.metrics.problems[INTERNAL.slug] += 1
            detail = "Use the standard of care directly, and tell the operator."
            await reply_problem(send, Problem(INTERNAL, detail))

    async def _answer(self, scope: Scope, receive: Receive, send: Send, started: float) -> None:
        key, trace = self._read_headers(scope["headers"])
        body = await read_body(receive, limit_bytes=self._limit_bytes, deadline_s=self._deadline_s)
        request = read_decision(body)
        if key is None:
            served = await self._maker.decide(request, receive, trace=trace, tokens=None)
            await _serve(send, served, started)
            return
        tokeniser = self._services.context.tokeniser
        tokens = (tokeniser.idempotency_key(key), tokeniser.request(body))
        store = self._services.idempotency
        stored = store.begin(*tokens, now_us=self._services.context.now_us())
        if stored is not None:
            self._services.metrics.replays += 1
            await _replay(send, stored)
            return
        try:
            served = await self._maker.decide(request, receive, trace=trace, tokens=tokens)
            self._maker.keep(tokens, served)
        finally:
            store.forget(tokens[0])
        await _serve(send, served, started)

    def _read_headers(self, headers: Headers) -> tuple[str | None, tuple[str, str] | None]:
        content_type = b""
        key: str | None = None
        trace: bytes | None = None
        for name, value in headers:
            if name == b"content-type":
                content_type = value
            elif name == b"idempotency-key":
                if key is not None:
                    error = FieldError("Idempotency-Key", "must stand once")
                    raise Problem(INVALID_REQUEST, "Send one key.", errors=(error,))
                key = read_idempotency_key(value)
            elif name == b"traceparent":
                trace = value
            elif name == b"content-length" and (
                not value.isdigit() or int(value[:20]) > self._limit_bytes
            ):
                raise Problem(BODY_TOO_LARGE, f"Send at most {self._limit_bytes} bytes.")
            elif name == b"content-encoding":
                raise Problem(UNSUPPORTED_MEDIA_TYPE, NOT_ENCODED)
        if not is_json(content_type):
            raise Problem(UNSUPPORTED_MEDIA_TYPE, "Send content-type: application/json.")
        return key, read_trace(trace)


async def _serve(send: Send, served: Served, started: float) -> None:
    arm_ms = served.standard_of_care_ms
    own_ms = (perf_counter() - started) * 1000.0 - arm_ms
    headers = [
        _JSON,
        _NO_STORE,
        (b"x-pair-id", served.pair_id.encode()),
        (b"server-timing", b"soc;dur=%.1f, gw;dur=%.1f" % (arm_ms, own_ms)),
    ]
    await reply(send, 200, headers, served.body)


async def _replay(send: Send, stored: StoredAnswer) -> None:
    headers = [
        _JSON,
        _NO_STORE,
        (b"x-pair-id", stored.pair_id.encode()),
        (b"idempotency-replayed", b"true"),
    ]
    await reply(send, 200, headers, stored.body)
