"""Functions of NumPy expressions, as people write them, which tests read and run."""
