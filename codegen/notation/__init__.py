"""Formulas in print: index notation and matrix notation, in each alphabet."""
