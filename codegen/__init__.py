"""Programs and pages from derivations."""

__version__ = "0.1.0"
