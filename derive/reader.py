"""Definitions to layers: names get their meaning, sizes are unified, calls are written out.

Text becomes SymPy objects here, symbol by symbol; nothing is ever evaluated.
"""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn, cast

import sympy as sp
from sympy import Expr, KroneckerDelta
from sympy.core.relational import Relational

from derive.calls import names_in, parts, walk, write_out_calls
from derive.errors import DefinitionError
from derive.expressions import (
    FUNCTIONS,
    Bracket,
    Index,
    Largest,
    Maximum,
    Minimum,
    Smallest,
    Sum,
    Where,
    entry,
    size_symbol,
)
from derive.grammar import (
    COMPARISONS,
    Apply,
    Equation,
    Iverson,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Tree,
    parse_comparison,
    parse_equations,
    spell_equation,
)
from derive.layer import Layer, Node, Tensor

MAX_SYMBOLS = 64
MAX_AXES = 8
MAX_POWER = 64
MAX_OPERATIONS = 20_000
MAX_BITS = 4096  # of a number that literals make up

REDUCTIONS = {"sum": Sum, "mean": Sum, "max": Largest, "min": Smallest}
PAIRS = {"max": Maximum, "min": Minimum}
RELATIONS: dict[str, type[Relational]] = {
    "==": sp.Eq,
    "!=": sp.Ne,
    "<": sp.StrictLessThan,
    "<=": sp.LessThan,
    ">": sp.StrictGreaterThan,
    ">=": sp.GreaterThan,
}
WORDS = {*FUNCTIONS, *REDUCTIONS, *PAIRS, "where", "size"}
# names that an emitted module uses for itself
EMITTED = {"np", "numpy", "forward", "backward", "value_and_grad", "cache", "Cache", "Gradients"}
FORBIDDEN = {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *EMITTED} - {"_"}

KEYS = {"title", "summary", "equations", "wrt", "assume", "symbols", "references"}
Library = Callable[[str], str]  # a definition's name to its text; KeyError where there is none


@dataclass(frozen=True)
class Definition:
    """A definition's keys, their types checked and the equations parsed."""

    name: str
    source: str
    title: str
    summary: str
    equations: tuple[Equation, ...]
    wrt: tuple[str, ...] | None
    assume: tuple[Operation, ...]
    symbols: Mapping[str, str]
    references: tuple[str, ...]


def no_library(name: str) -> str:
    """A library without definitions."""
    raise KeyError(name)


def read_layer(name: str, source: str, library: Library = no_library) -> Layer:
    """Read a definition in TOML into a Layer.

    `library` gives the text of the definitions that may be called. Raises DefinitionError,
    with line, column and caret where the fault stands in an equation.
    """
    return build_layer(read_definition(name, source), library)


def read_equations(name: str, text: str, library: Library = no_library, **keys: Any) -> Layer:
    """Read a layer from the text of its equations; keys as in a definition (`wrt`, `assume`)."""
    return build_layer(check_keys(name, {"title": name, **keys, "equations": text}, text), library)


def read_definition(name: str, source: str) -> Definition:
    """Check the keys of a definition and parse its equations."""
    check_layer_name(name)
    if len(source.encode("utf-8", "surrogatepass")) > 64 * 1024:
        raise DefinitionError(f"{name}: the definition is longer than 64 KiB")
    try:
        keys = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DefinitionError(f"{name}: not a TOML file: {error}") from None
    return check_keys(name, keys, source)


