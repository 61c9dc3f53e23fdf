"""How a textbook spells operations in NumPy: `z.max(axis=1, keepdims=True)`, `p[n, y] -= 1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from pullback.codegen.program import (
    FUNCTIONS,
    Contract,
    Determinant,
    Elementwise,
    Inverse,
    Operand,
    Pick,
    Put,
    Reduce,
    Scan,
    Scatter,
    Size,
    Sliced,
    Solve,
    Values,
)
from pullback.codegen.program.linear import running_sums
from pullback.codegen.program.plan.plan import Kept, Plan, Statement
from pullback.codegen.targets.numpy.spelling import Spelling
from pullback.codegen.targets.numpy.statements import Statements
from pullback.codegen.targets.numpy.text import CALL, POWER, PRODUCT, Text, call, tuple_text

SUMMED = {"_dot": "", "_dot_last": "axis=-1", "_dot_rows": "axis=0"}  # of a product of two arrays
OPERATORS = {"add": "+", "subtract": "-"}


class PlainSpelling(Spelling):
    """Operations in ordinary NumPy; nothing is written into an array that is given."""

    contraction = "np.einsum"

    def __init__(
        self,
        program: Values,
        spell: Callable[[int], Text],
        own: Mapping[str, str],
        inlined: frozenset[int],
    ) -> None:
        super().__init__(program, spell, own, inlined)
        self.uses_dtype = False  # does a statement read the dtype of the inputs?

    def operand(self, operand: Operand, rank: int) -> Text:
        """A value lined up with a result; axes that were just reduced are kept, not put back."""
        op = self.program[operand.value].op
        if operand.value in self.inlined and isinstance(op, Reduce):
            inner = len(self.program[op.value].sizes)
            left = tuple(r for r in range(inner) if r not in op.axes)
            if inner == rank and operand.places == left and left:
                return self.reduced(op, "keepdims=True")
        return super().operand(operand, rank)

    def reduce(self, op: Reduce, out: str) -> Text:
        """A sum or an extreme value over axes."""
        return self.reduced(op)

    def reduced(self, op: Reduce, *more: str, kind: str = "") -> Text:
        """As above, with more arguments, or the mean in place of the sum."""
        text = self.spell(op.value)
        every = len(op.axes) == len(self.program[op.value].sizes)
        axis = f"axis={op.axes[0] if len(op.axes) == 1 else op.axes}"
        words = [*([] if every and not more else [axis]), *more]
        return call(f"{text.within(CALL)}.{kind or op.kind}", *words)

    def elementwise(self, op: Elementwise, out: str) -> Text:
        """An infix operator or a function; a sum over an axis over its size is a mean."""
        if op.function == "divide":
            total, size = (self.program[o.value].op for o in op.operands)
            if op.operands[0].value in self.inlined and isinstance(total, Reduce):
                sizes = [self.program[total.value].sizes[axis] for axis in total.axes]
                if total.kind == "sum" and isinstance(size, Size) and sizes == [size.symbol]:
                    return self.mean(op, total)
        if op.function == "square":
            (text,) = self.operands(op)
            return Text(f"{text.within(CALL)}**2", POWER)
        if op.function == "cast":
            self.uses_dtype = True
            return call(f"{self.own['dtype']}.type", self.operands(op)[0].text)
        if op.function == "float":
            self.uses_dtype = True
            value = self.operands(op)[0].within(CALL)
            return Text(f"{value}.astype({self.own['dtype']})", CALL)
        return super().elementwise(op, "")

    def mean(self, op: Elementwise, total: Reduce) -> Text:
        """A mean, lined up with the result."""
        (places, rank) = op.operands[0].places, len(self.program[total.value].sizes)
        left = tuple(r for r in range(rank) if r not in total.axes)
        whole = places == left and len(left) < rank and self.result_rank(op) == rank
        return self.reduced(total, *(["keepdims=True"] if whole and left else []), kind="mean")

    def result_rank(self, op: Elementwise) -> int:
        """How many axes the result has."""
        return 1 + max(place for o in op.operands for place in (-1, *o.places))

    def typed(self, op: Elementwise, args: list[Text]) -> list[Text]:
        """The operands as they are."""
        return args

    def spread(self, op: Elementwise, out: str) -> Text:
        """A value repeated along the axes that it lacks."""
        first, *sizes = op.operands
        names = [self.spell(s.value).text for s in sizes]
        if not self.program[first.value].sizes:
            self.uses_dtype = True
            return call(
                "np.full", tuple_text(names), self.spell(first.value).text, self.own["dtype"]
            )
        text = self.operand(first, len(sizes)).text
        return Text(f"np.broadcast_to({text}, {tuple_text(names)}).copy()", CALL)

    def contract(self, op: Contract, out: str) -> Text:
        """A matrix product, a sum over a product, or an einsum."""
        found = super().contract(op, "")
        function, _, _ = found.text.partition("(")
        if function in SUMMED:
            left, right = (self.spell(v) for v in op.values)
            square = f"{left.within(CALL)}**2"
            whole = f"{left.within(PRODUCT)} * {right.within(PRODUCT + 1)}"
            product = square if left == right else whole
            return call(f"({product}).sum", *filter(None, [SUMMED[function]]))
        return found

    def of_matrices(self, op: Inverse | Determinant | Solve, out: str) -> Text:
        """NumPy's functions; a column that stands alone in a stack has an axis of its own there."""
        matrix = self.spell(op.value)
        rank = len(self.program[op.value].sizes)
        if isinstance(op, Inverse):
            return call("np.linalg.inv", matrix.text)
        if isinstance(op, Determinant) and op.log:
            return Text(f"{call('np.linalg.slogdet', matrix.text).text}[1]", CALL)
        if isinstance(op, Determinant):
            return call("np.linalg.det", matrix.text)
        if op.turned:
            transpose = ".T" if rank == 2 else ".swapaxes(-1, -2)"
            matrix = Text(f"{matrix.within(CALL)}{transpose}", CALL)
        right = self.spell(op.right)
        columns = len(self.program[op.right].sizes) - rank + 1
        if columns > 1:
            return call("_solve", matrix.text, right.text)
        if columns == 1 or rank == 2:
            return call("np.linalg.solve", matrix.text, right.text)
        found = call("np.linalg.solve", matrix.text, f"{right.within(CALL)}[..., None]")
        return Text(f"{found.text}[..., 0]", CALL)

    def scatter(self, op: Scatter, out: str) -> Text:
        """Rows added up by labels."""
        rank = 1 + max(p for o in op.at for p in o.places)
        at = [self.operand(o, rank).text for o in op.at]
        sizes = [self.spell(size).text for size in op.sizes]
        return call("_add_at", self.spell(op.value).text, tuple_text(at), tuple_text(sizes))


