"""How each operation is spelled in NumPy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from string import ascii_letters

from sympy import Expr, Rational

from pullback.codegen.program import (
    Arange,
    Contract,
    Elementwise,
    OneHot,
    Operand,
    Operation,
    Pick,
    Reduce,
    Scatter,
    Size,
    Take,
    Values,
)

ATOM, CALL, POWER, UNARY, PRODUCT, SUM, COMPARE = 9, 8, 7.5, 7, 5, 4, 3  # how tightly Python binds

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
    "matmul": ("@", PRODUCT),
}
TURNED = ".swapaxes(-1, -2)"  # of stacked matrices; NumPy before 2.0 has no .mT
# functions that the module defines itself
HELPERS = {name: f"_{name}" for name in ("sigmoid", "erf", "erfc", "erfcx", "exp_difference")}


@dataclass(frozen=True)
class Text:
    """An expression and how tightly it binds."""

    text: str
    rank: float = ATOM

    def within(self, rank: float) -> str:
        """In brackets where it binds less tightly than its surroundings."""
        return self.text if self.rank >= rank else f"({self.text})"


def call(function: str, *args: str, out: str = "") -> Text:
    """A call; with `out` it writes its result there."""
    return Text(f"{function}({', '.join([*args, *([f'out={out}'] if out else [])])})", CALL)


class Spelling:
    """Operations as text; `spell` is how a value is spelled where it is read, `own` how the
    variables of the module's own text are.

    With `out` each is a call that writes its result into that array, or makes one where it is None.
    """

    def __init__(
        self, program: Values, spell: Callable[[int], Text], own: Mapping[str, str]
    ) -> None:
        self.program = program
        self.spell = spell
        self.own = own

    def operation(self, op: Operation, out: str = "") -> Text:
        """An operation as an expression."""
        match op:
            case Elementwise():
                return self.elementwise(op, out)
            case Reduce():
                return self.reduce(op, out)
            case Contract():
                return self.contract(op, out)
            case Take(value, axis, labels):
                return self.take(value, axis, labels, out)
            case Pick(value, operands):
                rank = 1 + max((p for o in operands for p in o.places), default=-1)
                at = [self.operand(o, rank).text for o in operands]
                if out:
                    return call("_pick", self.spell(value).text, f"({', '.join(at)})", out=out)
                return Text(f"{self.spell(value).within(CALL)}[{', '.join(at)}]", CALL)
            case OneHot(labels, size):
                left = f"{self.spell(labels).within(CALL)}[..., None]"
                right = self.spell(size).text
                if out:
                    return call("np.equal", left, right, out=out)
                return infix("equal", left, right)
            case Scatter():
                return self.scatter(op, out)
            case Arange(size):
                return call("np.arange", self.spell(size).text)
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

    def operands(self, op: Elementwise) -> list[Text]:
        """The operands of an elementwise operation, lined up."""
        rank = 1 + max(place for o in op.operands for place in (-1, *o.places))
        return [self.operand(o, rank) for o in op.operands]

    def elementwise(self, op: Elementwise, out: str) -> Text:
        """An infix operator, a NumPy function, or a function of the module's own."""
        if op.function == "spread":
            return self.spread(op, out)
        args = self.typed(op, self.operands(op))
        texts = [a.text for a in args]
        if op.function == "exp_difference":
            texts.append(self.own["given"])
        dtype = self.own["dtype"]
        if op.function == "cast" or (
            op.function == "float" and self.is_truth(op.operands[0].value)
        ):
            return call(f"{dtype}.type", *texts)
        if op.function == "float":
            converted = f"{args[0].within(CALL)}.astype({dtype})"
            whole = call("np.positive", *texts, f"dtype={dtype}", out=out)
            return whole if out else Text(converted)
        if out:
            name = "_where" if op.function == "where" else function_name(op.function)
            return call(name, *texts, out=out)
        if op.function in INFIX:
            left, right = args
            return infix(op.function, left, right)
        if op.function == "negative":
            return Text(f"-{args[0].within(UNARY)}", UNARY)
        is_number = all(self.program[o.value].kind == "number" for o in op.operands)
        if is_number and op.function == "sqrt":
            base = args[0].within(CALL)
            plain = re.fullmatch(r"[\w.]+", base)
            return Text(f"{base}**0.5" if plain else f"{base} ** 0.5", POWER)
        found = call(function_name(op.function), *texts)
        # a Python number takes the dtype of what it meets; NumPy's own would make it float64
        return Text(f"{found.text}.item()", CALL) if is_number else found

    def is_truth(self, value: int) -> bool:
        """Is it Python's own True or False, as what sizes and numbers compared give?"""
        op = self.program[value].op
        if not isinstance(op, Elementwise) or self.program[value].kind != "mask":
            return False
        return all(self.program[o.value].kind == "number" for o in op.operands)

    def typed(self, op: Elementwise, args: list[Text]) -> list[Text]:
        """The operands, numbers in the dtype where no array of floats gives it to the result.

        Before 2.0 NumPy made float64 of a float32 and a Python number, and of these beside masks.
        """
        values = [self.program[o.value] for o in op.operands]
        floats = [v for v in values if v.kind == "real"]
        if not any(v.sizes for v in values) or any(v.sizes for v in floats) or not floats:
            return args
        kinds = ("real", "number") if op.function == "where" else ("real",)
        return [
            call(f"{self.own['dtype']}.type", arg.text) if value.kind in kinds else arg
            for value, arg in zip(values, args, strict=True)
        ]

    def spread(self, op: Elementwise, out: str) -> Text:
        """A value repeated along the axes that it lacks."""
        first, *sizes = op.operands
        text = self.operand(first, len(sizes)).text
        value = self.program[first.value]
        if value.kind == "real" and not value.sizes:
            text = f"{self.own['dtype']}.type({text})"
        names = [self.spell(s.value).text for s in sizes]
        shape = tuple_text(names)
        if out:
            return call("_spread", text, shape, out=out)
        return Text(f"np.broadcast_to({text}, {shape}).copy()", CALL)

    def reduce(self, op: Reduce, out: str) -> Text:
        """A sum or an extreme value over axes."""
        text = self.spell(op.value)
        last = len(self.program[op.value].sizes) - 1
        every = len(op.axes) == last + 1
        if op.kind == "sum" and not every and op.axes == (0,):
            return call("_sum_rows", text.text, out=out)
        if out and op.kind == "sum" and not every and op.axes == (last,):
            return call("_sum_last", text.text, out=out)
        if op.kind.startswith("arg") and op.axes[0] < last:
            return call("_places", f'"{op.kind}"', text.text, str(op.axes[0]), out=out)
        axis = f"axis={op.axes[0] if len(op.axes) == 1 else op.axes}"
        return call(f"{text.within(CALL)}.{op.kind}", *([] if every else [axis]), out=out)

    def take(self, value: int, axis: int, labels: int, out: str) -> Text:
        """Rows of a table; into an array, where the labels are known to be places of it."""
        table, places = self.spell(value), self.spell(labels)
        if out:
            more = [f"axis={axis}", 'mode="clip"']
            return call("np.take", table.text, places.text, *more, out=out)
        at = ", ".join([":"] * axis + [places.text])
        return Text(f"{table.within(CALL)}[{at}]", CALL)

    def scatter(self, op: Scatter, out: str) -> Text:
        """Rows added up by one label for each, or by several."""
        rank = 1 + max(p for o in op.at for p in o.places)
        rows, at = self.spell(op.value).text, [self.operand(o, rank).text for o in op.at]
        sizes = [self.spell(size).text for size in op.sizes]
        if len(at) == 1:
            return call("_add_rows", rows, *at, *sizes, out=out)
        return call("_add_entries", rows, tuple_text(at), tuple_text(sizes), out=out)

    def contract(self, op: Contract, out: str) -> Text:
        """A matrix product where it is one, else an einsum."""
        if len(op.values) == 2 and not op.guarded:
            for rule in RULES:
                found = rule(self, op)
                if found is not None:
                    function, left, right = found
                    if out or function not in INFIX:
                        return call(function_name(function), left.text, right.text, out=out)
                    return infix(function, left, right)
        spelled = self.letters(op)
        words = ["".join(spelled[letter] for letter in ls) for ls in [*op.letters, op.out]]
        signature = f'"{",".join(words[:-1])}->{words[-1]}"'
        function = "_guarded_einsum" if op.guarded else "np.einsum"
        return call(function, signature, *(self.spell(v).text for v in op.values), out=out)

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

    # -- contractions of two arrays that are more than an einsum ----------------------------------

    def whole_dot(self, op: Contract) -> Product | None:
        """Two arrays of one shape, all of it summed."""
        left, right = op.letters
        if op.out or left != right:
            return None
        return ("_dot", *self.pair(op))

    def row_dot(self, op: Contract) -> Product | None:
        """Two arrays of one shape, their last axis summed."""
        left, right = op.letters
        if left != right or len(left) < 2 or op.out != left[:-1]:
            return None
        return ("_dot_last", *self.pair(op))

    def column_dot(self, op: Contract) -> Product | None:
        """Two arrays of one shape, their first axis summed."""
        left, right = op.letters
        if left != right or len(left) < 2 or op.out != left[1:]:
            return None
        return ("_dot_rows", *self.pair(op))

    def pair(self, op: Contract) -> tuple[Text, Text]:
        """The two factors as they are."""
        left, right = op.values
        return self.spell(left), self.spell(right)

    def batched_product(self, op: Contract) -> Product | None:
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
            a = self.turned(op.values[first], left[-1] == s, TURNED)
            b = self.turned(op.values[second], right[-2] == s, TURNED)
            return "matmul", a, b
        return None

    def matrix_product(self, op: Contract) -> Product | None:
        """`a @ b` with the right transposes, where one axis is summed and no other is shared."""
        for first, second in ((0, 1), (1, 0)):
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
            a = self.turned(op.values[first], left[-1] == s or len(left) == 1, ".T")
            b = self.turned(op.values[second], right[0] == s or len(right) == 1, ".T")
            return "matmul", a, b
        return None

    def turned(self, value: int, fits: bool, turn: str) -> Text:
        """A matrix, transposed where it does not fit."""
        text = self.spell(value)
        return text if fits else Text(f"{text.within(CALL)}{turn}", CALL)


