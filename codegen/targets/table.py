"""The targets there are, by name; to add one, add a line here (docs/targets.md)."""

from __future__ import annotations

from collections.abc import Mapping

from pullback.codegen.targets.c.target import C
from pullback.codegen.targets.c_only.target import COnly
from pullback.codegen.targets.functional.statements import OfArrayAPI, OfJAX, OfTorch
from pullback.codegen.targets.functional.target import OfLibrary
from pullback.codegen.targets.numpy.target import NumPy
from pullback.codegen.targets.plain.target import Plain
from pullback.codegen.targets.target import Target

NUMPY = NumPy("numpy", "NumPy, fast: writes into a workspace, keeps what backward needs")
PRECISE = NumPy("numpy-precise", "NumPy in float64 inside, with rounding errors carried on", True)
PLAIN = Plain()
ARRAY_API = OfLibrary(
    "array-api", "for any library of the array API, such as CuPy and dask", OfArrayAPI
)
TORCH = OfLibrary("torch", "PyTorch: a function for autograd and a Module", OfTorch)
JAX = OfLibrary("jax", "JAX: functions with custom_vjp and custom_jvp", OfJAX)
NATIVE = C("c", "NumPy with kernels in C, built at first use where there is a compiler")
ONLY = COnly()
TARGETS: Mapping[str, Target] = {
    t.name: t for t in (NUMPY, PRECISE, PLAIN, NATIVE, ONLY, ARRAY_API, TORCH, JAX)
}
