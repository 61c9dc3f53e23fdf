"""Are two layers one, but for the names of axes?"""

from __future__ import annotations

from pullback.derive.index.objects import Index
from pullback.derive.index.rewriting import substitute
from pullback.derive.layer import Layer, Node


def difference(one: Layer, other: Layer) -> str:
    """What is lost on the way from one layer to another; empty where nothing is."""
    if one.assumed:
        return "what is assumed cannot be said there"
    if [n.name for n in one.nodes] != [n.name for n in other.nodes]:
        missing = [n.name for n in one.nodes if n.name not in {m.name for m in other.nodes}]
        return f"'{missing[0]}' would be lost" if missing else "other values would be named"
    if one.arguments != other.arguments:
        return "its arguments would be others"
    if {t.name: t.integer for t in one.inputs} != {t.name: t.integer for t in other.inputs}:
        return "it would take something else"
    for own, its in zip(one.nodes, other.nodes, strict=True):
        if own.notation != its.notation:
            return (
                f"'{own.name}' is a notation (:=) without a gradient of its own, which cannot be "
                "said there"
                if own.notation
                else f"'{own.name}' would be a notation (:=), without a gradient of its own"
            )
        if not alike(own, its):
            return f"'{own.name}' would come back as another formula"
    return ""


def alike(one: Node, other: Node) -> bool:
    """Do two nodes have one formula, their axes called alike?"""
    if len(one.indices) != len(other.indices):
        return False
    between = [Index(f"axis{place}", i.size) for place, i in enumerate(one.indices)]
    forms = [substitute(n.expr, dict(zip(n.indices, between, strict=True))) for n in (one, other)]
    sizes = [[i.size for i in n.indices] for n in (one, other)]
    return bool(forms[0] == forms[1] and sizes[0] == sizes[1])
