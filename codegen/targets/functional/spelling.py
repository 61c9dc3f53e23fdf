"""How operations are spelled as expressions of a library's arrays; none is written into."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from pullback.codegen.program import (
    Arange,
    Constant,
    Contract,
    Determinant,
    Elementwise,
    Fold,
    Inverse,
    OneHot,
    Operand,
    Operation,
    Pick,
    Put,
    Reduce,
    Scatter,
    Solve,
    Take,
    Values,
)
from pullback.codegen.targets.functional.dialect import Dialect
from pullback.codegen.targets.numpy.contractions import RULES, TURNED
from pullback.codegen.targets.numpy.spelling import Spelling, is_truth
from pullback.codegen.targets.numpy.text import (
    CALL,
    INFIX,
    POWER,
    UNARY,
    Text,
    call,
    infix,
    number_text,
    tuple_text,
)

DOTS = {"_dot": "", "_dot_last": "-1", "_dot_rows": "0"}  # the axis that is summed
# of Python's numbers, which sizes and literals are
OF_NUMBERS = {"maximum": "max", "minimum": "min", "abs": "abs"}
OF_NUMBERS |= {"whole_maximum": "max", "whole_minimum": "min"}
ARITHMETIC = {"add", "subtract", "multiply", "divide"}


class Functional(Spelling):
    """Operations in a library's words; `like` is the variable of an array of floats."""

    def __init__(
        self,
        program: Values,
        spell: Callable[[int], Text],
        own: Mapping[str, str],
        inlined: frozenset[int],
        dialect: Dialect,
    ) -> None:
        super().__init__(program, spell, own, inlined)
        self.dialect = dialect

    def function(self, name: str) -> str:
        """A helper, or a function of the library, by the word that holds it in this module."""
        known = self.dialect.names.get(name, name)
        return known if known.startswith("_") else self.of_library(known)

    def of_library(self, name: str) -> str:
        """A function of the library."""
        return f"{self.own[self.dialect.word]}.{name.removeprefix('.')}"

    def made(self, name: str, text: Text, *more: str) -> Text:
        """What an attribute of an array makes, or a function of the library."""
        if not name.startswith("."):
            return call(self.of_library(name), text.text, *more)
        found = f"{text.within(CALL)}{name}"
        return call(found, *more) if more else Text(found, CALL)

    def operation(self, op: Operation, out: str = "") -> Text:
        """An operation as an expression."""
        match op:
            case Arange(size):
                return call("_arange", self.spell(size).text, self.own["like"])
            case Take(value, axis, labels):
                return call("_take", self.spell(value).text, str(axis), self.spell(labels).text)
            case Pick(value, operands):
                of_rows = self.dialect.picks_of_rows and self.is_of_rows(op)
                function = "_pick_last" if of_rows else "_pick"
                return call(function, self.spell(value).text, self.places(operands))
            case Put(value, operands, filling):
                function = "_put_last" if self.is_of_rows(op) else "_put"
                new = self.as_real(filling, self.operand(filling, self.rank_of(operands)))
                return call(function, self.spell(value).text, self.places(operands), new.text)
            case OneHot(labels, size):
                return infix(
                    "equal", f"{self.spell(labels).within(CALL)}[..., None]", self.spell(size).text
                )
            case Fold():
                return call("_fold", self.spell(op.value).text, *self.fold_text(op))
            case _:
                return super().operation(op)

    def rank_of(self, operands: tuple[Operand, ...]) -> int:
        """How many axes places that are given by these have."""
        return 1 + max((p for o in operands for p in o.places), default=-1)

    def places(self, operands: tuple[Operand, ...]) -> str:
        """Where entries are, as a tuple of arrays of integers."""
        rank = self.rank_of(operands)
        return tuple_text(self.operand(o, rank).text for o in operands)

    def is_of_rows(self, op: Pick | Put) -> bool:
        """Is there one entry in each row, at a label?"""
        *rows, last = op.at
        axes = [(o.places, self.program[o.value].op) for o in rows]
        whole = all(p == (k,) and isinstance(v, Arange) for k, (p, v) in enumerate(axes))
        return whole and max(last.places, default=-1) < len(rows)

    # -- functions of entries ----------------------------------------------------------------------

    def elementwise(self, op: Elementwise, out: str) -> Text:
        """An operator, a function of the library, or a helper."""
        name, args = op.function, self.operands(op)
        values = [self.program[o.value] for o in op.operands]
        if name == "spread":
            return self.spread(op, "")
        if name == "cast":
            return call("_real", args[0].text, self.own["like"])
        if name == "float":
            return self.floats(op.operands[0], args[0])
        if all(v.kind == "number" for v in values) and is_of_numbers(name):
            return self.of_numbers(name, args)
        if name == "where":
            return self.where(op, args)
        if name == "exp_difference":
            return call(self.function("exp"), infix("subtract", *args).text)
        if name in ARITHMETIC:
            args = [self.as_number(o, a) for o, a in zip(op.operands, args, strict=True)]
        if name == "power":
            base, exponent = args
            return Text(f"{base.within(CALL)} ** {exponent.within(UNARY)}", POWER)
        if name in ("whole_maximum", "whole_minimum"):
            return call(f"_{name}", *(a.text for a in args))
        if name in INFIX:
            return infix(name, *args)
        if name == "negative":
            return Text(f"-{args[0].within(UNARY)}", UNARY)
        texts = [self.as_real(o, a).text for o, a in zip(op.operands, args, strict=True)]
        if name in self.dialect.lacks:
            raise NotImplementedError(name)
        return call(self.function(name), *texts)

    def of_numbers(self, name: str, args: list[Text]) -> Text:
        """A function of Python's numbers."""
        if name in INFIX:
            return infix(name, *args)
        if name == "negative":
            return Text(f"-{args[0].within(UNARY)}", UNARY)
        if name == "square":
            return Text(f"{args[0].within(CALL)} ** 2", POWER)
        if name == "power":
            return Text(f"{args[0].within(CALL)} ** {args[1].within(UNARY)}", POWER)
        if name == "where":
            test, first, second = args
            return Text(f"({first.text} if {test.text} else {second.text})")
        return call(OF_NUMBERS.get(name, f"{self.own['math']}.{name}"), *(a.text for a in args))

    def floats(self, operand: Operand, text: Text) -> Text:
        """A mask as floats."""
        if is_truth(self.program, operand.value):
            return call("_real", text.text, self.own["like"])
        return self.made(self.dialect.floats, text, f"{self.own['like']}.dtype")

    def as_number(self, operand: Operand, text: Text) -> Text:
        """A mask among numbers as floats; anything else as it is."""
        value = self.program[operand.value]
        if value.kind != "mask" or is_truth(self.program, operand.value):
            return text
        return self.floats(operand, text)

    def as_real(self, operand: Operand, text: Text) -> Text:
        """A number or a mask as an array of floats; anything else as it is."""
        if self.program[operand.value].kind == "number":
            return call("_real", text.text, self.own["like"])
        return self.as_number(operand, text)

    def where(self, op: Elementwise, args: list[Text]) -> Text:
        """One of two, entry by entry."""
        mask, *cases = op.operands
        texts = [self.as_number(o, a) for o, a in zip(cases, args[1:], strict=True)]
        real = [self.program[o.value].kind == "real" for o in cases]
        if is_truth(self.program, mask.value):
            return call("_choice", args[0].text, *(t.text for t in texts), self.own["like"])
        if not any(real):
            texts[0] = call("_real", texts[0].text, self.own["like"])
        return call(self.function("where"), args[0].text, *(t.text for t in texts))

    def spread(self, op: Elementwise, out: str) -> Text:
        """A value repeated along the axes that it lacks."""
        first, *sizes = op.operands
        names = tuple_text(self.spell(s.value).text for s in sizes)
        text, value = self.operand(first, len(sizes)), self.program[first.value]
        if value.kind == "number" or is_truth(self.program, first.value):
            text = call("_real", text.text, self.own["like"])
        return call(self.function("broadcast_to"), text.text, names)

    # -- axes --------------------------------------------------------------------------------------

    def transposed(self, text: Text, order: Sequence[int]) -> Text:
        """A value with its axes in this order."""
        return call(self.of_library(self.dialect.permuted), text.text, tuple_text(order))

    def reduce(self, op: Reduce, out: str) -> Text:
        """A sum, an extreme value or its place, over axes."""
        text = self.spell(op.value).text
        function = self.function(op.kind)
        if len(op.axes) == len(self.program[op.value].sizes) and not op.kind.startswith("arg"):
            return call(function, text)
        axis = f"axis={op.axes[0] if len(op.axes) == 1 else op.axes}"
        return call(function, text, axis)

    def contract(self, op: Contract, out: str) -> Text:
        """A product of matrices where it is one, else an einsum."""
        if op.guarded:
            return call(
                "_guarded_einsum", self.signature(op), *(self.spell(v).text for v in op.values)
            )
        if len(op.values) == 2:
            for rule in RULES:
                found = rule(self.spell, op)
                if found is not None:
                    return self.product(*found)
        einsum = self.dialect.einsum
        einsum = self.of_library(einsum) if einsum.startswith(".") else einsum
        return call(einsum, self.signature(op), *(self.spell(v).text for v in op.values))

    def product(self, function: str, left: Text, right: Text) -> Text:
        """A product of two arrays; of stacked matrices, each transposed as the library does it."""
        if function in DOTS:
            whole = infix("multiply", left, right).text
            axis = DOTS[function]
            return call(self.function("sum"), whole, *([f"axis={axis}"] if axis else []))
        sides = []
        for side in (left, right):
            bare = side.text.removesuffix(TURNED)
            is_turned = bare != side.text
            sides.append(self.made(self.dialect.turned, Text(bare, CALL)) if is_turned else side)
        return infix("matmul", *sides)

    def of_matrices(self, op: Inverse | Determinant | Solve, out: str) -> Text:
        """An inverse, a determinant, or a system that is solved."""
        matrix, rank = self.spell(op.value), len(self.program[op.value].sizes)
        if isinstance(op, Inverse):
            return call(self.function("linalg.inv"), matrix.text)
        if isinstance(op, Determinant) and op.log:
            return Text(f"{call(self.function('linalg.slogdet'), matrix.text).text}[1]", CALL)
        if isinstance(op, Determinant):
            return call(self.function("linalg.det"), matrix.text)
        if op.turned:
            matrix = self.made(self.dialect.turned, matrix)
        right = self.spell(op.right)
        columns = len(self.program[op.right].sizes) - rank + 1
        if columns == 1:
            return call(self.function("linalg.solve"), matrix.text, right.text)
        return call("_solve", matrix.text, right.text)

    def scatter(self, op: Scatter, out: str) -> Text:
        """Rows added up by labels."""
        sizes = tuple_text(self.spell(size).text for size in op.sizes)
        return call("_add_at", self.spell(op.value).text, self.places(op.at), sizes)


def is_of_numbers(name: str) -> bool:
    """Is there a way to work a function of Python's numbers out without the library?"""
    spelled = {*INFIX, *OF_NUMBERS, "negative", "square", "power", "where"}
    return name in spelled or hasattr(math, name)


def number(constant: Constant, word: str) -> Text:
    """A number; infinities are those of `math`, which this word stands for."""
    found = number_text(constant.number)
    return Text(found.text.replace("np.inf", f"{word}.inf"), found.rank)
