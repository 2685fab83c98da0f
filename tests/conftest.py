"""For every folder: the session's one demo run, and how properties choose their examples."""

import os

import pytest
from hypothesis import settings

from tests.demo.run import DemoRun, demo_run

# The default run tries the same examples every time, so that a red test speaks of the change and
# not of luck; `make test-slow` goes looking for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    return demo_run(tmp_path_factory.getbasetemp() / "demo")
