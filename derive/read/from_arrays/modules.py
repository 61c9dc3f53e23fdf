"""Which module a name is of: imports, and the names under which NumPy is known anyway."""

from __future__ import annotations

import ast
from collections.abc import Callable

MODULES = {"numpy", "numpy.linalg", "scipy", "scipy.special", "jax", "jax.numpy"}
ALIKE = {"jax.numpy": "numpy", "jax.scipy.special": "scipy.special"}
KNOWN = {"np": "numpy", "numpy": "numpy", "jnp": "numpy", "scipy": "scipy"}
BUILTINS: tuple[str, ...] = (
    "abs",
    "bool",
    "float",
    "int",
    "len",
    "max",
    "min",
    "range",
    "sum",
    "print",
    "sorted",
)
BUILTINS += ("enumerate", "zip", "map", "eval", "exec", "open", "__import__", "getattr", "round")
BUILTINS += ("list", "tuple", "dict", "set", "isinstance", "input", "compile", "super", "pow")
METHODS = {
    **{
        name: f"numpy.{name}"
        for name in (
            *("sum", "mean", "max", "min", "var", "std", "dot", "transpose", "swapaxes"),
            *("reshape", "squeeze", "ravel", "copy", "clip", "trace", "diagonal", "take"),
        )
    },
    "flatten": "flatten",
    "astype": "astype",
    "item": "builtins.float",
}
# what to write in place of what is not read
INSTEAD = {
    "prod": "the language has no products over an axis",
    "argmax": 'labels are inputs; give them as one, as in y: "N: J"',
    "argmin": 'labels are inputs; give them as one, as in y: "N: J"',
    "cumsum": "write the sum over an axis of (places <= place) * x",
    "sum": "Python's sum adds up the first axis alone; write np.sum, or .sum",
    "pad": "index notation has no places outside of an array",
    "concatenate": "add up the products of the pieces instead",
    "hstack": "add up the products of the pieces instead",
    "vstack": "add up the products of the pieces instead",
    "stack": "give the pieces as inputs of their own",
    "random": 'give what is drawn as an input, as in mask: "N D"',
    "add": "np.add.at is not read; write a product with (places == labels)",
    "empty": "write np.zeros",
    "print": "nothing is run; leave it out",
    "linalg": "of np.linalg the norm is read",
    "any": "write np.sum(mask) > 0",
    "all": "write np.sum(~mask) == 0",
    "nan": "it is no number of the language",
    "eval": "nothing is run",
    "exec": "nothing is run",
    "__import__": "nothing is run",
    "open": "nothing is run",
    "int": "a size is x.shape[0]",
}


class Modules:
    """What is imported, by the names that the text gives it."""

    def __init__(self) -> None:
        self.names = dict(KNOWN)

    def see(self, node: ast.Import | ast.ImportFrom) -> None:
        """Take up an import; nothing is imported."""
        for alias in node.names:
            if isinstance(node, ast.Import):
                bound = alias.asname or alias.name.partition(".")[0]
                full = alias.name if alias.asname else bound
            else:
                bound, full = alias.asname or alias.name, f"{node.module}.{alias.name}"
            self.names[bound] = self.alike(full)

    def alike(self, full: str) -> str:
        """The module of NumPy or SciPy that another one follows."""
        for name, own in ALIKE.items():
            if full == name or full.startswith(f"{name}."):
                return own + full[len(name) :]
        return full

    def full_name(self, node: ast.expr) -> str | None:
        """numpy.linalg.norm for np.linalg.norm; None where the name is not known."""
        if isinstance(node, ast.Attribute):
            inner = self.full_name(node.value)
            return None if inner is None else self.alike(f"{inner}.{node.attr}")
        if not isinstance(node, ast.Name):
            return None
        if node.id in self.names:
            return self.names[node.id]
        return f"builtins.{node.id}" if node.id in BUILTINS else None

    def is_module(self, node: ast.expr, named: Callable[[str], object]) -> bool:
        """Is it a module, or something of one, and no variable of that name?"""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self.names and named(node.id) is None
