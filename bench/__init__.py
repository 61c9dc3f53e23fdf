"""Timings of generated modules beside hand-written code."""
