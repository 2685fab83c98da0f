"""The trial as its gateway sees it: registration, progress, completeness. Nothing that unblinds."""

from fastapi import APIRouter

from gateway.context import GatewayContext
from gateway.openapi import PROBLEM_RESPONSES
from gateway.routes.store_calls import check_trial, with_store
from gateway.wire_trials import (
    CompletenessReply,
    TrialReply,
    TrialsReply,
    completeness_reply,
    trial_reply,
)


def trials_router(context: GatewayContext) -> APIRouter:
    """Make the routes of one gateway."""
    router = APIRouter(tags=["trials"], responses=PROBLEM_RESPONSES)

    @router.get("/v1/trials", summary="List the trials of this gateway")
    async def list_trials() -> TrialsReply:
        reply = await with_store(context, lambda store: trial_reply(store, context.protocol))
        return TrialsReply(trials=(reply,))

    @router.get("/v1/trials/{trial}", summary="Say how a trial stands")
    async def show_trial(trial: str) -> TrialReply:
        check_trial(context, trial)
        return await with_store(context, lambda store: trial_reply(store, context.protocol))

    @router.get("/v1/trials/{trial}/completeness", summary="Account for every accepted request")
    async def show_completeness(trial: str) -> CompletenessReply:
        check_trial(context, trial)
        return await with_store(context, lambda store: completeness_reply(store, trial))

    return router
