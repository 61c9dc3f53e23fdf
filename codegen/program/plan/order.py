"""The order of a section's values: each named one behind those that are worked out for it."""

from __future__ import annotations

from collections.abc import Iterable

from pullback.codegen.program.operations import Arange, Values, reads

Group = tuple[int, list[int]]  # a value, and the values that are worked out on the way to it


def groups(program: Values, section: Iterable[int], turned: bool = False) -> list[Group]:
    """The values in groups: each that has a name, behind those that are worked out for it.

    With `turned` what an operation reads is worked out from the last to the first.
    """
    numbers = set(section)
    done: set[int] = set()
    found: list[Group] = []

    def place(number: int, members: list[int]) -> None:
        if number in numbers and number not in done:
            done.add(number)
            read = reads(program[number].op)
            for inner in reversed(read) if turned else read:
                place(inner, members)
            members.append(number)

    def comes_late(number: int) -> tuple[bool, int]:
        value = program[number]
        return not value.name or isinstance(value.op, Arange), number

    for root in sorted(numbers, key=comes_late):
        members: list[int] = []
        place(root, members)
        if members:
            found.append((root, members))
    return found
