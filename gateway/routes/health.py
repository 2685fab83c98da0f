"""/livez, /readyz, /metrics. Readiness never depends on the trial store, the mirror or an arm."""

from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from gateway.journal import JournalState
from gateway.services import Services


def build_router(services: Callable[[], Services | None]) -> APIRouter:
    """Build the routes; `services` gives None before the start and after the end."""
    router = APIRouter(tags=["health"])

    @router.get("/livez", summary="Whether the process runs")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @router.get(
        "/readyz",
        summary="Whether new requests are welcome, and how things stand",
        responses={503: {"description": "It starts or drains; the same body."}},
    )
    async def readyz(response: Response) -> dict[str, str]:
        running = services()
        ready = running is not None and not running.lifecycle.draining
        response.status_code = 200 if ready else 503
        if running is None:
            return {"status": "starting"}
        seen = running.lifecycle.standard_of_care
        return {
            "status": "ready" if ready else "draining",
            "journal": running.journal.state.value,
            "standard_of_care_last_seen": "not asked yet" if seen is None else seen.value,
        }

    @router.get("/metrics", summary="Numbers for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        running = services()
        if running is None:
            return Response(status_code=503)
        running.metrics.journal_up = running.journal.state is JournalState.UP
        text = running.metrics.exposition()
        return Response(text, media_type="text/plain; version=1.0.0; charset=utf-8")

    return router
