"""The equations of an emitted test file, as plain loops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pullback.codegen.interface.sizes import worked_out
from pullback.codegen.interface.words import comment, docstring
from pullback.codegen.notation.names import as_written
from pullback.codegen.targets.numpy.decimals import BY_DUALS
from pullback.codegen.targets.numpy.fact_trees import FactTrees
from pullback.codegen.targets.numpy.loop_lines import Fact, commented, statement
from pullback.codegen.targets.numpy.runs import Run, equations_read, in_turn, is_root
from pullback.derive.index.objects import free_indices, own_name
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.matrix_functions import OF_MATRICES, square_of
from pullback.derive.read.trees import (
    BATCH,
    COMPARISONS,
    PRECEDENCE,
    Apply,
    Equation,
    Iverson,
    Length,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Shifted,
    Tree,
    spell,
    walk,
)
from pullback.derive.read.vocabulary import PI, REDUCTIONS

HERE = Place()
CONDITIONAL, UNARY, ATOM = 0, 3, 5  # how tightly Python binds, on the scale of PRECEDENCE
# functions that NumPy lacks or gives another slope at a kink; no name of a definition begins so
HELPERS = {word: f"_{word}" for word in ("abs", "sigmoid", "erf", "erfc", "atan2", *BY_DUALS)}


def variable(name: str) -> str:
    """The Python variable of an axis; leading axes are one here, so `...` is one variable."""
    return "batch" if name == BATCH else name


@dataclass
class Loops:
    """Prints the equations of a layer as loops over indices."""

    layer: Layer
    size_of: dict[str, str] = field(default_factory=dict)  # of an axis
    used: set[str] = field(default_factory=set)  # the sizes that the lines printed so far read
    functions: set[str] = field(default_factory=set)  # functions, max and min that are printed
    kinks: bool = False  # do values decide anything?

    def __post_init__(self) -> None:
        self.size_of = {i.name: str(i.size) for i in self.layer.axes}
        self.labels = {t.name for t in self.layer.inputs if t.integer}
        self.tensors: dict[str, Tensor | Node] = {t.name: t for t in self.layer.inputs}
        self.tensors |= {n.name: n for n in self.layer.nodes}
        self.read = equations_read(self.layer)

    def has_roots(self) -> bool:
        """Is a root taken of what inputs decide, other than sizes?"""
        roots = (part for e in self.read for part in walk(e.right) if is_root(part))
        below = (t.name for root in roots for t in walk(root) if isinstance(t, Ref))
        return any(name in self.tensors for name in below)

    def equations(self) -> list[str]:
        """The body of a function of the inputs that returns the output."""
        self.used = set()
        texts = {n.name: comment(", ".join(as_written(self.layer, n))) for n in self.layer.nodes}
        lines = [line for run in in_turn(self.read) for line in self.run(run, texts)]
        return [*self.shapes(), *lines, f"return {self.layer.output.name}"]

    def run(self, run: Run, texts: Mapping[str, str]) -> list[str]:
        """One equation, or those of a recurrence, place by place."""
        if run.loop is None:
            (equation,) = run.equations
            return self.equation(equation, texts[equation.name])
        lines: list[str] = []
        for equation in run.equations:
            ends = [self.size(a) for a in equation.axes or ()]
            shape = f"({ends[0]},)" if len(ends) == 1 else f"({', '.join(ends)})"
            made = f"{equation.name} = np.empty({shape}, object)"
            lines += commented(made, texts[equation.name])
        times = [(e.axes or ())[run.loop.positions[e.name]] for e in run.equations]
        first = variable(times[0])
        places = f"range({self.size(times[0])})"
        lines.append(f"for {first} in {f'reversed({places})' if run.loop.back else places}:")
        for equation, time in zip(run.equations, times, strict=True):
            axes = [variable(a) for a in equation.axes or ()]
            others = [a for a in equation.axes or () if a != time]
            right = self.text(equation.right)
            body = statement(f"{equation.name}[{', '.join(axes)}]", right)
            if others:
                head = self.loop([*map(variable, others)], [self.size(a) for a in others])
                body = [head, *("    " + line for line in body)]
            if variable(time) != first:
                body = [f"{variable(time)} = {first}", *body]
            lines += ["    " + line for line in body]
        return lines

    def equation(self, equation: Equation, text: str) -> list[str]:
        """One equation: a statement, or one in a loop over the places of its array."""
        name, right = equation.name, self.text(equation.right)
        axes = [variable(a) for a in equation.axes or ()]
        if not axes:
            return [*commented("", text), *statement(name, right)]
        ends = [self.size(a) for a in equation.axes or ()]
        shape = f"({ends[0]},)" if len(ends) == 1 else f"({', '.join(ends)})"
        return [
            *commented(f"{name} = np.empty({shape}, object)", text),
            self.loop(axes, ends),
            *("    " + line for line in statement(f"{name}[{', '.join(axes)}]", right)),
        ]

    def loop(self, axes: list[str], ends: list[str]) -> str:
        """The head of a loop over axes."""
        if len(axes) == 1:
            return f"for {axes[0]} in range({ends[0]}):"
        return f"for {', '.join(axes)} in np.ndindex({', '.join(ends)}):"

    def shapes(self) -> list[str]:
        """The statements that take the sizes used from the shapes of inputs."""
        lines: list[str] = []
        known: set[str] = {*map(str, self.layer.arguments)}
        for size, by in reversed(self.layer.sizes):
            self.used |= {str(s) for s in by.free_symbols} if str(size) in self.used else set()
        for tensor in self.layer.inputs:
            names = []
            for index in tensor.indices:
                name = str(index.size)
                names.append(name if name in self.used - known else "_")
                known.add(names[-1])
            if set(names) - {"_"}:
                comma = "," if len(names) == 1 else ""
                left = f"({names[0]},)" if comma else ", ".join(names)
                lines.append(f"{left} = {tensor.name}.shape")
        made = worked_out(self.layer)
        return [*lines, *(f"{name} = {text}" for name, text in made if name in self.used)]

    def size(self, axis: str) -> str:
        """The variable that holds the size of an axis."""
        self.used.add(self.size_of[axis])
        return self.size_of[axis]

    # -- from trees to Python ------------------------------------------------------------------

    def text(self, tree: Tree, within: int = 0) -> str:
        """A tree as Python, in brackets where it binds less tightly than `within`."""
        text, rank = self.ranked(tree)
        return f"({text})" if rank < within else text

    def ranked(self, tree: Tree) -> tuple[str, int]:
        """A tree as Python, and how tightly that binds."""
        match tree:
            case Number(text, _):
                return (str(int(text)) if text.isdecimal() else repr(float(text))), ATOM
            case Ref():
                return self.reference(tree), ATOM
            case Iverson(comparison, _):
                return f"int({self.condition(comparison)})", ATOM
            case Length(name, position, _):
                size = str(self.tensors[name].indices[position].size)
                self.used.add(size)
                return size, ATOM
            case Shifted():
                return self.shifted(tree)
            case Apply():
                return self.function(tree)
            case Negative(operand, _):
                return f"-{self.text(operand, UNARY)}", UNARY
            case Operation("**", left, right, _):
                return f"{self.text(left, ATOM)} ** {self.text(right, UNARY)}", PRECEDENCE["**"]
        return self.chain(tree)

    def chain(self, tree: Operation) -> tuple[str, int]:
        """A run of operations of one rank, however long, without recursion."""
        rank = PRECEDENCE[tree.op]
        words: list[str] = []
        left: Tree = tree
        while isinstance(left, Operation) and PRECEDENCE[left.op] == rank:
            words += [self.text(left.right, rank + 1), f" {left.op} "]
            left = left.left
        return self.text(left, rank) + "".join(reversed(words)), rank

    def reference(self, tree: Ref) -> str:
        """A tensor's entry, an index, π, or the size of an axis by its capital."""
        if tree.name in self.tensors:
            places = ", ".join(map(self.reference, tree.indices or ()))
            return f"{tree.name}[{places}]" if places else tree.name
        if tree.name in self.size_of:
            return variable(tree.name)
        if tree.name == PI:
            return "np.pi"
        return self.size(next(a for a in sorted(self.size_of) if a.upper() == tree.name))

    def shifted(self, tree: Shifted) -> tuple[str, int]:
        """An entry at whole expressions, or the value where one lies outside of its axis."""
        at = {axis: self.text(whole) for axis, whole in tree.at}
        indices = tree.entry.indices or ()
        places = (at[i.name] if i.name in at else self.reference(i) for i in indices)
        name = own_name(tree.entry.name)
        entry = f"{name}[{', '.join(places)}]"
        if tree.outside is None and not tree.along:
            return entry, ATOM
        inside = []
        for index, axis in zip(indices, self.tensors[name].indices, strict=True):
            if index.name in at and (tree.outside is not None or index.name == tree.along):
                self.used.add(str(axis.size))
                inside.append(f"0 <= {at[index.name]} < {axis.size}")
        outside = "0" if tree.outside is None else self.text(tree.outside)
        if tree.starts:
            *others, last = tree.starts
            firsts = [
                f"{self.text(s.value, CONDITIONAL + 1)} if {at[tree.along]} == {self.text(s.at)}"
                for s in others
            ]
            outside = " else ".join([*firsts, self.text(last.value)])
        return f"{entry} if {' and '.join(inside)} else {outside}", CONDITIONAL

    def function(self, tree: Apply) -> tuple[str, int]:
        """A function, a reduction, `where` or `size`."""
        name, first = tree.name, tree.args[0]
        if name == "size" and isinstance(first, Ref):
            return self.size(first.name), ATOM
        if name in REDUCTIONS and self.is_axis(first):
            return self.reduction(tree)
        if name in OF_MATRICES:
            return self.of_matrix(tree), ATOM
        if name == "where":
            a, b = (self.text(arg, CONDITIONAL + 1) for arg in tree.args[1:])
            return f"{a} if {self.condition(first)} else {b}", CONDITIONAL
        args = list(tree.args)
        self.functions.add(name)
        self.kinks |= name in ("max", "min", "abs", "sign")
        if name in ("max", "min"):  # Python takes the first at a tie, the language a constant
            args.sort(key=lambda arg: any(isinstance(part, Ref) for part in walk(arg)))
            return f"_extreme({name}, [{', '.join(map(self.text, args))}])", ATOM
        values = ", ".join(map(self.text, args))
        return f"{HELPERS.get(name, f'np.{name}')}({values})", ATOM

    def reduction(self, tree: Apply) -> tuple[str, int]:
        """A sum over a generator, and its like."""
        axes = [a.name for a in tree.args[:-1] if isinstance(a, Ref)]
        loops = " ".join(f"for {variable(a)} in range({self.size(a)})" for a in axes)
        values = f"{self.text(tree.args[-1])} {loops}"
        if tree.name in ("max", "min"):
            self.functions.add(tree.name)
            self.kinks = True
            return f"_extreme({tree.name}, [{values}])", ATOM
        if tree.name == "sum":
            return f"sum({values})", ATOM
        count = " * ".join(map(self.size, axes))
        return f"sum({values}) / {count if len(axes) == 1 else f'({count})'}", PRECEDENCE["/"]

    def of_matrix(self, tree: Apply) -> str:
        """A function of the rows of a matrix; of an inverse and a solution the entry."""
        found = square_of(tree)
        row, column = variable(found.rows.name), variable(found.columns.name)
        by_row = f"for {row} in range({self.size(found.rows.name)})"
        by_column = f"for {column} in range({self.size(found.columns.name)})"
        rows = f"[[{self.text(found.value)} {by_column}] {by_row}]"
        self.functions.add(tree.name)
        if tree.name == "inv":
            return f"_inverse({rows})[{row}][{column}]"
        if tree.name == "solve" and found.right is not None:
            return f"_solve({rows}, [{self.text(found.right)} {by_row}])[{column}]"
        self.functions |= {"log"} if tree.name == "logdet" else set()
        return f"_{tree.name}({rows})"

    def condition(self, tree: Tree) -> str:
        """A comparison: of indices as they are, of values by their real parts."""
        assert isinstance(tree, Operation) and tree.op in COMPARISONS
        sides = (tree.left, tree.right)
        places = all(map(self.is_whole, sides))
        self.kinks |= not places
        left, right = (self.text(s) if places else self.real(s) for s in sides)
        return f"{left} {tree.op} {right}"

    def real(self, tree: Tree) -> str:
        """The part of a value on which decisions are taken."""
        return self.text(tree) if isinstance(tree, Number) else f"{self.text(tree, ATOM)}.real"

    def is_axis(self, tree: Tree) -> bool:
        """Is it the bare name of an axis?"""
        return isinstance(tree, Ref) and tree.indices is None and tree.name in self.size_of

    def is_whole(self, tree: Tree) -> bool:
        """Is it made of axes, labels, sizes and whole numbers, with an axis or a label in it?"""
        refs = [part for part in walk(tree) if isinstance(part, Ref)]
        sizes = {a for part in walk(tree) if isinstance(part, Apply) for a in part.args}
        named = [ref for ref in refs if ref not in sizes and self.is_place(ref)]
        others = [r for r in refs if r not in named and r not in sizes and r.name in self.tensors]
        return bool(named) and not others

    def is_place(self, tree: Ref) -> bool:
        """Is it an axis or a label?"""
        return self.is_axis(tree) or tree.name in self.labels

    def assumptions(self) -> list[Fact]:
        """Each assumption as a generator's body: residuals, and the entry to solve each for."""
        return [self.assumption(fact) for fact in self.layer.assumptions]

    def assumption(self, fact: Any) -> Fact:
        """The lines of one assumption, in a loop over its free indices."""
        self.used = set()
        free, trees = free_indices(fact.lhs), FactTrees(self.layer, self.size_of)
        left, right = (trees.tree(side, [i.name for i in free]) for side in (fact.lhs, fact.rhs))
        axes = [i.name for i in free]
        real = (t for t in walk(left) if isinstance(t, Ref) and t.name in self.tensors)
        solved = next(t for t in real if t.name not in self.labels)
        places = []
        for index in solved.indices or ():
            bound = self.is_axis(index) and index.name not in axes
            places.append(f"{self.size(index.name)} - 1" if bound else self.reference(index))
        place = f"({places[0]},)" if len(places) == 1 else f"({', '.join(places)})"
        residual = f"{self.text(left, 1)} - {self.text(right, 2)}"
        here = ", ".join(f"{variable(a)}={variable(a)}" for a in axes)
        lines = [f"yield {solved.name}, {place}, lambda{f' {here}' if here else ''}: {residual}"]
        if axes:
            head = self.loop([variable(a) for a in axes], [self.size(a) for a in axes])
            lines = [head, *("    " + line for line in lines)]
        return Fact(docstring(f"{spell(left)} == {spell(right)}"), [*self.shapes(), *lines])
