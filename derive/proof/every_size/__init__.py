"""Proof for every size: both sides of a step in one normal form, in which sizes are symbols."""
