"""Index notation as SymPy objects."""
