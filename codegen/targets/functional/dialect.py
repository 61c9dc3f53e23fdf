"""How a library of arrays calls things, where libraries differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """A library's words. `word` is the variable that holds it, `runtime` the files of helpers.

    `names` are functions of entries and reductions that are called otherwise than here: helpers, as
    `_erf`, or functions of the library, as `.amax`. `lacks` are those for which there is neither.
    `turned` makes the transposes of stacked matrices, `floats` floats of a mask: attributes of the
    array, as `.mT`, or functions of the library. `concatenate` lays arrays behind one another along
    an axis. `forward_mode` says that a module has a function of tangents too, `picks_of_rows` that
    an entry of each row has a helper of its own, `scans` that the library
    has loops and prefix scans of its own.
    """

    word: str
    runtime: tuple[str, ...]
    names: Mapping[str, str]
    turned: str
    floats: str
    permuted: str
    einsum: str
    concatenate: str
    lacks: frozenset[str] = frozenset()
    forward_mode: bool = False
    picks_of_rows: bool = False
    scans: bool = False

    @property
    def library(self) -> str:
        """The library, as its first file of helpers and its template are called."""
        return self.runtime[0]


def helpers(*names: str) -> dict[str, str]:
    """Functions that the module has itself."""
    return {name: f"_{name}" for name in names}


BESSEL = ("bessel0", "bessel1", "bessel2")
GAMMA = ("trigamma", "tetragamma")

ARRAY_API = Dialect(
    word="xp",
    runtime=("array_api", "array_api_special"),
    names=helpers("sigmoid", "erf", "erfc", "erfcx", "cbrt", *BESSEL),
    turned="matrix_transpose",
    floats="astype",
    permuted="permute_dims",
    einsum="_einsum",
    concatenate="_concatenated",
    lacks=frozenset({"lgamma", "digamma", *GAMMA, "erfinv"}),
)
TORCH = Dialect(
    word="torch",
    runtime=("torch",),
    names={
        **helpers("cbrt", *GAMMA, *BESSEL),
        **{name: f".special.{name}" for name in ("erf", "erfc", "erfcx", "erfinv", "digamma")},
        "lgamma": ".special.gammaln",
        "max": ".amax",
        "min": ".amin",
    },
    turned=".mT",
    floats=".to",
    permuted="permute",
    einsum=".einsum",
    concatenate="torch.cat",
)
JAX = Dialect(
    word="jnp",
    runtime=("jax",),
    names=helpers(
        *("sigmoid", "erf", "erfc", "erfcx", "erfinv", "lgamma", "digamma", *GAMMA, *BESSEL)
    ),
    turned=".mT",
    floats=".astype",
    permuted="permute_dims",
    einsum=".einsum",
    concatenate="jnp.concatenate",
    forward_mode=True,
    picks_of_rows=True,
    scans=True,
)
