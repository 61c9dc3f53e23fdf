"""Derivations for notebooks and scripts: `from pullback import layer`.

A notebook shows formulas as MathML or LaTeX, and derivations as HTML or Markdown. Formulas come
from the printer of index notation, and every text from a definition is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from types import FunctionType, ModuleType
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from pullback.codegen import library
from pullback.codegen.compiler import Compiled, compile_definition
from pullback.codegen.faces.functions import source_of
from pullback.codegen.faces.shown import Formula, Gradient, Jacobian, Part, Stage, Steps, steps
from pullback.codegen.lower.assembly import lower
from pullback.codegen.notation.styles import LATEX, PAGE, UNICODE
from pullback.codegen.pages import mathml
from pullback.codegen.pages.jacobian_matrix import JacobianMatrix, jacobian_matrix
from pullback.codegen.pages.latex import document
from pullback.codegen.pages.markdown import inline, markdown
from pullback.codegen.pages.outline import COMPUTING, Outline, without_marks
from pullback.codegen.pages.outline import Part as Shown
from pullback.codegen.pages.terminal import plain, show
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.targets.table import TARGETS
from pullback.codegen.templating import environment
from pullback.codegen.trace import Trace, trace
from pullback.derive.calculus.derivation import Pullback
from pullback.derive.errors import PullbackError
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
    sizes: Mapping[str, int | str] | None = None,
) -> Derived:
    """Derive and prove; see `pullback.layer`."""
    if (equations is None) == (matrices is None):
        raise TypeError("layer takes equations or matrices, and one of them")
    if sizes and (matrices is not None or shapes or isinstance(equations, FunctionType)):
        raise TypeError("sizes go with equations in index notation; shapes say those of others")
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
        source = library.made(name, text, wrt, assume, sizes)
    understood = read_definition(name, source).understood
    return Derived(compile_definition(name, source, library.shipped_source), understood)


def load(name: str) -> Derived:
    """The derivation of a shipped layer by its name, or of a file; see `pullback.load`."""
    called = library.called_from(name)
    name, source = library.find(name)
    return Derived(compile_definition(name, source, called))


def compiled(layer: str | Derived, target: str) -> ModuleType:
    """The module for a target; see `pullback.compile`."""
    if target not in TARGETS:
        raise PullbackError(f"there is no target {target!r}; there are {', '.join(TARGETS)}")
    found = derived(layer, "compile takes a layer's name or what pullback.layer returned")
    emission = found.compiled.to(TARGETS[target]).emit()
    if emission.language != "python":
        raise PullbackError(
            f"what {target} writes is no module of Python: pullback generate --target {target}"
        )
    try:
        return loaded(emission.module, found.compiled.layer)
    except ModuleNotFoundError as error:
        raise PullbackError(
            f"a module for {target} imports {error.name}, which is not installed: "
            f"pip install 'pullback[{target}]'"
        ) from None


def traced(layer: str | Derived | ModuleType, inputs: Mapping[str, Any] | None) -> Trace:
    """Every value and every gradient; see `pullback.trace`."""
    if isinstance(layer, ModuleType):
        layer = made_into(layer)
    wanted = "trace takes a layer's name, what pullback.layer returned, or a generated module"
    return trace(derived(layer, wanted).compiled, inputs)


def derived(layer: object, wanted: str) -> Derived:
    """What a name stands for, or what was derived; TypeError, with what is wanted, for others."""
    found = load(layer) if isinstance(layer, str) else layer
    if not isinstance(found, Derived):
        raise TypeError(f"{wanted}; came {type(layer).__name__}")
    return found


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
    def pages(self) -> tuple[Outline, Outline, Outline]:
        """What a page shows, in Unicode, in LaTeX and in the LaTeX of pages."""
        outlines = self.compiled.outlines
        return outlines[UNICODE], outlines[LATEX], outlines[PAGE]

    @cached_property
    def laws(self) -> Mapping[str, str]:
        """The statements of the laws that are used, by name."""
        return dict(self.pages[0].laws)

    @cached_property
    def values(self) -> Steps:
        """The steps that bring values into the form for differentiating and for computing."""
        return steps(zip(*(page.values for page in self.pages), strict=True), self.laws)

    @cached_property
    def gradients(self) -> Mapping[str, Gradient]:
        """The gradients in reverse order, by the name of the input or of the node on the way."""
        found = Named()
        for own, latex, page in zip(*(page.sections for page in self.pages), strict=True):
            pullbacks = self.compiled.derivation.gradient(own.name).parts
            parts = zip(own.parts, latex.parts, page.parts, strict=True)
            found[own.name] = Gradient(
                index=Formula(own.index, latex.index, page.index),
                check=own.check,
                matrix=Formula(own.matrix, latex.matrix, page.matrix) if own.matrix else None,
                layer=self.compiled.layer,
                tensor=own.name,
                parts=tuple(map(self.part, pullbacks, parts)),
                forms=steps(zip(own.forms, latex.forms, page.forms, strict=True), self.laws),
            )
        return found

    def part(self, pullback: Pullback, parts: tuple[Shown, Shown, Shown]) -> Part:
        """What a node adds to a gradient, given in three spellings."""
        own, latex, page = parts
        node, tensor = pullback.jacobian.node.name, pullback.jacobian.tensor.name
        assert own.jacobian and latex.jacobian and page.jacobian
        entry = [(own.jacobian, latex.jacobian, page.jacobian)]
        blocks = list(zip(*(part.blocks for part in parts), strict=True))
        short, computing = (
            Stage(steps((b for b in blocks if (b[0].words == COMPUTING) == last), self.laws))
            for last in (False, True)
        )
        jacobian = Jacobian(steps(entry, self.laws), self.compiled.layer, (node,), tensor)
        return Part(node, tensor, without_marks(own.structure), jacobian, short, computing)

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
        for section in page.sections:
            gradient = self.gradients[section.name]
            lines.append(f"#### {inline(section.left)}")
            for part in gradient.parts:
                structure = f"∂{part.node}/∂{part.tensor}: {part.structure}"
                lines += [part.steps._repr_markdown_(), markdown(structure)]
            lines += [gradient.forms._repr_markdown_()]
            lines += [f._repr_latex_() for f in (gradient.index, gradient.matrix) if f]
        return "\n\n".join(filter(None, lines)) + "\n"

    def _repr_html_(self) -> str | None:
        if not mathml.available():
            return None
        pages = zip(*(page.sections for page in self.pages), strict=True)
        lefts = [Formula(*(section.left for section in sections)) for sections in pages]
        page, *_ = self.pages
        return (
            templates()
            .get_template("derivation.html.j2")
            .render(
                title=plain(page.title),
                summary=plain(page.summary),
                equations=list(map(plain, page.equations)),
                values=self.values,
                gradients=list(zip(lefts, self.gradients.values(), strict=True)),
            )
        )


@cache
def templates() -> Environment:
    """The templates of this package; everything is escaped but what is shown as HTML."""
    made = environment(__package__, autoescape=True)
    made.filters["shown"] = lambda thing: Markup(thing._repr_html_())
    return made
