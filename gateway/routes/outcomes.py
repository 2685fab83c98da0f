"""What happened to the patient: one outcome of one pair, or many at once."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway.context import GatewayContext
from gateway.openapi import PROBLEM_RESPONSES
from gateway.routes.store_calls import check_trial, problem_of, read_json_body, with_store
from gateway.store.capture import OutcomeItem, OutcomeReceipt, report_outcomes
from gateway.wire_outcomes import (
    OutcomeBatchReply,
    OutcomeBody,
    OutcomeLine,
    OutcomeLines,
    OutcomeReply,
    read_batch,
    read_outcome,
    reply_of,
)
from protocols.errors import EquipoiseError


def outcomes_router(context: GatewayContext) -> APIRouter:
    """Make the routes of one gateway."""
    router = APIRouter(tags=["outcomes"], responses=PROBLEM_RESPONSES)

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
        body = read_outcome(await read_json_body(context, request))
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
        openapi_extra=_takes(OutcomeLines),
    )
    async def post_outcomes(trial: str, request: Request) -> OutcomeBatchReply:
        check_trial(context, trial)
        lines = read_batch(await read_json_body(context, request))
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


def _takes(model: type[OutcomeBody] | type[OutcomeLines]) -> dict[str, object]:
    """Describe a body that the route reads itself, because FastAPI would read it less strictly."""
    schema = model.model_json_schema()
    whole = _inlined(schema, schema.get("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole}}}}


def _inlined(schema: object, parts: Mapping[str, object]) -> object:
    """Put the parts of a schema in their places: FastAPI would not carry them along."""
    match schema:
        case {"$ref": str(name)}:
            return _inlined(parts[name.removeprefix("#/$defs/")], parts)
        case dict():
            return {key: _inlined(it, parts) for key, it in schema.items() if key != "$defs"}
        case list():
            return [_inlined(item, parts) for item in schema]
        case _:
            return schema
