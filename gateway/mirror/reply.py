"""An arm's reply bytes as strict JSON, or the word that says why they are not.

An arm is hostile by assumption. Of a refused reply nothing is kept but its digest.
"""

import json
import math
from dataclasses import dataclass
from typing import NoReturn

from gateway.strict_json import NotStrictJSONError
from gateway.strict_json import parse as parse_strictly

EMPTY = "empty"
NOT_UTF8 = "not_utf8"
NOT_JSON = "not_json"
NOT_AN_OBJECT = "not_an_object"
DUPLICATE_KEYS = "duplicate_keys"
NOT_FINITE = "not_finite"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply's JSON object, or the problem: one of the words above."""

    value: dict[str, object] | None
    problem: str | None


class _RefusedReplyError(ValueError):
    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def parse(content: bytes) -> Parsed:
    """Parse a reply; total: no bytes make it raise."""
    try:
        value = parse_strictly(content)
    except NotStrictJSONError:
        return Parsed(None, _why_not(content))
    return Parsed(value, None) if isinstance(value, dict) else Parsed(None, NOT_AN_OBJECT)


def _why_not(content: bytes) -> str:
    """Look again, slowly, at what the strict parser refused without saying why."""
    if not content.strip():
        return EMPTY
    try:
        json.loads(
            content.decode(), object_pairs_hook=_members, parse_constant=_refuse, parse_float=_float
        )
    except UnicodeDecodeError:
        return NOT_UTF8
    except _RefusedReplyError as refused:
        return refused.word
    except (ValueError, RecursionError):
        return NOT_JSON
    return NOT_JSON


def _members(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise _RefusedReplyError(DUPLICATE_KEYS)


def _refuse(_: str) -> NoReturn:
    raise _RefusedReplyError(NOT_FINITE)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _RefusedReplyError(NOT_FINITE)
    return value
