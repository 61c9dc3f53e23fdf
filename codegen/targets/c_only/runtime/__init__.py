"""Functions in C that are copied into what needs them."""