class PlainStatements(Statements):
    """A plan, spelled as a textbook does."""

    spelling: PlainSpelling
    fresh = FUNCTIONS.keys()  # each statement makes something new
    width = 88

    def __init__(
        self, made: Plan, inputs: Mapping[int, Text] | None = None, depth: int = 0
    ) -> None:
        super().__init__(made, inputs, depth)
        self.spelling = PlainSpelling(made.program, self.spell, made.names.own, made.inlined)

    @property
    def uses_dtype(self) -> bool:
        """Does a statement read the dtype of the inputs?"""
        values = self.program.values
        loops = any(
            kept.kind == "real" and running_sums(cast(Scan, self.program[n].op), values) is None
            for n, each in self.plan.kept.items()
            for kept in each
        )
        within = any(isinstance(b, PlainStatements) and b.uses_dtype for b in self.bodies)
        return bool(self.written) and (self.spelling.uses_dtype or loops or within)

    def running_sum(self, op: Scan, kept: Kept, of: Sliced) -> Text:
        """NumPy's own; from the end it is that of the array turned round."""
        text = self.spelling.spell(of.value)
        if of.axis:
            flat = len(self.program[of.value].sizes) == 2
            moved = call("np.moveaxis", text.text, str(of.axis), "0")
            text = Text(f"{text.within(CALL)}.T", CALL) if flat else moved
        if not op.back:
            return call("np.cumsum", text.text, "axis=0")
        return Text(f"{call('np.cumsum', f'{text.within(CALL)}[::-1]', 'axis=0').text}[::-1]", CALL)

    def statement(self, statement: Statement) -> list[str]:
        """One value on a line."""
        op, name = self.plan.operation(statement), self.names[statement.value]
        if isinstance(op, Put):
            return self.put(statement, op, "")
        return [f"{name} = {self.spelling.operation(op).text}"]

    def put_text(self, name: str, op: Put) -> str:
        """The assignment to the entries at the labels; what is added to them in short."""
        change = self.change(op)
        return f"{name}[{self.places_text(op)}] {change}" if change else super().put_text(name, op)

    def change(self, op: Put) -> str:
        """`-= 1`, where what is put into entries is what they were, and something less."""
        filling = self.program[op.filling.value].op
        if op.filling.value not in self.plan.inlined or not isinstance(filling, Elementwise):
            return ""
        if filling.function not in OPERATORS:
            return ""
        first, second = filling.operands
        before = self.program[first.value].op
        if not isinstance(before, Pick) or (before.value, before.at) != (op.value, op.at):
            return ""
        rest = self.spelling.operand(second, len(op.at) - 1)
        return f"{OPERATORS[filling.function]}= {rest.text}"
