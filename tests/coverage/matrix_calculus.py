"""The Matrix Calculus You Need For Deep Learning: examples that are derivatives of functions."""

from __future__ import annotations

from tests.coverage.rows import Lazy, Row, Table

torch = Lazy("torch")
PAIR = {"w": "5", "x": "5"}
NUMBER = {"x": "5", "z": "= 0.7"}

MATRIX_CALCULUS = Table(
    "The Matrix Calculus You Need For Deep Learning",
    "Parr and Howard's examples in the order of the text.",
    (
        Row(
            "gradients of 3x²y and 2x + y⁸, stacked",
            "partials_two",
            {"x": "= 1.2", "y": "= 0.8"},
            lambda x, y: torch.stack([3 * x**2 * y, 2 * x + y**8]),
        ),
        Row("identity", "identity", {"u": "5"}, lambda u: u + 0),
        Row("w + x", "vector_sum", PAIR, lambda w, x: w + x),
        Row("w - x", "vector_difference", PAIR, lambda w, x: w - x),
        Row("w ⊗ x", "vector_product", PAIR, lambda w, x: w * x),
        Row("w ⊘ x", "vector_quotient", PAIR, lambda w, x: w / x),
        Row("x + z", "vector_plus_number", NUMBER, lambda x, z: x + z),
        Row("x z", "vector_times_number", NUMBER, lambda x, z: x * z),
        Row("sum of x", "sum_of_vector", {"x": "5"}, lambda x: x.sum()),
        Row("sum of x z", "sum_of_scaled", NUMBER, lambda x, z: (x * z).sum()),
        Row(
            "log(sin(x³)²)",
            "chain_square_log",
            {"x": "= 0.9"},
            lambda x: ((x**3).sin() ** 2).log(),
        ),
        Row(
            "sin(x + x²) by intermediate variables",
            "total_derivative",
            {"x": "= 0.9"},
            lambda x: (x + x**2).sin() * (x * (x + x**2)),
            "and a product by two ways",
        ),
        Row(
            "log(x²) and sin(3x), stacked",
            "vector_chain",
            {"x": "= 0.9"},
            lambda x: torch.stack([(x**2).log(), (3 * x).sin()]),
        ),
        Row("w · x", "dot_product", PAIR, lambda w, x: w @ x),
        Row("max(0, x)", "element_maximum", {"x": "5"}, lambda x: x.relu()),
        Row(
            "max(0, w · x + b)",
            "neuron",
            {**PAIR, "b": "= 4"},
            lambda w, x, b: (w @ x + b).relu(),
        ),
        Row(
            "mean of (y - max(0, w · x + b))²",
            "neuron_cost",
            {"y": "6", "w": "4", "x": "6 4", "b": "= 0.3"},
            lambda y, w, x, b: ((y - (x @ w + b).relu()) ** 2).mean(),
        ),
    ),
)
