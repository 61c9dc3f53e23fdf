"""Measurements of generated modules: speed beside peers, accuracy, infinities, time to derive."""
