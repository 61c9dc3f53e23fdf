"""The test file of a module for another library: the same equations, its arrays made NumPy's."""

from __future__ import annotations

from importlib.util import find_spec

from pullback.codegen.targets.numpy.module_test import module_test as of_numpy
from pullback.codegen.targets.numpy.smoke import smoke
from pullback.codegen.targets.target import Emission
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.errors import PullbackError

NEEDS = {
    "array_api": ("array_api_compat", "array-api", "array-api-compat"),
    "torch": ("torch", "torch", "PyTorch"),
    "jax": ("jax", "jax", "JAX"),
}


def module_test(derivation: Derivation, emission: Emission, stem: str, library: str) -> str:
    """The text of the test file of a module, which has passed it.

    Raises PullbackError where it fails, or the library is not installed.
    """
    module, extra, name = NEEDS[library]
    if find_spec(module) is None:
        raise PullbackError(
            f"{derivation.layer.name}: a module for {name} is tested before it is written, and "
            f"{name} is not installed: pip install 'pullback[{extra}]'"
        )
    layer = derivation.layer
    text = of_numpy(
        layer,
        emission.module,
        emission.promise,
        stem,
        plain=True,
        library=library,
        cutting=derivation.cutting,
    )
    smoke(stem, emission.module, text)
    return text
