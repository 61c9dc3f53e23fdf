"""Operations as NumPy: which values get a line, which memory serves again, how each is spelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import ascii_letters

from sympy import Expr, Rational

from codegen.names import Names
from codegen.program import (
    Arange,
    Constant,
    Contract,
    Elementwise,
    OneHot,
    Operand,
    Operation,
    Pick,
    Put,
    Reduce,
    Scatter,
    Size,
    Take,
    Values,
    borrows,
    reads,
)

ATOM, CALL, POWER, UNARY, PRODUCT, SUM, COMPARE = 9, 8, 7.5, 7, 5, 4, 3  # how tightly Python binds
MAX_DEPTH = 4  # operations written into one another

INFIX: Mapping[str, tuple[str, int]] = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "greater": (">", COMPARE),
    "greater_equal": (">=", COMPARE),
    "less": ("<", COMPARE),
    "less_equal": ("<=", COMPARE),
    "equal": ("==", COMPARE),
    "not_equal": ("!=", COMPARE),
}
# functions that the module defines itself
HELPERS = {"sigmoid": "_sigmoid", "erf": "_erf", "erfc": "_erfc"}


@dataclass(frozen=True)
class Line:
    """One statement; `about` is the named value whose lines begin with it, or empty."""

    code: str
    about: str = ""


@dataclass(frozen=True)
class Text:
    """An expression and how tightly it binds."""

    text: str
    rank: float = ATOM

    def within(self, rank: float) -> str:
        """In brackets where it binds less tightly than its surroundings."""
        return self.text if self.rank >= rank else f"({self.text})"


class Section:
    """The statements of forward or of backward."""

    def __init__(
        self,
        program: Values,
        section: Iterable[int],
        results: Iterable[int],
        names: Names,
    ) -> None:
        self.program = program
        groups = schedule(program, section)
        self.order = tuple(number for _, members in groups for number in members)
        self.results = set(results)
        self.names = names
        self.readers: dict[int, list[int]] = {}
        for number in self.order:
            for read in reads(program[number].op):
                self.readers.setdefault(read, []).append(number)
        self.inlined: set[int] = set()
        self.choose_inlined()
        self.position = self.positions()
        self.give_names()
        self.starts = {
            next(m for m in members if self.has_line(m)): program[root].name
            for root, members in groups
            if any(map(self.has_line, members))
        }

    # -- which values get a line of their own --------------------------------------------------

    def has_line(self, number: int) -> bool:
        """Does the value stand on a line of its own?"""
        return number not in self.inlined and not isinstance(self.program[number].op, Size)

    def give_names(self) -> None:
        """Name what has a line; what entries are put into has the name of what it becomes."""
        for number in self.order:
            if number in self.inlined:
                continue
            op, like = self.program[number].op, self.becomes(number)
            if isinstance(op, Put) and not self.program[like].name and self.in_place(number, op):
                self.names.same(number, op.value)
            else:
                self.names.give(number, like)

    def in_place(self, number: int, op: Put) -> bool:
        """May entries be put into the base itself?"""
        return self.owned(op.value) and self.last_read(op.value) == self.position[number]

    def becomes(self, number: int) -> int:
        """The value that a value turns into when entries are put into it again and again."""
        while not self.program[number].name:
            into = [r for r in self.readers.get(number, []) if is_base(self.program[r].op, number)]
            if len(into) != 1 or self.last_read(number) != self.position[into[0]]:
                break
            number = into[0]
        return number

    def choose_inlined(self) -> None:
        """Values without a name that one other value reads are written into it."""
        for number in self.order:
            value = self.program[number]
            found = self.readers.get(number, [])
            if value.name or number in self.results or len(found) != 1:
                continue
            reader = self.program[found[0]].op
            if isinstance(value.op, Put | Scatter) or needs_name(reader, number):
                continue
            self.inlined.add(number)
            if self.depth(number) > MAX_DEPTH:
                self.inlined.remove(number)

    def depth(self, number: int) -> int:
        """How many operations are written into one another."""
        if number not in self.inlined:
            return 0
        return 1 + max((self.depth(r) for r in reads(self.program[number].op)), default=0)

    def positions(self) -> dict[int, int]:
        """At which statement a value is worked out."""
        position: dict[int, int] = {}
        for place, number in reversed(list(enumerate(self.order))):
            inlined = number in self.inlined
            position[number] = position[self.readers[number][0]] if inlined else place
        return position

    def last_read(self, number: int) -> float:
        """The last statement that reads a value; results are read after all."""
        if number in self.results:
            return float("inf")
        return max((self.position[r] for r in self.readers.get(number, [])), default=-1)

    def owned(self, number: int) -> bool:
        """Is the value memory that this section has made, with a name?"""
        value = self.program[number]
        made = not isinstance(value.op, OneHot | Arange) and not borrows(
            value.op, self.program.values
        )
        inside = number in self.position and number not in self.inlined
        return made and inside and value.kind == "real" and len(value.sizes) > 0

    # -- statements -------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """The section as statements."""
        found: list[Line] = []
        for number in self.order:
            if self.has_line(number):
                first, *rest = self.statement(number)
                found += [Line(first, self.starts.get(number, "")), *map(Line, rest)]
        return found

    def statement(self, number: int) -> list[str]:
        """One value on a line, in memory that is no longer read where there is some."""
        value, name = self.program[number], self.names[number]
        if isinstance(value.op, Put):
            return self.put(number, value.op)
        if isinstance(value.op, Elementwise):
            free = self.free_memory(number, value.op)
            if free is not None:
                return [f"{name} = {self.ufunc(value.op, self.names[free])}"]
        return [f"{name} = {self.spell_op(value.op).text}"]

    def free_memory(self, number: int, op: Elementwise) -> int | None:
        """An operand of the same shape that nothing reads after this statement."""
        value = self.program[number]
        if (
            value.kind != "real"
            or not value.sizes
            or op.function in {*HELPERS, "where", "spread", "float"}
        ):
            return None
        for operand in op.operands:
            same = operand.places == tuple(range(len(value.sizes)))
            last = self.last_read(operand.value) == self.position[number]
            if same and last and self.owned(operand.value):
                return operand.value
        return None

    def ufunc(self, op: Elementwise, out: str) -> str:
        """An elementwise operation that writes into memory it was given."""
        rank = max(len(o.places) for o in op.operands)
        args = [self.operand(o, rank).text for o in op.operands]
        return f"np.{op.function}({', '.join(args)}, out={out})"

    def put(self, number: int, op: Put) -> list[str]:
        """Entries replaced, in place where the base is not read again."""
        name, base = self.names[number], self.names[op.value]
        found = []
        if not self.in_place(number, op):
            found.append(f"{name} = {base}.copy()")
        elif name != base:
            found.append(f"{name} = {base}")
        return [*found, self.put_text(name, op)]

    def put_text(self, name: str, op: Put) -> str:
        """The assignment to the entries at the labels."""
        rank = len(op.at) - 1
        at = ", ".join(self.operand(o, rank).text for o in op.at)
        return f"{name}[{at}] = {self.operand(op.filling, rank).text}"

    # -- expressions -------------------------------------------------------------------------------

    def spell(self, number: int) -> Text:
        """A value where it is read: its name, its number, or what it is made of."""
        op = self.program[number].op
        if isinstance(op, Constant):
            return number_text(op.number)
        if number in self.inlined:
            return self.spell_op(op)
        return Text(self.names[number])

    def spell_op(self, op: Operation) -> Text:
        """An operation as an expression."""
        match op:
            case Elementwise():
                return self.elementwise(op)
            case Reduce(kind, value, axes):
                inner = self.spell(value).within(CALL)
                every = len(axes) == len(self.program[value].sizes)
                if kind == "sum" and not every and axes == (0,):
                    return Text(f"_sum_rows({self.spell(value).text})", CALL)
                axis = "" if every else f"axis={axes[0] if len(axes) == 1 else axes}"
                return Text(f"{inner}.{kind}({axis})", CALL)
            case Contract():
                return self.contract(op)
            case Take(value, axis, labels):
                at = ", ".join([":"] * axis + [self.spell(labels).text])
                return Text(f"{self.spell(value).within(CALL)}[{at}]", CALL)
            case Pick(value, operands):
                rank = 1 + max((p for o in operands for p in o.places), default=-1)
                at = ", ".join(self.operand(o, rank).text for o in operands)
                return Text(f"{self.spell(value).within(CALL)}[{at}]", CALL)
            case OneHot(labels, size):
                text = self.spell(labels).within(CALL)
                return Text(f"{text}[..., None] == {self.spell(size).text}", COMPARE)
            case Scatter(value, labels, size):
                args = f"{self.spell(value).text}, {self.spell(labels).text}, {self.names[size]}"
                return Text(f"_add_rows({args})", CALL)
            case Arange(size):
                return Text(f"np.arange({self.names[size]})", CALL)
            case Size(symbol):
                return Text(str(symbol))
        raise TypeError(f"{type(op).__name__} is not an expression")

    def operand(self, operand: Operand, rank: int) -> Text:
        """A value lined up with a result of that many axes."""
        text = self.spell(operand.value)
        places = operand.places
        if list(places) != sorted(places):
            order = sorted(range(len(places)), key=lambda i: places[i])
            plain = len(places) == 2
            text = Text(f"{text.within(CALL)}{'.T' if plain else f'.transpose({order})'}", CALL)
            places = tuple(sorted(places))
        missing = [r for r in range(min(places, default=rank), rank) if r not in places]
        if not places or not missing:
            return text
        at = [":" if r in places else "None" for r in range(places[0], rank)]
        shown = ", ".join(at)
        return Text(f"{text.within(CALL)}[{shown}]", CALL)

    def elementwise(self, op: Elementwise) -> Text:
        """An infix operator, a NumPy function, or a function of the module's own."""
        rank = 1 + max(place for o in op.operands for place in (-1, *o.places))
        args = [self.operand(o, rank) for o in op.operands]
        if op.function == "spread":
            return self.spread(op)
        if op.function == "cast":
            return Text(f"dtype.type({args[0].text})", CALL)
        if op.function == "float":
            return Text(f"{args[0].within(CALL)}.astype(dtype)", CALL)
        if op.function in INFIX:
            sign, level = INFIX[op.function]
            right = level + 1  # also for +: a + (b - c) rounds otherwise than a + b - c
            return Text(f"{args[0].within(level)} {sign} {args[1].within(right)}", level)
        if op.function == "negative":
            return Text(f"-{args[0].within(UNARY)}", UNARY)
        is_number = all(self.program[o.value].kind == "number" for o in op.operands)
        if is_number and op.function == "sqrt":
            return Text(f"{args[0].within(CALL)} ** 0.5", POWER)
        name = HELPERS.get(op.function, f"np.{op.function}")
        text = f"{name}({', '.join(a.text for a in args)})"
        # a Python number takes the dtype of what it meets; NumPy's own would make it float64
        return Text(f"float({text})" if is_number else text, CALL)

    def spread(self, op: Elementwise) -> Text:
        """A value repeated along the axes that it lacks."""
        first, *sizes = op.operands
        text = self.operand(first, len(sizes))
        shape = ", ".join(self.names[s.value] for s in sizes) + ("," if len(sizes) == 1 else "")
        return Text(f"np.broadcast_to({text.text}, ({shape})).copy()", CALL)

    def contract(self, op: Contract) -> Text:
        """A matrix product where it is one, else an einsum."""
        if len(op.values) == 2:
            for rule in RULES:
                found = rule(self, op)
                if found is not None:
                    return found
        spelled = self.letters(op)
        words = ["".join(spelled[letter] for letter in ls) for ls in [*op.letters, op.out]]
        signature = ",".join(words[:-1]) + "->" + words[-1]
        args = ", ".join(self.spell(v).text for v in op.values)
        return Text(f'np.einsum("{signature}", {args})', CALL)

    def letters(self, op: Contract) -> dict[int, str]:
        """A letter for each axis, the layer's own where it has one."""
        sizes = {
            letter: size
            for value, ls in zip(op.values, op.letters, strict=True)
            for letter, size in zip(ls, self.program[value].sizes, strict=True)
        }
        spelled: dict[int, str] = {}
        for letter, size in sorted(sizes.items()):
            own = [i.name for i in self.program.layer.axes if i.size == size and len(i.name) == 1]
            candidates = [*own, *ascii_letters]
            spelled[letter] = next(c for c in candidates if c not in spelled.values())
        return spelled

    def whole_dot(self, op: Contract) -> Text | None:
        """Two arrays of one shape, all of it summed."""
        left, right = op.letters
        if op.out or left != right or len(left) < 2:
            return None
        a, b = (self.spell(v).text for v in op.values)
        return Text(f"_dot({a}, {b})", CALL)

    def row_dot(self, op: Contract) -> Text | None:
        """Two arrays of one shape, their last axis summed."""
        left, right = op.letters
        if left != right or len(left) < 2 or op.out != left[:-1]:
            return None
        a, b = (self.spell(v).text for v in op.values)
        return Text(f"np.vecdot({a}, {b})", CALL)

    def column_dot(self, op: Contract) -> Text | None:
        """Two arrays of one shape, their first axis summed."""
        left, right = op.letters
        if left != right or len(left) < 2 or op.out != left[1:]:
            return None
        a, b = (self.spell(v) for v in op.values)
        return Text(f"_sum_rows({a.within(PRODUCT)} * {b.within(PRODUCT + 1)})", CALL)

    def batched_product(self, op: Contract) -> Text | None:
        """`a @ b` of matrices that stand behind the same leading axes, transposed where needed."""
        for first, second in ((0, 1), (1, 0)):
            left, right = op.letters[first], op.letters[second]
            lead, matrix = op.out[:-2], op.out[-2:]
            summed = set(left[-2:]) & set(right[-2:])
            if not lead or left[:-2] != lead or right[:-2] != lead or len(summed) != 1:
                continue
            (s,) = summed
            if {*left[-2:]} != {matrix[0], s} or {*right[-2:]} != {s, matrix[1]}:
                continue
            a = self.stacked(op.values[first], left[-1] == s)
            b = self.stacked(op.values[second], right[-2] == s)
            return Text(f"{a.within(PRODUCT)} @ {b.within(PRODUCT + 1)}", PRODUCT)
        return None

    def stacked(self, value: int, fits: bool) -> Text:
        """Matrices behind leading axes, each transposed where it does not fit."""
        text = self.spell(value)
        return text if fits else Text(f"{text.within(CALL)}.mT", CALL)

    def matrix_product(self, op: Contract) -> Text | None:
        """`a @ b` with the right transposes, where one axis is summed and no other is shared."""
        orders = [(0, 1), (1, 0)]
        for first, second in orders:
            left, right = op.letters[first], op.letters[second]
            shared = set(left) & set(right)
            if len(shared) != 1 or shared & set(op.out) or len(right) > 2:
                continue
            (s,) = shared
            rows, columns = (tuple(i for i in side if i != s) for side in (left, right))
            if (*rows, *columns) != op.out:
                continue
            if len(left) > 2 and left[-1] != s:
                continue
            a = self.turned(op.values[first], left, left[-1] == s)
            b = self.turned(op.values[second], right, right[0] == s)
            return Text(f"{a.within(PRODUCT)} @ {b.within(PRODUCT + 1)}", PRODUCT)
        return None

    def turned(self, value: int, letters: tuple[int, ...], fits: bool) -> Text:
        """A matrix, transposed where it does not fit."""
        text = self.spell(value)
        return text if fits or len(letters) == 1 else Text(f"{text.within(CALL)}.T", CALL)


