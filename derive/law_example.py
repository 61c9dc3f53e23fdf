"""Examples of laws, read from their text into expressions.

An example is written in the language of definitions: `sum(j, [j == k] * f[j]) = f[k]`, after lines
of what is given, each an equation or an assumption. More words say what no definition can:
`diff(e, x[m])` is a derivative that is not yet worked out, `erfc(a)` is 1 - erf(a), `erfcx(a)`
that times exp(a²), and `logsigmoid(a)` and `logerfc(a)` are the logs of `sigmoid(a)` and `erfc(a)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.derivatives import Partial
from pullback.derive.index.functions import Erfc, Erfcx, LogErfc, LogSigmoid
from pullback.derive.laws.matching import Equality
from pullback.derive.laws.registry import Law
from pullback.derive.layer import Layer
from pullback.derive.read.builder import Builder, arity
from pullback.derive.read.definition import check_keys
from pullback.derive.read.flat import Flat
from pullback.derive.read.grammar import parse_equations
from pullback.derive.read.matrix_functions import bound_axes
from pullback.derive.read.names import names_in
from pullback.derive.read.reader import Assembly
from pullback.derive.read.trees import Apply, Equation, Place, Ref, Tree, parts
from pullback.derive.read.vocabulary import REDUCTIONS

GIVEN = "given "
FUNCTIONS = {
    "erfc": Erfc,
    "erfcx": Erfcx,
    "logerfc": LogErfc,
    "logsigmoid": LogSigmoid,
}
BEFORE, AFTER, HOLDER = "before", "after", "holder"  # nodes of the layer that an example becomes


@dataclass(frozen=True)
class Example:
    """`before` equals `after`, given equations and facts; `layer` has their axes and tensors."""

    layer: Layer
    before: Expr
    after: Expr

    @property
    def equations(self) -> tuple[Equality, ...]:
        """The equations that are given."""
        own = (BEFORE, AFTER, HOLDER)
        return tuple(Equality(n.entry, n.expr) for n in self.layer.nodes if n.name not in own)

    @property
    def facts(self) -> tuple[Relational, ...]:
        """The assumptions that are given."""
        return self.layer.assumed


class ExampleBuilder(Builder):
    """A builder that knows more words."""

    def apply(self, tree: Apply, scope: frozenset[str]) -> Expr:
        """A function, `diff` and `erfc` among them."""
        if tree.name == "diff":
            arity(tree, 2, "a value and an entry, as in diff(x[n]**2, x[m])")
            return Partial(*(self.build(t, scope) for t in tree.args))
        if tree.name in FUNCTIONS:
            arity(tree, 1, "one value")
            return FUNCTIONS[tree.name](self.build(tree.args[0], scope))
        return super().apply(tree, scope)


def read_example(law: Law) -> Example:
    """The example of a law; raises DefinitionError where it cannot be read."""
    *given, last = law.example
    lines = [line.removeprefix(GIVEN) for line in given]
    facts = [line for line in lines if " = " not in line and " := " not in line]
    before, after = last.split(" = ")
    text = [*(x for x in lines if x not in facts), f"{BEFORE} = {before}", f"{AFTER} = {after}"]
    definition = check_keys("example", {"equations": "\n".join(text), "assume": facts}, "")
    # as parsed, since a free index of an example stands on no left side and is no label
    *known, left, right = parse_equations("\n".join(text), "example")
    others = [*(e.right for e in known), *definition.assume]
    flat = Flat((*known, *nodes((left, right), others)), definition.assume)
    assembly = Assembly(definition, flat)
    assembly.builder = ExampleBuilder(assembly.symbols)
    layer = assembly.layer(last)
    found = {n.name: n.expr for n in layer.nodes}
    return Example(layer, found[BEFORE], found[AFTER])


def nodes(sides: tuple[Equation, ...], others: Iterable[Tree]) -> Iterator[Equation]:
    """Both sides with all free axes of both, and a node whose input has every axis, so that all
    sizes are known."""
    axes, _ = names_in((*(e.right for e in sides), *others))
    free = tuple(sorted(set().union(*(free_axes(e.right, axes) for e in sides))))
    for side in sides:
        yield replace(side, axes=free or None)
    every = tuple(sorted(axes))
    held = Ref(f"{HOLDER}s", tuple(Ref(a, None, Place()) for a in every) or None, Place())
    yield Equation(HOLDER, every or None, False, held, Place())


def free_axes(tree: Tree, axes: set[str]) -> set[str]:
    """The axes that no reduction in a tree binds."""
    if isinstance(tree, Ref):
        inner = set().union(*(free_axes(i, axes) for i in tree.indices or ()))
        return inner | ({tree.name} & axes if tree.indices is None else set())
    found = set().union(*(free_axes(part, axes) for part in parts(tree)))
    if isinstance(tree, Apply) and tree.name in REDUCTIONS:
        found -= {a.name for a in tree.args[:-1] if isinstance(a, Ref)}
    if isinstance(tree, Apply):
        found -= {*bound_axes(tree)}
    return found
