"""Single mutations of an emitted module, and whether the tests emitted beside it see them.

A mutant is one function of the module with one thing wrong: an operator, a comparison, a constant,
an argument, a name, a statement. It is put into the loaded module, the tests of the emitted file
run until one fails, and the function that was there is put back. Nothing is written to a file.
"""

from __future__ import annotations
import __future__

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import setprofile
from time import perf_counter
from types import CodeType, FrameType, ModuleType

import numpy as np

from pullback.codegen import library
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import SLOW, Check, Checks, Skipped
from pullback.codegen.targets.table import NUMPY
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_layer

# -- what no test can see, as results do not depend on it -----------------------------------------
BLOCK = 32  # whole numbers from here on, and powers of 2, are lengths of blocks
# the names of such lengths; a condition on one chooses between two ways to the same result
LENGTHS = {"step", "group", "columns", "wide", "entries", "whole"}
PARTS = "_parts"  # what it takes are sizes, and entries in a row: how much is done at a time
TURNS = "turns"  # counted from any number on, by any step
SHAPES = {"dtype", "itemsize", "size", "shape", "ndim"}  # the same of arrays that go together
COPIES = {"copy", "order", "casting"}  # keywords that say whether memory is shared or copied
NUMBER = r"def value_and_grad\("  # the output is one number
# no array without leading axes is read; no array with others
LEADING = r'(?s)^(?!.*_(array|integers)\("\w+", \w+, "[^.])'
ALONE = r'(?s)^(?!.*_(array|integers)\("\w+", \w+, "(?!\.\.\."))'
# functions, changes in them, why these make no difference, and in which modules if not in all
ARGUED = [
    (
        "_flat|_unflat",
        r"never.*len\(batch\) == 1",
        "one axis reshaped to one axis is as it was",
        "",
    ),
    ("value", r"always: if not batch", "all rows at once give what parts of them give", ""),
    ("_parts", r"name replaced: (step|count) →", "rows that are taken twice are the same rows", ""),
    ("_number", r"never.*is float", "a float that is read as an array is the same number", ""),
    ("_like", r"never.*array.dtype == dtype and", "what needs no change may be copied", ""),
    ("_exp_of_minus_square", "", "digits past the last, which `make accuracy` sees", ""),
    ("_dot_last", "hasattr|einsum|a → b|b → a", "NumPy has vecdot, or not: one of two ways", ""),
    ("_dot", "operands exchanged", "a product of two vectors is the same both ways", ""),
    (
        "_array",
        r"axes\.count|axes → name|constant: 1 → ",
        "any number of axes has the shape `...`, and what `_fits` says stands",
        ALONE,
    ),
    (
        "_array",
        r"constant: 1 → [02]|right operand dropped: axes",
        "so many axes fit too, none, one or two of them leading",
        LEADING,
    ),
    (
        "_one_size",
        r"constant: 0 → ",
        "every array has leading axes",
        LEADING,
    ),
    (
        "_array",
        "axes → name|left operand dropped: axes",
        "every array has leading axes and one more at most, so that one axis fits",
        r'(?s)^(?!.*_(array|integers)\("\w+", \w+, "([^.]|\.\.\. \w+ ))',
    ),
    (
        "backward|jvp|hvp",
        "name replaced: minimum_u → (u|h)",
        "min(1, u) > -1, and so is max(-1, min(1, u)), where u > -1",
        r"np\.greater\(minimum_u, -1",
    ),
    (
        "_each",
        "parts → name",
        "one part is as many as one name",
        r'(?s)^(?!.*_each\("\w+", \w+, "\w+ )',
    ),
    (
        "_fits",
        "operands exchanged: wanted - 1",
        "no array has others beside leading axes",
        r'(?s)^(?!.*"\.\.\. )',
    ),
    (
        "_pick",
        r"len\(a\) >|a\.ndim == out\.ndim and",
        "every index has the rows of the result",
        r"(?s)^(?!.*_pick\(\w+, \([^)]*\[)",
    ),
    (
        "",
        "np.greater_equal → np.greater$",
        "at 0 both exp(-|x|) and the mark are 1, or the first alone, and the larger counts",
        r"np\.maximum\((exp_abs_\w+, greater_equal_\w+|e, top),",
    ),
    (
        "hvp",
        r"_shifted(_\d)?\.sum\(axis=\d\)",
        "the mean of what lies about its mean is rounding",
        "",
    ),
    (
        "_by_rows",
        r"output.shape|unit\[at\]|0 → -1|= 0",
        "one number has one row",
        r"def value_and_grad\(",
    ),
    ("_fits", "array.ndim == wanted|ndim == ", "every array has leading axes", LEADING),
    ("_fits", "wanted - 1", "no array has leading axes", r'(?s)^(?!.*"\.\.\.)'),
    (
        "_places",
        r"columns|axis=0|values\[:",
        "no axis is the first",
        r"(?s)^(?!.*_places\(.*, 0\b)",
    ),
    ("_unflat|_flat", "1 → 2", "no other axes", ALONE),
    ("_fits|_array|_integers", r"wanted|_fits\(|has shape", "every shape has `...`", ALONE),
]
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.GtE, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt),
    ast.Gt: (ast.LtE, ast.GtE),
    ast.GtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