def check_layer_name(name: str) -> None:
    """A layer's name becomes a module's name and a file's name: it must be a plain word."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) or name in FORBIDDEN:
        raise DefinitionError(
            f"{name!r} cannot be a layer's name: it must be a word of lower-case letters, digits "
            "and '_' that Python and NumPy do not use"
        )


def check_keys(name: str, keys: Mapping[str, Any], source: str) -> Definition:
    """Check the type of each key of a definition."""

    def refuse(key: str, wanted: str) -> NoReturn:
        raise DefinitionError(f"{name}: the key '{key}' must be {wanted}")

    def text(key: str, default: str) -> str:
        value = keys.get(key, default)
        if not isinstance(value, str):
            refuse(key, "text")
        return value

    def texts(key: str) -> tuple[str, ...]:
        value = keys.get(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            refuse(key, "a list of texts")
        return tuple(value)

    unknown = sorted(set(keys) - KEYS)
    if unknown:
        known = ", ".join(sorted(KEYS))
        raise DefinitionError(f"{name}: unknown key '{unknown[0]}'; the keys are {known}")
    if "equations" not in keys:
        raise DefinitionError(f"{name}: the key 'equations' is missing")
    symbols = keys.get("symbols", {})
    if not isinstance(symbols, dict) or not all(isinstance(v, str) for v in symbols.values()):
        refuse("symbols", "a table of texts")
    equations = text("equations", "")
    try:
        parsed = parse_equations(equations)
        assume = tuple(parse_comparison(a) for a in texts("assume"))
    except DefinitionError as error:
        raise DefinitionError(f"{name}: {error}") from None
    if not any(not e.notation for e in parsed):
        raise DefinitionError(f"{name}: there is no equation with '=', so there is no output")
    return Definition(
        name=name,
        source=source,
        title=text("title", name),
        summary=text("summary", ""),
        equations=parsed,
        wrt=texts("wrt") if "wrt" in keys else None,
        assume=assume,
        symbols=symbols,
        references=texts("references"),
    )


class Sizes:
    """Which sizes are one: a union of axes and of places of tensors."""

    def __init__(self) -> None:
        self.parent: dict[object, object] = {}

    def find(self, key: object) -> object:
        """The representative of a key."""
        self.parent.setdefault(key, key)
        while self.parent[key] != key:
            key = self.parent[key]
        return key

    def join(self, a: object, b: object) -> None:
        """Two keys have one size; the one seen first stays."""
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[b] = a


def build_layer(definition: Definition, library: Library) -> Layer:
    """Give the names of a definition their meaning."""
    sources = {definition.name: definition.source}

    def load(name: str) -> Definition:
        check_layer_name(name)
        found = read_definition(name, library(name))
        sources[name] = found.source
        return found

    equations = write_out_calls(definition, load)
    return Builder(definition, equations).layer("\0".join(sources[k] for k in sorted(sources)))


class Builder:
    """One pass over flat equations: ranks and sizes first, then SymPy objects."""

    def __init__(self, definition: Definition, equations: tuple[Equation, ...]) -> None:
        self.definition = definition
        self.equations = equations
        self.sizes = Sizes()
        self.ranks: dict[str, tuple[int, Place]] = {}  # of every tensor, in order of appearance
        self.labels: dict[str, object] = {}  # an integer tensor to the place that it indexes
        self.defined = {e.name for e in equations}
        self.axes, self.tensors = names_in(equations)
        self.order: list[str] = []  # tensors that no equation defines, in order of appearance
        self.collect()

    def fail(self, message: str, place: Place) -> NoReturn:
        """Raise an error that points into the equations."""
        raise DefinitionError(
            f"{self.definition.name}: {message}", place.source, place.line, place.column
        )

    # -- ranks and sizes ---------------------------------------------------------------------

    def collect(self) -> None:
        """See every name once: kinds, ranks, sizes, order."""
        seen: set[str] = set()
        for axis in self.axes:
            self.sizes.find(axis)
        for equation in self.equations:
            self.check_left(equation, seen)
            for tree in walk(equation.right):
                self.see(tree, seen)
            axes = equation.axes or ()
            self.rank(equation.name, len(axes), equation.place)
            for position, axis in enumerate(axes):
                self.sizes.join(axis, (equation.name, position))
            seen.add(equation.name)
        for assumption in self.definition.assume:
            for tree in walk(assumption):
                if isinstance(tree, Ref) and tree.name not in self.axes | set(self.ranks):
                    self.fail(f"an assumption names '{tree.name}', which no equation has",
                              Place(0, 0))
        if len(self.ranks) + len(self.axes) > MAX_SYMBOLS:
            self.fail(f"there are more than {MAX_SYMBOLS} symbols", Place(0, 0))

    def check_left(self, equation: Equation, seen: set[str]) -> None:
        """A left side names a new node, each axis once."""
        axes = equation.axes or ()
        self.check_name(equation.name, equation.place)
        if equation.name in seen:
            self.fail(f"'{equation.name}' is defined twice", equation.place)
        for axis in axes:
            self.check_name(axis, equation.place)
            if axes.count(axis) > 1:
                self.fail(f"the axis '{axis}' stands twice on the left side", equation.place)

    def check_name(self, name: str, place: Place) -> None:
        """Refuse names that would mean something else in Python or in the language."""
        if name in FORBIDDEN or name in WORDS:
            hint = "; write 'lamda', which prints as λ" if name == "lambda" else ""
            self.fail(f"'{name}' cannot be a name: it means something already{hint}", place)
        if name in self.axes and name in self.tensors:
            self.fail(f"'{name}' is both an axis and a tensor; give one of them another name", place)

    def see(self, tree: Tree, seen: set[str]) -> None:
        """Take up one part of a right side."""
        if isinstance(tree, Iverson | Apply):
            for part in parts(tree):
                if isinstance(part, Operation) and part.op in COMPARISONS:
                    self.see_comparison(part)
        if not isinstance(tree, Ref) or (tree.indices is None and not self.is_tensor(tree.name)):
            return
        self.check_name(tree.name, tree.place)
        if tree.name in self.axes:
            self.fail(f"'{tree.name}' is both an axis and a tensor", tree.place)
        if tree.name in self.defined and tree.name not in seen:
            self.fail(f"'{tree.name}' is used before it is defined", tree.place)
        if tree.name not in self.defined and tree.name not in self.order:
            self.order.append(tree.name)
        indices = tree.indices or ()
        self.rank(tree.name, len(indices), tree.place)
        for position, index in enumerate(indices):
            if index.indices is None:
                self.check_name(index.name, index.place)
                self.sizes.join(index.name, (tree.name, position))
            else:
                self.see_label(index, (tree.name, position))

    def is_tensor(self, name: str) -> bool:
        """A bare name is a tensor unless it is an axis or the size of one."""
        return name not in self.axes and self.axis_of_size(name) is None

    def axis_of_size(self, name: str) -> str | None:
        """The axis whose size a capital name stands for, where no tensor bears that name."""
        if name in self.defined or name in self.tensors:
            return None
        return next((a for a in self.axes if a.upper() == name and a != name), None)

    def see_label(self, ref: Ref, place: object) -> None:
        """A tensor used as an index holds labels of the axis that it indexes."""
        if ref.name in self.defined:
            self.fail(f"'{ref.name}' is a node and cannot be an index", ref.place)
        if ref.name in self.labels:
            self.sizes.join(self.labels[ref.name], place)
        self.labels[ref.name] = place

    def see_comparison(self, tree: Operation) -> None:
        """`[k == y[n]]` makes y an integer tensor; `[j == k]` makes two sizes one."""
        sides = [tree.left, tree.right]
        bare = [s for s in sides if isinstance(s, Ref) and s.indices is None and s.name in self.axes]
        if len(bare) == 2:
            self.sizes.join(bare[0].name, bare[1].name)
        elif len(bare) == 1:
            other = sides[1 - sides.index(bare[0])]
            if not isinstance(other, Ref):
                self.fail("an axis is compared with an axis or an integer tensor", tree.place)
            self.see_label(other, bare[0].name)

    def rank(self, name: str, rank: int, place: Place) -> None:
        """A tensor has one rank."""
        if rank > MAX_AXES:
            self.fail(f"'{name}' has more than {MAX_AXES} axes", place)
        known, _ = self.ranks.setdefault(name, (rank, place))
        if known != rank:
            self.fail(f"'{name}' has {known} axes elsewhere and {rank} here", place)

    # -- SymPy objects ------------------------------------------------------------------------

    def size(self, key: object) -> Expr:
        """The size of an axis or of a place, by the name of the first axis that has it."""
        root = self.sizes.find(key)
        names = [a for a in self.axes_in_order() if self.sizes.find(a) == root]
        if not names:
            name, position = cast("tuple[str, int]", root)
            return size_symbol(f"size_{name}_{position}")
        capital = names[0].upper()
        taken = capital in self.ranks or capital == names[0]
        return size_symbol(f"size_{names[0]}" if taken else capital)

    def axes_in_order(self) -> list[str]:
        """The axes in order of appearance."""
        found = dict.fromkeys(a for e in self.equations for a in e.axes or ())
        found.update(dict.fromkeys(sorted(self.axes)))
        return list(found)

    def index(self, name: str) -> Index:
        """The index of an axis."""
        return Index(name, self.size(name))

    def layer(self, sources: str) -> Layer:
        """Build everything."""
        given = self.definition
        inputs = tuple(self.tensor(name) for name in self.order)
        nodes = tuple(self.node(e) for e in self.equations)
        self.check_size(nodes)
        real = [t.name for t in inputs if not t.integer]
        for name in given.wrt or ():
            if name not in real:
                raise DefinitionError(
                    f"{given.name}: wrt names '{name}', which is not a real input; "
                    f"those are {', '.join(real)}"
                )
        known = {t.name for t in inputs} | {n.name for n in nodes} | self.axes
        for name in given.symbols:
            if name not in known:
                raise DefinitionError(
                    f"{given.name}: [symbols] describes '{name}', which no equation has"
                )
        return Layer(
            name=given.name,
            title=given.title,
            summary=given.summary,
            inputs=inputs,
            nodes=nodes,
            wrt=tuple(n for n in real if given.wrt is None or n in given.wrt),
            assumptions=tuple(self.assumption(a) for a in given.assume),
            axes=tuple(self.index(a) for a in self.axes_in_order()),
            references=given.references,
            digest=hashlib.sha256(sources.encode()).hexdigest(),
            descriptions=dict(given.symbols),
        )

    def tensor(self, name: str) -> Tensor:
        """An input with its axes named as where it is first used."""
        names = self.first_axes(name)
        indices = []
        for position in range(self.ranks[name][0]):
            size = self.size((name, position))
            own = names[position] or next(
                (a for a in self.axes_in_order() if self.size(a) == size and a not in names), None
            )
            indices.append(Index(own or f"{name}{position}", size))
        labels = self.size(self.labels[name]) if name in self.labels else None
        return Tensor(name, tuple(indices), labels, self.definition.symbols.get(name, ""))

    def first_axes(self, name: str) -> list[str | None]:
        """The axis names at a tensor's first use that has distinct ones."""
        for equation in self.equations:
            for tree in walk(equation.right):
                if isinstance(tree, Ref) and tree.name == name:
                    names = [i.name if i.indices is None else None for i in tree.indices or ()]
                    if len(set(names)) == len(names):
                        return names
        return [None] * self.ranks[name][0]

    def node(self, equation: Equation) -> Node:
        """A node, its right side built with the axes of its left side in scope."""
        axes = equation.axes or ()
        expr = self.build(equation.right, frozenset(axes))
        if expr.has(sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I):
            self.fail("the right side has no finite real value", equation.place)
        if not isinstance(expr, Expr):
            self.fail("the right side is a comparison and not a number", equation.place)
        return Node(
            name=equation.name,
            indices=tuple(self.index(a) for a in axes),
            expr=expr,
            notation=equation.notation,
            text=spell_equation(equation),
            origin=equation.origin or self.definition.name,
        )

    def assumption(self, tree: Operation) -> Relational:
        """An assumption holds for every value of its free axes."""
        bound = {a.name for part in walk(tree) if isinstance(part, Apply) and part.name in REDUCTIONS
                 for a in part.args[:-1] if isinstance(a, Ref)}
        scope = frozenset(self.axes) - bound
        left, right = self.build(tree.left, scope), self.build(tree.right, scope)
        return RELATIONS[tree.op](left, right, evaluate=False)

    def check_size(self, nodes: tuple[Node, ...]) -> None:
        """Limit what the equations come to once notation is put in, before it is put in."""
        sizes: dict[str, int] = {}
        for node in nodes:
            used = [a for a in sp.preorder_traversal(node.expr) if isinstance(a, sp.Basic)]
            names = [str(a.base.label) if isinstance(a, sp.Indexed) else str(a) for a in used
                     if isinstance(a, sp.Indexed | sp.Symbol)]
            sizes[node.name] = len(used) + sum(sizes.get(n, 0) for n in names)
            if sizes[node.name] > MAX_OPERATIONS:
                raise DefinitionError(
                    f"{self.definition.name}: '{node.name}' comes to more than {MAX_OPERATIONS:,} "
                    "operations once notation is put in"
                )
            if not node.notation:
                sizes[node.name] = 0

    def build(self, tree: Tree, scope: frozenset[str]) -> Expr:
        """The SymPy object of a tree; `scope` holds the axes that are bound."""
        match tree:
            case Number(text, _):
                return cast(Expr, sp.Rational(text))
            case Negative(operand, _):
                return cast(Expr, -self.build(operand, scope))
            case Iverson(comparison, _):
                return indicator(self.condition(comparison, scope))
            case Ref():
                return self.reference(tree, scope)
            case Apply():
                return self.apply(tree, scope)
            case Operation(op, _, _, place) if op in COMPARISONS:
                self.fail("a comparison stands in [ ] or as the first argument of where( )", place)
            case Operation("**", _, _, _):
                return self.power(tree, scope)
        return self.chain(tree, scope)

    def chain(self, tree: Tree, scope: frozenset[str]) -> Expr:
        """A run of + and -, or of * and /, however long: taken from the left without recursion."""
        operands = []
        family = ("+", "-") if cast(Operation, tree).op in ("+", "-") else ("*", "/")
        while isinstance(tree, Operation) and tree.op in family:
            right = self.build(tree.right, scope)
            if tree.op == "/" and right.is_zero:
                self.fail("division by zero", tree.place)
            if tree.op in "-/":
                right = -right if tree.op == "-" else 1 / right
            operands.append(right)
            tree = tree.left
        operands.append(self.build(tree, scope))
        return cast(Expr, (sp.Add if family[0] == "+" else sp.Mul)(*reversed(operands)))

    def power(self, tree: Operation, scope: frozenset[str]) -> Expr:
        """A power; literal ones are limited."""
        base, exponent = self.build(tree.left, scope), self.build(tree.right, scope)
        if exponent.is_number and not (exponent.is_Rational and abs(exponent) <= MAX_POWER):
            self.fail(f"a literal power lies between -{MAX_POWER} and {MAX_POWER}", tree.place)
        if base.is_Rational and exponent.is_number:
            if base.is_zero and exponent.is_negative:
                self.fail("division by zero", tree.place)
            if max(base.p.bit_length(), base.q.bit_length()) * abs(exponent) > MAX_BITS:
                self.fail("a number becomes too long", tree.place)
        return cast(Expr, base**exponent)

    def reference(self, tree: Ref, scope: frozenset[str]) -> Expr:
        """A tensor's entry, or the size of an axis."""
        axis = self.axis_of_size(tree.name)
        if tree.indices is None and axis is not None:
            return self.size(axis)
        if tree.name in self.axes:
            self.fail(f"'{tree.name}' is an axis; as a number it stands only in a comparison "
                      f"like [{tree.name} == y[n]], and its size is {tree.name.upper()}", tree.place)
        indices = [self.place(i, scope) for i in tree.indices or ()]
        return entry(tree.name, indices, tree.name in self.labels)

    def place(self, tree: Ref, scope: frozenset[str]) -> Expr:
        """What stands in an index position."""
        if tree.indices is not None:
            return self.reference(tree, scope)
        if tree.name not in scope:
            self.fail(
                f"'{tree.name}' is not bound: write sum({tree.name}, …) "
                f"or add {tree.name} to the left side",
                tree.place,
            )
        return self.index(tree.name)

    def apply(self, tree: Apply, scope: frozenset[str]) -> Expr:
        """A function, a reduction, `where` or `size`."""
        first = tree.args[0]
        over_axis = isinstance(first, Ref) and first.indices is None and first.name in self.axes
        if tree.name == "size":
            if len(tree.args) != 1 or not over_axis:
                self.fail("size takes one axis, as in size(k)", tree.place)
            return self.size(cast(Ref, first).name)
        if tree.name in REDUCTIONS and (over_axis or tree.name not in PAIRS):
            return self.reduction(tree, scope)
        if tree.name == "where":
            self.arity(tree, 3, "a condition and two values, as in where(x[n] > 0, a, b)")
            a, b = (self.build(t, scope) for t in tree.args[1:])
            return Where(self.condition(first, scope), a, b)
        args = [self.build(t, scope) for t in tree.args]
        if tree.name in PAIRS:
            self.arity(tree, 2, "two values, or an axis and a value")
            return cast(Expr, PAIRS[tree.name](*args))
        if tree.name not in FUNCTIONS:
            self.fail(
                f"'{tree.name}' is not a function ({', '.join(sorted(WORDS))}); "
                "a call of a definition stands alone on the right side",
                tree.place,
            )
        self.arity(tree, 1, "one value")
        return FUNCTIONS[tree.name](*args)

    def arity(self, tree: Apply, wanted: int, words: str) -> None:
        """Refuse a wrong number of arguments."""
        if len(tree.args) != wanted:
            self.fail(f"{tree.name} takes {words}; it has {len(tree.args)}", tree.place)

    def reduction(self, tree: Apply, scope: frozenset[str]) -> Expr:
        """`sum(d, k, e)` and its like."""
        *axes, body = tree.args
        names = []
        for axis in axes:
            if not (isinstance(axis, Ref) and axis.indices is None):
                self.fail(f"{tree.name} takes axes and then a value, as in sum(d, …)", axis.place)
            if axis.name in scope or axis.name in names:
                self.fail(f"the axis '{axis.name}' is in use here already; take another letter",
                          axis.place)
            names.append(axis.name)
        if not names:
            self.fail(f"{tree.name} takes axes and then a value, as in sum(d, …)", tree.place)
        indices = [self.index(n) for n in names]
        inner = self.build(body, scope | set(names))
        if tree.name in PAIRS and len(indices) > 1:
            for i in reversed(indices):
                inner = REDUCTIONS[tree.name](inner, i)
            return inner
        total = REDUCTIONS[tree.name](inner, *indices)
        if tree.name == "mean":
            total = total / sp.Mul(*(i.size for i in indices))
        return cast(Expr, total)

    def condition(self, tree: Tree, scope: frozenset[str]) -> Any:
        """The relation of an indicator; between indices it is a Kronecker delta's."""
        if not (isinstance(tree, Operation) and tree.op in COMPARISONS):
            self.fail("expected a comparison, as in x[n] > 0", tree.place)
        sides = [tree.left, tree.right]
        is_index = [isinstance(s, Ref) and s.name in self.axes | set(self.labels) for s in sides]
        if all(is_index):
            left, right = (self.place(cast(Ref, s), scope) for s in sides)
        else:
            left, right = (self.build(s, scope) for s in sides)
        return RELATIONS[tree.op](left, right)


def indicator(condition: Any) -> Expr:
    """A condition as a number; between indices it is a Kronecker delta."""
    if isinstance(condition, sp.Eq | sp.Ne) and condition.lhs.is_integer and condition.rhs.is_integer:
        delta = KroneckerDelta(condition.lhs, condition.rhs)
        return cast(Expr, delta if isinstance(condition, sp.Eq) else 1 - delta)
    return Bracket(condition)
