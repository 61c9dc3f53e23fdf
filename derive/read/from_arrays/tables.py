"""Python's signs and kinds of syntax: what they are in arrays, or what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from pullback.derive.read.from_arrays import algebra as al
from pullback.derive.read.from_arrays import products
from pullback.derive.read.from_arrays.modules import BUILTINS
from pullback.derive.read.from_arrays.values import NOWHERE, Array, Constant, Value, literal
from pullback.derive.read.trees import Ref
from pullback.derive.read.vocabulary import PI

OPERATORS: Mapping[type[ast.operator], Callable[[Value, Value], Value]] = {
    ast.Add: lambda a, b: al.operation("+", a, b),
    ast.Sub: lambda a, b: al.operation("-", a, b),
    ast.Mult: lambda a, b: al.operation("*", a, b),
    ast.Div: lambda a, b: al.operation("/", a, b),
    ast.Pow: lambda a, b: al.operation("**", a, b),
    ast.MatMult: products.matmul,
    ast.BitAnd: al.both,
    ast.BitOr: al.either,
    ast.BitXor: al.differing,
}
COMPARED: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
SIGNS: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
}
CONSTANTS: Mapping[str, Value] = {
    "numpy.pi": Array((), lambda i, s: Ref(PI, None, NOWHERE), python=True),
    "numpy.e": al.function("exp", literal(1)),
    "numpy.newaxis": Constant(None),
    "numpy.inf": Constant("inf"),
    "numpy.float64": Constant("float64"),
    "numpy.float32": Constant("float32"),
    "numpy.int64": Constant("int64"),
    "numpy.int32": Constant("int32"),
    "numpy.bool_": Constant("bool"),
    **{f"builtins.{name}": Constant(name) for name in ("float", "int", "bool")},
}
assert set(BUILTINS) >= {"float", "int", "bool", "len", "abs", "range", "max", "min"}

WORDS: Mapping[type[ast.AST], str] = {
    ast.IfExp: "a choice by if and else (write np.where)",
    ast.BoolOp: "'and' and 'or' (write & and | of arrays)",
    ast.Lambda: "lambda (write a function with def)",
    ast.NamedExpr: "':=' of Python (give it a line of its own)",
    ast.ListComp: "a comprehension (write the sum over an axis)",
    ast.SetComp: "a comprehension (write the sum over an axis)",
    ast.DictComp: "a comprehension (write the sum over an axis)",
    ast.GeneratorExp: "a comprehension (write the sum over an axis)",
    ast.JoinedStr: "an f-string",
    ast.Starred: "a star (write the items out)",
    ast.Set: "a set",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Slice: "a slice",
}
LOOP = "a loop is not read: write the sum over an axis, as np.sum(…, axis=…), or a product with @"
STATEMENT_WORDS: Mapping[type[ast.AST], str] = {
    ast.For: LOOP,
    ast.While: LOOP,
    ast.AsyncFor: LOOP,
    ast.If: "'if' is not read: write np.where, or a file for each case",
    ast.With: "'with' is not read; leave it out",
    ast.Try: "'try' is not read; leave it out",
    ast.ClassDef: "a class is not read; write a function",
    ast.FunctionDef: "a function inside of a function is not read; put it at the top of the text",
    ast.AsyncFunctionDef: "an async function is not read; write def",
    ast.Raise: "'raise' is not read; leave it out",
    ast.Delete: "'del' is not read; leave it out",
    ast.Global: "'global' is not read; pass the value as an argument",
    ast.Nonlocal: "'nonlocal' is not read; pass the value as an argument",
    ast.Return: "a return stands in a function, as its last line",
}
