"""The tree against the schema: every mismatch as a finding at the place where it stands."""

import json
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.schema import Protocol
from protocols.tree import Found, Node, Scalar, TreePath, dotted, follow, plain_value, shorten

CODES = {
    "missing": Code.MISSING_FIELD,
    "extra_forbidden": Code.UNKNOWN_FIELD,
    "literal_error": Code.NOT_IN_LIST,
    "enum": Code.NOT_IN_LIST,
    "greater_than": Code.OUT_OF_RANGE,
    "greater_than_equal": Code.OUT_OF_RANGE,
    "less_than": Code.OUT_OF_RANGE,
    "less_than_equal": Code.OUT_OF_RANGE,
    "string_pattern_mismatch": Code.BAD_PATTERN,
    "too_short": Code.WRONG_LENGTH,
    "too_long": Code.WRONG_LENGTH,
    "string_too_short": Code.WRONG_LENGTH,
    "string_too_long": Code.WRONG_LENGTH,
}

# (first, last part of a path): how an alpha must be said; for what is missing or of another kind
SIDE = (
    Code.ALPHA_SIDE,
    "An alpha without its side, or of both sides, leaves open how much is at stake.",
    "Write sided: 1; a two-sided 0.05 is alpha: 0.025, and a margin is judged on one side.",
)
OWN = (
    Code.ALPHA_NOT_OWN,
    "A rule for harm has an alpha of its own, and takes none from a hypothesis.",
    "Write a one-sided number such as 0.025.",
)
ALPHAS = {("hypotheses", "sided"): SIDE, ("harm_bounds", "alpha"): OWN}
ALPHAS |= {(place, "alpha"): OWN for place in ("anytime_safety", "anytime_groups", "fate_mix")}


def validate(root: Node) -> tuple[Protocol | None, list[Finding]]:
    """The protocol, or every way in which the tree is not one.

    Validation runs over the JSON form, where strict mode takes a list for a tuple and a word for
    an enum but still refuses a text for a number.
    """
    try:
        return Protocol.model_validate_json(json.dumps(plain_value(root))), []
    except ValidationError as problem:
        return None, list(_findings(problem.errors(include_url=False), root))


def _findings(errors: list[ErrorDetails], root: Node) -> Iterator[Finding]:
    seen: set[TreePath] = set()
    for detail in errors:
        found = follow(root, detail["loc"])
        if detail["type"] == "missing":
            path = (*found.path, *found.rest[:1])
        else:
            path = found.path
            if isinstance(found.node, Scalar) and found.node.broken:
                continue  # the loader has spoken of this place already
        if path in seen:
            continue  # one place, several alternatives of the same field
        seen.add(path)
        yield _finding(detail, found, path)


def _finding(detail: ErrorDetails, found: Found, path: TreePath) -> Finding:
    kind = detail["type"]
    fallback = Code.WRONG_TYPE if kind.endswith(("_type", "_parsing")) else Code.BAD_VALUE
    code = CODES.get(kind, fallback)
    told = ALPHAS.get((str(path[0]), str(path[-1]))) if path else None
    inside = 2 if path and path[0] == "fate_mix" else 3  # a section, or an item of a list
    if told is not None and len(path) == inside and code is not Code.OUT_OF_RANGE:
        code, message, remedy = told
    else:
        message, remedy = _sentences(code, detail, found, path)
    place = found.key_place if code is Code.UNKNOWN_FIELD else found.place
    return replace(error(code, dotted(path), message, remedy), line=place.line, column=place.column)


def _sentences(code: Code, detail: ErrorDetails, found: Found, path: TreePath) -> tuple[str, str]:
    name = str(path[-1]) if path else "the document"
    name = shorten(name)
    context = detail.get("ctx", {})
    match code:
        case Code.MISSING_FIELD:
            return f"`{name}` is missing.", "Write it out; a protocol has no defaults."
        case Code.UNKNOWN_FIELD:
            return f"`{name}` is not a field here.", _known_fields(name, path)
        case Code.NOT_IN_LIST:
            allowed = str(context.get("expected"))
            return f"`{name}` must be {allowed}.", _closest(found, allowed)
        case Code.WRONG_TYPE:
            return _wrong_type(name, detail, found)
        case Code.OUT_OF_RANGE:
            return f"`{name}`: {_lower(detail['msg'])}.", "Give a value in the allowed range."
        case Code.BAD_PATTERN:
            pattern = context.get("pattern")
            return f"`{name}` must have the form {pattern}.", "See the field in the README."
        case Code.WRONG_LENGTH:
            return f"`{name}`: {_lower(detail['msg'])}.", "Give as many as the schema asks for."
        case _:
            return f"`{name}`: {_lower(detail['msg'])}.", "See the field in the README."


def _wrong_type(name: str, detail: ErrorDetails, found: Found) -> tuple[str, str]:
    wanted = _lower(detail["msg"]).removeprefix("input should be ")
    if found.rest:  # the value may be one of several kinds
        wanted = "a number, a text, true, false or null"
    remedy = "Give such a value."
    if detail["type"] == "string_type" and isinstance(found.node, Scalar):
        remedy = "Put the value in quotes."
    elif isinstance(found.node, Scalar) and isinstance(found.node.value, str):
        remedy = "Take the quotes away if it is meant as a number or a truth value."
    return f"`{name}` must be {wanted}.", remedy


def _closest(found: Found, allowed: str) -> str:
    value = found.node.value if isinstance(found.node, Scalar) else None
    words = [word for word in allowed.split("'")[1::2] if word]
    close = get_close_matches(str(value), words, n=1)
    return f"Did you mean `{close[0]}`?" if close else "Take one of these words."


def _known_fields(name: str, path: TreePath) -> str:
    model = model_at(path[:-1])
    known = sorted(model.model_fields) if model else []
    close = get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean `{close[0]}`?"
    return f"Delete it. The fields here are: {', '.join(known)}."


def model_at(path: TreePath) -> type[BaseModel] | None:
    """The schema's section at a path; None where there is none."""
    model: type[BaseModel] | None = Protocol
    for part in path:
        if isinstance(part, int):
            continue
        if model is None or part not in model.model_fields:
            return None
        model = section_of(model.model_fields[part].annotation)
    return model


def section_of(annotation: object) -> type[BaseModel] | None:
    """The section inside `tuple[Section, ...]`, `Section | None` or `Section`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(section_of, get_args(annotation))), None)


def field_paths() -> list[str]:
    """Every field of the schema as a dotted path without indices, in the schema's order."""

    def below(model: type[BaseModel], prefix: str) -> Iterator[str]:
        for name, field in model.model_fields.items():
            yield prefix + name
            if (inner := section_of(field.annotation)) is not None:
                yield from below(inner, f"{prefix}{name}.")

    return list(below(Protocol, ""))


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
