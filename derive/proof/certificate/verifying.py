"""A certificate read and checked: by the two checkers of steps, and nothing else of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import sympy as sp
from sympy.core.relational import Relational

from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.errors import DefinitionError, ProofFailed
from pullback.derive.index.objects import Index, is_entry
from pullback.derive.layer import Definitions, Layer, Node, Tensor
from pullback.derive.proof.certificate.trees import Reader, named
from pullback.derive.proof.certificate.writing import FORMAT
from pullback.derive.proof.check import Check
from pullback.derive.proof.every_size.said import Need
from pullback.derive.proof.proving import Watch, checked_chain, every_size_checker
from pullback.derive.proof.scalars import Work


@dataclass(frozen=True)
class Certificate:
    """A layer and chains of steps about it, each with the node whose definition it may use.

    `needs` is what is said of each step, in order: what both of its sides need to have values.
    """

    layer: Layer
    chains: tuple[tuple[str, Chain, Node | None], ...]
    needs: tuple[tuple[Need, ...], ...]

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return sum(len(chain.steps) for _, chain, _ in self.chains)


def read(data: Any) -> Certificate:
    """What a certificate says; DefinitionError, in words, where it is none."""
    fields = taken(data, "certificate", format=str, layer=dict, chains=list, parts=list)
    if fields["format"] != FORMAT:
        raise DefinitionError(f"certificate: its format is {fields['format']!r}, not {FORMAT!r}")
    reader = Reader(fields["parts"])
    try:
        layer = read_layer(reader, fields["layer"])
        chains = tuple(read_chain(reader, layer, chain) for chain in fields["chains"])
        needs = [read_needs(reader, s) for chain in fields["chains"] for s in chain["steps"]]
    except ValueError as error:
        raise DefinitionError(f"certificate: {error}") from None
    return Certificate(layer, chains, tuple(needs))


def taken(data: Any, what: str, **wanted: type) -> Mapping[str, Any]:
    """The fields of an object, each of its type."""
    if not isinstance(data, dict):
        raise DefinitionError(f"certificate: {what} is {data!r}, and no object")
    for name, kind in wanted.items():
        if not isinstance(data.get(name), kind):
            raise DefinitionError(
                f"certificate: {what} has {name} = {data.get(name)!r}; wanted is {kind.__name__}"
            )
    return data


def read_layer(reader: Reader, data: Any) -> Layer:
    """The layer, as far as checkers need it."""
    fields = taken(data, "layer", name=str, inputs=list, nodes=list, assumes=list, digest=str)
    inputs = tuple(read_tensor(reader, t) for t in fields["inputs"])
    nodes = tuple(read_node(reader, n) for n in fields["nodes"])
    assumed = [*facts(reader, fields["assumes"])]
    return Layer(
        name=named(fields["name"]),
        title=fields["name"],
        summary="",
        inputs=inputs,
        nodes=nodes,
        wrt=(),
        assumptions=tuple(f for f in assumed if isinstance(f, sp.Eq)),
        axes=(),
        references=(),
        digest=fields["digest"],
        domain=tuple(compared(f) for f in assumed if not isinstance(f, sp.Eq)),
    )


def compared(fact: Relational) -> Relational:
    """A comparison of an entry with a number, as it says where an input lies."""
    if not is_entry(fact.lhs) or not fact.rhs.is_Rational:
        raise ValueError(f"{fact} is assumed, and says nothing of where an input lies")
    return fact


def read_tensor(reader: Reader, data: Any) -> Tensor:
    """An input."""
    fields = taken(data, "input", name=str, indices=list)
    size = fields.get("labels_of")
    return Tensor(
        named(fields["name"]),
        indices(reader, fields["indices"]),
        None if size is None else reader.at(size),
    )


def read_node(reader: Reader, data: Any) -> Node:
    """An equation."""
    fields = taken(data, "node", name=str, indices=list, notation=bool)
    return Node(
        named(fields["name"]),
        indices(reader, fields["indices"]),
        reader.at(fields.get("is")),
        fields["notation"],
        "",
        "",
    )


def indices(reader: Reader, places: Iterable[Any]) -> tuple[Index, ...]:
    """Indices by their places."""
    found = tuple(reader.at(place) for place in places)
    if not all(isinstance(index, Index) for index in found):
        raise ValueError(f"the axes {found} are no indices")
    return cast("tuple[Index, ...]", found)


def facts(reader: Reader, places: Iterable[Any]) -> Iterator[Relational]:
    """Facts by their places."""
    for place in places:
        fact = reader.at(place)
        if not isinstance(fact, Relational):
            raise ValueError(f"{fact} is assumed, and no comparison")
        yield fact


def read_needs(reader: Reader, step: Any) -> tuple[Need, ...]:
    """What is said that a step needs."""
    found = []
    for places in taken(step, "step", needs=list)["needs"]:
        if not isinstance(places, list) or not places:
            raise ValueError(f"a step needs {places!r}; wanted is a list of places")
        relation, *beside = facts(reader, places)
        found.append(Need(relation, tuple(beside)))
    return tuple(found)


def read_chain(reader: Reader, layer: Layer, data: Any) -> tuple[str, Chain, Node | None]:
    """A chain of steps. What a step assumes the layer must assume."""
    fields = taken(data, "chain", about=str, steps=list)
    at = start = reader.at(fields.get("start"))
    steps = []
    for each in fields["steps"]:
        step = taken(each, "step", law=str, assumes=list)
        assumed = tuple(facts(reader, step["assumes"]))
        if not set(assumed) <= set(layer.assumed):
            raise ValueError(f"a step of {fields['about']} assumes what the layer does not")
        steps.append(Step(step["law"], at, reader.at(step.get("after")), assumed))
        at = steps[-1].after
    node = fields.get("node")
    return fields["about"], Chain(start, tuple(steps)), read_node(reader, node) if node else None


def verify(
    certificate: Certificate, watch: Watch = lambda checks, count: checks
) -> list[tuple[Step, Check]]:
    """Check every step by both checkers; raises ProofFailed at the first that does not hold, or
    that needs something else than is said of it."""
    return list(watch(checks(certificate), certificate.steps))


def checks(certificate: Certificate) -> Iterator[tuple[Step, Check]]:
    """Every step with its check."""
    layer, work = certificate.layer, Work()
    checker = every_size_checker(layer)
    notations = {n.name: (n.indices, n.expr) for n in layer.notations}
    said = iter(certificate.needs)
    for what, chain, node in certificate.chains:
        own = {} if node is None else {node.name: (node.indices, node.expr)}
        definitions: Definitions = {**notations, **own}
        for step, check in checked_chain(layer, checker, what, chain, definitions, work):
            if next(said) != check.needs:
                raise ProofFailed(
                    f"{layer.name}: {what}: of the step '{step.law}' it is not said what it needs: "
                    f"{', '.join(str(need.relation) for need in check.needs) or 'nothing'}"
                )
            yield step, check
