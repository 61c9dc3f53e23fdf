"""Where scalars have values: what stands under logs and roots must be positive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pullback.derive.proof.by_name import must_be_positive
from pullback.derive.proof.cases import Question
from pullback.derive.proof.making import Nodes
from pullback.derive.proof.nodes import Node, is_function, parts, whole_number
from pullback.derive.proof.signs import positive
from pullback.derive.proof.symbolic import Symbolic

Answers = Sequence[tuple[Question, int]]


class Domains:
    """Compares the domains of scalars."""

    def __init__(self, symbolic: Symbolic) -> None:
        self.symbolic = symbolic

    def beyond(self, before: Node, after: Node, answers: Answers) -> list[tuple[Question, int]]:
        """How one side may have no value though the other has one: signs that would do it.

        What the answers say, and what is seen to be positive, is left out.
        """
        known = {*self.conditions(before)}
        for question, answer in answers:
            if question.kind == "sign" and answer != 0:
                known.add(self.key(self.symbolic.nodes.scaled(question.nodes[0], answer)))
        return [
            (Question("sign", (node,), (1, -1, 0)), -1)
            for key, node in self.conditions(after).items()
            if key not in known
        ]

    def conditions(self, node: Node) -> dict[Any, Node]:
        """What must be positive for a node to have a value, up to a positive factor."""
        found = under_logs_and_roots(node, self.symbolic.nodes)
        return {self.key(inner): inner for inner in found if not positive(inner)}

    def key(self, node: Node) -> Any:
        """What nodes share that are one up to a positive rational factor, or to an exponential."""
        sign, bare = self.symbolic.bare(node)
        bare = self.symbolic.zeros.logs.without_exponential(bare)
        key, number = self.symbolic.zeros.fingerprint(bare)
        return self.symbolic.known(("sign", key), bare, number, sign)


def under_logs_and_roots(node: Node, nodes: Nodes) -> Iterable[Node]:
    """What stands under logs, roots and powers that are no numbers, and what else has ends."""
    seen: set[Node] = set()
    stack = [node]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        stack.extend(parts(node))
        if is_function(node, "log"):
            yield node.args[1]
        elif node.kind == "function":
            yield from must_be_positive(nodes, *node.args)
        elif node.kind == "product":
            yield from (b for b, e in node.args if not whole_number(e))
        elif node.kind == "power":
            yield node.args[0]
