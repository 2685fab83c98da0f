"""From a YAML file to a protocol, or to everything that is wrong with it. The only door to YAML.

The file is hostile by assumption. It is read as a stream of events, so that an alias is refused
where it stands and never expanded. Steps: bytes to text, text to a tree with places, tree to the
schema, protocol to the lint rules and the author's own worked examples.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from protocols.errors import DocumentError, Finding
from protocols.examples import run_examples
from protocols.findings import Code, error
from protocols.render import render_finding
from protocols.rules import lint
from protocols.schema import Protocol
from protocols.tree import (
    Ambiguous,
    Entry,
    Mapping,
    Node,
    Place,
    Scalar,
    Sequence,
    TreePath,
    dotted,
    follow,
    parts_of,
    resolve_plain,
    shorten,
)
from protocols.validation import validate

__all__ = ["Checked", "check", "load", "render_finding"]

LARGEST_FILE = 256 * 1024
DEEPEST = 20
MOST_NODES = 10_000
MOST_FINDINGS = 200

# Tab and line feed apart: C0, DEL, C1 (with NEL), line and paragraph separator, byte order mark
# inside the text, and the marks that reorder text on screen so that it shows what it does not say.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
    "|[\ud800-\udfff]"
)
EVENTS = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Checked:
    """`protocol` is None as soon as one finding has the level error. `source` is the text read."""

    protocol: Protocol | None
    findings: tuple[Finding, ...]
    source: str
    name: str


def read_source(path: Path) -> bytes:
    """A file's bytes, one more at most than a protocol may have; DocumentError without it."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise DocumentError(
            "FILE_UNREADABLE", f"{path} cannot be read ({problem.strerror}); check the path."
        ) from problem


def load(path: Path) -> Protocol:
    """The protocol in this file. Raises DocumentError with every finding, warnings included."""
    checked = check(read_source(path), name=path.name)
    if checked.protocol is None:
        n_errors = sum(finding.level == "error" for finding in checked.findings)
        raise DocumentError(
            "DOCUMENT_REFUSED",
            f"{path} has {n_errors} error(s); `equipoise protocol lint` shows each in its place.",
            checked.findings,
        )
    return checked.protocol


def check(source: bytes, *, name: str) -> Checked:
    """Everything that can be said about this document at once; never raises for a bad one."""
    text, findings = _decode(source)
    protocol = None
    if text is not None:
        root, tree_findings = _read_tree(text)
        findings += tree_findings
        if root is not None:
            protocol, schema_findings = validate(root)
            findings += schema_findings
            if protocol is not None:
                findings += [_placed(f, root) for f in (*lint(protocol), *run_examples(protocol))]
    findings.sort(key=lambda f: (f.line, f.column, f.path, f.code))
    refused = any(finding.level == "error" for finding in findings)
    return Checked(None if refused else protocol, tuple(findings), text or "", name)


def _placed(finding: Finding, root: Node) -> Finding:
    place = follow(root, parts_of(finding.path)).place
    return replace(finding, line=place.line, column=place.column)


def _at(finding: Finding, place: Place) -> Finding:
    return replace(finding, line=place.line, column=place.column)


def _decode(source: bytes) -> tuple[str | None, list[Finding]]:
    """Bytes to text with one kind of line end; None where reading on would make no sense."""
    if len(source) > LARGEST_FILE:
        message = f"The file is larger than {LARGEST_FILE} bytes."
        return None, [
            error(Code.FILE_TOO_LARGE, "", message, "A protocol is some 20 KB; attach the rest.")
        ]
    try:
        text = source.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        before = source[: problem.start].decode("utf-8", "replace")
        place = _place_of(before, len(before))
        finding = error(
            Code.NOT_UTF8, "", "The file is not UTF-8 from here on.", "Save it as UTF-8."
        )
        return None, [_at(finding, place)]
    findings = _characters(text)
    if any(finding.code == Code.CONTROL_CHARACTER for finding in findings):
        return None, findings
    # A blank has a tab's width here, so the places of what follows stay true.
    return text.replace("\t", " "), findings


def _characters(text: str) -> list[Finding]:
    """Tabs and invisible characters, the first of each line."""
    findings = []
    for number, line in enumerate(text.split("\n"), start=1):
        if (column := line.find("\t")) >= 0:
            finding = error(Code.TAB, "", "There is a tab in this line.", "Use blanks.")
            findings.append(_at(finding, Place(number, column + 1)))
        if match := FORBIDDEN.search(line):
            message = f"The character U+{ord(match[0]):04X} cannot be seen but changes the text."
            finding = error(Code.CONTROL_CHARACTER, "", message, "Delete it.")
            findings.append(_at(finding, Place(number, match.start() + 1)))
        if len(findings) >= MOST_FINDINGS:
            return [*findings, _too_many(Place(number, 1))]
    return findings


def _too_many(place: Place) -> Finding:
    message = f"There are more than {MOST_FINDINGS} findings; the rest was not looked at."
    return _at(error(Code.TOO_MANY_FINDINGS, "", message, "Mend these first."), place)


def _place_of(text: str, offset: int) -> Place:
    line_start = text.rfind("\n", 0, offset) + 1
    return Place(text.count("\n", 0, offset) + 1, offset - line_start + 1)


class _StopReadingError(Exception):
    """The rest of the document is not worth reading; the finding has been made."""