FUNCTIONS = {
    "add": "subtract",
    "subtract": "add",
    "multiply": "divide",
    "divide": "multiply",
    "maximum": "minimum",
    "minimum": "maximum",
    "exp": "expm1",
    "expm1": "exp",
    "log": "log1p",
    "log1p": "log",
    "negative": "positive",
    "abs": "positive",
    "square": "positive",
    "sqrt": "square",
    "sin": "cos",
    "cos": "sin",
    "argmax": "argmin",
    "argmin": "argmax",
    "max": "min",
    "min": "max",
    "all": "any",
    "any": "all",
    "equal": "not_equal",
    "not_equal": "equal",
    "greater": "greater_equal",
    "greater_equal": "greater",
    "less": "less_equal",
    "less_equal": "less",
}
# functions of two arguments that may not change places, and those that drop one without complaint
ORDERED = {"subtract", "divide", "matmul", "less", "less_equal", "greater", "greater_equal"}
BINARY = {"add", "subtract", "multiply", "divide", "maximum", "minimum"}


Place = tuple[ast.AST, str, int | None, ast.AST]  # a node's parent, field, place there, and itself


@dataclass(frozen=True)
class Mutant:
    """A function of a module with one thing changed."""

    function: str
    line: int
    kind: str
    before: str
    after: str
    place: Place
    whole: ast.FunctionDef
    instead: ast.AST

    def __str__(self) -> str:
        return f"{self.function}, line {self.line}: {self.kind}: {self.before} → {self.after}"

    def code(self) -> CodeType:
        """The function with what is changed, compiled."""
        parent, field, at, node = self.place
        put(parent, field, at, self.instead)
        try:
            tree = ast.fix_missing_locations(ast.Module([self.whole], []))
            file, flags = f"<{self.function}, mutated>", __future__.annotations.compiler_flag
            return compile(tree, file, "exec", flags=flags, dont_inherit=True)
        finally:
            put(parent, field, at, node)

    @property
    def order(self) -> str:
        """A number for drawing samples that are the same every time."""
        return hashlib.sha256(str(self).encode()).hexdigest()


Alike = Mapping[str, Mapping[str, Sequence[str]]]  # in a function: variables like a variable


def is_argued(mutant: Mutant, text: str) -> bool:
    """Can no result of a module depend on it, for one of the reasons above?"""
    words = f"{mutant.kind}: {mutant.before} → {mutant.after}"
    return any(
        re.fullmatch(function or ".*", mutant.function) and re.search(change, words)
        for function, change, _, where in ARGUED
        if re.search(where, text)
    )


def is_same_mask(mutant: Mutant) -> bool:
    """Does it ask of max(0, u) whether it is above 0, instead of u?"""
    before, after, parent = mutant.before, mutant.after, mutant.place[0]
    if mutant.kind != "name replaced" or not isinstance(parent, ast.Compare):
        return False
    asked = ast.unparse(parent) == f"{before} > 0"
    return asked and f"{after} = np.maximum(0, {before})" in ast.unparse(mutant.whole)


def mutants(text: str, alike: Alike) -> Iterator[Mutant]:
    """Every single mutation of the functions of a module, one after the other."""
    tree = ast.parse(text)
    for function in (s for s in tree.body if isinstance(s, ast.FunctionDef)):
        every = mutants_of(function, alike.get(function.name, {}))
        yield from (m for m in every if not is_argued(m, text) and not is_same_mask(m))


def mutants_of(function: ast.FunctionDef, names: Mapping[str, Sequence[str]]) -> Iterator[Mutant]:
    """The mutants of one function."""
    left_open = sizes_left_open(function)
    for parent, field, at, node in places(function):
        if node in left_open:
            continue
        for kind, other in variants(node, parent, field, names):
            before, after = ast.unparse(node), ast.unparse(other)
            if before == after:
                continue
            line = getattr(node, "lineno", function.lineno)
            words = function.name, line, kind, shown(before), shown(after)
            mutant = Mutant(*words, (parent, field, at, node), function, other)
            yield mutant


