"""The gateway as one ASGI application: a FastAPI app, and the hot route in front of it."""

import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response

from gateway.access import Tokeniser, read_subject_key
from gateway.arms.client import ArmClient, ArmSettings
from gateway.asgi import Receive, Scope, Send, reply_problem
from gateway.context import GatewayContext
from gateway.declared_model import model_reader
from gateway.errors import OVERLOADED, UNKNOWN_TRIAL, Problem, overloaded, whereabouts
from gateway.gaps import GapBook
from gateway.idempotency import IdempotencyStore
from gateway.journal import Journal, JournalPlan
from gateway.metrics import GatewayMetrics
from gateway.openapi import DECISION_OPERATION, PROBLEM_RESPONSES
from gateway.restore import restore_keys
from gateway.routes import health, outcomes, problems, trials
from gateway.routes.decisions import DecisionEndpoint
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.store.engine import Store, open_store
from protocols.canonical import digest_of
from protocols.schema import Protocol

log = logging.getLogger(__name__)

_PROBES = frozenset(("/livez", "/readyz", "/metrics"))
"""Answered beyond the connection limit too: a gateway that is full must not pass for a dead one."""

StoreOpener = Callable[[str], Store]


class Gateway:
    """The ASGI application. Decisions go straight to their endpoint, the rest through FastAPI."""

    def __init__(self, context: GatewayContext, *, close_store: Callable[[], None]) -> None:
        self.context = context
        self._close_store = close_store
        self.services: Services | None = None
        self.api = _build_api(self)
        self._path = f"/v1/trials/{context.trial}/decisions"
        self._decide: DecisionEndpoint | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "turn_away" in scope.get("state", ()) and scope["path"] not in _PROBES:
            await self._turn_away(send)
            return
        if scope["type"] == "http" and scope["path"] == self._path and scope["method"] == "POST":
            await self.decide(scope, receive, send)
            return
        try:
            await self.api(scope, receive, send)
        except Exception as error:  # answered already; the log gets no values
            if scope["type"] == "lifespan":
                raise
            log.error("a request failed: %s", whereabouts(error))  # noqa: TRY400

    async def decide(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a decision request of this gateway's trial."""
        if self._decide is None:
            raise RuntimeError("the gateway has not started")
        await self._decide(scope, receive, send)

    async def _turn_away(self, send: Send) -> None:
        if self.services is not None:
            self.services.metrics.problems[OVERLOADED.slug] += 1
        await reply_problem(send, overloaded(), close=True)

    def begin_draining(self) -> None:
        """Let readiness fail; requests are still answered."""
        if self.services is not None:
            self.services.lifecycle.draining = True

    @asynccontextmanager
    async def lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        """Open journal and arm before the first request; close them after the last."""
        services = await _start(self.context)
        self.services, self._decide = services, DecisionEndpoint(services)
        try:
            yield
        finally:
            self.services = None
            await _stop(services)
            self._close_store()


def build_app(
    settings: GatewaySettings,
    protocol: Protocol,
    store_opener: StoreOpener = open_store,
    *,
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
) -> Gateway:
    """Assemble a gateway. Nothing is opened before the application starts."""
    store = LazyStore(settings.store_url, store_opener)
    return Gateway(
        GatewayContext(
            settings=settings,
            protocol=protocol,
            tokeniser=Tokeniser(read_subject_key(settings.subject_key_file)),
            store=store,
            now_us=now_us,
        ),
        close_store=store.close,
    )


class LazyStore:
    """The trial store, opened on the first call: a gateway starts without it."""

    def __init__(self, url: str, opener: StoreOpener) -> None:
        self._url = url
        self._opener = opener
        self._lock = threading.Lock()
        self._opened: Store | None = None

    def __call__(self) -> Store:
        with self._lock:
            if self._opened is None:
                self._opened = self._opener(self._url)
            return self._opened

    def close(self) -> None:
        """Close the store if it was ever opened; the next call opens it again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None


async def _start(context: GatewayContext) -> Services:
    settings, setting = context.settings, context.protocol.setting
    read_model = model_reader(context.protocol.arms.standard_of_care)
    keys = IdempotencyStore(keys=settings.idempotency_keys, hours=settings.idempotency_hours)
    since_us = context.now_us() - int(settings.idempotency_hours * 3600 * 1_000_000)
    restore_keys(
        keys, settings.journal_folder, context.trial, since_us=since_us, read_model=read_model
    )
    journal = Journal(
        JournalPlan(
            folder=settings.journal_folder,
            trial=context.trial,
            protocol_digest=digest_of(context.protocol),
            budget_ms=setting.capture.budget_ms,
            queue_limit=settings.journal_queue_limit,
            rotate_rows=settings.journal_rotate_rows,
            now_us=context.now_us,
        )
    )
    await journal.start()
    arm = ArmSettings(
        url=settings.standard_of_care_url,
        deadline_ms=setting.standard_of_care_deadline_ms,
        reply_limit_bytes=settings.standard_of_care_reply_limit_bytes,
        concurrency=settings.standard_of_care_concurrency,
        keep_alive_s=settings.arm_keep_alive_s,
    )
    return Services(
        context=context,
        arm=ArmClient(arm),
        journal=journal,
        gaps=GapBook(settings.gap_folder, context.trial),
        idempotency=keys,
        metrics=GatewayMetrics(),
        read_model=read_model,
    )


async def _stop(services: Services) -> None:
    patience_s = services.context.settings.drain_s
    await services.arm.aclose()
    if not await services.journal.aclose(patience_s):
        log.error("the journal was not closed in time; the mirror will see an unclosed epoch")
    await services.gaps.aclose(patience_s)


def _build_api(gateway: Gateway) -> FastAPI:
    api = FastAPI(
        title="Equipoise gateway",
        version="1",
        summary="Answers with the standard of care; every request is on record before its answer.",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a Location would repeat whatever Host the caller claims
        lifespan=gateway.lifespan,
    )
    problems.install(api)
    api.include_router(health.build_router(lambda: gateway.services))
    api.add_api_route(
        "/v1/trials/{trial}/decisions",
        _decision_route(gateway),
        methods=["POST"],
        tags=["decisions"],
        summary="Get the standard of care's answer; the request becomes one pair of the trial",
        responses=PROBLEM_RESPONSES,
        openapi_extra=DECISION_OPERATION,
    )
    api.include_router(outcomes.outcomes_router(gateway.context))
    api.include_router(trials.trials_router(gateway.context))
    return api


class _Handover(Response):
    """A response that lets the plain ASGI endpoint answer."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._gateway.decide(scope, receive, send)


def _decision_route(gateway: Gateway) -> Callable[[str], Response]:
    async def decide(trial: str) -> Response:
        if trial != gateway.context.trial:
            raise Problem(UNKNOWN_TRIAL, "Ask the gateway of that trial.")
        return _Handover(gateway)

    return decide  # type: ignore[return-value]
