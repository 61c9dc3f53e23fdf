"""Numbers that hang on sizes and literals alone: in double, and in whole numbers where they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from sympy import Expr

from pullback.codegen.program import Constant, Elementwise, Size, Values
from pullback.codegen.targets.c.text import function
from pullback.codegen.targets.c_only.functions import checked
from pullback.codegen.targets.c_only.views import times
from pullback.codegen.targets.c_only.words import Words, literal, typed

WHOLE = {"add": "+", "subtract": "-", "whole_add": "+", "whole_multiply": "*", "multiply": "*"}
OF_TWO = {"whole_maximum": "most", "whole_minimum": "least"}


@dataclass
class Numbers:
    """The numbers of a function: those that are worked out have lines at its head."""

    words: Words
    size_names: dict[Expr, str]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The lines that work them out."""
        return [f"const double {name} = {text};" for text, name in self.names.items()]

    def size(self, size: Expr) -> str:
        """A size, as a whole number."""
        return self.size_names[size]

    def exact(self, number: Expr) -> float:
        """A literal."""
        return number.p / number.q if number.is_Rational else float(number)

    def double(self, program: Values, value: int) -> str:
        """A number in double."""
        op = program[value].op
        if isinstance(op, Constant):
            return typed(literal(self.exact(op.number)), single=False)
        if isinstance(op, Size):
            return f"(double){self.size(op.symbol)}"
        assert isinstance(op, Elementwise)
        operands = [o.value for o in op.operands]
        args = [self.double(program, v) for v in operands]
        constants = [isinstance(program[v].op, Constant) for v in operands]
        text = function(checked(op.function), args, ["number"] * len(args), constants)
        text = typed(text, single=False)
        if text not in self.names:
            self.names[text] = self.words.free(f"number_{len(self.names) + 1}")
        return self.names[text]

    def real(self, program: Values, value: int) -> str:
        """A number in the type of the floats."""
        op = program[value].op
        if isinstance(op, Constant):
            return literal(self.exact(op.number))
        text = self.double(program, value)
        return f"(REAL){text.removeprefix('(double)')}"

    def whole(self, program: Values, value: int) -> str:
        """A number as a whole one."""
        op = program[value].op
        if isinstance(op, Constant) and op.number.is_Integer:
            return str(op.number)
        if isinstance(op, Size):
            return self.size(op.symbol)
        if isinstance(op, Elementwise):
            args = [self.whole(program, o.value) for o in op.operands]
            if op.function in OF_TWO:
                return f"{OF_TWO[op.function]}({', '.join(args)})"
            if op.function == "negative":
                return f"(-{times('1', *args)})"
            if op.function in WHOLE:
                return f"({f' {WHOLE[op.function]} '.join(args)})"
        return f"(ptrdiff_t){self.double(program, value)}"
