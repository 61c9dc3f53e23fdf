"""Derivations as data: written, and read again to be checked without the engine that made them."""
