"""An attacker writes the results: every text in them is data, and no file leaves the folder."""

import json
from collections.abc import Iterator

import pytest

from reports.build import report_files
from reports.errors import ReportError
from tests.reports.example_results import as_bytes, final_results
from tests.reports.reading_html import PageReader

HOSTILE = (
    "</title></style></svg><script>alert('x')</script><img src=x onerror=alert(1)>"
    '" onload="alert(2)" {{ 7*7 }} ../../../escaped'
)
Path = tuple[str | int, ...]


def _texts(value: object, path: Path = ()) -> Iterator[Path]:
    """Where the results hold text, the registered protocol (its digest is checked) apart."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, held in value.items():
            if (*path, key) != ("protocol",):
                yield from _texts(held, (*path, key))
    elif isinstance(value, list):
        for place, held in enumerate(value):
            yield from _texts(held, (*path, place))


def _with(path: Path, text: str) -> bytes:
    document = json.loads(as_bytes(final_results()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = text
    return json.dumps(document).encode()


def _accepted() -> Iterator[tuple[Path, dict[str, bytes]]]:
    for path in _texts(json.loads(as_bytes(final_results()))):
        try:
            yield path, report_files(_with(path, HOSTILE))
        except ReportError:
            continue  # a word of a closed list, a digest, a moment: refused


def _one_of_each(paths: Iterator[tuple[Path, dict[str, bytes]]]) -> dict[str, dict[str, bytes]]:
    return {".".join(s for s in path if isinstance(s, str)): files for path, files in paths}


@pytest.fixture(scope="module")
def attacked() -> dict[str, dict[str, bytes]]:
    """A report for each kind of text field that an attacker may fill."""
    return _one_of_each(_accepted())


def test_text_in_any_field_is_inert(attacked: dict[str, dict[str, bytes]]) -> None:
    assert len(attacked) > 50
    for field, files in attacked.items():
        reader = PageReader(files["report.html"].decode())
        assert len(reader.all("style")) == 1, field
        assert not reader.all("script") + reader.all("img"), field
        handlers = [n for e in reader.elements for n in e.attributes if n.startswith("on")]
        assert not handlers, field


def test_no_text_names_a_file_outside_the_report(attacked: dict[str, dict[str, bytes]]) -> None:
    for field, files in attacked.items():
        strange = [n for n in files if ".." in n or n.count("/") > 1 or n.startswith("/")]
        assert not strange, field


@pytest.mark.parametrize("name", ["../../H1", "H99", "H2"])
def test_a_hypothesis_that_is_not_registered_or_comes_twice_is_refused(name: str) -> None:
    with pytest.raises(ReportError) as refused:
        report_files(_with(("hypotheses", 0, "id"), name))
    assert refused.value.code == "REPORT_UNREGISTERED"
