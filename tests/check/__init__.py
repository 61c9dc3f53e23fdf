"""Backward passes written by hand, right ones and mutants of them, and what is said of each."""
