"""Programs: array operations, what makes one well-formed, and what it means."""

from pullback.codegen.program.builder import COMMUTATIVE, Builder
from pullback.codegen.program.functions import FUNCTIONS, EntryFunction, function
from pullback.codegen.program.interpret import Meaning, Table, interpret
from pullback.codegen.program.operations import (
    Arange,
    Constant,
    Contract,
    Elementwise,
    Function,
    Input,
    OneHot,
    Operand,
    Operation,
    Pick,
    Program,
    Put,
    Reduce,
    Scatter,
    Size,
    Take,
    Value,
    Values,
    borrows,
    reads,
)
from pullback.codegen.program.rules import Malformed, result_of
from pullback.codegen.program.verify import verify

__all__ = [
    "COMMUTATIVE",
    "FUNCTIONS",
    "Arange",
    "Builder",
    "Constant",
    "Contract",
    "Elementwise",
    "EntryFunction",
    "Function",
    "Input",
    "Malformed",
    "Meaning",
    "OneHot",
    "Operand",
    "Operation",
    "Pick",
    "Program",
    "Put",
    "Reduce",
    "Scatter",
    "Size",
    "Table",
    "Take",
    "Value",
    "Values",
    "borrows",
    "function",
    "interpret",
    "reads",
    "result_of",
    "verify",
]
