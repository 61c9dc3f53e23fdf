"""Modules for other libraries, with these libraries: `make targets` has them."""
