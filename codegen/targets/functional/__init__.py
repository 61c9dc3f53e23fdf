"""Pure functions of arrays for libraries beside NumPy: nothing is written into an array."""
