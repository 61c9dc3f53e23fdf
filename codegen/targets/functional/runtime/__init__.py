"""Functions that an emitted module has a copy of, for each library, under the same names."""
