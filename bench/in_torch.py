"""The layers in PyTorch."""

from typing import Any

import torch
import torch.nn.functional as F


def mlp(x: Any, W: Any, c: Any, w: Any, b: Any, y: Any, lamda: float) -> Any:
    """The loss of the perceptron."""
    z = torch.addmm(b, torch.relu(torch.addmm(c, x, W)), w)
    return F.cross_entropy(z, y) + lamda / 2 * ((W * W).sum() + (w * w).sum())


def softmax_cross_entropy(z: Any, y: Any) -> Any:
    """The loss of each row."""
    return F.cross_entropy(z, y, reduction="none")


def layer_norm(x: Any, gain: Any, bias: Any) -> Any:
    """Normalised rows."""
    return F.layer_norm(x, x.shape[-1:], gain, bias, 1e-5)


def gelu(u: Any) -> Any:
    """The exact one."""
    return F.gelu(u)


LAYERS = {
    "mlp": mlp,
    "softmax_cross_entropy": softmax_cross_entropy,
    "relu": torch.relu,
    "gelu": gelu,
    "layer_norm": layer_norm,
    "attention": F.scaled_dot_product_attention,
}
