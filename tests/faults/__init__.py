"""Kinds of faults, each with the tests that find its cousins."""
