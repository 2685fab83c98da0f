"""The one demo run of a test session, as a fixture for every folder that reads it."""

import pytest

from tests.demo.run import DemoRun, demo_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    return demo_run(tmp_path_factory.getbasetemp() / "demo")