def sizes_left_open(function: ast.FunctionDef) -> set[ast.AST]:
    """The 1 of each -1 that leaves a size of reshape open, as any negative number does."""
    calls = (n for n in ast.walk(function) if isinstance(n, ast.Call) and called(n) == "reshape")
    signs = (arg for call in calls for arg in call.args if isinstance(arg, ast.UnaryOp))
    return {sign.operand for sign in signs}


def shown(text: str) -> str:
    """A statement on one line, cut where it is long."""
    words = " ".join(text.split())
    return words if len(words) <= 90 else words[:87] + "..."


def places(function: ast.FunctionDef) -> Iterator[Place]:
    """Every node of a function's body that results depend on, with where it hangs."""
    open_nodes: list[ast.AST] = [function]
    while open_nodes:
        parent = open_nodes.pop()
        for field, value in ast.iter_fields(parent):
            if (parent is function and field != "body") or field == "annotation":
                continue
            for at, node in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(node, ast.AST) or is_words(node, parent):
                    continue
                if is_length(node, parent) or is_said_already(node, parent, function):
                    continue
                yield parent, field, at if isinstance(value, list) else None, node
                if not isinstance(node, ast.Raise):
                    open_nodes.append(node)


def is_words(node: ast.AST, parent: ast.AST) -> bool:
    """Is it a docstring, or does it make the words of an error?"""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(parent, ast.If) and isinstance(parent.body[-1], ast.Raise):
        return node in parent.body[:-1]
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def is_length(node: ast.AST, parent: ast.AST) -> bool:
    """Does it say how long blocks are, how often a workspace was used, or who owns memory?"""
    match node:
        case ast.Assign(targets=[ast.Name() | ast.Tuple() as target]):
            return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)} <= LENGTHS
        case ast.keyword(arg=name) if name in COPIES:
            return True
        case ast.expr() if isinstance(parent, ast.Call) and called(parent) == PARTS:
            return node in parent.args[1:]
        case ast.AugAssign(target=ast.Name(id=name)) if name in LENGTHS:
            return True
        case ast.For(body=[ast.AugAssign(target=ast.Name(id=name))]) if name in LENGTHS:
            return True
        case ast.Compare() | ast.BoolOp():
            return any(map(is_block, ast.walk(node)))
        case ast.Subscript(value=ast.Attribute(attr=name)) if name == TURNS:
            return True
        case ast.Constant() if isinstance(parent, ast.AugAssign):
            return is_count(parent)
    # the count of turns that a new workspace starts with
    return is_block(node) or (isinstance(node, ast.List) and isinstance(parent, ast.Call))


def is_said_already(node: ast.AST, parent: ast.AST, function: ast.FunctionDef) -> bool:
    """Does it read of one array what has been seen to be the same of another?

    All floats have one dtype, and leading axes one size; `_one_size` and `_one_dtype` compare
    themselves, so that what leads to them saves time alone, unless they are never called.
    """
    match node:
        case ast.Name(ctx=ast.Load()) if isinstance(parent, ast.Attribute):
            return parent.attr in SHAPES
        case ast.Name(ctx=ast.Load()) if isinstance(parent, ast.Call):
            return called(parent) == "len" and node in parent.args
        case ast.Assign(targets=[ast.Name(id="size_batch")]):
            return function.name != "_arguments"
    return isinstance(parent, ast.If) and node is parent.test and leads_to_comparison(parent)


def leads_to_comparison(node: ast.If) -> bool:
    """Is what is done then to compare sizes, or dtypes, once more and with words?"""
    return ast.unparse(node.body[0]).startswith(("_one_size(", "_one_dtype("))


def is_block(node: ast.AST) -> bool:
    """Is it the length of a block?"""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return all(isinstance(side, ast.Constant) for side in (node.left, node.right))
    value = node.value if isinstance(node, ast.Constant) else None
    return type(value) is int and value >= BLOCK


