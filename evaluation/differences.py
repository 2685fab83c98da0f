"""Where two results differ: the place of every value that is not the same."""

from collections.abc import Iterator, Sequence

from protocols.canonical import canonical_json

NAMES = ("id", "look", "kind", "under", "rule", "code", "population", "arm", "name")
ABSENT = "absent"
SHORT = 60  # characters of a value that are told


def differences(stored: object, again: object, place: str = "") -> Iterator[str]:
    """Every value of two parsed JSON documents that is not the same, each with its place.

    Members of a list are called by what names them alone, else by their number from 0.
    """
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in dict.fromkeys((*stored, *again)):
            inner = f"{place}.{key}" if place else str(key)
            yield from differences(stored.get(key, ABSENT), again.get(key, ABSENT), inner)
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for name, before, after in zip(_names(again), stored, again, strict=True):
            yield from differences(before, after, f"{place}[{name}]")
    elif canonical_json(stored) != canonical_json(again):
        yield f"{place}: stored {_short(stored)}, again {_short(again)}"


def _names(members: Sequence[object]) -> list[object]:
    for key in NAMES:
        found = [member.get(key) for member in members if isinstance(member, dict)]
        if len(set(map(str, found))) == len(members) and None not in found:
            return found
    return list(range(len(members)))


def _short(value: object) -> str:
    text = canonical_json(value).decode()
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"
