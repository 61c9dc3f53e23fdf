"""Which values of a section are kept in memory; the others are worked out where they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pullback.codegen.program import (
    Arange,
    Constant,
    Contract,
    Determinant,
    Elementwise,
    Fold,
    Input,
    Inverse,
    OneHot,
    Operation,
    Pick,
    Put,
    Reduce,
    Scan,
    Scanned,
    Scatter,
    Size,
    Solve,
    Take,
    Values,
    Window,
    is_function,
    reads,
)

STATEMENTS = Reduce | Scatter | Fold | Scan | Scanned | Inverse | Determinant | Solve
CHEAP = frozenset(
    {"float", "cast", "negative", "isfinite", "whole_add", "whole_multiply", "spread"}
)
CHEAP |= {"whole_maximum", "whole_minimum", "greater", "greater_equal", "less", "less_equal"}
CHEAP |= {"equal", "not_equal"}
MOST = 4  # cheap operations that are worked out again and again


def is_view(program: Values, number: int) -> bool:
    """Are its entries some of another value's, in other places?"""
    value = program[number]
    match value.op:
        case Window():
            return True
        case Contract((_,), (letters,), out):
            return {*letters} == {*out}
        case Elementwise("spread", operands):
            return len(program[operands[0].value].sizes) > 0
    return False


def summed(op: Contract) -> list[int]:
    """The letters over which products are added up, in order."""
    return list(dict.fromkeys(x for letters in op.letters for x in letters if x not in op.out))


def is_product(op: Operation) -> bool:
    """Is it a product of matrices: each factor has axes of its own, and both have summed ones?"""
    if not (isinstance(op, Contract) and len(op.values) == 2 and not op.guarded):
        return False
    left, right = ({*letters} for letters in op.letters)
    out, inner = {*op.out}, {*summed(op)}
    own = bool((left - right) & out) and bool((right - left) & out)
    return own and bool(inner) and inner <= left & right


class Keeping:
    """What is kept, of the values of a section; `results` are read after it.

    Each reader of what is not kept reads each entry once, or it is cheap.
    """

    def __init__(self, program: Values, section: Sequence[int], results: Iterable[int]) -> None:
        self.program, self.inside = program, {*section}
        self.readers: dict[int, list[int]] = {}
        for number in section:
            for read in dict.fromkeys(reads(program[number].op)):
                self.readers.setdefault(read, []).append(number)
        self.kept: set[int] = set()
        self.often: set[int] = set()  # of those that are not kept, what is read more than once
        for number in results:
            self.keep(number, True)
        for number in section:
            for read in self.from_memory(program[number].op):
                self.keep(read)
        for number in reversed(section):
            self.decide(number)

    def keep(self, number: int, itself: bool = False) -> None:
        """Keep a value, or what it is a view of."""
        value = self.program[number]
        if value.kind == "number" or isinstance(value.op, Input | Constant):
            return
        if is_view(self.program, number) and not itself:
            self.keep(reads(value.op)[0])
        elif number in self.inside:
            self.kept.add(number)

    def from_memory(self, op: Operation) -> Collection[int]:
        """What an operation reads where it lies, in an order of its own."""
        match op:
            case Contract(values) if is_product(op):
                return values
            case Window(value) | Inverse(value) | Determinant(value):
                return (value,)
            case Pick(value) | Take(value):
                return (value,)
            case Solve(value, right):
                return (value, right)
            case Scan(_, _, _, whole, sliced):
                return [*(v for _, v in whole), *(s.value for s in sliced)]
        return ()

    def decide(self, number: int) -> None:
        """Is a value kept, when it is known of its readers?"""
        value = self.program[number]
        if number in self.kept or value.kind in ("number", "scan"):
            return
        if isinstance(value.op, STATEMENTS) or not value.sizes:
            self.kept.add(number)
            return
        if isinstance(value.op, Contract) and summed(value.op):
            self.kept.add(number)
            return
        readers = [r for r in self.readers.get(number, []) if r in self.inside]
        again = len(readers) > 1 or any(self.is_often(r, number) for r in readers)
        if is_view(self.program, number):
            self.often |= {number} if again else set()
        elif again and self.cost(number) > MOST:
            self.kept.add(number)
        elif again:
            self.often.add(number)

    def is_often(self, reader: int, number: int) -> bool:
        """Is each entry read more than once by a reader?"""
        return reader in self.often or not self.is_once(reader, number)

    def is_once(self, reader: int, number: int) -> bool:
        """Does an operation read each entry of a value once, for each time it is worked out?"""
        op, rank = self.program[reader].op, len(self.program[reader].sizes)
        match op:
            case Elementwise(_, operands):
                return all(len(o.places) == rank for o in operands if o.value == number)
            case Contract(values, letters, out):
                every = {*out, *summed(op)}
                pairs = zip(values, letters, strict=True)
                return all({*own} == every for v, own in pairs if v == number)
            case Put(value, at, filling):
                return number == value and all(o.value != number for o in (*at, filling))
            case Reduce() | Fold():
                return True
            case Scatter(value):
                return number == value
            case Pick(_, at):
                return all(len(o.places) == rank for o in at if o.value == number)
        return False

    def cost(self, number: int) -> int:
        """How many cheap operations it takes; more than MOST where one is not cheap."""
        value = self.program[number]
        if value.kind == "number" or number in self.kept or number not in self.inside:
            return 0
        op = value.op
        if isinstance(op, Arange | Size):
            return 0
        if is_view(self.program, number):
            return self.cost(reads(op)[0])
        if isinstance(op, OneHot) or (isinstance(op, Elementwise) and op.function in CHEAP):
            return 1 + sum(map(self.cost, reads(op)))
        return MOST + 1


def is_spread_number(program: Values, number: int) -> bool:
    """Is it one number at every place?"""
    op = program[number].op
    return is_function(op, "spread") and not program[op.operands[0].value].sizes
