"""The axes of a call: which of the callee's are which of the caller's, position by position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pullback.derive.read.flat import MAX_EQUATIONS, Axes, Flat, all_axes, inputs_of
from pullback.derive.read.renaming import Argument, spread_batch, with_batch
from pullback.derive.read.trees import BATCH, Equation, Operation, Place, Ref, refuse


@dataclass(frozen=True)
class Match:
    """A tensor's axes in the callee and in the caller, position by position."""

    name: str
    inner: Axes
    outer: Axes | None  # None where the caller does not show them
    place: Place

    def check_rank(self, callee: str) -> None:
        """Refuse different numbers of axes."""
        if self.outer is not None and len(self.inner) != len(self.outer):
            count = "1 axis" if len(self.inner) == 1 else f"{len(self.inner)} axes"
            given = "1 axis" if len(self.outer) == 1 else f"{len(self.outer)} axes"
            refuse(f"'{self.name}' has {given} here; {callee} wants {count}", self.place)

    def pairs(self) -> list[tuple[str, str]]:
        """The names that both sides have for an axis."""
        both = zip(self.inner, self.outer or (), strict=False)
        return [(a, b) for a, b in both if a is not None and b is not None]


def match_axes(
    equation: Equation,
    output: Equation,
    inputs: Mapping[str, Axes],
    arguments: Mapping[str, Argument],
    axes_of: Mapping[str, Axes],
) -> dict[str, str]:
    """Names for the callee's axes: the left side's, then the arguments'."""
    callee = getattr(equation.right, "name", "")
    axes: dict[str, str] = {}
    left = Match(equation.name, output.axes or (), equation.axes, equation.place)
    written, known = [left], []
    for name, arg in arguments.items():
        if isinstance(arg, Ref) and arg.indices is not None:
            outer = tuple(i.name for i in arg.indices)
            written.append(Match(arg.name, inputs[name], outer, arg.place))
        elif isinstance(arg, Ref):
            outer_axes = axes_of.get(arg.name)
            known.append(Match(arg.name, inputs[name], outer_axes, arg.place))
    if equation.axes is None:
        left = replace(left, outer=axes_of.get(equation.name))
        known.append(left)
    for match in (*written, *known):
        match.check_rank(callee)
    for match in written:
        for a, b in match.pairs():
            other = next((k for k, v in axes.items() if v == b and k != a), None)
            if axes.setdefault(a, b) != b:
                refuse(f"{callee} has one axis where '{axes[a]}' and '{b}' stand", match.place)
            if other is not None:
                refuse(f"'{b}' stands for two axes of {callee}, {other} and {a}", match.place)
    for match in known:
        for a, b in match.pairs():
            if a not in axes and b not in axes.values():
                axes[a] = b
    return axes


def with_axes_for_batch(equation: Equation, flat: Flat, axes_of: Mapping[str, Axes]) -> Flat:
    """The callee with axes of its own for `...`, as many as the caller has."""
    body, assume, *_ = flat
    args = getattr(equation.right, "args", ())
    pairs: list[tuple[Axes, Axes | None]] = [
        (body[-1].axes or (), equation.axes or axes_of.get(equation.name))
    ]
    for inner, arg in zip(inputs_of(body).values(), args, strict=False):
        if isinstance(arg, Ref):
            shown = arg.indices is not None
            outer = tuple(i.name for i in arg.indices or ()) if shown else None
            pairs.append((inner, outer if shown else axes_of.get(arg.name)))
    found = [
        outer[: len(outer) - len(inner) + 1]
        for inner, outer in pairs
        if outer is not None and inner[:1] == (BATCH,) and len(outer) >= len(inner) - 1
    ]
    if not found or found[0] == (BATCH,):
        return flat
    taken = {*all_axes(body, assume), *inputs_of(body), *(e.name for e in body)}
    free = (f"b{i}" for i in range(1, 2 * MAX_EQUATIONS) if f"b{i}" not in taken)
    axes = [next(free) for _ in found[0]]
    spread = (spread_batch(fact, axes) for fact in assume)
    return Flat(
        tuple(with_batch(own, axes) for own in body),
        tuple(fact for fact in spread if isinstance(fact, Operation)),
        flat.sizes,
    )
