"""The target plain: modules as a textbook has them, in ordinary NumPy, made to be read."""
