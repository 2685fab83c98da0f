"""What must not stand in a document that is published: addresses, secrets, unfinished text."""

import re
from collections.abc import Iterator

from protocols.errors import Finding
from protocols.findings import Code, error
from protocols.schema import Protocol
from protocols.tree import TreePath, dotted

URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://", re.IGNORECASE)
SECRET = re.compile(
    r"""\b(password|passwd|pwd|secret|token|api[_-]?key|authorization|bearer)\b\s*[:=]\s*\S{4,}
      | \bbearer\s+[A-Za-z0-9._~+/-]{16,}
      | \b(sk|pk|rk)[-_][A-Za-z0-9_-]{16,}
      | \bgh[pousr]_[A-Za-z0-9]{20,}
      | \bAKIA[0-9A-Z]{16}\b
      | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}
      | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----
    """,
    re.VERBOSE | re.IGNORECASE,
)
PLACEHOLDER = re.compile(r"\b(TODO|TBD|TBC|FIXME|XXX)\b|<[a-z][a-z _-]{1,40}>")


def _texts(value: object, path: TreePath = ()) -> Iterator[tuple[TreePath, str]]:
    match value:
        case str():
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from _texts(inner, (*path, str(key)))
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from _texts(inner, (*path, index))
        case _:
            return


def published_text(protocol: Protocol) -> Iterator[Finding]:
    """One finding per text and kind. A finding never repeats what may be a secret."""
    for path, text in _texts(protocol.model_dump(mode="json")):
        place = dotted(path)
        if URL.search(text):
            message = "There is an address here."
            remedy = "Cite as doi:…; the addresses of arms belong to the operator's settings."
            yield error(Code.URL_IN_DOCUMENT, place, message, remedy)
        if SECRET.search(text):
            message = "This looks like a secret, and a protocol is published."
            remedy = "Delete it and renew it; secrets belong to the operator's settings."
            yield error(Code.SECRET_IN_DOCUMENT, place, message, remedy)
        if PLACEHOLDER.search(text):
            message = "This text is not finished."
            remedy = "Write it before registration; afterwards it cannot be changed."
            yield error(Code.PLACEHOLDER_TEXT, place, message, remedy)


RULES = (published_text,)
