"""Layers in C: runs of statements of the NumPy module, each as one function."""
