"""The first line at which the right value, put in place of the file's own, makes gradients right.

That line is where it goes wrong: what comes before it does not suffice, and what comes after it is
right. The file is run once for each line and each right value that could stand there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from math import prod
from typing import Any

import numpy as np

from pullback.codegen.check.inside.observer import Observer, Put, Site
from pullback.codegen.check.inside.repairs import repairs
from pullback.codegen.check.inside.running import Loaded, parts, raised
from pullback.codegen.check.inside.watched import ERROR, LOOK, watched

EXACT = 1e-9  # relative: a value that is this near is the same
NOTHING = 1e-7  # as in comparing
MAX_FAULTS = 4
MAX_TURNED = 3  # axes of which every order is tried


@dataclass(frozen=True)
class Fault:
    """A line at which a right value makes gradients right: which value, and which gradients."""

    site: Site
    quantity: int
    put: Put
    fixes: frozenset[str]


Attempt = tuple[Site, int, Put]


class Search:
    """One search, in a file that is loaded anew with looks in it."""

    def __init__(self, request: Mapping[str, Any], arrays: Mapping[str, Any], _: Loaded) -> None:
        self.request, self.arrays = request, arrays
        self.end = time.monotonic() + request["search"]
        self.rtol = request["tolerance"]
        count = request["quantities"]
        self.quantities = [arrays[f"quantity {k}"] for k in range(count)]
        self.wanted = {w["name"]: (w["path"], arrays[f"wanted {w['name']}"]) for w in request["wanted"]}
        self.look = Look()
        self.loaded = Loaded(request, arrays, watched, {LOOK: self.look})

    def run(self, put: Mapping[Site, Put]) -> tuple[Observer, frozenset[str]]:
        """One run with values put in place: what was seen, and which gradients are right."""
        self.look.observer = observer = Observer(put)
        try:
            _, result = self.loaded.call()
        except Exception:  # what was put in place need not fit
            return observer, frozenset()
        return observer, self.right(result)

    def right(self, result: Any) -> frozenset[str]:
        """The gradients of a result that are right."""
        came = {tuple(path): array for path, array in parts(result)}
        return frozenset(
            name
            for name, (path, wanted) in self.wanted.items()
            if near(came.get(tuple(path)), wanted, self.rtol)
        )

    def found(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Every value that was seen, and the faults with what stands at their lines."""
        first, right = self.run({})
        self.look.observer = Observer()
        said: dict[str, Any] = {"seen": [], "faults": [], "failed": first.failed}
        answer: dict[str, Any] = {}
        for site, values in first.seen.items():
            known = [k for k, q in enumerate(self.quantities) if alike(values[-1], q)]
            said["seen"].append({"line": site[0], "name": site[1], "known": known})
        put: dict[Site, Put] = {}
        wrong, observer = frozenset(self.wanted) - right, first
        while wrong and len(said["faults"]) < MAX_FAULTS:
            fault = self.fault(observer, put, right)
            if fault is None:
                break
            own = self.own(observer, fault)
            key = f"fault {len(said['faults'])}"
            if own is not None:
                answer[key] = own
            line, name = fault.site
            said["faults"].append(
                {
                    "line": line,
                    "name": name,
                    "quantity": fault.quantity,
                    "fixes": sorted(fault.fixes),
                    "transposed": bool(fault.put.array.ndim > 1 and not fault.put.leading)
                    and fault.put.array.shape != self.quantities[fault.quantity].shape,
                    "repair": self.repair(fault, put),
                }
            )
            put = {**put, fault.site: fault.put}
            observer, right = self.run(put)
            wrong = frozenset(self.wanted) - right
        return said, answer

    def fault(self, seen: Observer, put: Mapping[Site, Put], right: frozenset[str]) -> Fault | None:
        """The line at which a right value makes most wrong gradients right."""
        for attempts in (self.fitting(seen, put), self.others(seen, put)):
            found = [*self.working(attempts, put, right)]
            if found:
                most = max(len(f.fixes) for f in found)
                return self.chosen([f for f in found if len(f.fixes) == most], seen)
        return None

    def working(
        self, attempts: Iterator[Attempt], put: Mapping[Site, Put], right: frozenset[str]
    ) -> Iterator[Fault]:
        """The attempts that make wrong gradients right and leave those right that are."""
        wrong = frozenset(self.wanted) - right
        for site, quantity, new in attempts:
            if time.monotonic() > self.end:
                return
            _, now = self.run({**put, site: new})
            if now & wrong and right <= now:
                yield Fault(site, quantity, new, now & wrong)

    def chosen(self, found: list[Fault], seen: Observer) -> Fault:
        """Of lines that would do the one to blame.

        The first line whose value is nothing known is. But where a line before it has a value that
        is right for something else, and what is wanted there comes up nowhere, that was forgotten:
        then the last such line is to blame.
        """
        strange = [f for f in found if not self.known(seen, f)]
        before = found.index(strange[0]) if strange else len(found)
        forgotten = [
            f for f in found[:before] if self.known(seen, f) and not self.comes_up(seen, f)
        ]
        return [*forgotten[-1:], *strange[:1], found[-1]][0]

    def known(self, seen: Observer, fault: Fault) -> bool:
        """Is the value at a line something that is known?"""
        own = self.own(seen, fault)
        return own is not None and any(alike(own, q) for q in self.quantities)

    def comes_up(self, seen: Observer, fault: Fault) -> bool:
        """Does some line have the value that is wanted at another one?"""
        quantity = self.quantities[fault.quantity]
        return any(alike(values[-1], quantity) for values in seen.seen.values())

    def fitting(self, seen: Observer, put: Mapping[Site, Put]) -> Iterator[Attempt]:
        """Values to put at lines that fit by their shapes."""
        for site, values in seen.seen.items():
            for k, q in enumerate(self.quantities):
                if site not in put:
                    yield from ((site, k, new) for new in fitting(q, values))

    def others(self, seen: Observer, put: Mapping[Site, Put]) -> Iterator[Attempt]:
        """Tensors and cotangents for lines that raise, or have what is nothing known."""
        for site, values in [*seen.seen.items(), *([(seen.failed, [])] if seen.failed else [])]:
            strange = not values or not any(alike(values[-1], q) for q in self.quantities)
            if strange and site not in put:
                named = self.quantities[: self.request["named"]]
                yield from ((site, k, Put(q)) for k, q in enumerate(named))

    def own(self, seen: Observer, fault: Fault) -> Any | None:
        """The file's own value at a line, put together from its parts where it comes in parts."""
        values = seen.seen.get(fault.site)
        if not values:
            return None
        if not fault.put.leading:
            own = values[-1]
        else:
            own = np.array(values[: prod(fault.put.array.shape[: fault.put.leading])])
            own = own.reshape(fault.put.array.shape)
        return own.astype(float)

    def repair(self, fault: Fault, put: Mapping[Site, Put]) -> str | None:
        """The statement spelled another way, with which as much is right as with the right value."""
        good = self.run({**put, fault.site: fault.put})[1]
        before = self.loaded
        for tree, text in repairs(self.request["text"], fault.site[0], fault.site[1]):
            if time.monotonic() > self.end:
                break
            try:
                self.loaded = Loaded(
                    self.request, self.arrays, lambda _, t=tree: watched(t), {LOOK: self.look}
                )
                if good <= self.run(put)[1]:
                    return text
            except Exception:  # a spelling that cannot be run
                continue
            finally:
                self.loaded = before
        return None


