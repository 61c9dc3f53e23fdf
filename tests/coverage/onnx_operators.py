"""Operators of ONNX as definitions: what a node's attributes and its inputs' ranks say, as text.

A rule takes a node's test case and returns a definition for each of its outputs, with the inputs of
that definition. Axes of size 1 along which an input is broadcast are left out; an output may have
axes apart that are one in ONNX, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np

Array = np.ndarray
AXES = "ijklmrtv"  # of outputs, in order
WINDOW = "abcde"  # of windows


@dataclass(frozen=True)
class Case:
    """A node with the inputs that it is given, by their places, and the outputs wanted."""

    name: str
    operator: str
    attributes: Mapping[str, Any]
    inputs: Sequence[Array | None]
    outputs: Sequence[Array]
    results: Sequence[str] = ()  # what the outputs are called, "" for none

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute, text decoded."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def given(self, place: int) -> Array | None:
        """An input, if it is there."""
        return self.inputs[place] if place < len(self.inputs) else None


@dataclass(frozen=True)
class Said:
    """A definition's equations, the sizes that it declares, and what its inputs are."""

    equations: str
    inputs: Mapping[str, Any]
    sizes: Mapping[str, int | str] = field(default_factory=dict)
    wrt: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The definition as a file has it."""
        lines = ['equations = """', self.equations, '"""']
        if self.wrt:
            lines.append(f"wrt = [{', '.join(f'{name!r}' for name in self.wrt)}]".replace("'", '"'))
        if self.sizes:
            lines.append("[sizes]")
            lines += [
                f"{axis} = {by}" if isinstance(by, int) else f'{axis} = "{by}"'
                for axis, by in self.sizes.items()
            ]
        return "\n".join(lines) + "\n"


class Unsaid(Exception):
    """No definition says this case, for a reason."""


Rule = Callable[[Case], list[Said]]


def entry(name: str, axes: Sequence[str]) -> str:
    """An entry, or the name alone where there are no axes."""
    return f"{name}[{', '.join(axes)}]" if axes else name


def number(value: Any) -> str:
    """A number as text, in brackets where it has a sign."""
    text = repr(float(np.float64(str(np.float32(value)))))
    text = text.removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def real(array: Any) -> Any:
    """An array in float64."""
    return np.asarray(array, np.float64)


# -- entry by entry --------------------------------------------------------------------------------

UNARY: dict[str, tuple[str, dict[str, float]]] = {  # the value of x, and attributes' defaults
    "Abs": ("abs(x)", {}),
    "Celu": ("where(x > 0, x, {alpha} * expm1(min(x, 0) / {alpha}))", {"alpha": 1}),
    "Cos": ("cos(x)", {}),
    "Dropout": ("x", {}),
    "Elu": ("where(x > 0, x, {alpha} * expm1(min(x, 0)))", {"alpha": 1}),
    "Erf": ("erf(x)", {}),
    "Exp": ("exp(x)", {}),
    "HardSigmoid": ("max(0, min(1, {alpha} * x + {beta}))", {"alpha": 0.2, "beta": 0.5}),
    "HardSwish": ("x * max(0, min(1, x / 6 + 1/2))", {}),
    "Identity": ("x", {}),
    "LeakyRelu": ("where(x >= 0, x, {alpha} * x)", {"alpha": 0.01}),
    "Log": ("log(x)", {}),
    "Mish": ("x * tanh(log(1 + exp(x)))", {}),
    "Neg": ("-x", {}),
    "Reciprocal": ("1 / x", {}),
    "Relu": ("max(0, x)", {}),
    "Selu": (
        "{gamma} * where(x > 0, x, {alpha} * expm1(min(x, 0)))",
        {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875},
    ),
    "Shrink": (
        "where(x < -{lambd}, x + {bias}, where(x > {lambd}, x - {bias}, 0))",
        {"lambd": 0.5, "bias": 0},
    ),
    "Sigmoid": ("sigmoid(x)", {}),
    "Sin": ("sin(x)", {}),
    "Softplus": ("log(1 + exp(x))", {}),
    "Softsign": ("x / (1 + abs(x))", {}),
    "Sqrt": ("sqrt(x)", {}),
    "Swish": ("x * sigmoid({alpha} * x)", {"alpha": 1}),
    "Tanh": ("tanh(x)", {}),
    "ThresholdedRelu": ("where(x > {alpha}, x, 0)", {"alpha": 1}),
}
GELU = {"none": "x * (1 + erf(x / sqrt(2))) / 2"}
GELU["tanh"] = "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))"


def each(value: str, x: Any) -> list[Said]:
    """A function of x at each entry, for any number of axes."""
    words = "".join(f"{part}x[...]" for part in split_names(value)[:-1]) + split_names(value)[-1]
    return [Said(f"y[...] = {words}", {"x": real(x)})]


def split_names(value: str) -> list[str]:
    """What stands between the places at which x stands alone: not within `exp` or `max`."""
    parts, last = [], 0
    for at, letter in enumerate(value):
        around = value[max(0, at - 1) : at] + value[at + 1 : at + 2]
        if letter == "x" and not any(c.isalpha() for c in around):
            parts.append(value[last:at])
            last = at + 1
    return [*parts, value[last:]]


def unary(case: Case) -> list[Said]:
    """A function of one input."""
    if case.operator == "Dropout" and len(case.inputs) > 2 and case.inputs[2] and case.inputs[1]:
        raise Unsaid("random")
    text, defaults = UNARY[case.operator]
    numbers = {name: number(case.attribute(name, value)) for name, value in defaults.items()}
    return each(text.format(**numbers), case.inputs[0])


def gelu(case: Case) -> list[Said]:
    """Exact, or by tanh."""
    return each(GELU[case.attribute("approximate", "none")], case.inputs[0])


def clip(case: Case) -> list[Said]:
    """Between two numbers, of which each may be absent."""
    value, inputs = "x[...]", {"x": real(case.inputs[0])}
    for name, place, word in (("low", 1, "max"), ("high", 2, "min")):
        bound = case.given(place)
        if bound is not None:
            value, inputs[name] = f"{word}({value}, {name})", real(bound)
    return [Said(f"y[...] = {value}", inputs, wrt=("x",))]


BINARY = {
    "Add": "{} + {}",
    "Sub": "{} - {}",
    "Mul": "{} * {}",
    "Div": "{} / {}",
    "Pow": "{}**{}",
    "PRelu": "where({0} >= 0, {0}, {1} * {0})",
    "SwiGLU": "{0} * sigmoid({alpha} * {0}) * {1}",
}


def broadcast(arrays: Sequence[Any], names: str) -> tuple[list[str], list[str], dict[str, Any]]:
    """Entries of arrays that are broadcast, the axes of the result, and the arrays."""
    shapes = [np.shape(a) for a in arrays]
    whole = np.broadcast_shapes(*shapes)
    axes = list(AXES[: len(whole)])
    if len({*shapes}) == 1:
        return (
            [f"{n}[...]" for n in names],
            ["..."],
            dict(zip(names, map(real, arrays), strict=True)),
        )
    entries, inputs = [], {}
    for name, array in zip(names, arrays, strict=True):
        shape = np.shape(array)
        own = axes[len(axes) - len(shape) :]
        kept = [
            k
            for k, (size, all_) in enumerate(
                zip(shape, whole[len(axes) - len(shape) :], strict=True)
            )
            if size == all_
        ]
        inputs[name] = real(array).reshape([shape[k] for k in kept])
        entries.append(entry(name, [own[k] for k in kept]))
    if not any(all(f"{a}" in e for a in axes) for e in entries) and len(
        {a for a in axes for e in entries if a in e.partition("[")[2]}
    ) < len(axes):
        raise Unsaid("an axis of size 1 that every input has")
    return entries, axes, inputs


def binary(case: Case) -> list[Said]:
    """Two arrays, broadcast."""
    entries, axes, inputs = broadcast(case.inputs[:2], "xz")
    form = BINARY[case.operator]
    text = form.format(*entries, alpha=number(case.attribute("alpha", 1)))
    return [Said(f"{entry('y', axes)} = {text}", inputs)]


def where(case: Case) -> list[Said]:
    """One or the other, by a mask."""
    (c, x, z), axes, inputs = broadcast(case.inputs, "cxz")
    return [Said(f"{entry('y', axes)} = where({c} > 0, {x}, {z})", inputs, wrt=("x", "z"))]


def several(case: Case) -> list[Said]:
    """The sum, mean, largest or smallest of several arrays."""
    entries, axes, inputs = broadcast(case.inputs, "xzuvw"[: len(case.inputs)])
    if case.operator in ("Sum", "Mean"):
        text = " + ".join(entries)
        text = f"({text}) / {len(entries)}" if case.operator == "Mean" else text
    else:
        word = case.operator.lower()
        text = entries[0]
        for other in entries[1:]:
            text = f"{word}({text}, {other})"
    return [Said(f"{entry('y', axes)} = {text}", inputs)]


# -- along axes ------------------------------------------------------------------------------------

REDUCED = {
    "ReduceSum": "sum({over}, {x})",
    "ReduceMean": "mean({over}, {x})",
    "ReduceMax": "max({over}, {x})",
    "ReduceMin": "min({over}, {x})",
    "ReduceL1": "sum({over}, abs({x}))",
    "ReduceL2": "sqrt(sum({over}, {x}**2))",
    "ReduceLogSum": "log(sum({over}, {x}))",
    "ReduceLogSumExp": "log(sum({over}, exp({x})))",
    "ReduceSumSquare": "sum({over}, {x}**2)",
}


def reduction(case: Case) -> list[Said]:
    """Along some axes or all."""
    x = case.inputs[0]
    chosen = case.given(1)
    axes = case.attribute("axes") if chosen is None else chosen.tolist()
    if not axes and case.attribute("noop_with_empty_axes", 0):
        if case.operator in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin"):
            return each("x", x)
        raise Unsaid("nothing is reduced")
    over = {a % x.ndim for a in axes} if axes else {*range(x.ndim)}
    names = AXES[: x.ndim]
    rest = [a for k, a in enumerate(names) if k not in over]
    form = REDUCED[case.operator]
    if not x.size and form.startswith(("max", "min", "mean", "log(sum({over}, exp")):
        raise Unsaid("no entries")
    text = form.format(over=", ".join(names[k] for k in sorted(over)), x=entry("x", names))
    return [Said(f"{entry('y', rest)} = {text}", {"x": real(x)})]


def softmax(case: Case) -> list[Said]:
    """Along one axis, which stands last."""
    names = AXES[: case.inputs[0].ndim]
    axis = case.attribute("axis", -1) % len(names)
    other = [*names[:axis], "s", *names[axis + 1 :]]
    x, every = entry("x", names), entry("x", other)
    text = f"exp({x}) / sum(s, exp({every}))"
    if case.operator == "LogSoftmax":
        text = f"{x} - log(sum(s, exp({every})))"
    return [Said(f"{entry('y', names)} = {text}", {"x": real(case.inputs[0])})]


def lp_normalization(case: Case) -> list[Said]:
    """Over the norm along an axis; 0 where that is 0."""
    names = AXES[: case.inputs[0].ndim]
    axis = case.attribute("axis", -1) % len(names)
    other = [*names[:axis], "s", *names[axis + 1 :]]
    rest = [*names[:axis], *names[axis + 1 :]]
    x, every, r = entry("x", names), entry("x", other), entry("r", rest)
    norm = f"sum(s, abs({every}))" if case.attribute("p", 2) == 1 else f"sqrt(sum(s, {every}**2))"
    text = f"{r} := {norm}\n{entry('y', names)} = where({r} > 0, {x} / {r}, 0)"
    return [Said(text, {"x": real(case.inputs[0])})]


def cumulative(case: Case) -> list[Said]:
    """The sum of what comes before."""
    x, axis = case.inputs[0], int(case.inputs[1])
    names = AXES[: x.ndim]
    own = names[axis % x.ndim]
    other = [("s" if a == own else a) for a in names]
    sign = (">" if case.attribute("reverse", 0) else "<") + "=" * (
        not case.attribute("exclusive", 0)
    )
    text = f"{entry('y', names)} = sum(s, [s {sign} {own}] * {entry('x', other)})"
    return [Said(text, {"x": real(x)})]


# -- norms -----------------------------------------------------------------------------------------


def layer_norm(case: Case) -> list[Said]:
    """Mean and variance along the last axes; what they are is given too where it is asked for."""
    x, scale, bias = case.inputs[0], case.inputs[1], case.given(2)
    names, axis = AXES[: x.ndim], case.attribute("axis", -1) % x.ndim
    lead, over = names[:axis], names[axis:]
    eps, along = number(case.attribute("epsilon", 1e-5)), ", ".join(over)
    m, v, one = entry("m0", lead), entry("v0", lead), entry("x", names)
    mean = f"mean({along}, {one})"
    variance = f"mean({along}, ({one} - {m})**2)"
    if case.operator == "RMSNormalization":
        text = f"{v} := mean({along}, {one}**2)\n"
        text += f"{entry('y', names)} = {one} / sqrt({v} + {eps}) * {entry('w', over)}"
        return [Said(text, {"x": real(x), "w": real(scale)})]
    inputs = {"x": real(x), "w": real(scale)}
    text = f"{m} := {mean}\n{v} := {variance}\n"
    text += f"{entry('y', names)} = ({one} - {m}) / sqrt({v} + {eps}) * {entry('w', over)}"
    if bias is not None:
        text, inputs["z"] = f"{text} + {entry('z', over)}", real(bias)
    alone = {"x": real(x)}
    found = [Said(text, inputs), Said(f"{entry('y', lead)} = {mean}", alone)]
    found.append(Said(f"{m} := {mean}\n{entry('y', lead)} = 1 / sqrt({variance} + {eps})", alone))
    return found[: len(case.outputs)]


def batch_norm(case: Case) -> list[Said]:
    """By given statistics, or by those of the batch, of which running means are given too."""
    x, w, z, mean, variance = map(real, case.inputs)
    names = AXES[: x.ndim]
    over = ", ".join(a for a in names if a != "j")
    eps, one = number(case.attribute("epsilon", 1e-5)), entry("x", names)
    y = entry("y", names)
    if not case.attribute("training_mode", 0):
        text = f"{y} = ({one} - m0[j]) / sqrt(v0[j] + {eps}) * w[j] + z[j]"
        return [Said(text, {"x": x, "w": w, "z": z, "m0": mean, "v0": variance})]
    keep = number(case.attribute("momentum", 0.9))
    m, v = f"mean({over}, {one})", f"mean({over}, ({one} - m0[j])**2)"
    text = f"m0[j] := {m}\nv0[j] := {v}\n{y} = ({one} - m0[j]) / sqrt(v0[j] + {eps}) * w[j] + z[j]"
    return [
        Said(text, {"x": x, "w": w, "z": z}),
        Said(f"y[j] = {keep} * a[j] + (1 - {keep}) * {m}", {"a": mean, "x": x}),
        Said(f"m0[j] := {m}\ny[j] = {keep} * a[j] + (1 - {keep}) * {v}", {"a": variance, "x": x}),
    ]


def instance_norm(case: Case) -> list[Said]:
    """Along all axes of places; in groups of channels where the node has them."""
    x, w, z = map(real, case.inputs)
    places = AXES[2 : x.ndim]
    eps = number(case.attribute("epsilon", 1e-5))
    groups = case.attribute("num_groups")
    channel, own, over = ("(g s)", "g", ["s", *places]) if groups else ("j", "j", places)
    one = entry("x", ["i", channel, *places])
    along = ", ".join(over)
    text = f"m0[i, {own}] := mean({along}, {one})\n"
    text += f"v0[i, {own}] := mean({along}, ({one} - m0[i, {own}])**2)\n"
    out = ["i", "g", "s", *places] if groups else ["i", "j", *places]
    scaled = f"({one} - m0[i, {own}]) / sqrt(v0[i, {own}] + {eps}) * w[{channel}]"
    text += f"{entry('y', out)} = {scaled} + z[{channel}]"
    return [Said(text, {"x": x, "w": w, "z": z}, {"g": groups} if groups else {})]


def mean_variance(case: Case) -> list[Said]:
    """Along the axes named."""
    x = real(case.inputs[0])
    names = AXES[: x.ndim]
    axes = case.attribute("axes", [0, 2, 3])
    over = ", ".join(names[a] for a in axes)
    rest = [a for k, a in enumerate(names) if k not in axes]
    one, m, v = entry("x", names), entry("m0", rest), entry("v0", rest)
    text = f"{m} := mean({over}, {one})\n{v} := mean({over}, ({one} - {m})**2)\n"
    return [Said(f"{text}{entry('y', names)} = ({one} - {m}) / (sqrt({v}) + 1e-9)", {"x": x})]


def local_response(case: Case) -> list[Said]:
    """By the squares of neighbouring channels."""
    x, size = real(case.inputs[0]), case.attribute("size")
    names = AXES[: x.ndim]
    near = entry("x", ["i", f"j + a - {(size - 1) // 2}", *names[2:]])
    alpha, beta = number(case.attribute("alpha", 1e-4)), number(case.attribute("beta", 0.75))
    text = f"{entry('y', names)} = {entry('x', names)} / ({number(case.attribute('bias', 1))}"
    text += f" + {alpha} * mean(a, pad(0, {near})**2))**{beta}"
    return [Said(text, {"x": x}, {"a": size})]


# -- windows ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Windows:
    """Where the windows of a node lie: strides, distances, what stands before, sizes of outputs."""

    strides: list[int]
    apart: list[int]
    before: list[int]
    after: list[int]
    kernel: list[int]
    sizes: dict[str, int | str]

    @classmethod
    def of(cls, case: Case, x: Array, kernel: Sequence[int]) -> Windows:
        """As the attributes say it."""
        count = len(kernel)
        strides = case.attribute("strides", [1] * count)
        apart = case.attribute("dilations", [1] * count)
        pads = case.attribute("pads", [0] * (2 * count))
        before, after = list(pads[:count]), list(pads[count:])
        auto = case.attribute("auto_pad", "NOTSET")
        sizes: dict[str, int | str] = {}
        for d in range(count if auto.startswith("SAME") else 0):
            size, reach = x.shape[2 + d], apart[d] * (kernel[d] - 1) + 1
            whole = max(0, (ceil(size / strides[d]) - 1) * strides[d] + reach - size)
            before[d] = whole // 2 if auto == "SAME_UPPER" else whole - whole // 2
            after[d] = whole - before[d]
        for d in range(count):
            axis = AXES[2 + d]
            if case.attribute("ceil_mode", 0):
                sizes[axis] = case.outputs[0].shape[2 + d]
            elif any(before) or any(after):
                more = before[d] + after[d] + apart[d]
                times = f"{apart[d]}*" if apart[d] > 1 else ""
                top = f"size(x, {2 + d}) + {more} - {times}size({WINDOW[d]})"
                sizes[axis] = f"({top} - 1) // {strides[d]} + 1" if strides[d] > 1 else top
        return cls(list(strides), list(apart), before, after, list(kernel), sizes)

    def place(self, d: int) -> str:
        """Where an entry of a window lies along an axis."""
        at = f"{times(self.strides[d])}{AXES[2 + d]} + {times(self.apart[d])}{WINDOW[d]}"
        return f"{at} - {self.before[d]}" if self.before[d] else at

    @property
    def places(self) -> list[str]:
        """Along all axes."""
        return [self.place(d) for d in range(len(self.kernel))]

    @property
    def beyond(self) -> bool:
        """May an entry lie outside?"""
        whole = any(self.before) or any(self.after)
        return whole or any(isinstance(by, int) for by in self.sizes.values())

    @property
    def own(self) -> dict[str, int | str]:
        """Sizes of windows and of outputs."""
        return {WINDOW[d]: size for d, size in enumerate(self.kernel)} | self.sizes


def times(factor: int) -> str:
    """A factor in front, unless it is 1."""
    return f"{factor}*" if factor != 1 else ""


def pooled(case: Case) -> list[Said]:
    """The largest, the mean or a norm of each window."""
    x = case.inputs[0]
    lie = Windows.of(case, x, case.attribute("kernel_shape"))
    one = entry("x", ["i", "j", *lie.places])
    over, y = ", ".join(WINDOW[: len(lie.kernel)]), entry("y", AXES[: x.ndim])
    outside = "-1e30" if case.operator == "MaxPool" else "0"
    inside = f"pad({outside}, {one})" if lie.beyond else one
    if case.operator == "MaxPool":
        text = f"max({over}, {inside})"
    elif case.operator == "LpPool":
        p = case.attribute("p", 2)
        text = f"sqrt(sum({over}, {inside}**2))" if p == 2 else ""
        text = f"sum({over}, abs({inside})**{p})**(1/{p})" if p != 2 else text
    elif not lie.beyond:
        text = f"mean({over}, {inside})"
    else:
        whole = case.attribute("count_include_pad", 0)
        counted = []
        for d, place in enumerate(lie.places):
            low = f"[{place} >= {-lie.before[d] if whole else 0}]"
            after = lie.after[d] if whole else 0
            high = f"[{place} < size(x, {2 + d}){f' + {after}' if after else ''}]"
            counted += [low, high]
        text = f"sum({over}, {inside}) / sum({over}, {' * '.join(counted)})"
    return [Said(f"{y} = {text}", {"x": real(x)}, lie.own)]


def pooled_whole(case: Case) -> list[Said]:
    """Along all axes of places."""
    x = real(case.inputs[0])
    names = AXES[: x.ndim]
    word = "mean" if case.operator == "GlobalAveragePool" else "max"
    return [Said(f"y[i, j] = {word}({', '.join(names[2:])}, {entry('x', names)})", {"x": x})]


def convolution(case: Case) -> list[Said]:
    """Filters over windows, in groups where there are some."""
    x, w, bias = case.inputs[0], case.inputs[1], case.given(2)
    lie = Windows.of(case, x, w.shape[2:])
    window = WINDOW[: len(lie.kernel)]
    groups = case.attribute("group", 1)
    channel, filters = ("(g s)", "(g f)") if groups > 1 else ("s", "j")
    one = entry("x", ["i", channel, *lie.places])
    one = f"pad(0, {one})" if lie.beyond else one
    out = ["i", *(["g", "f"] if groups > 1 else ["j"]), *AXES[2 : x.ndim]]
    over, weight = ", ".join(["s", *window]), entry("w", [filters, "s", *window])
    text = f"{entry('y', out)} = sum({over}, {one} * {weight})"
    inputs = {"x": real(x), "w": real(w)}
    if bias is not None:
        text, inputs["z"] = f"{text} + z[{filters}]", real(bias)
    return [Said(text, inputs, lie.sizes | ({"g": groups} if groups > 1 else {}))]


def transposed(case: Case) -> list[Said]:
    """What each entry adds to its window."""
    x, w = case.inputs[0], case.inputs[1]
    count = x.ndim - 2
    strides = case.attribute("strides", [1] * count)
    apart = case.attribute("dilations", [1] * count)
    before = list(case.attribute("pads", [0] * (2 * count))[:count])
    auto, wanted = case.attribute("auto_pad", "NOTSET"), case.outputs[0].shape[2:]
    if auto.startswith("SAME") or case.attribute("output_shape"):
        more = case.attribute("output_padding", [0] * count)
        for d in range(count):
            reach = strides[d] * (x.shape[2 + d] - 1) + apart[d] * (w.shape[2 + d] - 1) + 1
            whole = reach + more[d] - wanted[d]
            before[d] = whole // 2 if auto == "SAME_UPPER" else whole - whole // 2
    out, own, window = AXES[2 : x.ndim], "opq"[:count], WINDOW[:count]
    groups = case.attribute("group", 1)
    channel = "(g s)" if groups > 1 else "s"
    met = [
        f"[{out[d]} == {times(strides[d])}{own[d]} + {times(apart[d])}{window[d]}"
        + (f" - {before[d]}]" if before[d] > 0 else f" + {-before[d]}]" if before[d] < 0 else "]")
        for d in range(count)
    ]
    factors = [*met, entry("x", ["i", channel, *own]), entry("w", [channel, "j", *window])]
    left = entry("y", ["i", *(["g", "j"] if groups > 1 else ["j"]), *out])
    text = f"{left} = sum({', '.join(['s', *own, *window])}, {' * '.join(factors)})"
    sizes: dict[str, int | str] = {out[d]: int(wanted[d]) for d in range(count)}
    return [Said(text, {"x": real(x), "w": real(w)}, sizes | ({"g": groups} if groups > 1 else {}))]


# -- products --------------------------------------------------------------------------------------


def gemm(case: Case) -> list[Said]:
    """A product of two matrices and what is added."""
    x, z, c = case.inputs[0], case.inputs[1], case.given(2)
    first = "x[s, i]" if case.attribute("transA", 0) else "x[i, s]"
    second = "z[j, s]" if case.attribute("transB", 0) else "z[s, j]"
    alpha, beta = case.attribute("alpha", 1), case.attribute("beta", 1)
    scale = "" if alpha == 1 else f"{number(alpha)} * "
    text, inputs = f"y[i, j] = {scale}sum(s, {first} * {second})", {"x": real(x), "z": real(z)}
    if c is not None:
        shape = (1,) * (2 - c.ndim) + c.shape
        axes = [
            a for a, n, whole in zip("ij", shape, case.outputs[0].shape, strict=True) if n == whole
        ]
        more = "" if beta == 1 else f"{number(beta)} * "
        text += f" + {more}{entry('c', axes)}"
        inputs["c"] = real(c).reshape(
            [n for n, whole in zip(shape, case.outputs[0].shape, strict=True) if n == whole]
        )
    return [Said(text, inputs)]


def matmul(case: Case) -> list[Said]:
    """Of matrices, or of one with a vector, along leading axes of both."""
    x, z = map(real, case.inputs)
    lead = np.broadcast_shapes(x.shape[:-2], z.shape[:-2])
    names = AXES[: len(lead)]

    def own(array: Array, last: list[str]) -> tuple[list[str], Array]:
        shape = array.shape[:-2]
        axes = names[len(names) - len(shape) :]
        kept = [k for k, n in enumerate(shape) if n == lead[len(lead) - len(shape) + k]]
        sizes = [*(shape[k] for k in kept), *array.shape[len(shape) :]]
        return [*(axes[k] for k in kept), *last], array.reshape(sizes)

    first, x = own(x, ["s"] if x.ndim == 1 else ["p", "s"])
    second, z = own(z, ["s"] if z.ndim == 1 else ["s", "q"])
    out = [*names, *(["p"] if "p" in first else []), *(["q"] if "q" in second else [])]
    return [
        Said(
            f"{entry('y', out)} = sum(s, {entry('x', first)} * {entry('z', second)})",
            {"x": x, "z": z},
        )
    ]


def einsum(case: Case) -> list[Said]:
    """As its text says."""
    text = case.attribute("equation").replace(" ", "").replace("...", "Z")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if not arrow:
        right = "".join(sorted(c for c in {*left} - {","} if left.count(c) == 1))

    def axes(term: str) -> list[str]:
        return ["..." if c == "Z" else c for c in term]

    names = "xzuv"[: len(terms)]
    product = " * ".join(entry(n, axes(t)) for n, t in zip(names, terms, strict=True))
    over = [c for c in dict.fromkeys(left) if c not in right and c != ","]
    value = f"sum({', '.join(over)}, {product})" if over else product
    out = [f"{c}" for c in axes(right)]
    if right and len({*right}) < len(right):
        raise Unsaid("an axis twice in the output")
    return [
        Said(f"{entry('y', out)} = {value}", dict(zip(names, map(real, case.inputs), strict=True)))
    ]


# -- places ----------------------------------------------------------------------------------------


def transpose(case: Case) -> list[Said]:
    """Axes in another order."""
    x = real(case.inputs[0])
    order = case.attribute("perm", [*range(x.ndim)][::-1])
    names = AXES[: x.ndim]
    return [Said(f"{entry('y', [names[k] for k in order])} = {entry('x', names)}", {"x": x})]


def concat(case: Case) -> list[Said]:
    """One behind the other."""
    names, axis = "xzuvw"[: len(case.inputs)], case.attribute("axis") % case.inputs[0].ndim
    axes = [*AXES[: case.inputs[0].ndim]]
    own, terms, before = axes[axis], [], ""
    for name in names:
        at = [f"{own}{before or ' + 0'}" if a == own else a for a in axes]
        terms.append(f"pad(0, {entry(name, at)})")
        before += f" - size({name}, {axis})"
    size = " + ".join(f"size({name}, {axis})" for name in names)
    inputs = dict(zip(names, map(real, case.inputs), strict=True))
    return [Said(f"{entry('y', axes)} = {' + '.join(terms)}", inputs, {own: size})]


def split(case: Case) -> list[Said]:
    """Parts, each a definition."""
    x = real(case.inputs[0])
    axis = case.attribute("axis", 0) % x.ndim
    axes, found, start = AXES[: x.ndim], [], 0
    for part in case.outputs:
        size = part.shape[axis]
        if not size:
            raise Unsaid("parts without entries")
        at = [f"{a} + {start}" if k == axis else a for k, a in enumerate(axes)]
        found.append(Said(f"{entry('y', axes)} = {entry('x', at)}", {"x": x}, {axes[axis]: size}))
        start += size
    return found


def sliced(case: Case) -> list[Said]:
    """From a place on, by steps, also backwards."""
    x = real(case.inputs[0])
    starts, ends = (case.inputs[k].tolist() for k in (1, 2))
    chosen = case.given(3)
    axes = [*range(len(starts))] if chosen is None else chosen.tolist()
    given = case.given(4)
    steps = [1] * len(starts) if given is None else given.tolist()
    if not case.outputs[0].size:
        raise Unsaid("nothing is left")
    names, at, sizes = AXES[: x.ndim], [*AXES[: x.ndim]], {}
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis %= x.ndim
        first = slice(start, end, step).indices(x.shape[axis])[0]
        own = names[axis]
        at[axis] = f"{first} - {times(-step)}{own}" if step < 0 else f"{times(step)}{own} + {first}"
        sizes[own] = case.outputs[0].shape[axis]
    return [Said(f"{entry('y', names)} = {entry('x', at)}", {"x": x}, sizes)]


def padded(case: Case) -> list[Said]:
    """A frame of one number."""
    if case.attribute("mode", "constant") != "constant":
        raise Unsaid("whole numbers")
    x, pads, value = real(case.inputs[0]), case.inputs[1].tolist(), case.given(2)
    chosen = case.given(3)
    axes = [*range(x.ndim)] if chosen is None else [a % x.ndim for a in chosen.tolist()]
    names, at, sizes = AXES[: x.ndim], [*AXES[: x.ndim]], {}
    for k, axis in enumerate(axes):
        before, after = pads[k], pads[len(axes) + k]
        if before or after:
            at[axis] = f"{names[axis]} - {before}" if before else f"{names[axis]} + 0"
            sizes[names[axis]] = f"size(x, {axis}) + {before + after}"
    outside = number(0 if value is None else value)
    return [Said(f"{entry('y', names)} = pad({outside}, {entry('x', at)})", {"x": x}, sizes)]


def gather(case: Case) -> list[Said]:
    """Entries by label along an axis."""
    x, t = real(case.inputs[0]), case.inputs[1]
    axis = case.attribute("axis", 0) % x.ndim
    own, labels = AXES[: x.ndim], "opq"[: t.ndim]
    at = [entry("t", labels) if k == axis else a for k, a in enumerate(own)]
    out = [*own[:axis], *labels, *own[axis + 1 :]]
    inputs = {"x": x, "t": (t % x.shape[axis]).astype(np.int64)}
    return [Said(f"{entry('y', out)} = {entry('x', at)}", inputs)]


def gather_elements(case: Case) -> list[Said]:
    """Entries by a label at each place."""
    x, t = real(case.inputs[0]), case.inputs[1]
    axis, names = case.attribute("axis", 0) % x.ndim, AXES[: x.ndim]
    at = [entry("t", names) if k == axis else a for k, a in enumerate(names)]
    inputs = {"x": x[tuple(slice(n) if k != axis else slice(None) for k, n in enumerate(t.shape))]}
    inputs["t"] = (t % x.shape[axis]).astype(np.int64)
    return [Said(f"{entry('y', names)} = {entry('x', at)}", inputs)]


def scatter_elements(case: Case) -> list[Said]:
    """Entries put, or added, where labels say."""
    x, t, u = real(case.inputs[0]), case.inputs[1], real(case.inputs[2])
    how, axis = case.attribute("reduction", "none"), case.attribute("axis", 0) % x.ndim
    if how not in ("none", "add") or x.ndim != 2:
        raise Unsaid("products or largest entries of what meets at one place")
    names = "ij"
    own = names[axis]
    at = [("s" if a == own else a) for a in names]
    there = f"[{own} == {entry('t', at)}]"
    if x.shape[1 - axis] != u.shape[1 - axis]:
        raise Unsaid("fewer places than the array has")
    put = f"sum(s, {there} * {entry('u', at)})"
    kept = f" * (1 - sum(s, {there}))" if how == "none" else ""
    inputs = {"x": x, "t": (t % x.shape[axis]).astype(np.int64), "u": u}
    return [Said(f"y[i, j] = x[i, j]{kept} + {put}", inputs)]


def one_hot(case: Case) -> list[Said]:
    """One value at the place of each label, and another elsewhere."""
    t, depth, values = case.inputs[0], int(np.ravel(case.inputs[1])[0]), real(case.inputs[2])
    if ((t < -depth) | (t >= depth)).any():
        raise Unsaid("labels out of range")
    names = AXES[: t.ndim]
    axis = case.attribute("axis", -1) % (t.ndim + 1)
    out = [*names[:axis], "c", *names[axis:]]
    here = f"[c == {entry('t', names)}]"
    text = f"{entry('y', out)} = v[0] + (v[1] - v[0]) * {here}"
    labels = (np.asarray(t) % depth).astype(np.int64)
    return [Said(text, {"v": values, "t": labels}, {"c": depth})]


def tile(case: Case) -> list[Said]:
    """The same again along each axis."""
    x, often = real(case.inputs[0]), case.inputs[1].tolist()
    names = AXES[: x.ndim]
    again = "opqs"[: x.ndim]
    out = [a for pair in zip(again, names, strict=True) for a in pair]
    text = f"{entry('y', out)} = {entry('x', names)}"
    for a in again:
        text += f" * [{a} >= 0]"
    return [Said(text, {"x": x}, dict(zip(again, often, strict=True)))]


def depth_to_space(case: Case) -> list[Said]:
    """Channels as places of finer images."""
    x, by = real(case.inputs[0]), case.attribute("blocksize")
    channel = "(a b j)" if case.attribute("mode", "DCR") == "DCR" else "(j a b)"
    text = f"y[i, j, k, a, l, b] = x[i, {channel}, k, l]"
    return [Said(text, {"x": x}, {"a": by, "b": by})]


def space_to_depth(case: Case) -> list[Said]:
    """Places as channels of coarser images."""
    x, by = real(case.inputs[0]), case.attribute("blocksize")
    out = "i, a, b, j, k, l" if case.attribute("mode", "DCR") == "DCR" else "i, j, a, b, k, l"
    return [Said(f"y[{out}] = x[i, j, (k a), (l b)]", {"x": x}, {"a": by, "b": by})]


# -- losses and attention --------------------------------------------------------------------------


def classification(case: Case) -> list[Said]:
    """Negative log-probabilities of labels; classes stand last, and ignored labels are a mask."""
    x, y, weight = np.moveaxis(real(case.inputs[0]), 1, -1), case.inputs[1], case.given(2)
    ignored, how = case.attribute("ignore_index"), case.attribute("reduction", "mean")
    inputs: dict[str, Any] = {"x": x}
    lines, score = "", "x[..., y[...]]"
    if case.operator == "SoftmaxCrossEntropyLoss":
        lines = "s[..., j] := x[..., j] - log(sum(i, exp(x[..., i])))\n"
        score = "s[..., y[...]]"
    factors, labels = [], y.astype(np.int64)
    if weight is not None:
        factors.append("w[y[...]]")
        inputs["w"] = real(weight)
    if ignored is not None:
        factors.append("m0[...]")
        inputs["m0"] = real(y != ignored)
        labels = np.where(y == ignored, 0, labels)
    inputs["y"] = labels
    each_ = f"-{' * '.join([*factors, score])}"
    if how == "none":
        text = f"L[...] = {each_}"
    elif how == "sum" or not factors:
        text = f"L = {'sum' if how == 'sum' else 'mean'}(..., {each_})"
    else:
        text = f"L = sum(..., {each_}) / sum(..., {' * '.join(factors)})"
    found = [Said(lines + text, inputs, wrt=("x",))]
    if len(case.outputs) > 1:
        names = AXES[: x.ndim]
        one, every = entry("x", names), entry("x", ["i", "s", *names[2:]])
        log = f"{entry('y', names)} = {one} - log(sum(s, exp({every})))"
        found.append(Said(log, {"x": real(case.inputs[0])}))
    return found


def attention(case: Case) -> list[Said]:
    """Heads, groups of them, masks, caps, and keys and values from before."""
    q, k, v = (real(a) for a in case.inputs[:3])
    mask, past = case.given(3), case.given(4)
    if case.given(6) is not None:
        raise Unsaid("ragged")
    if max(case.attribute("left_window_size", -1), case.attribute("right_window_size", -1)) >= 0:
        raise Unsaid("local windows")
    if mask is not None and mask.shape[-1] != k.shape[1 if k.ndim == 3 else 2] + (
        0 if past is None else past.shape[2]
    ):
        raise Unsaid("ragged")
    flat = q.ndim == 3
    heads = case.attribute("kv_num_heads") if flat else k.shape[1]
    share = (case.attribute("q_num_heads") if flat else q.shape[1]) // heads
    many = share > 1
    sizes: dict[str, int | str] = {}
    if flat:
        one = f"Q[n, t, {'(h r e)' if many else '(h e)'}]"
        keys, values = "K[n, u, (h e)]", "V[n, u, (h f)]"
        sizes = {"h": heads} | ({"r": share} if many else {})
    else:
        one = f"Q[n, {'(h r)' if many else 'h'}, t, e]"
        keys, values = "K[n, h, u, e]", "V[n, h, u, f]"
        sizes = {"r": share} if many else {}
    inputs: dict[str, Any] = {"Q": q, "K": k, "V": v}
    lines, offset = [], ""
    if past is not None:
        inputs |= {"P": real(past), "R": real(case.inputs[5])}
        own = "u - size(P, 2)"
        lines.append(
            f"k0[n, h, u, e] = pad(0, P[n, h, u + 0, e]) + pad(0, {keys.replace('u', own, 1)})"
        )
        lines.append(
            f"v0[n, h, u, f] = pad(0, R[n, h, u + 0, f]) + pad(0, {values.replace('u', own, 1)})"
        )
        keys, values, offset = "k0[n, h, u, e]", "v0[n, h, u, f]", " - size(P, 2)"
        sizes["u"] = f"size(P, 2) + size(K, {1 if flat else 2})"
    group = "h, r" if many else "h"
    scale = case.attribute("scale")
    factor = f" * {number(scale)}" if scale else " / sqrt(size(e))"
    at = f"[n, {group}, t, u]"
    lines.append(f"s{at} = sum(e, {one} * {keys}){factor}")
    last = "s"
    stages = ["s"]
    cap = case.attribute("softcap", 0)
    if cap:
        lines.append(f"c{at} = {number(cap)} * tanh(s{at} / {number(cap)})")
        last = "c"
    stages.append(last)
    conditions, masked = [], ""
    if mask is not None:
        axes = ["n", *(["h", "r"] if many else ["h"]), "t", "u"][
            -(mask.ndim + (many and mask.ndim > 2)) :
        ]
        axes = ["t", "u"] if mask.ndim == 2 else axes
        if mask.ndim == 4:
            shape = [
                mask.shape[0],
                *((heads, share) if many and mask.shape[1] > 1 else (mask.shape[1],)),
                *mask.shape[2:],
            ]
            axes = ["n", *group.split(", ")] if mask.shape[1] > 1 else ["n"]
            mask = (
                mask.reshape([n for n in shape if n > 1 or shape.index(n) != 1])
                if mask.shape[1] > 1
                else mask[:, 0]
            )
            axes = [*axes, "t", "u"]
        if mask.dtype == bool:
            conditions.append(f"[{entry('M', axes)} > 0]")
            inputs["M"] = real(mask)
        elif np.isinf(mask).any():
            conditions.append(f"[{entry('M', axes)} > -1e30]")
            inputs["M"] = np.where(np.isinf(mask), -1e38, real(mask))
            masked = f" + max({entry('M', axes)}, -1e30)"
        else:
            masked = f" + {entry('M', axes)}"
            inputs["M"] = real(mask)
    if case.attribute("is_causal", 0):
        conditions.append(f"[u{offset} - t <= 0]")
    if masked:
        lines.append(f"b{at} = {last}{at}{masked}")
        last = "b"
    stages.append(last)
    before = f"[n, {group}, t, w]"
    chosen = "".join(f"{c} * " for c in conditions)
    others = chosen.replace("u", "w").replace("swm", "sum")
    lines.append(f"p{at} = {chosen}exp({last}{at}) / sum(w, {others}exp({last}{before}))")
    out = f"[n, t, {group}, f]" if flat else f"[n, {group}, t, f]"
    main = "\n".join([*lines, f"y{out} = sum(u, p{at} * {values})"])
    if mask is not None and past is not None:
        del sizes["u"]  # the mask shows it
    if past is not None:
        sizes.pop("h", None)  # what is from before shows it
    if mask is not None and "r" in entry("M", axes):
        sizes.pop("r", None)
    found = [Said(main, inputs, sizes, tuple("QKV"))]
    for place, name in enumerate(case.results[1:], 1):
        if not name:
            continue
        if place in (1, 2):
            own = ["P", "K"] if place == 1 else ["R", "V"]
            line = lines[0] if place == 1 else lines[1]
            extra = {"u": f"size({own[0]}, 2) + size({own[1]}, {1 if flat else 2})"}
            if place == 2:
                line = line.replace("size(P", "size(R")
            found.append(Said(line, {n: inputs[n] for n in own}, extra))
        else:
            mode = case.attribute("qk_matmul_output_mode", 0)
            if conditions and mode in (1, 2):
                raise Unsaid("masked scores are -∞")
            stage = [stages[0], stages[1], stages[2], "p"][mode]
            kept = []
            for line in lines:
                kept.append(line)
                if line.startswith(f"{stage}["):
                    break
            text = "\n".join(kept)
            used = {n: a for n, a in inputs.items() if f"{n}[" in text}
            fits = dict(sizes)
            if past is not None and "M[" not in text:
                fits["u"] = f"size(P, 2) + size(K, {1 if flat else 2})"
            if past is not None:
                text = "\n".join(line for line in kept if not line.startswith("v0"))
                used = {n: a for n, a in inputs.items() if f"{n}[" in text}
            found.append(Said(text, used, fits, tuple(n for n in "QK" if n in used)))
    return found


def rotary(case: Case) -> list[Said]:
    """Pairs of entries, turned by the angle of their place."""
    x, cos, sin, t = real(case.inputs[0]), real(case.inputs[1]), real(case.inputs[2]), case.given(3)
    if x.ndim == 3:
        heads = case.attribute("num_heads")
        x = x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)
    if case.attribute("rotary_embedding_dim", 0):
        raise Unsaid("parts that are turned and parts that are not")
    angle = "t[n, k], i" if t is not None else "n, k, i"
    first, second = (
        ("2*i", "2*i + 1") if case.attribute("interleaved", 0) else ("i + 0", "i + size(c, 1)")
    )
    if t is None:
        second = second.replace("size(c, 1)", "size(c, 2)")
    a, b = f"x[n, h, k, {first}]", f"x[n, h, k, {second}]"
    text = f"u[n, h, k, i] = {a} * c[{angle}] - {b} * d[{angle}]\n"
    text += f"v[n, h, k, i] = {a} * d[{angle}] + {b} * c[{angle}]\n"
    out = "i, p" if case.attribute("interleaved", 0) else "p, i"
    text += f"y[n, h, k, {out}] = [p == 0] * u[n, h, k, i] + [p == 1] * v[n, h, k, i]"
    inputs = {"x": x, "c": cos, "d": sin}
    if t is not None:
        inputs["t"] = t.astype(np.int64)
    return [Said(text, inputs, {"p": 2}, ("x",))]


RULES: dict[str, Rule] = {
    **dict.fromkeys(UNARY, unary),
    **dict.fromkeys(BINARY, binary),
    **dict.fromkeys(("Sum", "Mean", "Max", "Min"), several),
    **dict.fromkeys(REDUCED, reduction),
    **dict.fromkeys(("Softmax", "LogSoftmax"), softmax),
    **dict.fromkeys(("AveragePool", "LpPool", "MaxPool"), pooled),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), pooled_whole),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), layer_norm),
    **dict.fromkeys(("InstanceNormalization", "GroupNormalization"), instance_norm),
    **dict.fromkeys(("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"), classification),
    "Attention": attention,
    "BatchNormalization": batch_norm,
    "Clip": clip,
    "Concat": concat,
    "Conv": convolution,
    "ConvTranspose": transposed,
    "CumSum": cumulative,
    "DepthToSpace": depth_to_space,
    "Einsum": einsum,
    "Gather": gather,
    "GatherElements": gather_elements,
    "Gelu": gelu,
    "Gemm": gemm,
    "LRN": local_response,
    "LpNormalization": lp_normalization,
    "MatMul": matmul,
    "MeanVarianceNormalization": mean_variance,
    "OneHot": one_hot,
    "Pad": padded,
    "RotaryEmbedding": rotary,
    "ScatterElements": scatter_elements,
    "Slice": sliced,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Tile": tile,
    "Transpose": transpose,
    "Where": where,
}
