"""Faults of the same kinds, each in a test that would have found its cousins."""
