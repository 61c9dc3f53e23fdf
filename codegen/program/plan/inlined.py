"""Which values stand in the statement of the one that reads them, and have none of their own."""

from __future__ import annotations

from collections.abc import Collection

from pullback.codegen.program.operations import (
    Contract,
    Fold,
    Operation,
    Put,
    Scan,
    Scanned,
    Scatter,
    is_function,
    reads,
)
from pullback.codegen.program.plan.readers import Readers

MAX_DEPTH = 4  # operations written into one another


def inlined_values(
    readers: Readers, kept: Collection[int], into_workspace: bool, never_whole: Collection[int]
) -> frozenset[int]:
    """Values without a name that one other value reads; `kept` have a line of their own.

    With a workspace each new array is a statement, but for products that are `never_whole`: added
    to another, or folded.
    """
    program, found = readers.program, set[int]()

    def depth(number: int) -> int:
        if number not in found:
            return 0
        return 1 + max((depth(r) for r in reads(program[number].op)), default=0)

    for number in readers.order:
        value = program[number]
        if value.name or number in readers.results or number in kept or len(readers[number]) != 1:
            continue
        reader = program[readers[number][0]].op
        if isinstance(value.op, Put | Scatter | Scan | Scanned) or needs_name(reader, number):
            continue
        if into_workspace and readers.is_new(number) and number not in never_whole:
            continue
        found.add(number)
        if depth(number) > MAX_DEPTH:
            found.remove(number)
    return frozenset(found)


def needs_name(reader: Operation, number: int) -> bool:
    """Does this operation need the value in a variable?"""
    if isinstance(reader, Scan):
        return True  # its step reads it at each place
    if isinstance(reader, Put):
        return number in (reader.value, *(o.value for o in reader.at))
    return isinstance(reader, Scatter) and number in reader.sizes


def folded_products(readers: Readers) -> frozenset[int]:
    """The sums of products that are only folded, and folds of them that are folded again."""
    program, found = readers.program, set[int]()
    for number in readers.order:
        value = program[number]
        if value.name or number in readers.results or len(readers[number]) != 1:
            continue
        if not isinstance(program[readers[number][0]].op, Fold):
            continue
        match value.op:
            case Contract((_, _), _, _, guarded) if not guarded:
                found.add(number)
            case Fold(inner) if inner in found:
                found.add(number)
    return frozenset(found)


def added_products(readers: Readers) -> frozenset[int]:
    """The numbers times arrays that are only added, to arrays that nothing else reads."""
    found = dict[
        int, int
    ]()  # by what adds them: of two, one is the array that the other is added to
    for number in filter(lambda n: is_added_product(readers, n), readers.order):
        found.setdefault(readers[number][0], number)
    return frozenset(found.values())


def is_added_product(readers: Readers, number: int) -> bool:
    """Is it a number times an array that is only added, to an array that nothing else reads?"""
    program, value = readers.program, readers.program[number]
    if value.name or number in readers.results or len(readers[number]) != 1 or value.kind != "real":
        return False
    op, reader = value.op, program[readers[number][0]].op
    if not (is_function(op, "multiply") and is_function(reader, "add")):
        return False
    factor, array = op.operands
    whole = tuple(range(len(value.sizes)))
    if factor.places or any(o.places != whole for o in (array, *reader.operands)):
        return False
    others = [o.value for o in reader.operands if o.value != number]
    return len(others) == 1 and is_left_over(readers, others[0])


def is_left_over(readers: Readers, number: int) -> bool:
    """Is it a new array of this section, for its one reader to write over?"""
    value = readers.program[number]
    if number not in readers.order or number in readers.results or isinstance(value.op, Put):
        return False
    return readers.is_new(number) and value.kind == "real" and len(readers[number]) == 1