def put(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> None:
    """Hang a node where another was."""
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


# -- what may be wrong in a place -----------------------------------------------------------------
Variant = tuple[str, ast.AST]


def variants(
    node: ast.AST, parent: ast.AST, field: str, names: Mapping[str, Sequence[str]]
) -> Iterator[Variant]:
    """Everything that may stand instead of a node."""
    match node:
        case ast.BinOp():
            yield from of_operation(node)
        case ast.Compare():
            yield from of_comparison(node)
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "and and or", ast.BoolOp(other, node.values)
        case ast.UnaryOp() if not isinstance(parent, ast.Subscript | ast.keyword):
            yield "sign dropped", node.operand
        case ast.Constant():
            yield from of_constant(node)
        case ast.Call():
            yield from of_call(node, parent)
        case ast.Subscript():
            yield from of_subscript(node)
        case ast.Attribute():
            yield from of_attribute(node, parent, field)
        case ast.Name(id=name, ctx=ast.Load()) if not isinstance(parent, ast.keyword):
            for other in names.get(name, ()):
                yield "name replaced", ast.Name(other, node.ctx)
        case ast.IfExp():
            yield "branches exchanged", ast.IfExp(node.test, node.orelse, node.body)
        case ast.stmt():
            yield from of_statement(node)


def of_operation(node: ast.BinOp) -> Iterator[Variant]:
    """Another operator, operands exchanged, one dropped."""
    left, op, right = node.left, node.op, node.right
    if is_block(node):
        return
    if type(op) in OPERATORS:
        yield "operator", ast.BinOp(left, OPERATORS[type(op)](), right)
    if isinstance(op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
        yield "operands exchanged", ast.BinOp(right, op, left)
    if isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Div):
        yield "right operand dropped", left
        yield "left operand dropped", right


def of_comparison(node: ast.Compare) -> Iterator[Variant]:
    """The comparison turned round, made strict or weak."""
    for other in COMPARISONS[type(node.ops[0])]:
        yield "comparison", ast.Compare(node.left, [other()], node.comparators)


def of_constant(node: ast.Constant) -> Iterator[Variant]:
    """A number that is one more or one less."""
    if isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node.value, int | float) and not is_block(node):
        for step in (1, -1):
            yield "constant", ast.Constant(node.value + step)


def of_call(node: ast.Call, parent: ast.AST) -> Iterator[Variant]:
    """Arguments exchanged or dropped, another buffer, another function."""
    name, args = called(node), node.args
    if name in ORDERED and len(args) == 2:
        yield "arguments exchanged", ast.Call(node.func, [args[1], args[0]], node.keywords)
    if name in ("where", "_where") and len(args) == 3:
        yield "branches exchanged", ast.Call(node.func, [args[0], args[2], args[1]], node.keywords)
    if name in BINARY and len(args) == 2:
        positive = ast.Attribute(ast.Name("np", ast.Load()), "positive", ast.Load())
        for kept, side in zip(args, ("right", "left"), strict=True):
            yield f"{side} operand dropped", ast.Call(positive, [kept], node.keywords)
    if name == "copy" and not args and isinstance(node.func, ast.Attribute):
        yield "copy dropped", node.func.value
    for at, keyword in enumerate(node.keywords):
        if keyword.arg == "axis" or (keyword.arg == "out" and is_lasting(keyword.value, parent)):
            rest = [k for i, k in enumerate(node.keywords) if i != at]
            yield f"{keyword.arg} dropped", ast.Call(node.func, args, rest)


def is_lasting(buffer: ast.expr, parent: ast.AST) -> bool:
    """Does anyone see whether a result is written there, and not into an array of its own?"""
    return isinstance(parent, ast.Expr) or isinstance(buffer, ast.Attribute)


def called(node: ast.Call) -> str:
    """The last word of what is called."""
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def of_subscript(node: ast.Subscript) -> Iterator[Variant]:
    """Indices exchanged."""
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) > 1:
        first, second, *rest = node.slice.elts
        turned = ast.Tuple([second, first, *rest], ast.Load())
        yield "indices exchanged", ast.Subscript(node.value, turned, node.ctx)


def of_attribute(node: ast.Attribute, parent: ast.AST, field: str) -> Iterator[Variant]:
    """Another function of NumPy, a transpose that is missing."""
    if isinstance(parent, ast.Call) and field == "func" and node.attr in FUNCTIONS:
        yield "function", ast.Attribute(node.value, FUNCTIONS[node.attr], node.ctx)
    if node.attr in ("T", "mT"):
        yield "not transposed", node.value


def of_statement(node: ast.stmt) -> Iterator[Variant]:
    """The statement left out, its condition turned round, always or never true."""
    if isinstance(node, ast.If) and any(map(is_block, ast.walk(node.test))):
        return
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Raise):
        yield "statement left out", ast.Pass()
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield "statement left out", ast.Pass()
    if isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS and not is_count(node):
        yield "operator", ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value)
    if isinstance(node, ast.Return) and node.value is not None:
        yield "nothing returned", ast.Return(ast.Constant(None))
    if isinstance(node, ast.If):
        turned = ast.UnaryOp(ast.Not(), node.test)
        for kind, test in (("turned round", turned), ("never", ast.Constant(False))):
            yield f"condition {kind}", ast.If(test, node.body, node.orelse)
        if not leads_to_comparison(node):
            yield "condition always", ast.If(ast.Constant(True), node.body, node.orelse)


