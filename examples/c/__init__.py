"""The perceptron on digits, trained in C."""
