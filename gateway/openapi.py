"""What OpenAPI says of the decision route, which reads its requests by itself."""

from typing import Any

_IDENTIFIER = {"type": "string", "minLength": 1, "maxLength": 255}

_REQUEST = {
    "type": "object",
    "required": ["subject", "encounter", "inputs"],
    "additionalProperties": False,
    "properties": {
        "subject": {
            "oneOf": [
                _IDENTIFIER,
                {
                    "type": "object",
                    "required": ["system", "value"],
                    "additionalProperties": False,
                    "properties": {"system": _IDENTIFIER, "value": _IDENTIFIER},
                },
            ]
        },
        "encounter": _IDENTIFIER,
        "inputs": {"type": "object", "description": "Both arms get these bytes."},
        "context": {"type": "object", "description": "Kept in the journal; no arm sees it."},
    },
}

_ANSWER = {
    "type": "object",
    "required": ["pair_id", "arm", "model", "output", "served_at"],
    "properties": {
        "pair_id": {"type": "string", "format": "uuid"},
        "arm": {"const": "standard_of_care"},
        "model": {
            "type": "object",
            "properties": {
                key: {"type": ["string", "null"]} for key in ("name", "version", "digest")
            },
        },
        "output": {"type": "object", "description": "The standard of care's reply, verbatim."},
        "served_at": {"type": "string", "format": "date-time"},
    },
}

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_REFUSALS = {
    400: "invalid-request",
    404: "unknown-trial",
    408: "request-timeout",
    409: "idempotency-in-progress",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "idempotency-key-reused",
    502: "standard-of-care-unavailable",
    503: "overloaded, capture-unavailable",
    504: "standard-of-care-timeout",
}


def _header(name: str, description: str) -> dict[str, object]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }


DECISION_OPERATION: dict[str, object] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": _REQUEST}}},
    "parameters": [
        _header("Idempotency-Key", "A quoted string or a token, at most 255 characters."),
        _header("traceparent", "W3C trace context; one that is not valid is as if absent."),
    ],
    "responses": {
        "200": {
            "description": "The standard of care's answer.",
            "headers": {
                name: {"schema": {"type": "string"}}
                for name in ("X-Pair-Id", "Server-Timing", "Idempotency-Replayed")
            },
            "content": {"application/json": {"schema": _ANSWER}},
        },
        **{
            str(status): {
                "description": slugs,
                "content": {"application/problem+json": {"schema": _PROBLEM}},
            }
            for status, slugs in _REFUSALS.items()
        },
    },
}


def _problem(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    }


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": _problem("The request is not what the API takes, or names what is not there."),
    503: _problem("store-unavailable, overloaded"),
}
"""What every other route may reply beside its own statuses."""
