"""Formulas in matrix notation, with their values by NumPy."""
