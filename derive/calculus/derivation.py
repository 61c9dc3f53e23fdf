"""From a layer to its derivatives, step by step.

For each node: its value, simplified and put into a form that computes well; for each tensor that
it reads: the Jacobian's general entry by SymPy, its structure, and the pullback. The chain rule
runs over the named nodes in reverse; a tensor that is read twice gets the sum. The same Jacobians
push tangents forward, and the tangents of the cotangents are Hessian-vector products.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr

from pullback.derive import laws
from pullback.derive.calculus.cuts import NOTHING, Cutting
from pullback.derive.calculus.cutting import cutting
from pullback.derive.calculus.jacobians import (
    Jacobian,
    Value,
    derivative_for_computing,
    derive_jacobian,
    derive_values,
    foldable,
    meanings,
)
from pullback.derive.calculus.matrix_forms import MatrixForm, matrix_form
from pullback.derive.calculus.reading import in_reverse, on_the_way, reading_nodes
from pullback.derive.calculus.reasoning import Reasoning, in_matrices
from pullback.derive.calculus.steps import Chain, Step, tidy
from pullback.derive.calculus.tangents import Tangent, derive_tangents
from pullback.derive.calculus.wholes import Whole, put_together
from pullback.derive.errors import DefinitionError, MissingLaw, TooLarge
from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import Index, earlier, entry, entry_name, own_name
from pullback.derive.laws.matching import Equality
from pullback.derive.layer import Layer, Node, Recurrence, Tensor
from pullback.derive.read.trees import BATCH
from pullback.derive.read.vocabulary import COTANGENT


@dataclass(frozen=True)
class Pullback:
    """Jᵀg from the sum over the node's entries to its short form, and a form that computes well."""

    jacobian: Jacobian
    cotangent: Expr
    result: Chain
    code: Chain


@dataclass(frozen=True)
class Gradient:
    """The cotangent of a tensor: the sum over the nodes that read it; and as matrices.

    `wholes` put in, one after the other, the gradients in it that are the same at every place.
    """

    tensor: Tensor | Node
    cotangent: Expr
    parts: tuple[Pullback, ...]
    matrix: MatrixForm | None
    wholes: tuple[Whole, ...] = ()

    @property
    def total(self) -> Expr:
        """The sum of the short forms."""
        return total(self.parts)

    @property
    def code(self) -> Expr:
        """The sum of the forms that compute well."""
        return sp.Add(*(p.code.end for p in self.parts))


@dataclass(frozen=True)
class Derivation:
    """Everything that follows from a layer.

    Values stand in order, gradients in reverse order. `seconds` are how the gradients change along
    the inputs' tangents, with the output's cotangent kept as it is; there are none where the output
    has axes beside leading ones, or where `no_seconds` says why they were left out.
    """

    layer: Layer
    values: tuple[Value, ...]
    gradients: tuple[Gradient, ...]
    wanted: tuple[str, ...]
    tangents: tuple[Tangent, ...]  # of the nodes, in order
    seconds: tuple[Tangent, ...]  # of the cotangents, in reverse order
    no_seconds: str = ""
    cutting: Cutting = NOTHING  # along which axes the layer can be worked out in parts

    @property
    def labelled(self) -> Layer:
        """The layer with all labels that its steps speak of: those of its inputs, and of parts."""
        return self.cutting.labelled(self.layer)

    def value(self, name: str) -> Value:
        """The value of the node of that name."""
        return next(v for v in self.values if v.node.name == name)

    def gradient(self, name: str) -> Gradient:
        """The gradient by the tensor of that name; KeyError where it was not wanted."""
        for gradient in self.gradients:
            if gradient.tensor.name == name:
                return gradient
        known = ", ".join(g.tensor.name for g in self.gradients)
        raise KeyError(f"no gradient by {name!r} was derived; there are {known}")

    @property
    def remark(self) -> str:
        """That second derivatives were left out, and why; nothing where they were not."""
        hvp, why = ", and hvp with them" if self.lacks_hvp else "", self.no_seconds
        return f"Second derivatives are left out{hvp}: {why}." if why else ""

    @property
    def lacks_hvp(self) -> bool:
        """Would modules have hvp, had second derivatives not been left out?"""
        return bool(self.no_seconds) and not self.layer.output.indices

    @property
    def reasonings(self) -> tuple[Reasoning, ...]:
        """All chains of steps, in the order of the derivation."""
        found = []
        for value in self.values:
            found += [Reasoning(value.node.name, value.meaning)]
            found += in_matrices(value.node.name, value.matrix)
            found += [Reasoning(value.node.name, value.code)]
        for gradient in self.gradients:
            for part in gradient.parts:
                node = part.jacobian.node
                what = f"∂{node.name}/∂{gradient.tensor.name}"
                chains = (part.jacobian.entry, part.result, part.code)
                found += [Reasoning(what, c, node) for c in chains]
            name = entry_name(gradient.cotangent)
            found += in_matrices(name, gradient.matrix)
            for own in gradient.wholes:
                found += [Reasoning(name, own.chain, own.known), *in_matrices(name, own.matrix)]
        found += self.cutting.reasonings
        for tangents, second in ((self.tangents, False), (self.seconds, True)):
            found += [r for tangent in tangents for r in tangent.reasonings(second)]
        return tuple(found)

    @property
    def forms(self) -> tuple[Chain, ...]:
        """The chains to the forms in which values and gradients are computed."""
        parts = (part.code for gradient in self.gradients for part in gradient.parts)
        return (*(value.code for value in self.values), *parts)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the derivation."""
        return tuple(step for r in self.reasonings for step in r.chain.steps)

    def without_seconds(self, why: str) -> Derivation:
        """The same without second derivatives, and the reason."""
        return replace(self, seconds=(), no_seconds=why)


def total(parts: Iterable[Pullback]) -> Expr:
    """The sum of short forms."""
    return sp.Add(*(p.result.end for p in parts))


def cotangent_name(name: str) -> str:
    """The name of a tensor's cotangent."""
    return COTANGENT + name


