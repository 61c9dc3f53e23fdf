"""The target NumPy: modules that stand alone, and the tests beside them."""
