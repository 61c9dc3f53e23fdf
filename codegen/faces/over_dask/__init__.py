"""Layers over dask arrays: `import pullback.dask`."""
