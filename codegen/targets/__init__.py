"""Targets: each spells programs in one language."""