Product = tuple[str, Text, Text]
RULES = (  # the first that fits
    Spelling.whole_dot,
    Spelling.row_dot,
    Spelling.column_dot,
    Spelling.batched_product,
    Spelling.matrix_product,
)


def tuple_text(parts: Iterable[object]) -> str:
    """A tuple: `(N, D)`, `(N,)`."""
    words = [str(part) for part in parts]
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"


def function_name(function: str) -> str:
    """A function of the module's own, or NumPy's."""
    return function if function.startswith("_") else HELPERS.get(function, f"np.{function}")


def infix(function: str, left: Text | str, right: Text | str) -> Text:
    """An operator between its operands."""
    sign, level = INFIX[function]
    a, b = (Text(side, CALL) if isinstance(side, str) else side for side in (left, right))
    # brackets on the right also for +: a + (b - c) rounds otherwise than a + b - c
    return Text(f"{a.within(level)} {sign} {b.within(level + 1)}", level)


def number_text(number: Expr) -> Text:
    """A number as Python: whole, or a float, or a quotient where no float says it exactly."""
    tight = UNARY if number.is_negative else ATOM
    if number.is_infinite:
        return Text("-np.inf", UNARY) if number < 0 else Text("np.inf")
    if number.is_Rational and number.q != 1 and Rational(repr(float(number))) != number:
        return Text(f"{number.p} / {number.q}", PRODUCT)
    whole = number.is_Integer and abs(number) <= 2**53  # above, NumPy before 2.0 takes an object
    return Text(str(number) if whole else repr(float(number)).replace("e+", "e"), tight)