def tensor_of(cotangent: str) -> str:
    """The name of the tensor of which this is the cotangent's name."""
    return cotangent.removeprefix(COTANGENT)


def derive(layer: Layer) -> Derivation:
    """Derive every gradient that the layer wants; DefinitionError where it wants none."""
    *_, whole = growing(layer)
    return whole


def growing(layer: Layer) -> Iterator[Derivation]:
    """The derivation as it grows: values alone, with each gradient more, with tangents, whole.

    The steps of each are the first of the next one, as the same objects. Raises as `derive` does.
    """
    if not layer.wrt:
        raise DefinitionError(
            f"{layer.name}: there is no gradient to derive: no real input is wanted that nothing "
            "is assumed of"
        )
    values = derive_values(layer)
    by_name = {v.node.name: v for v in values}
    readers = reading_nodes(layer)
    needed = on_the_way(layer, readers)
    derivation = Derivation(layer, tuple(values), (), layer.wrt, (), ())
    yield derivation
    alike: list[Node] = []  # cotangents that are the same at every place
    for tensor in in_reverse(layer, readers, needed):
        parts = tuple(
            derive_pullback(layer, by_name, by_name[reader], read)
            for read in places_of(layer, tensor)
            for reader in readers.get(read.name, ())
            if reader in needed
        )
        gradient = with_wholes(gradient_of(tensor, parts), alike)
        alike += same_everywhere(gradient)
        derivation = replace(derivation, gradients=(*derivation.gradients, gradient))
        yield derivation
    gradients = derivation.gradients
    check_handout(layer, gradients)
    jacobians = (p.jacobian for g in gradients for p in g.parts)
    found = {(j.node.name, j.tensor.name): j for j in jacobians}
    forward = [n for n in layer.nodes if n.name in {*needed, layer.output.name}]
    tangents = derive_tangents(layer, by_name, forward, layer.wrt, found)
    derivation = replace(derivation, cutting=cutting(layer), tangents=tangents)
    yield derivation
    try:
        yield replace(derivation, seconds=derive_seconds(layer, by_name, gradients, tangents))
    except (TooLarge, MissingLaw) as error:
        yield derivation.without_seconds(error.reason)


def places_of(layer: Layer, tensor: Tensor | Node) -> tuple[Tensor | Node, ...]:
    """A tensor as it is read: at the same place and, in a recurrence, at others."""
    inside = layer.recurrence(tensor.name)
    return (tensor, layer.tensor(earlier(tensor.name))) if inside else (tensor,)


def reverse_order(layer: Layer) -> tuple[str, ...]:
    """The names of what has a gradient, in the order in which gradients are derived."""
    readers = reading_nodes(layer)
    return tuple(t.name for t in in_reverse(layer, readers, on_the_way(layer, readers)))


