"""Programs and pages from derivations."""
