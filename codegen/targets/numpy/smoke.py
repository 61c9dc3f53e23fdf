"""Runs the test file of a module on the module, as texts, before either becomes a file.

Needs no pytest: what the test file asks of it stands here. Tests of long arrays, whose names start
with `test_long`, are left to the user's own run.
"""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from types import ModuleType, SimpleNamespace
from typing import Any

from pullback.derive.errors import PullbackError

SLOW = "test_long"
LOADING = {"FILE", "SPEC", "module"}  # the names by which a test file loads its module


class Skipped(Exception):
    """A test that has nothing to look at."""


@dataclass(frozen=True)
class Check:
    """A test with its arguments."""

    name: str
    run: Callable[[], None]


class Checks:
    """The tests of a test file, which look at the module that they are told to."""

    def __init__(self, name: str, text: str) -> None:
        tree = ast.parse(text, f"test_{name}.py")
        tree.body = [statement for statement in tree.body if not loads(statement)]
        self.names: dict[str, Any] = {"pytest": PYTEST, "__name__": f"test_{name}"}
        # What runs is our own emitted text; of a definition it holds only checked names, its
        # equations printed from their trees, and words in comments and docstrings.
        exec(compile(tree, f"<test_{name}.py>", "exec"), self.names)

    def all(self) -> list[Check]:
        """Every test, as often as it has arguments."""
        tests = ((n, f) for n, f in self.names.items() if n.startswith("test_"))
        return [check for name, test in tests for check in parametrized(name, test)]

    def look_at(self, module: ModuleType) -> None:
        """Make this the module that the tests call."""
        self.names["module"] = module


def loads(statement: ast.stmt) -> bool:
    """Does it import pytest, or load the module from its file?"""
    if isinstance(statement, ast.Import):
        return any(alias.name == "pytest" for alias in statement.names)
    if isinstance(statement, ast.Assign):
        return any(isinstance(t, ast.Name) and t.id in LOADING for t in statement.targets)
    return isinstance(statement, ast.Expr) and "SPEC" in ast.dump(statement)


def parametrized(name: str, test: Callable[..., None]) -> Iterator[Check]:
    """A test with each of its arguments."""
    for arguments in getattr(test, "arguments", [{}]):
        words = "-".join(map(str, arguments.values()))
        yield Check(f"{name}[{words}]" if words else name, partial(test, **arguments))


def parametrize(names: str | Iterable[str], values: Iterable[Any]) -> Callable[[Any], Any]:
    """pytest.mark.parametrize: one on top of another gives every pair."""
    words = [names] if isinstance(names, str) else list(names)
    rows = [dict(zip(words, [v] if len(words) == 1 else v, strict=True)) for v in values]

    def mark(test: Any) -> Any:
        test.arguments = [a | row for a in getattr(test, "arguments", [{}]) for row in rows]
        return test

    return mark


@contextmanager
def raises(error: type[Exception], match: str = "") -> Iterator[None]:
    """pytest.raises: the block raises this error, with words that match."""
    try:
        yield
    except error as raised:
        assert re.search(match, str(raised)), f"{raised!r} does not say {match}"
    else:
        raise AssertionError(f"{error.__name__} is not raised")


def skip(reason: str) -> None:
    """pytest.skip."""
    raise Skipped(reason)


PYTEST = SimpleNamespace(mark=SimpleNamespace(parametrize=parametrize), raises=raises, skip=skip)


def first_failure(checks: Iterable[Check]) -> str | None:
    """What fails first and how, or None; warnings of NumPy's floats are no failures here."""
    for check in checks:
        try:
            check.run()
        except Skipped:
            continue
        except Exception as error:
            words = " ".join(str(error).split())
            return f"{check.name}: {type(error).__name__}: {words}"
    return None


@lru_cache(maxsize=2)
def checks_of(name: str, text: str) -> Checks:
    """The tests of a text, which keep what they have worked out of its equations."""
    return Checks(name, text)


@contextmanager
def quietly() -> Iterator[None]:
    """Leave what there is out of garbage collections, as decimals set off many of them.

    A derivation of many calls is large, and each collection would go through all of it. NumPy says
    nothing meanwhile, and is read here: modules are made where there is none, too.
    """
    import numpy as np

    gc.freeze()
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        gc.unfreeze()


def holds(
    name: str, module_text: str, test_text: str, seeds: Iterable[int], drawn_by: str = ""
) -> bool:
    """Do all tests of these draws hold? So a test file says how far its module can be trusted.

    What another test file draws, where it draws the same, is taken from there.
    """
    module, checks = ModuleType(name), checks_of(name, test_text)
    if drawn_by:
        checks.names["attempted"] = checks_of(name, drawn_by).names["attempted"]
    starts = tuple(f"[{seed}-" for seed in seeds)
    with quietly():
        try:
            exec(compile(module_text, f"<{name}.py>", "exec"), module.__dict__)
        except Exception:
            return False
        checks.look_at(module)
        fast = (c for c in checks.all() if not c.name.startswith(SLOW))
        some = (c for c in fast if c.name[c.name.find("[") :].startswith(starts))
        return first_failure(some) is None


def smoke(name: str, module_text: str, test_text: str) -> None:
    """Run the fast tests of a layer's test file on its module.

    Raises PullbackError with what fails.
    """
    module = ModuleType(name)
    with quietly():
        try:
            exec(compile(module_text, f"<{name}.py>", "exec"), module.__dict__)
            checks = checks_of(name, test_text)
        except Exception as error:
            raise PullbackError(
                f"{name}: the module that was made cannot be loaded: {error}"
            ) from error
        checks.look_at(module)
        failure = first_failure(c for c in checks.all() if not c.name.startswith(SLOW))
    if failure:
        raise PullbackError(
            f"{name}: the module made fails its own tests, and nothing is written: {failure}"
        )