def check_handout(layer: Layer, gradients: Sequence[Gradient]) -> None:
    """Refuse a line of a handout for which there is no derivative here."""
    found = {(p.jacobian.node.name, g.tensor.name) for g in gradients for p in g.parts}
    found |= {(layer.output.name, g.tensor.name) for g in gradients}
    for line in layer.handout:
        if line.tensor and (line.node, line.tensor) not in found:
            known = ", ".join(f"{node} by {tensor}" for node, tensor in sorted(found))
            raise DefinitionError(
                f"{layer.name}: [handout] names '{line.node} by {line.tensor}', which is not "
                f"derived; there are {known}"
            )


def gradient_of(tensor: Tensor | Node, parts: tuple[Pullback, ...]) -> Gradient:
    """What the nodes that read a tensor contribute, together."""
    cotangent = entry(cotangent_name(tensor.name), tensor.indices)
    return Gradient(tensor, cotangent, parts, matrix_form(total(parts), tensor.indices))


def with_wholes(gradient: Gradient, known: Sequence[Node]) -> Gradient:
    """A gradient, and what it comes to with known ones put in for their names."""
    wholes = put_together(gradient.total, gradient.tensor.indices, known)
    return replace(gradient, wholes=tuple(wholes))


def same_everywhere(gradient: Gradient) -> list[Node]:
    """A gradient as notation for what it is, if that is the same at every place; else nothing."""
    tensor, total = gradient.tensor, gradient.total
    if not tensor.indices or not gradient.parts or total.has(sp.Indexed, Index):
        return []
    return [Node(cotangent_name(tensor.name), tensor.indices, total, True, "", "")]


def derive_seconds(
    layer: Layer,
    values: dict[str, Value],
    gradients: Sequence[Gradient],
    tangents: tuple[Tangent, ...],
) -> tuple[Tangent, ...]:
    """How each gradient changes along the tangents: the cotangents are nodes like others.

    Derived where the output is one number, or one for each place of the leading axes.
    """
    if any(i.name != BATCH for i in layer.output.indices):
        return ()
    whole = gradient_layer(layer, gradients)
    nodes = whole.nodes[len(layer.nodes) :]
    notation = meanings(layer)
    known = dict(values)
    for node in nodes:
        meaning = Chain(node.expr).then(laws.put_in, notation)
        known[node.name] = Value(node, meaning, Chain(node.expr))
    moving = [*layer.wrt, *(t.node.name for t in tangents if t.total != 0)]
    moving += [earlier(name) for name in moving if layer.recurrence(name)]
    return derive_tangents(whole, known, nodes, moving, {})


def gradient_layer(layer: Layer, gradients: Sequence[Gradient]) -> Layer:
    """The layer with its cotangents as nodes; a scalar output's own cotangent is 1."""
    output = layer.output
    upstream = entry(cotangent_name(output.name), output.indices)
    nodes = []
    for gradient in gradients:
        expr = gradient.total if output.indices else gradient.total.xreplace({upstream: sp.S.One})
        name = cotangent_name(gradient.tensor.name)
        nodes.append(Node(name, gradient.tensor.indices, expr, False, "", layer.name))
    given = Tensor(cotangent_name(output.name), output.indices, None, "")
    turned = []
    for loop in layer.recurrences:  # with more names than there are nodes, where some need none
        positions = {cotangent_name(name): at for name, at in loop.positions.items()}
        turned.append(Recurrence(positions, not loop.back))
    return replace(
        layer,
        inputs=(*layer.inputs, given),
        nodes=(*layer.nodes, *nodes),
        recurrences=(*layer.recurrences, *turned),
    )


def derive_pullback(
    layer: Layer, values: dict[str, Value], value: Value, tensor: Tensor | Node
) -> Pullback:
    """Jᵀg in its short form."""
    jacobian = derive_jacobian(layer, values, value, tensor)
    name = cotangent_name(value.node.name)
    g = entry(earlier(name) if own_name(tensor.name) != tensor.name else name, jacobian.rows)
    chain = Chain(Sum(g * jacobian.entry.end, *jacobian.rows))
    chain = tidy(chain, layer)
    chain = chain.then(laws.tie_to_label).then(laws.common_factor)
    chain = chain.then(laws.fold, foldable(layer, values, value.node))
    code = derivative_for_computing(chain.end, layer, values, value.node)
    code = code.then(laws.mask_from_output, [Equality(value.node.entry, value.meaning.end)])
    return Pullback(jacobian, g, chain, code)
