"""A derivation as one HTML page that opens offline: no script, no request, its font in itself.

The outline is spelled twice, as LaTeX for MathML and in Unicode for screen readers; text from a
definition is escaped by the templates.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from codegen import pictures
from codegen.example import Table, example
from codegen.graph import graph
from codegen.highlight import Function, functions
from codegen.mathml import Typesetter, colour, typesetter
from codegen.module import Module, axes_of
from codegen.notation import PAGE, UNICODE, Notation, Style
from codegen.outline import Block, Formula, Line, Outline, Outliner, Part, Section
from codegen.program import Program
from derive.derivation import Derivation, cotangent_name
from derive.jacobians import Jacobian, written_out
from derive.laws import LAWS, Law
from derive.layer import Layer, Node, Tensor
from derive.proof import Proof
from derive.trees import BATCH

FONT = Path(__file__).parent / "fonts" / "math.woff2"
HOME = "index.html"
LAWS_FILE = "laws.html"
Context = dict[str, Any]


@cache
def environment() -> jinja2.Environment:
    """Jinja that escapes everything; a name that is missing is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("codegen"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **context: Any) -> str:
    """A whole document from a template."""
    font = base64.b64encode(FONT.read_bytes()).decode()
    return environment().get_template(template).render(context, font=font)


def plain(text: str) -> str:
    """Text without characters that steer what stands around them."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def slug(law: str) -> str:
    """A law's name as part of an address."""
    return "law-" + re.sub(r"[^a-z0-9]+", "-", law.lower()).strip("-")


def page(derivation: Derivation, proof: Proof, program: Program, text: str, home: str = "") -> str:
    """The page of a layer whose module is `text`; `home` is where a list of all layers is."""
    return render("page.html.j2", **Page(derivation, proof, program, text).context(), home=home)


