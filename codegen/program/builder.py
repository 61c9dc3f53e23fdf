"""Making a program, value by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sympy import Expr

from pullback.codegen.program.operations import Elementwise, Input, Operation, Value, reads
from pullback.codegen.program.rules import result_of

COMMUTATIVE = ("add", "multiply")  # whose operands may change places without a change of rounding


@dataclass
class Builder:
    """Makes values; the same operation on the same values is one value."""

    values: list[Value] = field(default_factory=list)
    known: dict[Operation, int] = field(default_factory=dict)

    def input(self, name: str, sizes: tuple[Expr, ...], kind: str) -> int:
        """A tensor that is passed in, under its name."""
        self.values.append(Value(len(self.values), Input(name), sizes, kind, name))
        return len(self.values) - 1

    def add(self, op: Operation) -> int:
        """The value of an operation; a + b and b + a are one value.

        Malformed, where its operands do not fit.
        """
        if isinstance(op, Elementwise) and op.function in COMMUTATIVE:
            turned = replace(op, operands=op.operands[::-1])
            op = turned if turned in self.known else op
        if op not in self.known:
            sizes, kind = result_of(op, self.values)
            self.known[op] = len(self.values)
            self.values.append(Value(len(self.values), op, sizes, kind))
        return self.known[op]

    def name(self, number: int, name: str) -> None:
        """Give a value its name, unless it has one."""
        if not self.values[number].name:
            self.values[number] = replace(self.values[number], name=name)

    def rename(self, number: int, name: str) -> None:
        """Give a value another name, or none."""
        self.values[number] = replace(self.values[number], name=name)

    def needed(self, *numbers: int) -> set[int]:
        """These values and all that they are made from."""
        found: set[int] = set()
        stack = list(numbers)
        while stack:
            number = stack.pop()
            if number not in found:
                found.add(number)
                stack.extend(reads(self.values[number].op))
        return found

    def __iter__(self) -> Iterator[Value]:
        return iter(self.values)
