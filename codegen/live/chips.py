"""Definitions to start from, the handout's lines first, and changes to try."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pullback.codegen.live.questions import Written

MLP = "x=N D; W=D K; c=K; w=K J; b=J; y=N: J; lamda="
STARTS: tuple[Mapping[str, str], ...] = (
    {
        "title": "Two-layer perceptron, as on the handout",
        "notation": "matrices",
        "text": "u = x W + c\nh = max(0, u)\nz = h w + b\nL = mean(CE(z, y)) + λ/2 (‖W‖² + ‖w‖²)",
        "shapes": MLP,
        "wrt": "W, c, w, b",
    },
    {
        "title": "Its hidden layer alone",
        "notation": "matrices",
        "text": "u = x W + c\nh = max(0, u)",
        "shapes": "x=N D; W=D K; c=K",
        "wrt": "",
    },
    {
        "title": "Softmax cross-entropy",
        "notation": "index",
        "text": (
            "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\n"
            "ell[n] = -log(p[n, y[n]])\n"
            "L = mean(n, ell[n])"
        ),
        "shapes": "",
        "wrt": "",
    },
    {
        "title": "Layer norm",
        "notation": "index",
        "text": (
            "m[n] = mean(d, x[n, d])\n"
            "v[n] = mean(d, (x[n, d] - m[n])**2)\n"
            "s[n, d] = (x[n, d] - m[n]) / sqrt(v[n] + eps)\n"
            "z[n, d] = g[d] * s[n, d] + b[d]"
        ),
        "shapes": "",
        "wrt": "x, g, b",
    },
    {
        "title": "Two-layer perceptron in NumPy",
        "notation": "arrays",
        "text": (
            "N = x.shape[0]\n"
            "u = x @ W + c\n"
            "h = np.maximum(0, u)\n"
            "z = h @ w + b\n"
            "z -= z.max(axis=1, keepdims=True)\n"
            "p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)\n"
            "loss = -np.log(p[np.arange(N), y]).mean()\n"
            "L = loss + lamda / 2 * ((W**2).sum() + (w**2).sum())"
        ),
        "shapes": MLP,
        "wrt": "W, c, w, b",
    },
    {
        "title": "A quadratic form",
        "notation": "matrices",
        "text": "f = xᵀ A x",
        "shapes": "x=N; A=N N",
        "wrt": "",
    },
)
# one function of one argument in each notation, for which another can stand
ACTIVATIONS: Mapping[str, Mapping[str, str]] = {
    "relu": {"index": "max(0, {})", "arrays": "np.maximum(0, {})"},
    "leaky relu": {"index": "max(0.1 * {}, {})", "arrays": "np.maximum(0.1 * {}, {})"},
    "tanh": {"index": "tanh({})", "arrays": "np.tanh({})"},
    "sigmoid": {"index": "sigmoid({})", "arrays": "(1 / (1 + np.exp(-{})))"},
    "softplus": {"index": "log(1 + exp({}))", "arrays": "np.log(1 + np.exp({}))"},
}
# shipped, of one argument; the first two are functions of numbers as well
CALLED = ("tanh", "sigmoid", "relu", "softplus", "silu", "gelu")
CALL = rf"=[ \t]*({'|'.join(CALLED)})\([ \t]*([^\W\d_]\w*)[ \t]*\)[ \t]*$"
LIKE = {"matrices": "index", "toml": "index"}  # notations that write functions as another does
ENTRY = r"([^\W\d_]\w*(?:\[[^\[\]()]*\])?)"  # u, or u[n, k]


def what_ifs(written: Written) -> list[dict[str, str]]:
    """Changes to try: another activation in the place of the first one."""
    return [{"label": label, "text": text} for label, text in swaps(written)]


def swaps(written: Written) -> Iterator[tuple[str, str]]:
    """Each activation that another one can stand for, with the text in which it does."""
    notation, text = LIKE.get(written.notation, written.notation), written.text
    calls = re.search(CALL, text, re.MULTILINE)
    if calls and written.notation in ("index", "toml"):
        first, end = calls.span(1)
        whole = rf"(?<!\w){calls[2]}\s*\["  # else the argument may be one number
        others = CALLED if re.search(whole, text) else CALLED[2:]
        yield from (
            (f"{calls[1]} → {o}", text[:first] + o + text[end:]) for o in others if o != calls[1]
        )
        return
    forms = {name: spelled[notation] for name, spelled in ACTIVATIONS.items()}
    for name, form in forms.items():
        if found := re.search(pattern(form), text):
            for other, new in forms.items():
                if other != name:
                    instead = new.replace("{}", found[1])
                    yield f"{name} → {other}", text[: found.start()] + instead + text[found.end() :]
            return


def pattern(form: str) -> str:
    """What finds a form in a text; its argument is the first group."""
    first, *others = form.split("{}")
    arguments = (ENTRY, *(r"\1" for _ in others))
    return (
        r"(?<![\w.])"
        + spaced(first)
        + "".join(
            argument + spaced(other) for argument, other in zip(arguments, others, strict=False)
        )
    )


def spaced(text: str) -> str:
    """What finds a text however it is spaced."""
    return "".join(r"\s*" if c == " " else re.escape(c) for c in text)
