"""Definitions to start from, the handout's lines first, and changes to try."""

from __future__ import annotations

from pullback.codegen.live.questions import Written

MLP = "x=N D; W=D K; c=K; w=K J; b=J; y=N: J; lamda="
STARTS: tuple[dict[str, str], ...] = (
    {
        "title": "Two-layer perceptron, as on the handout",
        "notation": "matrices",
        "text": ("u = x W + c\nh = max(0, u)\nz = h w + b\nJ = mean(CE(z, y)) + λ/2 (‖W‖² + ‖w‖²)"),
        "shapes": MLP,
    },
    {
        "title": "Hidden layer alone",
        "notation": "matrices",
        "text": "u = x W + c\nh = max(0, u)",
        "shapes": "x=N D; W=D K; c=K",
    },
    {
        "title": "Softmax cross-entropy",
        "notation": "index",
        "text": (
            "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\n"
            "L[n] = -log(p[n, y[n]])\nJ = mean(n, L[n])"
        ),
        "shapes": "",
    },
    {
        "title": "Layer norm",
        "notation": "index",
        "text": (
            "m[n] = mean(d, x[n, d])\nv[n] = mean(d, (x[n, d] - m[n])**2)\n"
            "s[n, d] = (x[n, d] - m[n]) / sqrt(v[n] + eps)\nz[n, d] = g[d] * s[n, d] + b[d]"
        ),
        "shapes": "",
        "wrt": "x, g, b",
    },
    {
        "title": "Two-layer perceptron in NumPy",
        "notation": "arrays",
        "text": (
            "N = x.shape[0]\nu = x @ W + c\nh = np.maximum(0, u)\nz = h @ w + b\n"
            "shifted = z - z.max(axis=1, keepdims=True)\n"
            "p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)\n"
            "L = -np.log(p[np.arange(N), y]).mean() + lamda / 2 * ((W**2).sum() + (w**2).sum())"
        ),
        "shapes": MLP,
    },
    {
        "title": "A quadratic form",
        "notation": "matrices",
        "text": "f = xᵀ A x",
        "shapes": "x=N; A=N N",
    },
)


def chips(written: Written) -> list[dict[str, str]]:
    """What can be typed with one click."""
    return [{"wrt": "", "kind": "start", **start} for start in STARTS]
