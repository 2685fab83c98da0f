"""Every public name of the room says what it is, what it refuses and what it raises."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import evaluation.inference
from evaluation.methods import Described, described

ROOM = Path(evaluation.inference.__path__[0])
LEAST_WORDS = 3
Definition = ast.FunctionDef | ast.ClassDef


def _definitions(body: list[ast.stmt], within: str) -> Iterator[tuple[str, Definition]]:
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            name = f"{within}{node.name}"
            yield name, node
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{name}.")


PUBLIC = {
    name: node
    for path in sorted(ROOM.rglob("*.py"))
    for name, node in _definitions(
        ast.parse(path.read_text(encoding="utf-8")).body, f"{path.relative_to(ROOM)}:"
    )
}
FUNCTIONS = {n: node for n, node in PUBLIC.items() if isinstance(node, ast.FunctionDef)}


def _docstring(node: Definition) -> str:
    return ast.get_docstring(node) or ""


def _raises_usage_error(node: ast.AST) -> bool:
    raised = [inner.exc for inner in ast.walk(node) if isinstance(inner, ast.Raise) and inner.exc]
    return any(ast.unparse(error).startswith("UsageError(") for error in raised)


def _constructor(node: Definition) -> list[ast.stmt]:
    return [part for part in node.body if getattr(part, "name", "") == "__post_init__"]


def test_the_room_is_read() -> None:
    assert len(FUNCTIONS) > 300
    assert "orientation.py:turned" in FUNCTIONS


def test_every_public_name_has_a_docstring_of_substance() -> None:
    short = [n for n, node in PUBLIC.items() if len(_docstring(node).split()) < LEAST_WORDS]
    assert short == []


def test_a_function_that_may_have_no_answer_says_what_it_refuses() -> None:
    silent = [
        name
        for name, node in FUNCTIONS.items()
        if node.returns is not None
        and "NotEvaluable" in ast.unparse(node.returns)
        and not re.search(r"\brefuse", _docstring(node), re.IGNORECASE)
    ]
    assert silent == []


def test_a_function_that_raises_a_usage_error_says_so() -> None:
    silent = [
        name
        for name, node in FUNCTIONS.items()
        if _raises_usage_error(node) and "UsageError" not in _docstring(node)
    ]
    assert silent == []


def test_a_class_that_refuses_to_be_made_says_so() -> None:
    silent = [
        name
        for name, node in PUBLIC.items()
        if any(_raises_usage_error(part) for part in _constructor(node))
        and "UsageError" not in _docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("item", described(), ids=lambda item: item.word)
def test_a_source_names_its_year_and_where_it_is_found(item: Described) -> None:
    assert re.search(r"\b(18|19|20)\d\d\b", item.citation), item.citation
    assert re.search(r"\w:\w*\d|doi:|chapter|section", item.citation), item.citation
