"""Which function of a file is called, with what, and what the parts of its result are called.

A file is read as a syntax tree; nothing of it is run here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.errors import DefinitionError, PullbackError
from pullback.derive.layer import Layer

MAX_FILE = 256 * 1024  # bytes
BACKWARD, FORWARD, CACHE = "backward", "forward", "cache"
# names of the output's cotangent; the second ones hold the output's own name
UPSTREAM = ("dout", "upstream", "g", "grad", "grad_output", "grad_out", "output_gradient")
OF_OUTPUT = ("d{}", "d_{}", "grad_{}", "{}_grad", "dL_d{}", "dLd{}")
LIKELY = ("backward", "grad", "loss")  # what a function's name may hold
Function = ast.FunctionDef


class NotComparable(PullbackError):
    """The file's gradients cannot be held against ours, for this reason."""


@dataclass(frozen=True)
class Call:
    """A function of the file and what stands for each of its parameters.

    An argument is the name of an input, of a node, of the output's cotangent, or CACHE.
    """

    function: str
    positional: tuple[str, ...]
    keywords: Mapping[str, str]

    @property
    def arguments(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.positional, *self.keywords.values())


@dataclass(frozen=True)
class Plan:
    """What is called: backward, and before it forward where backward wants its cache."""

    path: Path
    text: str
    backward: Call
    forward: Call | None
    returned: tuple[str, ...]  # the names of the parts of backward's result, where it is a tuple
    names: Mapping[str, str]

    @property
    def upstream(self) -> str | None:
        """The cotangent's name if backward takes it."""
        found = [a for a in self.backward.arguments if a.startswith("d")]
        return found[0] if found else None


def plan(path: Path, layer: Layer, names: Mapping[str, str], function: str | None) -> Plan:
    """How the file is called for this layer; `names` says which of its names are which of ours.

    Raises NotComparable where no function fits, with what was wanted.
    """
    text = read(path)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        raise NotComparable(f"{path}{where}: this is not Python: {error}") from None
    functions = {f.name: f for f in tree.body if isinstance(f, Function)}
    chosen = choose(path, functions, layer, names, function)
    forward = None
    backward = call(chosen, layer, names)
    if CACHE in backward.arguments:
        if FORWARD not in functions:
            raise NotComparable(f"{path}: '{chosen.name}' takes a cache, and there is no 'forward'")
        forward = call(functions[FORWARD], layer, names)
    return Plan(path, text, backward, forward, returned(chosen), names)