# contractions of two arrays that are more than an einsum, the first that fits
RULES = (
    Section.whole_dot,
    Section.row_dot,
    Section.column_dot,
    Section.batched_product,
    Section.matrix_product,
)


def schedule(program: Values, section: Iterable[int]) -> list[tuple[int, list[int]]]:
    """The values in groups: each that has a name, behind those that are worked out for it."""
    numbers = set(section)
    done: set[int] = set()
    groups: list[tuple[int, list[int]]] = []

    def place(number: int, members: list[int]) -> None:
        if number in numbers and number not in done:
            done.add(number)
            for read in reads(program[number].op):
                place(read, members)
            members.append(number)

    def comes_late(number: int) -> tuple[bool, int]:
        value = program[number]
        return not value.name or isinstance(value.op, Arange), number

    for root in sorted(numbers, key=comes_late):
        members: list[int] = []
        place(root, members)
        if members:
            groups.append((root, members))
    return groups


def is_base(op: Operation, number: int) -> bool:
    """Are entries put into this value?"""
    return isinstance(op, Put) and op.value == number


def needs_name(reader: Operation, number: int) -> bool:
    """Does this operation need the value in a variable?"""
    if isinstance(reader, Put):
        return number in (reader.value, *(o.value for o in reader.at))
    return isinstance(reader, Scatter) and number == reader.size


def number_text(number: Expr) -> Text:
    """A number as Python: whole, or a float, or a quotient where no float says it exactly."""
    tight = UNARY if number.is_negative else ATOM
    if number.is_Rational and number.q != 1 and Rational(repr(float(number))) != number:
        return Text(f"{number.p} / {number.q}", PRODUCT)
    return Text(str(number) if number.is_Integer else repr(float(number)), tight)