def _read_tree(text: str) -> tuple[Node | None, list[Finding]]:
    walker = _Walker(yaml.parse(text, Loader=EVENTS))
    try:
        return walker.document(), walker.findings
    except _StopReadingError:
        return None, walker.findings
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        message = f"This is not YAML: {problem.problem or problem.context}."
        remedy = "Look at indentation, quotes and colons here and in the line above."
        finding = error(Code.YAML_SYNTAX, "", message, remedy)
        return None, [*walker.findings, _at(finding, place)]
    except yaml.YAMLError:
        message = "This is not YAML that can be read."
        finding = error(Code.YAML_SYNTAX, "", message, "Look for unusual characters.")
        return None, [*walker.findings, _at(finding, Place(1, 1))]


class _Walker:
    """Turns YAML events into a tree and makes a finding of everything that is not plain data."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.findings: list[Finding] = []
        self._events = events
        self._n_nodes = 0

    def document(self) -> Node:
        next(self._events)  # the stream's start
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            self._stop(Code.EMPTY_DOCUMENT, (), Place(1, 1), "The file is empty.", "Write one.")
        if getattr(start, "version", None) or getattr(start, "tags", None):
            message = "A % directive changes how the rest is read."
            self._add(Code.DIRECTIVE, (), _place(start), message, "Delete the directive.")
        root = self._node(next(self._events), (), 1)
        next(self._events)  # the document's end
        end = next(self._events)
        if not isinstance(end, yaml.StreamEndEvent):
            message = "A second document starts here."
            self._stop(Code.SEVERAL_DOCUMENTS, (), _place(end), message, "One file, one protocol.")
        if isinstance(root, Scalar) and root.value is None and not root.broken:
            self._stop(Code.EMPTY_DOCUMENT, (), root.place, "The file says nothing.", "Write one.")
        return root

    def _add(self, code: Code, path: TreePath, place: Place, *texts: str) -> None:
        message, remedy = texts
        self.findings.append(_at(error(code, dotted(path), message, remedy), place))
        if len(self.findings) >= MOST_FINDINGS:
            self.findings.append(_too_many(place))
            raise _StopReadingError

    def _stop(self, code: Code, path: TreePath, place: Place, *texts: str) -> None:
        self._add(code, path, place, *texts)
        raise _StopReadingError

    def _node(self, event: yaml.Event, path: TreePath, depth: int) -> Node:
        place = _place(event)
        self._n_nodes += 1
        if self._n_nodes > MOST_NODES:
            message = f"The document has more than {MOST_NODES} values."
            self._stop(Code.TOO_MANY_NODES, path, place, message, "A protocol has some hundreds.")
        if depth > DEEPEST:
            message = f"The document is nested more than {DEEPEST} levels deep."
            self._stop(Code.TOO_DEEP, path, place, message, "No field lies that deep.")
        if isinstance(event, yaml.AliasEvent):
            message = f"`*{shorten(str(event.anchor))}` repeats another place."
            self._add(Code.ALIAS, path, place, message, "Write the value out again.")
            return Scalar(None, place, broken=True)
        decorated = self._refuse_decoration(event, path, place)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, place, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, place, depth)
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - YAML has no other kind of node
        if decorated:
            return Scalar(None, place, broken=True)
        return self._scalar(event, path, place)

    def _refuse_decoration(self, event: yaml.Event, path: TreePath, place: Place) -> bool:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            message = f"`&{shorten(anchor)}` names this place for use elsewhere."
            self._add(Code.ANCHOR, path, place, message, "Delete the mark; write values out.")
        if tag is not None:
            message = f"The tag `{shorten(tag)}` asks for a special kind of value."
            self._add(Code.TAG, path, place, message, "Delete the tag.")
        return tag is not None

    def _mapping(self, path: TreePath, place: Place, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key_place = _place(event)
            key = self._key(event, path, depth)
            node = self._node(next(self._events), (*path, key or "?"), depth + 1)
            if key is None:
                continue
            if key in entries:
                first = entries[key].key_place.line
                message = f"`{shorten(key)}` stands here a second time; the first is line {first}."
                remedy = "Keep one of the two."
                self._add(Code.DUPLICATE_KEY, (*path, key), key_place, message, remedy)
                continue
            entries[key] = Entry(key_place, node)
        return Mapping(entries, place)

    def _key(self, event: yaml.Event, path: TreePath, depth: int) -> str | None:
        """The key as text; None after a finding, when the entry is left out."""
        place = _place(event)
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style:
            message = "`<<` copies keys from another place."
            self._add(Code.MERGE_KEY, path, place, message, "Write the keys out.")
            return None
        n_before = len(self.findings)
        node = self._node(event, path, depth + 1)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        if len(self.findings) == n_before:
            message = "A key has to be a word."
            self._add(Code.KEY_NOT_TEXT, path, place, message, "Put the key in quotes.")
        return None

    def _sequence(self, path: TreePath, place: Place, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), depth + 1))
        return Sequence(tuple(items), place)

    def _scalar(self, event: yaml.ScalarEvent, path: TreePath, place: Place) -> Scalar:
        if match := FORBIDDEN.search(event.value) or re.search("\t", event.value):
            message = f"The text holds the character U+{ord(match[0]):04X}."
            self._add(Code.CONTROL_CHARACTER, path, place, message, "Delete it.")
            return Scalar(None, place, broken=True)
        if event.style:  # quoted or block: always text
            return Scalar(event.value, place)
        meaning = resolve_plain(event.value)
        if isinstance(meaning, Ambiguous):
            self._add(meaning.code, path, place, meaning.message, meaning.remedy)
            return Scalar(None, place, broken=True)
        return Scalar(meaning, place)


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    assert mark is not None  # noqa: S101 - events of a parsed text always carry one
    return Place(mark.line + 1, mark.column + 1)
