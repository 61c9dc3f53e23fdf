"""The computation graph as rows, one for each node: forward edges in lanes, gradients flowing back.

Consecutive nodes are joined along the spine; an edge that passes over other nodes has a lane of its
own at the left of the spine. Edges of different nodes share no lane at the same row, so nothing
overlaps. What a recurrence reads at other places of its axis is dotted: it leads back up, or to the
node itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.reading import reading_nodes
from pullback.derive.index.objects import earlier
from pullback.derive.layer import Layer

LANE, BOX = 14, 30  # the width of a lane, half the width of a box, in pixels
HALF = 16  # half the height of a box
LOOP = 8  # half the height of the line from a node to itself


@dataclass(frozen=True)
class Edge:
    """From one row to a later one; lane 0 is the spine. In a recurrence from any row to any; what
    ends where it begins has no lane, it lies at the right of its box."""

    source: int
    target: int
    lane: int
    back: bool  # does a gradient flow back along it?
    kind: str = "forward"  # or "earlier": it is read at other places of its recurrence

    @property
    def first(self) -> int:
        """The upper one of its rows."""
        return min(self.source, self.target)

    @property
    def last(self) -> int:
        """The lower one of its rows."""
        return max(self.source, self.target)

    @property
    def loops(self) -> bool:
        """Does it end where it begins?"""
        return self.source == self.target

    def meets(self, other: Edge) -> bool:
        """Would the two lie on one another in one lane? What comes from one node may."""
        if (self.source, self.kind) == (other.source, other.kind):
            return False
        return self.first < other.last and other.first < self.last


@dataclass(frozen=True)
class Stroke:
    """A straight piece of an edge within a row; y is 0, 50 or 100 per cent of the row's height."""

    x1: int
    y1: int
    x2: int
    y2: int
    kind: str


@dataclass(frozen=True)
class Loop:
    """The line from a node to itself: from the box, which ends at x1, to x2 and back."""

    x1: int
    x2: int
    half: int = LOOP


@dataclass(frozen=True)
class Head:
    """An arrowhead: at (x, middle of the row + dy), pointing down, up, right or left."""

    x: int
    dy: int
    way: str
    kind: str


@dataclass(frozen=True)
class Row:
    """A node, the inputs that it reads and those whose first reader it is, and its lines."""

    name: str
    reads: tuple[str, ...]
    first: tuple[str, ...]
    strokes: tuple[Stroke, ...]
    heads: tuple[Head, ...]
    loops: tuple[Loop, ...] = ()


@dataclass(frozen=True)
class Graph:
    """The rows in order; `width` is that of lanes and boxes, in pixels. `earlier` says at which
    places dotted lines read: "earlier", "later", "earlier or later", or nothing."""

    rows: tuple[Row, ...]
    width: int
    spine: int
    mermaid: str
    words: str
    earlier: str


def graph(derivation: Derivation) -> Graph:
    """The graph of a derivation."""
    layer, gradients = derivation.layer, {g.tensor.name for g in derivation.gradients}
    names = [n.name for n in layer.nodes if not n.notation]
    readers = reading_nodes(layer)
    edges = in_lanes(names, readers, gradients)
    lanes = max((e.lane for e in edges), default=0)
    spine = lanes * LANE + BOX + 6
    rows, seen = [], set[str]()
    read: dict[str, list[str]] = {}
    for tensor in layer.inputs:
        for reader in readers.get(tensor.name, ()):
            read.setdefault(reader, []).append(tensor.name)
    passing: dict[int, list[Edge]] = {}  # the edges that are drawn in a row
    for edge in edges:
        for at in range(edge.first, edge.last + 1):
            passing.setdefault(at, []).append(edge)
    for at, name in enumerate(names):
        reads = tuple(read.get(name, ()))
        first = tuple(r for r in reads if r not in seen and r in gradients)
        seen.update(reads)
        rows.append(Row(name, reads, first, *drawn(passing.get(at, ()), at, spine)))
    pairs = [(t, r) for t in (*(t.name for t in layer.inputs), *names) for r in readers.get(t, ())]
    again = [
        (name, reader, "later" if recurrence.back else "earlier")
        for name in names
        if (recurrence := layer.recurrence(name))
        for reader in readers.get(earlier(name), ())
    ]
    words = [f"{r} reads {t}" for t, r in pairs]
    words += [f"{r} reads {t} at {where} places" for t, r, where in again]
    return Graph(
        tuple(rows),
        spine + BOX + 6 + LANE * any(e.loops for e in edges),
        spine,
        mermaid(layer, pairs, again, gradients),
        "; ".join(words),
        " or ".join(sorted({where for *_, where in again})),
    )