def is_count(node: ast.AugAssign) -> bool:
    """Does it count the calls that have written into a workspace?"""
    return TURNS in ast.unparse(node.target)


# -- are they seen? -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Examined:
    """A module beside its emitted tests."""

    text: str
    module: ModuleType
    checks: tuple[Check, ...]

    def failure(self, mutant: Mutant) -> str | None:
        """The test that sees the mutant, or None."""
        names = self.module.__dict__
        original = names[mutant.function]
        try:
            exec(mutant.code(), names)
            return next((check.name for check in self.checks if fails(check)), None)
        finally:
            names[mutant.function] = original

    def sample(self, count: int | None = None) -> list[Mutant]:
        """Some mutants of the module, the same every time; all where no count is given."""
        alike = alike_in(self.module, self.checks)
        return sorted(mutants(self.text, alike), key=lambda mutant: mutant.order)[:count]


def load(name: str, text: str, test_text: str) -> Examined:
    """A module, loaded from its text, with the tests of its test file."""
    module, checks = ModuleType(name), Checks(name, test_text)
    exec(compile(text, f"<{name}>", "exec"), module.__dict__)
    checks.look_at(module)
    by_time = sorted(checks.all(), key=lambda check: check.name.startswith(SLOW))
    return Examined(text, module, tuple(by_time))


def fails(check: Check) -> bool:
    """Does a test fail?"""
    try:
        with np.errstate(all="ignore"):
            check.run()
    except Skipped:
        return False
    except Exception:
        return True
    return False


def alike_in(module: ModuleType, checks: Iterable[Check]) -> Alike:
    """The variables of each function that hold the same kind of value, as seen while tests run.

    Of two names of one object, one is left out.
    """
    seen: dict[str, dict[str, str]] = {}

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "return" and frame.f_code.co_filename == f"<{module.__name__}>":
            variables = {same(value): n for n, value in reversed(frame.f_locals.items())}
            kinds = {n: kind(frame.f_locals[n]) for n in reversed(variables.values())}
            seen.setdefault(frame.f_code.co_name, {}).update(kinds)

    setprofile(watch)
    try:
        for check in checks:
            if re.match(r"test_(gradients|workspace|jvp|hvp)\[0-float64|test_long\[0", check.name):
                fails(check)
    finally:
        setprofile(None)
    return {
        function: {n: others(n, kinds) for n in kinds} for function, kinds in sorted(seen.items())
    }


def same(value: object) -> object:
    """What is equal for two names of one array or view, and for tuples of the same sizes."""
    if isinstance(value, np.ndarray) and value.size:
        shown = value.__array_interface__
        return shown["data"][0], value.shape, value.strides, shown["typestr"]
    return value if isinstance(value, tuple) and all(type(v) is int for v in value) else id(value)


def others(name: str, kinds: Mapping[str, str]) -> list[str]:
    """At most two other variables of the kind of a variable."""
    same = [n for n in kinds if kinds[n] == kinds[name]]
    at = same.index(name)
    return [n for n in dict.fromkeys((same[at - 1], same[(at + 1) % len(same)])) if n != name]


def kind(value: object) -> str:
    """The kind of a value: of an array its numbers and how many axes it has."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype.kind} {value.ndim}"
    return type(value).__name__


# -- of a shipped module --------------------------------------------------------------------------
@dataclass(frozen=True)
class Tried:
    """What became of some mutants of a module."""

    name: str
    count: int
    survivors: tuple[str, ...]
    seconds: float
    once: float  # seconds that all tests of the module as it is take


def examined(name: str) -> Examined:
    """A shipped layer's module, as it is emitted now, beside its tests."""
    layer = read_layer(name, library.shipped_source(name), library.shipped_source)
    derivation = derive(layer)
    made = NUMPY.emit(derivation, lower(derivation))
    text = module_test(layer, made.module, made.promise, cutting=derivation.cutting)
    return load(name, made.module, text)


def tried_of(task: tuple[str, int | None]) -> Tried:
    """Try some mutants of a shipped module, or all; the module as it is must pass."""
    name, count = task
    tests, start = examined(name), perf_counter()
    wrong = [check.name for check in tests.checks if fails(check)]
    assert not wrong, f"{name} fails as it is: {wrong}"
    once, sample = perf_counter() - start, tests.sample(count)
    survivors = tuple(str(mutant) for mutant in sample if not tests.failure(mutant))
    return Tried(name, len(sample), survivors, perf_counter() - start, once)