@dataclass(frozen=True)
class Page:
    """What the template is filled with."""

    derivation: Derivation
    proof: Proof
    program: Program
    text: str

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.derivation.layer

    @cached_property
    def typeset(self) -> Typesetter:
        """Sets formulas in the layer's colours."""
        return typesetter(self.layer)

    @cached_property
    def outlines(self) -> tuple[Outline, Outline]:
        """The outline as LaTeX and in Unicode."""
        latex, words = (self.outliner(style).outline() for style in (PAGE, UNICODE))
        return latex, words

    def outliner(self, style: Style) -> Outliner:
        """Spells parts of the derivation in a style."""
        return Outliner(self.derivation, self.proof, Notation(self.layer, style))

    @cached_property
    def classes(self) -> Mapping[str, str]:
        """The colour of each tensor by its name."""
        return {n: colour(k) for n, k in Notation(self.layer).tensors.items()}

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The generated functions."""
        return functions(Module(self.derivation, self.program), self.text, self.classes)

    def context(self) -> Context:
        """Every key of the template."""
        latex, words = self.outlines
        return {
            "name": self.layer.name,
            "title": plain(self.layer.title),
            "summary": plain(self.layer.summary),
            "scalar": not self.layer.output.indices,
            "output": self.formula(lambda n: n.spell(self.layer.output.entry)),
            "equations": [self.equation(n) for n in self.layer.nodes],
            "references": [plain(text) for text in words.references],
            "axes": list(self.axes()),
            "symbols": list(self.symbols()),
            "graph": self.graph(),
            "values": self.values(),
            "gradients": self.sections(latex.sections, words.sections),
            "tangents": self.sections(latex.tangents, words.tangents),
            "seconds": self.sections(latex.seconds, words.seconds),
            "functions": [
                (f.name, [(g, self.origin(g.about)) for g in f.groups]) for f in self.functions
            ],
            "example": self.example(),
            "kinks_all": self.pairs(latex.kinks, words.kinks),
            "assumptions": self.pairs(latex.assumptions, words.assumptions),
            "laws": [law_context(LAWS[name]) for name, _ in words.laws if name in LAWS],
        }

    # -- formulas --------------------------------------------------------------------------------

    def formula(self, spell: Any) -> Markup:
        """What `spell` makes of a notation, set."""
        latex, words = (spell(Notation(self.layer, style)) for style in (PAGE, UNICODE))
        return self.typeset(latex, words)

    def pairs(
        self, latex: Iterable[tuple[Formula, Any]], words: Iterable[tuple[Formula, Any]]
    ) -> list[tuple[Markup, Any]]:
        """Formulas with what is said of them."""
        return [
            (self.typeset(a, b), about) for (a, about), (b, _) in zip(latex, words, strict=True)
        ]

    def equation(self, node: Node) -> Context:
        """A line of the definition."""

        def spell(notation: Notation) -> str:
            sign = "=" if not node.notation else r"\coloneqq" if notation.style.latex else ":="
            return notation.equation(node.entry, node.expr).replace(" = ", f" {sign} ", 1)

        return {
            "name": node.name,
            "formula": self.formula(spell),
            "text": plain(node.text),
            "kinks": self.kinks(node),
        }

    def kinks(self, node: Node) -> list[tuple[Markup, Any]]:
        """What is declared at a node's kinks."""
        both = (self.outliner(style).kinks_of(node) for style in (PAGE, UNICODE))
        return self.pairs(*both)

    # -- symbols ---------------------------------------------------------------------------------

    def axes(self) -> Iterable[Context]:
        """Each axis with its size and what it counts."""
        for index in self.layer.axes:
            batch = index.name == BATCH
            about = "any number of leading axes" if batch else ""
            yield {
                "formula": self.formula(lambda n, i=index: n.style.name(i.name)),
                "size": self.formula(lambda n, i=index: n.style.name(str(i.size))),
                "words": plain(self.layer.descriptions.get(index.name, about)),
            }

    def symbols(self) -> Iterable[Context]:
        """Each tensor with its shape, its part and what it is."""
        for tensor in (*self.layer.inputs, *self.layer.nodes):
            name = tensor.name
            yield {
                "formula": self.formula(lambda n, t=tensor: n.spell(t.entry)),
                "shape": self.shape(tensor),
                "part": self.role(tensor),
                "words": plain(self.layer.descriptions.get(name, "")),
                "gradient": any(g.tensor.name == name for g in self.derivation.gradients) and name,
            }

    def shape(self, tensor: Tensor | Node) -> Markup | str:
        """N × D, or that it is one number."""
        axes = axes_of(tensor)
        if not axes:
            return "one number"

        def spell(notation: Notation) -> str:
            times = r" \times " if notation.style.latex else " × "
            return times.join(map(notation.style.name, axes))

        return self.formula(spell)

    def role(self, tensor: Tensor | Node) -> str:
        """What part a tensor plays."""
        if isinstance(tensor, Tensor):
            return "labels" if tensor.integer else "input"
        if tensor.name == self.layer.output.name:
            return "output"
        return "notation" if tensor.notation else "node"

    # -- graph -----------------------------------------------------------------------------------

    def graph(self) -> Context:
        """The graph, each row with its node's formula and the gradients that flow back."""
        latex, words = self.outlines
        shorts = {
            b.name: self.typeset(a.index, b.index)
            for a, b in zip(latex.sections, words.sections, strict=True)
        }
        made = graph(self.derivation)
        formulas = {e["name"]: e["formula"] for e in map(self.equation, self.layer.nodes)}
        rows = []
        for row in made.rows:
            backs = [(n, shorts[n]) for n in (row.name, *row.first) if n in shorts]
            rows.append({"row": row, "formula": formulas[row.name], "backs": backs})
        names = (*(t.name for t in self.layer.inputs), *(n.name for n in self.layer.nodes))
        letters = {n: self.formula(lambda s, n=n: s.style.name(n)) for n in names}
        return {"graph": made, "rows": rows, "letters": letters, "classes": self.classes}

    # -- steps -----------------------------------------------------------------------------------

    def values(self) -> list[Context]:
        """Each node's value; its form for computing is folded."""
        latex, words = self.outlines
        blocks = iter(zip(latex.values, words.values, strict=True))
        found = []
        for value in self.derivation.values:
            meaning = self.block(*next(blocks), "as defined")
            code = [self.block(*next(blocks), "the value")] if value.code.steps else []
            found.append(
                {
                    "name": value.node.name,
                    "formula": self.formula(lambda n, v=value: n.style.name(v.node.name)),
                    "block": meaning,
                    "computing": code,
                    "code": self.code_of(value.node.name),
                    "kinks": self.kinks(value.node),
                }
            )
        return found

    def block(self, latex: Block, words: Block, reason: str) -> Context:
        """A left side and its steps; where nothing stands between, the first step is beside it."""
        rows = [self.line(a, b) for a, b in zip(latex.lines, words.lines, strict=True)]
        if words.start:
            start = {"formula": self.typeset(latex.start, words.start), "reason": reason}
            rows.insert(0, {**start, "number": 0, "law": "", "check": "", "assumes": ()})
        return {"left": self.typeset(latex.left, words.left), "rows": rows, "words": words.words}

    def line(self, latex: Line, words: Line) -> Context:
        """A step."""
        return {
            "number": words.number,
            "formula": self.typeset(latex.formula, words.formula),
            "reason": "",
            "law": words.law,
            "slug": slug(words.law),
            "statement": LAWS[words.law].statement if words.law in LAWS else "",
            "check": words.check,
            "assumes": self.typeset.both(latex.assumes, words.assumes),
        }

    def sections(self, latex: Sequence[Section], words: Sequence[Section]) -> list[Context]:
        """Gradients or tangents."""
        return [self.section(a, b) for a, b in zip(latex, words, strict=True)]

    def section(self, latex: Section, words: Section) -> Context:
        """A gradient or a tangent: its result first, then how it came about."""
        parts: Sequence[Any] = [None] * len(words.parts)
        if words.name in {g.tensor.name for g in self.derivation.gradients}:
            parts = self.derivation.gradient(words.name).parts
        return {
            "name": words.name,
            "left": self.typeset(latex.left, words.left),
            "index": self.typeset(latex.index, words.index),
            "matrix": self.typeset(latex.matrix, words.matrix) if words.matrix else "",
            "check": words.check,
            "code": self.code_of(cotangent_name(words.name)),
            "parts": [
                self.part(a, b, pullback)
                for a, b, pullback in zip(latex.parts, words.parts, parts, strict=True)
            ],
        }

    def part(self, latex: Part, words: Part, pullback: Any) -> Context:
        """What one reading node contributes."""
        jacobian = None
        if latex.jacobian and words.jacobian:
            jacobian = self.block(latex.jacobian, words.jacobian, "value put in")
        main = [
            self.block(a, b, "chain rule")
            for a, b in zip(latex.blocks, words.blocks, strict=True)
            if b.words != "for computing"
        ]
        computing = [
            self.block(a, b, "")
            for a, b in zip(latex.blocks, words.blocks, strict=True)
            if b.words == "for computing"
        ]
        return {
            "jacobian": jacobian,
            "structure": words.structure,
            "size": self.typeset(latex.size, words.size) if words.size else "",
            "blocks": main,
            "computing": computing,
            "shown": self.shown(pullback) if pullback else None,
        }

    def shown(self, pullback: Any) -> Context:
        """A Jacobian written out, its picture, and what not forming it saves."""
        jacobian: Jacobian = pullback.jacobian
        work = pictures.work(pullback.result.end, jacobian.columns)
        node = self.layer.tensor(jacobian.node.name)
        return {
            "node": self.formula(lambda n: n.style.name(node.name)),
            "name": self.formula(lambda n: n.style.slope(*map(n.style.name, names(jacobian)))),
            "kinks": self.kinks(jacobian.node),
            "picture": pictures.picture(jacobian),
            "matrix": self.matrix(jacobian),
            "work": self.formula(lambda n: n.spell(work)),
        }

    def matrix(self, jacobian: Jacobian) -> Markup | None:
        """A Jacobian at a small size, its entries written out."""
        if not jacobian.rows or not jacobian.columns:
            return None
        matrix = written_out(jacobian, pictures.written_sizes(jacobian))

        def spell(notation: Notation) -> str:
            rows = [[notation.spell(e) for e in matrix.row(r)] for r in range(matrix.rows)]
            if not notation.style.latex:
                return "[" + "; ".join(", ".join(row) for row in rows) + "]"
            lines = r" \\ ".join(" & ".join(row) for row in rows)
            return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"

        return self.formula(spell)

    # -- code ------------------------------------------------------------------------------------

    def code_of(self, about: str) -> str:
        """The address of the code that computes a value, or nothing."""
        for function in self.functions:
            if any(g.about == about for g in function.groups):
                return f"code-{function.name}-{about}"
        return ""

    def origin(self, about: str) -> str:
        """The address of the steps that a group of lines comes from."""
        if any(n.name == about for n in self.layer.nodes):
            return f"value-{about}"
        names = (g.tensor.name for g in self.derivation.gradients)
        return next((f"grad-{n}" for n in names if cotangent_name(n) == about), "")

    # -- example ---------------------------------------------------------------------------------

    def example(self) -> Context | None:
        """The worked example."""
        found = example(self.derivation, self.text)
        if found is None:
            return None
        upstream = [found.upstream] if found.upstream else []
        return {
            "sizes": found.sizes,
            "inputs": [self.table(t) for t in (*found.inputs, *upstream)],
            "nodes": [self.table(t) for t in found.nodes],
            "gradients": [self.table(t) for t in found.gradients],
        }

    def table(self, table: Table) -> Markup:
        """name = its entries."""

        def spell(notation: Notation) -> str:
            name = notation.style.name(table.name)
            left = notation.style.slope(notation.loss, name) if table.gradient else name
            return f"{left} = {array(table.values, notation.style.latex)}"

        return self.formula(spell)


def names(jacobian: Jacobian) -> tuple[str, str]:
    """The names above and below the line of a Jacobian."""
    return jacobian.node.name, jacobian.tensor.name


def number(value: Any) -> str:
    """To four digits, as short as that goes."""
    text = f"{value:.4g}"
    return "0" if text == "-0" else re.sub(r"e([+-])0?(\d+)", r" \\cdot 10^{\1\2}", text)


def array(values: Any, latex: bool) -> str:
    """An array as a matrix; one of three axes as matrices side by side."""
    if values.ndim == 0:
        return number(values.item())
    if not latex:
        return str(values.round(4).tolist())
    if values.ndim > 2:
        return r" \;\; ".join(array(part, latex) for part in values)
    rows = values if values.ndim == 2 else values[None]
    lines = r" \\ ".join(" & ".join(number(v) for v in row) for row in rows.tolist())
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"


def law_context(law: Law) -> Context:
    """What pages say of a law."""
    return {
        "name": law.name,
        "slug": slug(law.name),
        "statement": law.statement,
        "example": law_example(law),
        "reason": getattr(law, "reason", ""),
    }


def law_example(law: Law) -> Markup | str:
    """An example of a law; nothing for as long as laws carry none."""
    return ""
