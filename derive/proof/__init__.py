"""Proofs: each step and the end result, in scalars at small sizes."""
