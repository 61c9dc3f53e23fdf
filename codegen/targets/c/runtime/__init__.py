"""What is copied into modules with kernels, and the C that their kernels are made over."""