def read(path: Path) -> str:
    """The text of a file of Python."""
    try:
        data = path.read_bytes()[: MAX_FILE + 1]
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise NotComparable(f"{path}: the file is longer than {MAX_FILE // 1024} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise NotComparable(f"{path}: not UTF-8 text") from None


def choose(
    path: Path,
    functions: Mapping[str, Function],
    layer: Layer,
    names: Mapping[str, str],
    wanted: str | None,
) -> Function:
    """The function that gives gradients: the one asked for, `backward`, or the only likely one."""
    if wanted is not None:
        if wanted not in functions:
            raise NotComparable(f"{path}: there is no function '{wanted}'; {listed(functions)}")
        return functions[wanted]
    if BACKWARD in functions:
        return functions[BACKWARD]
    likely = [f for n, f in functions.items() if any(word in n.lower() for word in LIKELY)]
    fitting = [f for f in likely if not unknown(f, layer, names) and takes_all(f, layer, names)]
    if len(fitting) != 1:
        words = "no function" if not fitting else "more than one function"
        found = "; ".join(
            f"'{f.name}' has the parameter '{unknown(f, layer, names)[0]}', which is no input"
            for f in likely
            if unknown(f, layer, names)
        )
        raise NotComparable(
            f"{path}: there is no 'backward', and {words} whose name has 'loss', 'grad' or "
            f"'backward' takes {', '.join(layer.parameters)} alone"
            f"{'; ' + found if found else ''}; --function NAME says which, and --names A=B,… what "
            "its parameters are"
        )
    return fitting[0]


def takes_all(function: Function, layer: Layer, names: Mapping[str, str]) -> bool:
    """Does it take every input whose gradient is wanted?"""
    return {*layer.wrt} <= {meaning(p, layer, names) for p in required(function)}


def listed(functions: Mapping[str, Function]) -> str:
    """The functions that there are."""
    return f"there are {', '.join(functions)}" if functions else "it has none"


def unknown(function: Function, layer: Layer, names: Mapping[str, str]) -> list[str]:
    """The parameters without a default that stand for nothing."""
    must = required(function)
    return [p for p in must if meaning(p, layer, names) is None]


def required(function: Function) -> list[str]:
    """The parameters without a default."""
    spec = function.args
    plain = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    plain = plain[: len(plain) - len(spec.defaults)]
    pairs = zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
    return plain + [a.arg for a, default in pairs if default is None]


def call(function: Function, layer: Layer, names: Mapping[str, str]) -> Call:
    """What each parameter stands for; those that have a default and no meaning are left out."""
    missing = unknown(function, layer, names)
    if missing:
        raise NotComparable(
            f"'{function.name}' has the parameter '{missing[0]}', which is neither an input of "
            f"{layer.name} ({', '.join(layer.parameters)}), nor its upstream gradient "
            f"(dout, {cotangent_name(layer.output.name)}), nor cache; --names {missing[0]}=… says "
            "what it is"
        )
    spec = function.args
    positional = []
    for parameter in (*spec.posonlyargs, *spec.args):
        stands = meaning(parameter.arg, layer, names)
        if stands is None:
            break  # what follows has defaults too
        positional.append(stands)
    later = [a.arg for a in (*spec.args, *spec.kwonlyargs)][len(positional) :]
    keywords = {p: m for p in later if (m := meaning(p, layer, names)) is not None}
    return Call(function.name, tuple(positional), keywords)


def meaning(parameter: str, layer: Layer, names: Mapping[str, str]) -> str | None:
    """What a parameter stands for: an input, a size that callers give, a node, the output's
    cotangent, or the cache."""
    parameter = names.get(parameter, parameter)
    output = cotangent_name(layer.output.name)
    own = [*layer.tensors, *map(str, layer.arguments)]
    if parameter == CACHE or (parameter in own and parameter != layer.output.name):
        return parameter
    if parameter in (*UPSTREAM, *(p.format(layer.output.name) for p in OF_OUTPUT)):
        return output
    alike = [n for n in own if n.lower() == parameter.lower()]
    return alike[0] if len(alike) == 1 else None


def returned(function: Function) -> tuple[str, ...]:
    """The texts of the parts of what the last `return` gives; none where it is no tuple."""
    returns = [n for n in own_statements(function) if isinstance(n, ast.Return)]
    value = returns[-1].value if returns else None
    return tuple(ast.unparse(e) for e in value.elts) if isinstance(value, ast.Tuple) else ()


def own_statements(function: Function) -> list[ast.stmt]:
    """The statements of a function, in order, without those of functions in it."""
    found: list[ast.stmt] = []

    def visit(body: Sequence[ast.AST]) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                continue
            if isinstance(node, ast.stmt):
                found.append(node)
            visit([*ast.iter_child_nodes(node)])

    visit(function.body)
    return found


Path_ = tuple[str | int, ...]  # where in a result a part lies


def gradient_names(
    paths: Sequence[Path_], plan: Plan, layer: Layer, known: Callable[[str], bool]
) -> dict[str, Path_]:
    """Where in a result the gradient by each tensor lies; `known` are tensors that have one."""
    every: dict[str, list[Path_]] = {}
    for path in paths:
        name = tensor_named(spoken(path, plan), layer, plan.names, known)
        if name is not None:
            every.setdefault(name, []).append(path)
    depth = max((len(p) for p in paths), default=0)
    inner = [p for p in paths if len(p) == depth and all(isinstance(k, int) for k in p)]
    for skipped in (0, 1):  # a loss may stand before the gradients
        if len(inner) - skipped == len(layer.wrt):
            places = dict(zip(layer.wrt, inner[skipped:], strict=True))
            if all(p in every[t] for t, p in places.items() if t in every):
                return places  # names that are not known go by their places
    return {name: found[0] for name, found in every.items()}


def spoken(path: Path_, plan: Plan) -> str:
    """The name under which a part of the result comes."""
    words = [p for p in path if isinstance(p, str)]
    if words:
        return words[-1]
    if len(path) == 1 and isinstance(path[0], int) and path[0] < len(plan.returned):
        return plan.returned[path[0]]
    return ""


def tensor_named(
    name: str, layer: Layer, names: Mapping[str, str], known: Callable[[str], bool]
) -> str | None:
    """The tensor whose gradient is called so: dW, W, grads['W'], grad_W, W_grad."""
    key = re.search(r"""\[['"](\w+)['"]\]$""", name)
    name = key[1] if key else name.rpartition(".")[2]
    for pattern in (r"d(\w+)", r"d_(\w+)", r"grad_(\w+)", r"g_(\w+)", r"(\w+)_grad", r"(\w+)"):
        match = re.fullmatch(pattern, name)
        if not match:
            continue
        stem = names.get(match[1], match[1])
        if known(stem):
            return stem
        alike = [n for n in layer.tensors if n.lower() == stem.lower() and known(n)]
        exact = [n for n in layer.tensors if n == stem]
        if len(alike) == 1 and not exact:
            return alike[0]
    return None
