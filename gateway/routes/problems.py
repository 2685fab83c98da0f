"""Every error of the FastAPI routes becomes an RFC 9457 problem that repeats no value."""

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from gateway.errors import (
    INTERNAL,
    INVALID_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    STORE_UNAVAILABLE,
    FieldError,
    Problem,
    ProblemType,
)
from protocols.errors import StoreError

log = logging.getLogger(__name__)


def install(api: FastAPI) -> None:
    """Register the handlers."""
    api.add_exception_handler(Problem, _on_problem)
    api.add_exception_handler(StoreError, _on_store_error)
    api.add_exception_handler(RequestValidationError, _on_validation_error)
    api.add_exception_handler(HTTPException, _on_http_exception)
    api.add_exception_handler(Exception, _on_unexpected)


def _response(problem: Problem, **more: str) -> Response:
    headers = more | {name.decode(): value.decode() for name, value in problem.headers()}
    return Response(problem.body(), problem.status, headers)


async def _on_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    return _response(error)


async def _on_store_error(_: Request, error: Exception) -> Response:
    log.warning("the trial store cannot be used: %s", type(error).__name__)
    return _response(
        Problem(STORE_UNAVAILABLE, "Send again later; nothing was written.", retry_after_s=5)
    )


async def _on_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    wrong = tuple(
        FieldError("/" + "/".join(map(str, item["loc"][1:])), item["type"].replace("_", " "))
        for item in error.errors()
    )
    detail = "Correct what `errors` lists and send again."
    return _response(Problem(INVALID_REQUEST, detail, errors=wrong))


_BY_STATUS: dict[int, ProblemType] = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED}


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = ProblemType(f"http-{error.status_code}", error.status_code, "The request is refused")
    allowed = {name: text for name, text in (error.headers or {}).items() if name == "Allow"}
    return _response(Problem(kind, "See the API's description at /openapi.json."), **allowed)


async def _on_unexpected(_: Request, __: Exception) -> Response:
    return _response(Problem(INTERNAL, "Send again later; tell the operator if it stays so."))
