"""Derivations for notebooks and scripts: `from pullback import layer`.

A notebook shows single formulas as LaTeX and whole derivations as Markdown. Formulas come from the
printer of index notation, and every text from a definition is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

from pullback.codegen import library
from pullback.codegen.compiler import Compiled, compile_definition
from pullback.codegen.faces.functions import source_of
from pullback.codegen.lower.assembly import lower
from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages.jacobian_matrix import JacobianMatrix, jacobian_matrix
from pullback.codegen.pages.latex import document
from pullback.codegen.pages.markdown import inline, markdown
from pullback.codegen.pages.outline import Block, Outline, pieces
from pullback.codegen.pages.terminal import plain, show
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.trace import Trace, trace
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer
from pullback.derive.read.definition import is_layer_name, read_definition
from pullback.derive.read.from_arrays.understood import Understood
from pullback.derive.read.from_sympy import equations_text


def layer(
    equations: str | Iterable[Any] | Mapping[Any, Any] | Callable[..., Any] | None,
    wrt: Sequence[str] | None = None,
    assume: Sequence[str] = (),
    name: str = library.LAYER,
    shapes: Mapping[str, str] | None = None,
    matrices: str | None = None,
) -> Derived:
    """Derive and prove; see `pullback.layer`."""
    if (equations is None) == (matrices is None):
        raise TypeError("layer takes equations or matrices, and one of them")
    if matrices is not None:
        source = library.made_of_arrays(name, matrices, shapes or {}, wrt, assume, "matrices")
    elif isinstance(equations, FunctionType):
        named = equations.__name__
        name = named if name == library.LAYER and is_layer_name(named) else name
        source = library.made_of_arrays(name, source_of(equations), shapes or {}, wrt, assume)
    elif shapes:
        if not isinstance(equations, str):
            raise TypeError(
                f"shapes go with a Python function or with text; came {type(equations).__name__}"
            )
        source = library.made_of_arrays(name, equations, shapes, wrt, assume)
    else:
        assert equations is not None
        text = equations if isinstance(equations, str) else equations_text(equations)
        source = library.made(name, text, wrt, assume)
    understood = read_definition(name, source).understood
    return Derived(compile_definition(name, source, library.shipped_source), understood)


def load(name: str) -> Derived:
    """The derivation of a shipped layer by its name, or of a file; see `pullback.load`."""
    called = library.called_from(name)
    name, source = library.find(name)
    return Derived(compile_definition(name, source, called))


def traced(layer: str | Derived | ModuleType, inputs: Mapping[str, Any] | None) -> Trace:
    """Every value and every gradient; see `pullback.trace`."""
    if isinstance(layer, ModuleType):
        layer = made_into(layer)
    if isinstance(layer, str):
        layer = load(layer)
    if not isinstance(layer, Derived):
        raise TypeError(
            "trace takes a layer's name, what pullback.layer returned, or a generated module; "
            f"came {type(layer).__name__}"
        )
    return trace(layer.compiled, inputs)


def made_into(module: ModuleType) -> Derived:
    """The shipped layer of which a module was generated."""
    name = module.__name__.rpartition(".")[2]
    if name in library.shipped():
        found = load(name)
        if found.compiled.layer.digest[:16] in (module.__doc__ or ""):
            return found
    raise PullbackError(
        f"the module {module.__name__} is not that of a shipped layer as it is now; pass the path "
        "of its definition, or what pullback.layer returns for it"
    )


class Named(dict[str, "Gradient"]):
    """Gradients by name; a name that is missing is answered with those there are."""

    def __missing__(self, name: str) -> Gradient:
        raise KeyError(f"no gradient by {name!r} was derived; there are {', '.join(self)}")


@dataclass(frozen=True, eq=False)
class Derived:
    """A layer with its gradients, derived and proved.

    `compiled` holds what each stage has made: layer, derivation, proof, program. `understood` is
    what was read of array or matrix notation, each equation beside its line; else None.
    """

    compiled: Compiled
    understood: Understood | None = None

    @property
    def nodes(self) -> Mapping[str, str]:
        """The equations, calls written out, by the name of what they define."""
        return {n.name: n.text for n in self.compiled.layer.nodes}

    @property
    def pages(self) -> tuple[Outline, Outline]:
        """What a page shows, in Unicode and in LaTeX."""
        return self.compiled.outlines[UNICODE], self.compiled.outlines[LATEX]

    @cached_property
    def values(self) -> Steps:
        """The steps that bring values into the form for differentiating and for computing."""
        page, typeset = self.pages
        return steps(page.values, typeset.values, dict(page.laws))

    @cached_property
    def gradients(self) -> Mapping[str, Gradient]:
        """The gradients in reverse order, by the name of the input or of the node on the way."""
        page, typeset = self.pages
        laws, found = dict(page.laws), Named()
        for own, twin in zip(page.sections, typeset.sections, strict=True):
            parts = []
            pullbacks = self.compiled.derivation.gradient(own.name).parts
            for pullback, a, b in zip(pullbacks, own.parts, twin.parts, strict=True):
                made = steps((a.jacobian, *a.blocks), (b.jacobian, *b.blocks), laws)
                node = pullback.jacobian.node.name
                parts.append(Part(self.compiled.layer, node, own.name, a.structure, made))
            matrix = twin.matrix or None
            forms = steps(own.forms, twin.forms, laws)
            found[own.name] = Gradient(
                own.index, own.check, twin.index, matrix, tuple(parts), forms
            )
        return found

    def jacobian(
        self, node: str, tensor: str, sizes: Mapping[str, int] | None = None
    ) -> JacobianMatrix:
        """The Jacobian of any node by any real tensor, as in `jacobian_matrix`."""
        return jacobian_matrix(self.compiled.layer, node, tensor, sizes)

    @property
    def latex(self) -> str:
        """The derivation as a LaTeX document, as `pullback show --format latex` prints it."""
        return document(self.compiled.outlines[LATEX])

    @cached_property
    def source(self) -> str:
        """The text of the NumPy module."""
        return module(self.compiled.derivation, self.compiled.program)

    def compile(self, precise: bool = False) -> ModuleType:
        """The NumPy module (forward, backward, value_and_grad, …), made without a file.

        A precise one works in float64 and carries on the rounding errors of exponents.
        Tracebacks and `inspect.getsource` find its text.
        """
        derivation = self.compiled.derivation
        text = module(derivation, lower(derivation, precise)) if precise else self.source
        return loaded(text, self.compiled.layer)

    def __str__(self) -> str:
        return show(self.compiled.derivation, self.compiled.proof)

    def __repr__(self) -> str:
        layer = self.compiled.layer
        return f"<layer {layer.name}: {layer.output.text}; gradients by {', '.join(layer.wrt)}>"

    def _repr_markdown_(self) -> str:
        page = self.pages[1]
        lines = [f"### {markdown(page.title)}", markdown(page.summary)]
        lines += ["\n".join(["```text", *map(plain, page.equations), "```"])]
        lines += [self.values._repr_markdown_()]
        for name, gradient in self.gradients.items():
            lines.append(f"#### {inline(next(s.left for s in page.sections if s.name == name))}")
            for part in gradient.parts:
                structure = f"∂{part.node}/∂{part.tensor}: {part.structure}"
                lines += [part.steps._repr_markdown_(), markdown(structure)]
            lines += [gradient.forms._repr_markdown_()]
            lines += [inline(f) for f in (gradient.latex, gradient.matrix_form) if f]
        return "\n\n".join(filter(None, lines)) + "\n"


@dataclass(frozen=True)
class Step:
    """A step of a derivation: `before` equals `after` by a law, and how that was checked.

    A step to a matrix form has the `shapes` of its factors, and says `why` it stands as it does.
    """

    number: int
    law: str
    statement: str
    before: str
    after: str
    check: str
    assumes: tuple[str, ...]
    needs: tuple[str, ...]
    before_latex: str
    after_latex: str
    shapes: str
    why: tuple[str, ...]
    why_latex: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The law, what is assumed, where it holds if that is not everywhere, and the check."""
        given = f", given {', '.join(self.assumes)}" if self.assumes else ""
        given += f", where {', '.join(self.needs)}" if self.needs else ""
        return f"{self.law}{given}; {self.check}"

    def __str__(self) -> str:
        said = "; ".join(filter(None, (self.shapes, *self.why)))
        return f"{self.before} = {self.after}    ({self.reason})" + (f"; {said}" if said else "")

    def _repr_markdown_(self) -> str:
        formula = inline(f"{self.before_latex} = {self.after_latex}")
        said = [f"({self.number}) {formula} — {markdown(self.reason)}"]
        return "; ".join([*said, *map(sentence, self.why_latex)])


