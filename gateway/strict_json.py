"""JSON that means one thing: UTF-8, no repeated key, no NaN or infinity, bounded depth."""

import json
from typing import NoReturn

import orjson

_KEY_COLONS = (b'":', b" :", b"\t:", b"\n:", b"\r:")


class NotStrictJSONError(ValueError):
    """The text is not strict JSON; `reason` is `not_json`, `duplicate_key` or `too_deep`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(body: bytes) -> object:
    """Parse one document.

    Raises
    ------
    NotStrictJSONError
        `not_json` or `duplicate_key`; nothing of the text is repeated.
    """
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotStrictJSONError("not_json") from None
    # A key's colon follows a quote or white space. Such colons >= keys written >= keys kept:
    # where the ends agree, no key was repeated, and the slower look is spared.
    if sum(map(body.count, _KEY_COLONS)) != _count_keys(value):
        _refuse_repeated_keys(body)
    return value


def write(value: object) -> bytes:
    """Write a parsed document again. Less depth can be written (some 250) than read.

    Raises
    ------
    NotStrictJSONError
        `too_deep`
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise NotStrictJSONError("too_deep") from None


def what_is_wrong(error: NotStrictJSONError) -> str:
    """Say it to whoever sent the text."""
    match error.reason:
        case "duplicate_key":
            return "a member is repeated"
        case "too_deep":
            return "is nested too deeply"
        case _:
            return "not JSON in UTF-8"


def _count_keys(value: object) -> int:
    total = 0
    rest = [value]
    while rest:
        item = rest.pop()
        if type(item) is dict:
            total += len(item)
            rest.extend(item.values())
        elif type(item) is list:
            rest.extend(item)
    return total


def _refuse_repeated_keys(body: bytes) -> None:
    try:
        json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotStrictJSONError(
            error.reason if isinstance(error, NotStrictJSONError) else "not_json"
        ) from None


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise NotStrictJSONError("duplicate_key")


def _refuse(_: str) -> NoReturn:
    raise NotStrictJSONError("not_json")
