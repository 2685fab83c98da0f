"""The house: which room may import which, and which library is opened at which door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("protocols", "gateway", "evaluation", "reports")
CEILING = 400

# Longest prefix wins: what a module in that place may import of ours.
ARROWS: dict[str, tuple[str, ...]] = {
    "protocols": ("protocols",),
    "gateway.store": ("gateway.store", "protocols"),
    "gateway": ("gateway", "protocols"),
    "evaluation": ("evaluation", "gateway.store", "protocols"),
    "evaluation.inference": ("evaluation.inference", "protocols.errors", "protocols.vocabulary"),
    "evaluation.design": (
        "evaluation.design",
        "evaluation.inference",
        "protocols.errors",
        "protocols.vocabulary",
    ),
    "evaluation.monitoring": (
        "evaluation.monitoring",
        "evaluation.inference",
        "protocols.errors",
        "protocols.vocabulary",
    ),
    "reports": ("reports", "evaluation.results", "evaluation.archive", "protocols"),
    "reports.cli": ("reports", "gateway.store", "protocols"),
}

# library: the places (module prefixes) that may open it.
DOORS: dict[str, tuple[str, ...]] = {
    "yaml": ("protocols.load",),
    "jmespath": ("protocols.reading",),
    "rfc8785": ("protocols.canonical",),
    "sqlmodel": ("gateway.store",),
    "sqlalchemy": ("gateway.store",),
    "alembic": ("gateway.store",),
    "fastapi": ("gateway.app", "gateway.routes"),
    "starlette": ("gateway.app", "gateway.routes"),
    "httpx": ("gateway.arms", "gateway.demo"),
    "httpx_aiohttp": ("gateway.arms", "gateway.demo"),
    "aiohttp": ("gateway.arms", "gateway.demo"),
    "uvicorn": ("gateway.serve", "gateway.http_protocol", "gateway.demo"),
    "prometheus_client": ("gateway.metrics",),
    "sqlite3": ("gateway.journal", "gateway.journal_reader", "gateway.store"),
    "pandas": ("evaluation.populations",),
    "scipy": ("evaluation.inference", "evaluation.design", "evaluation.monitoring"),
    "statsmodels": (
        "evaluation.inference",
        "evaluation.design",
        "evaluation.monitoring",
        "gateway.demo.fit_candidate",
    ),
    "joblib": ("evaluation.planning.workers",),
    "distributed": ("evaluation.planning.workers",),
    "jinja2": ("reports.render",),
    "rich": ("gateway.demo",),
    "pickle": (),
}


def _sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def _beside_the_rooms() -> list[Path]:
    folders = (ROOT / "benchmarks", ROOT / "tests")
    return [ROOT / "equipoise.py", *(path for f in folders for path in sorted(f.rglob("*.py")))]


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ((name.name, node.lineno) for name in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from ((f"{module}.{name.name}", node.lineno) for name in names)
            case _:
                pass


def _within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def _allowed(module: str) -> tuple[str, ...]:
    place = max((key for key in ARROWS if _within(module, (key,))), key=len)
    return ARROWS[place]


@pytest.mark.parametrize("room", ROOMS)
def test_imports_follow_the_arrows(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in _sources()
        if path.relative_to(ROOT).parts[0] == room
        for name, line in _imports(path)
        if name.split(".")[0] in ROOMS and not _within(name, _allowed(_module(path)))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", sorted(DOORS))
def test_each_library_has_one_door(library: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in _sources()
        for name, line in _imports(path)
        if name.split(".")[0] == library and not _within(_module(path), DOORS[library])
    ]
    assert not wrong, f"{library} is opened outside of its door: {wrong}"


def test_rooms_have_no_circles() -> None:
    edges: dict[str, set[str]] = {}
    known = {_module(path) for path in _sources()}
    for path in _sources():
        for name, _ in _imports(path):
            target = name if name in known else name.rpartition(".")[0]
            if target in known and target != _module(path):
                edges.setdefault(_module(path), set()).add(target)
    finished: set[str] = set()

    def walk(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in finished:
            for target in sorted(edges.get(module, ())):
                walk(target, (*trail, module))
            finished.add(module)

    for module in sorted(edges):
        walk(module, ())


def test_no_module_grows_beyond_the_ceiling() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in [*_sources(), *_beside_the_rooms()]
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > CEILING
    }
    assert not long, f"modules over {CEILING} lines: {long}"


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    bare = [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()]
    assert not bare, f"folders without __init__.py: {bare}"


def test_nothing_is_evaluated_as_code() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec", "compile"}
    ]
    assert not wrong, f"eval, exec or compile is called at {wrong}"
