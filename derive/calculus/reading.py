"""Who reads whom: what lies between inputs and output, the order of gradients, what is held in a
direct derivative."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pullback.derive import laws
from pullback.derive.calculus.jacobians import meanings
from pullback.derive.index.objects import earlier, entries, entry_name
from pullback.derive.layer import Layer, Node, Tensor


def reading_nodes(layer: Layer) -> dict[str, list[str]]:
    """Which nodes read a tensor, notation looked through; what a recurrence reads at other places
    is a tensor of its own."""
    readers: dict[str, list[str]] = {}
    notation = meanings(layer)
    for node in layer.nodes:
        if node.notation:
            continue
        names = {entry_name(a) for a in entries(laws.put_in(node.expr, notation))}
        for name in sorted(names):
            readers.setdefault(name, []).append(node.name)
    return readers


def in_reverse(
    layer: Layer, readers: dict[str, list[str]], needed: set[str]
) -> Iterator[Tensor | Node]:
    """What has a gradient, in the order in which gradients can be worked out by hand: each node as
    soon as those that read it are through, then the inputs that it is the first to read; last those
    that nothing reads."""
    first: dict[str, list[Tensor]] = {}
    for tensor in layer.inputs:
        if tensor.name in needed:
            reader = next((r for r in readers.get(tensor.name, ()) if r in needed), "")
            first.setdefault(reader, []).append(tensor)
    for node in reversed([n for n in layer.nodes if not n.notation]):
        if node.name in needed and node.name != layer.output.name:
            yield node
        yield from first.get(node.name, ())
    yield from first.get("", ())


def on_the_way(layer: Layer, readers: dict[str, list[str]]) -> set[str]:
    """The tensors between a wanted input and the output."""
    both = {name: all_readers(readers, name) for name in layer.tensors}
    leads = {layer.output.name}
    count = 0
    while count < len(leads):  # once more only where a recurrence reads what stands behind it
        count = len(leads)
        leads.update(n for n in reversed(both) if n not in leads and leads.intersection(both[n]))
    leads |= {t.name for t in layer.inputs}
    return reached_from(layer.wrt, both) & leads


def all_readers(readers: Mapping[str, list[str]], name: str) -> list[str]:
    """The nodes that read a tensor, at other places of its recurrence too."""
    return [*readers.get(name, ()), *readers.get(earlier(name), ())]


def reached_from(names: Iterable[str], readers: dict[str, list[str]]) -> set[str]:
    """These tensors, and all that hang on them."""
    reached: set[str] = set()
    frontier = list(names)
    while frontier:
        name = frontier.pop()
        if name not in reached:
            reached.add(name)
            frontier.extend(readers.get(name, ()))
    return reached


class Uses:
    """Who reads what in a layer, and what is held in a direct derivative."""

    def __init__(self, layer: Layer) -> None:
        self.readers = reading_nodes(layer)
        self.places = {n.name: place for place, n in enumerate(layer.nodes)}

    def held(self, node: Node, tensor: Tensor | Node) -> tuple[str, ...]:
        """What a node reads beside a tensor that hangs on it too, by name.

        ∂node/∂tensor is the direct derivative, in which these are held; the total one has more in
        it. What stands behind the node is not gone through: nothing of it is read by the node.
        """
        end = self.places[node.name]
        reached: set[str] = set()
        frontier = [tensor.name]
        while frontier:
            for name in self.readers.get(frontier.pop(), ()):
                if self.places[name] < end and name not in reached:
                    reached.add(name)
                    frontier.append(name)
        found = [name for name in reached if node.name in self.readers.get(name, ())]
        return tuple(sorted(found, key=self.places.__getitem__))
