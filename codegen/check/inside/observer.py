"""Values by line as the user's code sets them, and other values put in their place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MAX_ENTRIES, MAX_TIMES, MAX_SITES = 100_000, 2_000, 2_000
Site = tuple[int, str]  # a line and what it sets


@dataclass(frozen=True)
class Put:
    """What is put at a site: an array, or one of its parts along the first axes each time."""

    array: Any
    leading: int = 0

    def at(self, time: int) -> Any:
        """What is put the next time."""
        if not self.leading:
            return self.array
        rest = self.array.shape[self.leading :]
        pieces = self.array.reshape(-1, *rest)
        return pieces[time % len(pieces)]


@dataclass
class Observer:
    """One run that is watched: what was seen, and what is put where."""

    put: Mapping[Site, Put] = field(default_factory=dict)
    seen: dict[Site, list[Any]] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    times: dict[Site, int] = field(default_factory=dict)
    failed: Site | None = None  # the line that raised first

    def see(self, line: int, name: str, value: Any, changed: bool = False, own: bool = True) -> Any:
        """Take note of a value; what is to stand in its place.

        With `changed` a value that is as it was when last seen is not noted. Where the array may be
        another variable's, not its `own`, nothing is written into it.
        """
        site = line, name
        if site in self.put:
            value = self.replaced(site, value, own)
        if not (kept := kind(value)):
            return value
        if changed and name in self.last and same(self.last[name], value):
            return value
        if site not in self.seen and len(self.seen) >= MAX_SITES:
            return value
        if kept == "array" and value.size > MAX_ENTRIES:
            return value
        copy = np.array(value)
        self.last[name] = copy
        times = self.seen.setdefault(site, [])
        if len(times) < MAX_TIMES:
            times.append(copy)
        else:
            times[-1] = copy
        return value

    def item(self, line: int, name: str, base: Any, key: Any) -> None:
        """Take note of an array of which entries were set, or of one value of a dictionary."""
        if isinstance(base, dict):
            if key in base:
                base[key] = self.see(line, f"{name}[{key!r}]", base[key])
        else:
            self.see(line, name, base)

    def given(self, line: int, name: str, make: Callable[[], Any]) -> Any:
        """A value that is worked out in place, such as one that is returned."""
        try:
            value = make()
        except Exception as error:
            return self.fails(line, name, error)
        return self.see(line, name, value, own=False)

    def fails(self, line: int, name: str, error: Exception) -> Any:
        """A line raised: what stands in for its value, or the exception goes on."""
        site = line, name
        self.failed = self.failed or site
        if site not in self.put:
            raise error
        return self.see(line, name, None)

    def replaced(self, site: Site, value: Any, own: bool) -> Any:
        """What is put at a site: into the array that is there if it fits, else in its place."""
        new = self.put[site].at(self.times.get(site, 0))
        self.times[site] = self.times.get(site, 0) + 1
        writable = own and isinstance(value, np.ndarray) and value.flags.writeable
        array = value if writable else None
        if array is not None and array.shape == np.shape(new) and array.dtype == np.float64:
            array[...] = new
            return array
        if isinstance(value, int) and np.ndim(new) == 0 and float(new).is_integer():
            return int(new)
        return np.array(new, dtype=float) if np.ndim(new) else float(new)


def kind(value: Any) -> str:
    """What kind of value is taken note of; nothing for others."""
    if isinstance(value, np.ndarray):
        return "array" if value.dtype.kind in "biuf" else ""
    if isinstance(value, np.generic):
        return "number" if value.dtype.kind in "biuf" else ""
    return "number" if type(value) in (int, float) and abs(value) < math.inf else ""


def same(a: Any, b: Any) -> bool:
    """Are two values the same arrays?"""
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=True))
