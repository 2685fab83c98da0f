"""A built page as a reader's software sees it: elements, headings, text without the drawings."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}
UNREAD = ("style", "svg", "details", "title")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parents: tuple[str, ...]  # tags, outermost first
    parent_ids: tuple[str, ...]
    text: str = ""
    all_text: list[str] = field(default_factory=list)


class PageReader(HTMLParser):
    """Every element with its attributes, its place and all text inside it."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(page)
        self.close()
        assert not self._open, f"left open: {[e.tag for e in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        parents = tuple(e.tag for e in self._open)
        ids = tuple(e.attributes["id"] for e in self._open if "id" in e.attributes)
        element = Element(tag, held, parents, ids)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        element = self._open.pop()
        assert element.tag == tag, f"</{tag}> closes <{element.tag}>"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.all_text.append(data)

    def all(self, tag: str) -> list[Element]:
        return [e for e in self.elements if e.tag == tag]

    def by_id(self, name: str) -> Element:
        return next(e for e in self.elements if e.attributes.get("id") == name)

    def words_of(self, name: str) -> str:
        """The text inside the element of that id, one space between words."""
        return " ".join("".join(self.by_id(name).all_text).split())


class _Visible(HTMLParser):
    def __init__(self, inside: str | None) -> None:
        super().__init__(convert_charrefs=True)
        self.inside = inside
        self.stack: list[tuple[str, str]] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.stack.append((tag, dict(attrs).get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self.stack}
        ids = {name for _, name in self.stack}
        if tags.isdisjoint(UNREAD) and (self.inside is None or self.inside in ids):
            self.said.append(data)


def visible_text(page: str, inside: str | None = None) -> str:
    """What is read on the page, or inside one element, without drawings and folded data."""
    reader = _Visible(inside)
    reader.feed(page)
    return " ".join(" ".join(reader.said).split())
