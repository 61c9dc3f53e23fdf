"""What all tests share: hypothesis draws the same examples every time; helpers explain asserts."""

import os
from collections import Counter, defaultdict
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from pullback.codegen import library
from tests.shipped import FEW, FOLDER

pytest.register_assert_rewrite("tests.samples")
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# What a test derives it derives: nothing is known from an earlier run. Processes inherit this.
os.environ["PULLBACK_CACHE"] = ""
SHIPPED = {*library.shipped()}
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


@pytest.hookimpl(tryfirst=True)  # before options leave out what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `make test` leaves out: other layers, other cases of a sample."""
    layers = defaultdict(set)
    for item in items:
        layers[function_of(item)] |= layers_of(item)
    cases: Counter[str] = Counter()
    for item in items:
        function, tried = function_of(item), layers_of(item)
        sampled = item.get_closest_marker("sampled")
        left_out = sampled and cases[function] % sampled.args[0]
        cases[function] += 1
        if left_out or (len(layers[function]) > len(FEW) and tried and not tried & FEW):
            item.add_marker("slow")


def function_of(item: pytest.Item) -> str:
    """What cases of one test have in common."""
    return item.nodeid.partition("[")[0]


def layers_of(item: pytest.Item) -> set[str]:
    """The shipped layers that a case names."""
    case = getattr(item, "callspec", None)
    return {v for v in case.params.values() if isinstance(v, str)} & SHIPPED if case else set()
