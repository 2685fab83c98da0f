"""The document as a tree that remembers where everything stands, and what a bare word means.

YAML readers disagree on bare words: a repeated key silently wins, `no` is false, `1e-3` is text.
Here a bare word has a meaning only where YAML 1.1, YAML 1.2 and JSON agree on it; whatever looks
like a number or a truth value to a person but is not one to every reader is a finding.
"""

import re
from dataclasses import dataclass
from math import isfinite

from protocols.findings import Code

PathPart = str | int
TreePath = tuple[PathPart, ...]
ScalarValue = str | int | float | bool | None

LARGEST_INTEGER = 2**53 - 1  # beyond it two readers may disagree on the digits (RFC 8785, I-JSON)


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column in the file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """`broken`: a finding has been made here already; the value stands for nothing."""

    value: ScalarValue
    place: Place
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML list with its place."""

    items: "tuple[Node, ...]"
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a key, and where the key stands."""

    key_place: Place
    node: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A YAML mapping with its place; keys are unique words."""

    entries: dict[str, Entry]
    place: Place


Node = Scalar | Sequence | Mapping
JsonTree = ScalarValue | list["JsonTree"] | dict[str, "JsonTree"]


def plain_value(node: Node) -> JsonTree:
    """The tree without its places, ready to be written as JSON."""
    match node:
        case Scalar(value=value):
            return value
        case Sequence(items=items):
            return [plain_value(item) for item in items]
        case Mapping(entries=entries):
            return {key: plain_value(entry.node) for key, entry in entries.items()}


def dotted(path: TreePath) -> str:
    """`("hypotheses", 0, "margin")` as `hypotheses[0].margin`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def parts_of(path: str) -> TreePath:
    """The inverse of `dotted` for paths made of the schema's own names."""
    return tuple(
        int(index) if index else name
        for name, index in re.findall(r"([^.\[\]]+)(?![^\[]*\])|\[(\d+)\]", path)
    )


@dataclass(frozen=True, slots=True)
class Found:
    """How far a path could be followed: the node, where to point, and what was left over.

    `place` is that of a scalar itself, else that of the key or dash that leads to it, which is
    also `key_place`.
    """

    node: Node
    place: Place
    key_place: Place
    path: TreePath
    rest: TreePath


def follow(root: Node, path: TreePath) -> Found:
    """Walk as far as the document goes."""
    node, place = root, root.place
    for depth, part in enumerate(path):
        match node:
            case Mapping(entries=entries) if isinstance(part, str) and part in entries:
                node, place = entries[part].node, entries[part].key_place
            case Sequence(items=items) if isinstance(part, int) and part < len(items):
                node = items[part]
                place = node.place
            case _:
                return Found(node, place, place, path[:depth], path[depth:])
    own_place = node.place if isinstance(node, Scalar) else place
    return Found(node, own_place, place, path, ())


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A bare word that different readers take for different things."""

    code: Code
    message: str
    remedy: str


INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+][0-9]+)?\Z")
DATE_OR_VERSION = re.compile(
    r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?|[0-9]+(\.[0-9]+){2,}([-+][0-9A-Za-z.-]+)?)\Z"
)
LIKE_A_NUMBER = re.compile(
    r"""[-+\u2212\u2013]?\s*(
        [\d.][\d_,.:']*(\s?[eE]\s?[-+\u2212]?\s?\d+)?\s?%?   # 1e-3, 1_000, .5, 5., 1:30, 12,5, 5%
      | \d{1,3}([ \u00a0\u202f]\d{3})+                        # 1 000
      | \d+\s*/\s*\d+                                         # 1/2
      | 0[xXoObB][0-9a-fA-F_]+
      | \.?(inf|nan|infinity)
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)
CONSTANTS = {"true": True, "false": False, "null": None}
TRUTH_WORDS = {"yes", "no", "on", "off", "y", "n", "true", "false"}


def resolve_plain(text: str) -> ScalarValue | Ambiguous:
    """What an unquoted word means, by rules on which every reader agrees."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.match(text):
        return _integer(text)
    if DECIMAL.match(text):
        number = float(text)
        return number if isfinite(number) else _too_large(text)
    return _ambiguous(text) or text


def _integer(text: str) -> int | Ambiguous:
    # The length is checked first: turning a very long text into an integer takes long.
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        return _too_large(text)
    return int(text)


def _too_large(text: str) -> Ambiguous:
    return Ambiguous(
        Code.NUMBER_OUT_OF_RANGE,
        f"`{shorten(text)}` is larger than a number can be without losing digits.",
        "Use a whole number of at most 9007199254740991, or put it in quotes if it is a name.",
    )


def _ambiguous(text: str) -> Ambiguous | None:
    shown = shorten(text)
    if text.lower() in TRUTH_WORDS:
        return Ambiguous(
            Code.AMBIGUOUS_BOOLEAN,
            f"`{shown}` is a truth value to some YAML readers and a word to others.",
            "Write true or false in small letters, or put the word in quotes.",
        )
    if text.lower() in {"", "~", "null"}:
        return Ambiguous(
            Code.AMBIGUOUS_NULL,
            f"`{shown}` stands for nothing here." if text else "There is no value here.",
            "Write the value, or null in small letters if there is none, or quote the word.",
        )
    # A long run of digits need not be read by the pattern to be judged.
    if len(text) <= 400 and LIKE_A_NUMBER.match(text) and not DATE_OR_VERSION.match(text):
        return Ambiguous(
            Code.AMBIGUOUS_NUMBER,
            f"`{shown}` looks like a number, but not every YAML reader takes it for one.",
            "Write plain decimals such as 0.001 or 1000, or put it in quotes if it is text.",
        )
    return None


def shorten(text: str, limit: int = 60) -> str:
    """The text, cut to `limit` characters with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
