"""What happened to the patient: one outcome of one pair, or many at once."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway.context import GatewayContext
from gateway.routes.store_calls import check_trial, problem_of, with_store
from gateway.store.capture import OutcomeItem, OutcomeReceipt, report_outcomes
from gateway.wire_outcomes import (
    OutcomeBatch,
    OutcomeBatchReply,
    OutcomeBody,
    OutcomeLine,
    OutcomeReply,
    read_batch,
    read_outcome,
    reply_of,
)
from protocols.errors import EquipoiseError


def outcomes_router(context: GatewayContext) -> APIRouter:
    """Make the routes of one gateway."""
    router = APIRouter(tags=["outcomes"])

    @router.put(
        "/v1/pairs/{pair_id}/outcomes/{name}",
        summary="Report one outcome of one pair",
        description="201 kept, 200 on record already. A report that contradicts an earlier one is"
        " kept beside it, and `state` is `conflict`.",
        response_model=OutcomeReply,
        responses={201: {"model": OutcomeReply}},
        openapi_extra=_takes(OutcomeBody),
    )
    async def put_outcome(pair_id: str, name: str, request: Request) -> JSONResponse:
        body = read_outcome(await request.body())
        (result,) = await _report(context, [body.item(pair_id, name)])
        if isinstance(result, EquipoiseError):
            raise problem_of(result)
        return _json(reply_of(result), status=201 if result.kept else 200)

    @router.post(
        "/v1/trials/{trial}/outcomes:batch",
        summary="Report many outcomes",
        description="Always one result per item, in order; a wrong item stops no other.",
        response_model=OutcomeBatchReply,
        response_model_exclude_none=True,
        openapi_extra=_takes(OutcomeBatch),
    )
    async def post_outcomes(trial: str, request: Request) -> OutcomeBatchReply:
        check_trial(context, trial)
        lines = read_batch(await request.body())
        good = [line for line in lines if isinstance(line, OutcomeLine)]
        items = [line.tokenised(context.tokeniser) for line in good]
        reported = iter(await _report(context, items))
        results = [next(reported) if isinstance(line, OutcomeLine) else line for line in lines]
        return OutcomeBatchReply(results=tuple(reply_of(result) for result in results))

    return router


async def _report(
    context: GatewayContext, items: list[OutcomeItem]
) -> list[OutcomeReceipt | EquipoiseError]:
    received_at_us = context.now_us()
    return await with_store(
        context,
        lambda store: report_outcomes(
            store, items, trial=context.trial, received_at_us=received_at_us
        ),
    )


def _json(reply: OutcomeReply, *, status: int) -> JSONResponse:
    return JSONResponse(reply.model_dump(mode="json", exclude_none=True), status_code=status)


def _takes(model: type[OutcomeBody] | type[OutcomeBatch]) -> dict[str, object]:
    """Describe a body that the route reads itself, because FastAPI would read it less strictly."""
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
