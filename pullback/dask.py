"""Layers over dask arrays that are larger than memory, on many machines: docs/parallel.md."""

try:
    import dask.array  # noqa: F401
except ModuleNotFoundError as error:
    from pullback.derive.errors import PullbackError

    raise PullbackError(
        f"pullback.dask imports {error.name}, which is not installed: pip install 'pullback[dask]'"
    ) from None

from pullback.codegen.faces.over_dask.gradients import value_and_grad

__all__ = ["value_and_grad"]
