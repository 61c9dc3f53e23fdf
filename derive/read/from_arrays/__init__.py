"""Array notation, as in NumPy: text is read as a syntax tree, never run, into index notation."""