class Steps(tuple[Step, ...]):
    """Steps in order."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_markdown_(self) -> str:
        return "\n\n".join(step._repr_markdown_() for step in self)


@dataclass(frozen=True)
class Part:
    """What one node that reads a tensor adds to its gradient."""

    layer: Layer
    node: str
    tensor: str
    structure: str
    steps: Steps

    def jacobian(self, sizes: Mapping[str, int] | None = None) -> JacobianMatrix:
        """∂ node / ∂ tensor as a matrix, as in `jacobian_matrix`."""
        return jacobian_matrix(self.layer, self.node, self.tensor, sizes)

    def __repr__(self) -> str:
        return f"<∂{self.node}/∂{self.tensor}: {self.structure}>"


@dataclass(frozen=True)
class Gradient:
    """A gradient: the sum of its parts, one for each node that reads the tensor.

    `text` is the result in index notation, `latex` the same in LaTeX, `matrix_form` the result in
    matrix notation in LaTeX where that exists; `check` is how the whole was checked. `forms` are
    the steps from indices to matrices.
    """

    text: str
    check: str
    latex: str
    matrix_form: str | None
    parts: tuple[Part, ...]
    forms: Steps

    @property
    def steps(self) -> Steps:
        """The steps of all parts, and those to matrices."""
        return Steps((*(step for part in self.parts for step in part.steps), *self.forms))

    def jacobian(self, sizes: Mapping[str, int] | None = None) -> JacobianMatrix:
        """The Jacobian of the one node that reads the tensor."""
        if len(self.parts) != 1:
            nodes = ", ".join(part.node for part in self.parts) or "no node"
            raise ValueError(
                f"the gradient has a part for each of {nodes}; take the Jacobian of one of `parts`"
            )
        return self.parts[0].jacobian(sizes)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.text}>"

    def _repr_latex_(self) -> str:
        return inline(self.latex)


def sentence(text: str) -> str:
    """A reason as Markdown."""
    return "".join(inline(a) if is_formula else markdown(a) for a, is_formula in pieces(text))


def steps(
    blocks: Iterable[Block | None], typeset: Iterable[Block | None], laws: Mapping[str, str]
) -> Steps:
    """The steps of blocks, given in both alphabets; None is a block that is not shown."""
    found = []
    for block, twin in zip(filter(None, blocks), filter(None, typeset), strict=True):
        before, before_latex = block.start or block.left, twin.start or twin.left
        for a, b in zip(block.lines, twin.lines, strict=True):
            words = (a.number, a.law, laws[a.law], before, a.formula, a.check)
            facts = a.assumes, a.needs
            why = tuple(text.replace("`", "") for text in a.reasons)
            set_in = (before_latex, b.formula)
            found.append(Step(*words, *facts, *set_in, a.shapes, why, b.reasons))
            before, before_latex = a.formula, b.formula
    return Steps(found)