class Look:
    """The observer of the run that goes on, under one name for all runs."""

    def __init__(self) -> None:
        self.observer = Observer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.observer, name)


def near(a: Any | None, b: Any, rtol: float) -> bool:
    """Are two arrays of one shape equal up to rounding, by the largest entry?"""
    if a is None or np.shape(a) != np.shape(b):
        return False
    scale = max(float(np.max(np.abs(b), initial=0)), NOTHING)
    return bool(np.max(np.abs(np.asarray(a, float) - b), initial=0) <= rtol * scale)


def alike(value: Any, quantity: Any) -> bool:
    """Is a value a quantity, in whatever order and number of axes?"""
    a, b = np.squeeze(value), np.squeeze(quantity)
    if a.size != b.size or a.ndim != b.ndim:
        return False
    orders = permutations(range(a.ndim)) if a.ndim <= MAX_TURNED else [tuple(range(a.ndim))]
    return any(near(a.transpose(o), b, EXACT) for o in orders)


def fitting(quantity: Any, values: list[Any]) -> Iterator[Put]:
    """Ways to put a quantity where these values came, one after the other, that are not it."""
    last, shape = values[-1], np.shape(values[-1])
    if not near(last, quantity, EXACT):
        if quantity.shape == shape:
            yield Put(quantity)
        elif np.squeeze(quantity).shape == np.squeeze(last).shape:
            yield Put(quantity.reshape(shape))
        elif quantity.ndim == 2 and quantity.T.shape == shape:
            yield Put(quantity.T)
    for leading in range(1, quantity.ndim + 1):
        if quantity.shape[leading:] == shape and len(values) == prod(quantity.shape[:leading]):
            whole = np.array(values).reshape(quantity.shape)
            if not near(whole, quantity, EXACT):
                yield Put(quantity, leading)
