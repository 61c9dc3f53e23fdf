"""The first line at which the right value, put in place of the file's own, makes gradients right.

That line is where it goes wrong: what comes before it does not suffice, and what comes after it is
right. The file is run once for each line and each right value that could stand there.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from pullback.codegen.check.inside.matching import alike, exactly, fitting, near
from pullback.codegen.check.inside.observer import Observer, Put, Site, same
from pullback.codegen.check.inside.respelling import Respelled, Respelling, Trial
from pullback.codegen.check.inside.running import Loaded, parts
from pullback.codegen.check.inside.suspects import Said, judged, suspects
from pullback.codegen.check.inside.watched import LOOK, watched

MAX_FAULTS, MAX_CANDIDATES = 4, 4
ROUNDS = 0.6  # of the time; the rest is for other spellings of lines that no value makes right


@dataclass(frozen=True, eq=False)
class Fault:
    """A line at which a right value makes gradients right: which value, and which gradients."""

    site: Site
    quantity: int
    put: Put
    fixes: frozenset[str]


Attempt = tuple[Site, int, Put]


class Search:
    """One search, in a file that is loaded anew with looks in it."""

    def __init__(self, request: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        self.request, self.arrays = request, arrays
        start = time.process_time()  # the machine may do other things beside
        self.end, self.last = start + request["search"] * ROUNDS, start + request["search"]
        self.rtol = request["tolerance"]
        count = request["quantities"]
        self.given = [a for name, a in arrays.items() if name.startswith("given ")]
        self.quantities = [arrays[f"quantity {k}"] for k in range(count)]
        self.wanted = {
            w["name"]: (w["path"], arrays[f"wanted {w['name']}"]) for w in request["wanted"]
        }
        self.calls = calls_of_its_own(ast.parse(request["text"]))
        self.look = Look()
        self.loaded = Loaded(request, arrays, watched, {LOOK: self.look})
        self.respelling = Respelling(request, arrays, self.right)

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

        def is_right(path: list[Any] | None, wanted: Any) -> bool:
            there = came.values() if path is None else [came.get(tuple(path))]
            return any(near(array, wanted, self.rtol) for array in there)

        return frozenset(n for n, (path, array) in self.wanted.items() if is_right(path, array))

    def found(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Every value that was seen, and the faults with what stands at their lines."""
        first, right = self.run({})
        said: dict[str, Any] = {"seen": [], "faults": [], "raised": self.request["raised"]}
        answer: dict[str, Any] = {}
        for site, values in first.seen.items():
            known = self.are(values[-1])
            said["seen"].append({"line": site[0], "name": site[1], "known": known})
        put: dict[Site, Put] = {}
        wrong, observer = frozenset(self.wanted) - right, first
        while wrong and len(said["faults"]) < MAX_FAULTS:
            found = self.candidates(self.fitting(observer, put), observer, put, right)
            told = self.respelled(found, observer, put, right, answer)
            if not any(t["repair"] for t in told):
                sites = {f.site for f in found}
                others = self.candidates(self.others(observer, put), observer, put, right)
                more = [f for f in others if f.site not in sites]
                found += more
                told += [self.told(f, observer, put, answer, {}, right) for f in more]
            if self.request["raised"] and not told:
                told = [{"line": self.request["raised"][0], "repair": None, "cost": 0, "fixes": []}]
            if told:
                said["faults"].append(told)
            if not found or any(t["repair"] and wrong <= {*t["fixes"]} for t in told):
                break
            best = next((f for f in found if f.site[0] == told[0]["line"]), found[0])
            put = {**put, best.site: best.put}
            observer, right = self.run(put)
            wrong = frozenset(self.wanted) - right
        return said, answer

    def respelled(
        self,
        found: list[Fault],
        seen: Observer,
        put: Mapping[Site, Put],
        right: frozenset[str],
        answer: dict[str, Any],
    ) -> list[dict[str, Any]]:
        """Lines that would do, with other spellings of them, or of lines where no value would do.

        Spellings that make more right than a value does leave the others out.
        """
        good = right | (found[0].fixes if found else frozenset(self.wanted))
        own = [f.site[0] for f in found]
        said = judged(self.request, self.given, self.are, seen)
        lines = suspects(self.request, said, own)
        done = self.respelling.cheapest(lines, Trial(good, self.last, put, {LOOK: self.look}))
        most = max((len(r.right) for r in done), default=0)
        done = [r for r in done if len(r.right) == most]
        texts = {r.line: r for r in done}
        rest = (a for a in self.others(seen, put) if a[0][0] in {*texts} - {*own})
        found += self.candidates(rest, seen, put, right) if texts else []
        values = {
            t["line"]: t for t in (self.told(f, seen, put, answer, texts, right) for f in found)
        }
        told: list[dict[str, Any]] = []
        for r in done:
            fixes = sorted(r.right - right)
            plain = {"line": r.line, "repair": r.text, "cost": r.cost, "fixes": fixes}
            told.append(values.pop(r.line, plain))
        told += values.values() if most <= len(good) else ()
        return [{**t, "stands": said.get(t["line"], Said.STRANGE) > Said.STRANGE} for t in told]

    def told(
        self,
        fault: Fault,
        seen: Observer,
        put: Mapping[Site, Put],
        answer: dict[str, Any],
        texts: Mapping[int, Respelled],
        right: frozenset[str],
    ) -> dict[str, Any]:
        """A candidate in data; the value that stands at its line goes to the answer's arrays."""
        own = self.own(seen, fault)
        key = f"own {len(answer)}"
        if own is not None:
            answer[key] = own
        line, name = fault.site
        whole = fault.put.array.ndim > 1 and not fault.put.leading
        return {
            "line": line,
            "name": name,
            "quantity": fault.quantity,
            "fixes": sorted((texts[line].right if line in texts else fault.fixes) - right),
            "own": None if own is None else key,
            "transposed": bool(whole)
            and fault.put.array.shape == self.quantities[fault.quantity].T.shape
            and fault.put.array.shape != self.quantities[fault.quantity].shape,
            "repair": texts[line].text if line in texts else None,
            "cost": texts[line].cost if line in texts else 0,
        }

    def are(self, value: Any) -> list[int]:
        """The quantities that a value is."""
        return [k for k, q in enumerate(self.quantities) if alike(value, q)]

    def candidates(
        self,
        attempts: Iterator[Attempt],
        seen: Observer,
        put: Mapping[Site, Put],
        right: frozenset[str],
    ) -> list[Fault]:
        """The lines at which a right value makes most wrong gradients right, likely ones first."""
        found = [*self.working(attempts, put, right)]
        most = max((len(f.fixes) for f in found), default=0)
        return self.ordered([f for f in found if len(f.fixes) == most], seen)

    def working(
        self, attempts: Iterator[Attempt], put: Mapping[Site, Put], right: frozenset[str]
    ) -> Iterator[Fault]:
        """The attempts that make wrong gradients right and leave those right that are."""
        wrong = frozenset(self.wanted) - right
        for site, quantity, new in attempts:
            if time.process_time() > self.end:
                return
            _, now = self.run({**put, site: new})
            if now & wrong and right <= now:
                yield Fault(site, quantity, new, now & wrong)

    def ordered(self, found: list[Fault], seen: Observer) -> list[Fault]:
        """Lines that would do, one value for each, those first that are likely to blame.

        They are those whose value is nothing known, in order, and, behind the first of them, the
        last and the first whose value is right for something else, if what is wanted comes up no
        more: it was forgotten. A line is right as it is where what is wanted comes up later on,
        where it sets what its name says, or where it has a node or a cotangent and an input or a
        part of a formula would do.
        """
        made = {*self.request["made"]}
        missing = [f for f in found if not (self.comes_up(seen, f) or self.handed_on(seen, f))]
        known = {f: self.known(seen, f) for f in found}
        strange = [f for f in missing if not known[f]]
        forgotten = [
            f
            for f in missing
            if known[f]
            and not (f.quantity not in made and made & {*known[f]})
            and not any(self.called(f.site[1], k) for k in known[f])
        ]
        lines: dict[Site, Fault] = {}
        some = [*strange[:1], *forgotten[-1:], *forgotten[:1], *strange[1:], *found[-1:]]
        for fault in some:
            lines.setdefault(fault.site, fault)
        return [*lines.values()][:MAX_CANDIDATES]

    def called(self, name: str, quantity: int) -> bool:
        """Is this the file's name for a tensor of the layer's?"""
        titles = self.request["titles"]
        ours = self.request["names"].get(name, name)
        return quantity < len(titles) and titles[quantity].lower() == ours.lower()

    def handed_on(self, seen: Observer, fault: Fault) -> bool:
        """Does a line set what a function of the file returned, as an earlier line there set it?"""
        first, last = self.calls.get(fault.site[0], (0, 0))
        own, sites = self.own(seen, fault), [*seen.seen]
        earlier = sites[: sites.index(fault.site)] if fault.site in sites else []
        there = (s for s in earlier if first <= s[0] <= last)
        return own is not None and any(same(seen.seen[s][-1], own) for s in there)

    def known(self, seen: Observer, fault: Fault) -> list[int]:
        """The quantities that the value at a line is."""
        own = self.own(seen, fault)
        return [] if own is None else self.are(own)

    def comes_up(self, seen: Observer, fault: Fault) -> bool:
        """Does a later line have the value that is wanted at this one?"""
        quantity = self.quantities[fault.quantity]
        sites = [*seen.seen]
        later = sites[sites.index(fault.site) + 1 :] if fault.site in sites else []
        return any(alike(seen.seen[site][-1], quantity) for site in later)

    def fitting(self, seen: Observer, put: Mapping[Site, Put]) -> Iterator[Attempt]:
        """Values to put at lines that fit by their shapes."""
        for site, values in seen.seen.items():
            for k, q in enumerate(self.quantities):
                if site not in put:
                    yield from ((site, k, new) for new in fitting(q, values))

    def others(self, seen: Observer, put: Mapping[Site, Put]) -> Iterator[Attempt]:
        """Tensors and cotangents for every line, whatever their shapes."""
        failed: list[tuple[Site, list[Any]]] = [(seen.failed, [])] if seen.failed else []
        for site, values in [*seen.seen.items(), *failed]:
            if site not in put:
                named = enumerate(self.quantities[: self.request["named"]])
                last = values[-1] if values else None
                yield from ((site, k, Put(q)) for k, q in named if not exactly(last, q))

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


def calls_of_its_own(tree: ast.Module) -> dict[int, tuple[int, int]]:
    """The lines that set what a function of the file returns, and the lines of that function."""
    functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    found = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            called = functions.get(ast.unparse(statement.value.func))
            if called is not None:
                found[statement.lineno] = (called.lineno, called.end_lineno or called.lineno)
    return found


class Look:
    """The observer of the run that goes on, under one name for all runs."""

    def __init__(self) -> None:
        self.observer = Observer()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.observer, name)
