"""The functions that are read, by their full names; `known` says what they take, as NumPy does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pullback.derive.read.from_arrays.values import (
    Array,
    Constant,
    Items,
    Kind,
    Unreadable,
    Value,
    array,
    literal,
)

MISSING = Constant("missing")
DEFAULTS: Mapping[str, Value] = {
    "None": Constant(None),
    "False": Constant(False),
    "0": literal(0),
    "1": literal(1),
    "2": literal(2),
    "-1": literal(-1),
}
Run = Callable[..., Value]


@dataclass(frozen=True)
class Function:
    """A function, with the parameters that it takes and their defaults; none takes any number.

    Behind the first `positions` of them a name must stand in a call, as NumPy has others between.
    """

    name: str
    parameters: tuple[tuple[str, Value], ...] | None
    run: Run
    positions: int = 0

    def __call__(self, given: Sequence[Value], named: Mapping[str, Value]) -> Value:
        """The value of a call."""
        if self.parameters is None:
            if named:
                raise Unreadable(f"{self.name}: the argument {next(iter(named))!r} is not read")
            return self.run(*given)
        if len(given) > self.positions:
            words = ", ".join(n for n, _ in self.parameters[self.positions :])
            raise Unreadable(
                f"{self.name} is read with {self.positions} arguments at most"
                f"{f', and {words} by name' if words else ''}; it has {len(given)}"
            )
        found = dict(zip((n for n, _ in self.parameters), given, strict=False))
        known = {n for n, _ in self.parameters}
        for name, value in named.items():
            if name not in known:
                words = ", ".join(n for n, _ in self.parameters)
                raise Unreadable(
                    f"{self.name}: the argument {name!r} is not read; those are {words}"
                )
            if name in found:
                raise Unreadable(f"{self.name} has the argument {name!r} twice")
            found[name] = value
        for name, default in self.parameters:
            if found.setdefault(name, default) is MISSING:
                raise Unreadable(f"{self.name} lacks the argument {name!r}")
        return self.run(*(found[n] for n, _ in self.parameters))


FUNCTIONS: dict[str, Function] = {}


def known(names: str, signature: str) -> Callable[[Run], Run]:
    """Take a function up under its names; the signature `*` takes any number of arguments."""

    def take(run: Run) -> Run:
        parameters, positions = None, 0
        if signature != "*":
            words = [part.strip() for part in signature.split(",")]
            positions = words.index("*") if "*" in words else len(words)
            pairs = [word.partition("=") for word in words if word != "*"]
            parameters = tuple((n, DEFAULTS[d] if d else MISSING) for n, _, d in pairs)
        for name in names.split():
            short = name.replace("numpy.", "np.")
            FUNCTIONS[name] = Function(short, parameters, run, positions)
        return run

    return take


# -- arguments -------------------------------------------------------------------------------------


def whole(value: Value, what: str) -> int:
    """A whole number that is typed."""
    if isinstance(value, Array) and isinstance(value.literal, int):
        return value.literal
    raise Unreadable(f"{what} is a whole number that is typed, as in axis=1")


def wholes(value: Value, what: str) -> list[int]:
    """One whole number or a tuple of them."""
    return [whole(v, what) for v in (value.items if isinstance(value, Items) else (value,))]


def flag(value: Value, what: str) -> bool:
    """True or False."""
    if isinstance(value, Constant) and isinstance(value.value, bool):
        return value.value
    raise Unreadable(f"{what} is True or False")


def absent(value: Value) -> bool:
    """Is it None?"""
    return isinstance(value, Constant) and value.value is None


def only(value: Value, what: str, *taken: object) -> None:
    """Refuse an argument that changes what the function means."""
    if not (isinstance(value, Constant) and value.value in taken):
        raise Unreadable(f"{what} is read only as {' or '.join(map(repr, taken))}")


def as_type(value: Value, kind: Value) -> Value:
    """A value of another type, where that changes none of its entries."""
    found = array(value)
    name = kind.value if isinstance(kind, Constant) else None
    if name in ("float", "float64"):
        from_numbers = found.kind is not Kind.PLACE
        if from_numbers:
            return real(found)
    elif name in ("float32", "int", "int64", "int32") and found.kind is Kind.MASK:
        made = real(found)
        return made if name == "float32" else Array(made.axes, made.entry, whole=True)
    elif name == "bool" and found.kind is Kind.MASK:
        return Array(found.axes, found.entry, kind=found.kind, condition=found.condition)
    raise Unreadable(
        "a change of type is read to float, and of truth values; others change numbers"
    )


def real(value: Array) -> Array:
    """The same entries as floats, in memory of their own."""
    return Array(value.axes, value.entry)
