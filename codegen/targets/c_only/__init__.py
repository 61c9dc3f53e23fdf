"""The target c-only: a header and a C file, to be built into anything, and a test program in C."""
