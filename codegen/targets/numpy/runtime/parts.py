"""Parts of a layer along an axis: their weights, and what their results make together."""

from __future__ import annotations

from typing import Any


def _weights(along: dict[str, Any], counts: Any) -> list[dict[str, float]]:
    """The weight of each part in a mean or a sum along an axis; 0 of one without places."""
    total, used = sum(counts), sum(count > 0 for count in counts)
    if total == 0 or min(counts) < 0:
        raise ValueError(f"counts is {[*counts]}; wanted is how many places each part has")
    kinds = {name: kind for name, kind in along["outputs"].items() if isinstance(kind, str)}
    shares = {"mean": [c / total for c in counts], "sum": [float(c > 0) for c in counts]}
    found = [{name: shares[kind][p] for name, kind in kinds.items()} for p in range(len(counts))]
    return found + [dict.fromkeys(kinds, 1.0 - used)] * along.get("rest", False)


def _combined(
    along: dict[str, Any], results: Any, counts: Any, concatenate: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and gradients of the whole, by name, from those of its parts."""
    weights = _weights(along, counts)
    if len(results) != len(weights):
        raise ValueError(f"there are {len(results)} results; wanted are {len(weights)}")
    used = [*(count > 0 for count in counts), True]  # a part without places says nothing
    found = [(weight, *pair) for weight, pair, there in zip(weights, results, used) if there]
    cut = {**along["inputs"], **{"d" + name: axis for name, axis in along["inputs"].items()}}

    def together(parts: list[Any], axis: Any) -> Any:
        return concatenate(parts, axis) if isinstance(axis, int) else sum(parts[1:], parts[0])

    values = {
        name: together([weight.get(name, 1) * own[name] for weight, own, _ in found], axis)
        for name, axis in along["outputs"].items()
    }
    gradients = {n: together([own[n] for _, _, own in found], cut.get(n)) for n in found[0][2]}
    return values, gradients
