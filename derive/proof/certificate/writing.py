"""A derivation written as data: the layer, and every chain of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pullback.derive.calculus.steps import Chain
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.proof.certificate.trees import Writer
from pullback.derive.proof.every_size.said import Need
from pullback.derive.proof.proving import Proof

FORMAT = "pullback certificate 2"


def certificate(proof: Proof) -> dict[str, Any]:
    """The derivation as JSON's lists, texts and numbers, which docs/certificate.md explains."""
    writer = Writer()
    layer = written_layer(writer, proof.derivation.labelled)
    needs = {id(step): check.needs for step, check in proof.steps}
    chains = []
    for reasoning in proof.derivation.reasonings:
        chain = written_chain(writer, reasoning.what, reasoning.chain, needs)
        node = reasoning.node
        chains.append({**chain, "node": written_node(writer, node) if node else None})
    return {
        "format": FORMAT,
        "layer": layer,
        "chains": chains,
        "parts": writer.parts,
    }


def written_layer(writer: Writer, layer: Layer) -> dict[str, Any]:
    """What a checker needs of a layer."""
    return {
        "name": layer.name,
        "digest": layer.digest,
        "inputs": [written_tensor(writer, t) for t in layer.inputs],
        "nodes": [written_node(writer, n) for n in layer.nodes],
        "assumes": [writer.write(fact) for fact in layer.assumed],
    }


def written_tensor(writer: Writer, tensor: Tensor) -> dict[str, Any]:
    """An input; `labels_of` is the size of the axis that its labels point into."""
    return {
        "name": tensor.name,
        "indices": [writer.write(i) for i in tensor.indices],
        "labels_of": None if tensor.labels_of is None else writer.write(tensor.labels_of),
    }


def written_node(writer: Writer, node: Node) -> dict[str, Any]:
    """An equation; `notation` says whether it is put in before differentiating."""
    return {
        "name": node.name,
        "indices": [writer.write(i) for i in node.indices],
        "is": writer.write(node.expr),
        "notation": node.notation,
    }


def written_chain(
    writer: Writer, what: str, chain: Chain, needs: Mapping[int, Sequence[Need]]
) -> dict[str, Any]:
    """Steps, each of which starts where the one before it ended; needs go by the step's identity.

    A need is what must hold, and then the conditions under which it must.
    """
    return {
        "about": what,
        "start": writer.write(chain.start),
        "steps": [
            {
                "law": step.law,
                "after": writer.write(step.after),
                "assumes": [writer.write(fact) for fact in step.assumes],
                "needs": [
                    [writer.write(fact) for fact in (need.relation, *need.beside)]
                    for need in needs[id(step)]
                ],
            }
            for step in chain.steps
        ],
    }
