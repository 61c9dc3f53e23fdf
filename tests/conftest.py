"""What all tests share: hypothesis draws the same examples every time; helpers explain asserts."""

import os
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from tests.shipped import FOLDER

pytest.register_assert_rewrite("tests.samples")
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# What a test derives it derives: nothing is known from an earlier run. Processes inherit this.
os.environ["PULLBACK_CACHE"] = ""
SHARED = pytest.StashKey[TemporaryDirectory]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that processes of this run share what they derive in, unless one is named."""
    if not hasattr(config, "workerinput") and not os.environ.get(FOLDER):
        config.stash[SHARED] = TemporaryDirectory(prefix="pullback-tests-")
        os.environ[FOLDER] = config.stash[SHARED].name


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take it away."""
    if SHARED in config.stash:
        config.stash[SHARED].cleanup()