def in_lanes(
    names: Sequence[str], readers: dict[str, list[str]], gradients: set[str]
) -> list[Edge]:
    """Every edge between nodes, the short ones first, each in the first lane that is free."""
    place = {name: at for at, name in enumerate(names)}
    wanted = [
        Edge(at, place[r], 1, name in gradients, kind)
        for at, name in enumerate(names)
        for kind, read in (("forward", name), ("earlier", earlier(name)))
        for r in readers.get(read, ())
        if r in place
    ]
    edges: list[Edge] = []
    for edge in sorted(wanted, key=lambda e: (e.last - e.first, e.source, e.target, e.kind)):
        if edge.loops or (edge.kind == "forward" and edge.target == edge.source + 1):
            edge = replace(edge, lane=0)
        while edge.lane and any(e.lane == edge.lane and e.meets(edge) for e in edges):
            edge = replace(edge, lane=edge.lane + 1)
        edges.append(edge)
    return edges


def drawn(
    edges: Sequence[Edge], at: int, spine: int
) -> tuple[tuple[Stroke, ...], tuple[Head, ...], tuple[Loop, ...]]:
    """The lines in a row, and their heads; `edges` are those that pass through it."""
    strokes: list[Stroke] = []
    heads: list[Head] = []
    loops: list[Loop] = []
    for edge in edges:
        top, bottom = 50 * (at == edge.first), 100 - 50 * (at == edge.last)
        if edge.loops:
            x = spine + BOX
            loops.append(Loop(x, x + LANE))
            heads.append(Head(x, LOOP, "left", "forward"))
            heads += [Head(x, -LOOP, "left", "back")] if edge.back else []
        elif edge.lane:
            x = spine - BOX - edge.lane * LANE
            strokes.append(Stroke(x, top, x, bottom, edge.kind))
            if at in (edge.source, edge.target):
                strokes.append(Stroke(x, 50, spine - BOX, 50, edge.kind))
            if at == edge.target or (edge.back and at == edge.source):
                kind = "forward" if at == edge.target else "back"
                heads.append(Head(spine - BOX, 0, "right", kind))
        else:
            strokes.append(Stroke(spine - 8, top, spine - 8, bottom, "forward"))
            heads += [Head(spine - 8, -HALF, "down", "forward")] if at == edge.target else []
            if edge.back:
                strokes.append(Stroke(spine + 8, top, spine + 8, bottom, "back"))
                heads += [Head(spine + 8, HALF, "up", "back")] if at == edge.source else []
    return tuple(dict.fromkeys(strokes)), tuple(dict.fromkeys(heads)), tuple(loops)


def mermaid(
    layer: Layer,
    pairs: Sequence[tuple[str, str]],
    again: Sequence[tuple[str, str, str]],
    gradients: set[str],
) -> str:
    """The graph in the language of Mermaid; its words are names from the layer alone."""
    inputs = [f'  {t.name}(["{t.name}"])' for t in layer.inputs]
    nodes = [f'  {n.name}["{n.name}"]' for n in layer.nodes if not n.notation]
    edges = []
    for tensor, reader in pairs:
        edges.append(f"  {tensor} --> {reader}")
        if tensor in gradients:
            edges.append(f'  {reader} -. "d{tensor}" .-> {tensor}')
    edges += [f'  {tensor} -- "{where} places" --> {reader}' for tensor, reader, where in again]
    return "\n".join(["flowchart TD", *inputs, *nodes, *edges]) + "\n"
