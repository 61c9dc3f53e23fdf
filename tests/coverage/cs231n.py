"""The layers of the three assignments of CS231n, each with its own code in PyTorch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.coverage.rows import Lazy, Row, Table
from tests.coverage.torch_nn import ATTENTION, CONVOLUTIONS, DROPOUT, NORMS, POOLS, RECURRENT

torch, F = Lazy("torch"), Lazy("torch.nn.functional")


def as_there(rows: tuple[Row, ...], name: str, own: str, says: str = "") -> Row:
    """A row of torch.nn under the name that the course has."""
    return replace(next(row for row in rows if row.name == name), name=own, says=says)


def hinge(x: Any, y: Any) -> Any:
    """How far wrong classes come within 1 of the right one."""
    right = x.gather(1, y[:, None])
    margins = (x - right + 1).clamp(min=0).scatter(1, y[:, None], 0.0)
    return margins.sum(1).mean()


def contrastive(x: Any, z: Any, t: Any) -> Any:
    """Cross-entropy both ways of cosines."""
    s = t.exp() * F.normalize(x) @ F.normalize(z).T
    right = torch.arange(len(x))
    return (F.cross_entropy(s, right) + F.cross_entropy(s.T, right)) / 2


def two_views(x: Any, y: Any, tau: Any) -> Any:
    """Cross-entropy of cosines with all others."""
    s = F.normalize(x) @ F.normalize(x).T / tau
    return F.cross_entropy(s - torch.diag(torch.full((len(x),), torch.inf)), y)


def denoising(a: Any, t: Any, x0: Any, e: Any, w: Any, b: Any) -> Any:
    """A linear model in place of the network."""
    own = a[t][:, None]
    return F.mse_loss((own.sqrt() * x0 + (1 - own).sqrt() * e) @ w + b, e)


def masked(x: Any, y: Any, m: Any) -> Any:
    """Losses of the times that count, over the examples."""
    each = F.cross_entropy(x.transpose(1, 2), y, reduction="none")
    return (m * each).sum() / len(x)


CS231N = Table(
    "CS231n, assignments 1 to 3",
    "Every layer that has a forward and a backward pass; of recurrent ones it is the step.",
    (
        Row(
            "affine, on images",
            "affine_images",
            {"x": "3 2 4 5", "w": "2 4 5 6", "b": "6"},
            lambda x, w, b: x.flatten(1) @ w.flatten(0, 2) + b,
        ),
        Row("ReLU", "relu", {"u": "3 4"}, lambda u: u.relu()),
        Row("SVM loss", "svm_loss", {"x": "5 4", "y": "5 < 4"}, hinge),
        Row(
            "softmax loss",
            "softmax_loss",
            {"x": "5 4", "y": "5 < 4"},
            lambda x, y: F.cross_entropy(x, y),
        ),
        Row(
            "batch norm",
            "batch_norm",
            {"x": "5 4", "gain": "4", "bias": "4"},
            lambda x, gain, bias: F.batch_norm(x, None, None, gain, bias, training=True),
        ),
        Row(
            "layer norm",
            "layer_norm",
            {"x": "5 4", "gain": "4", "bias": "4"},
            lambda x, gain, bias: F.layer_norm(x, (4,), gain, bias),
        ),
        as_there(DROPOUT, "Dropout", "dropout", "by a mask"),
        as_there(CONVOLUTIONS, "Conv2d", "convolution", "a frame of zeros"),
        as_there(POOLS, "MaxPool2d", "max pool"),
        as_there(NORMS, "BatchNorm2d", "spatial batch norm"),
        as_there(NORMS, "GroupNorm", "spatial group norm"),
        Row(
            "RNN step",
            "rnn_step",
            {"x": "3 4", "h": "3 5", "W": "4 5", "U": "5 5", "b": "5"},
            lambda x, h, W, U, b: torch.tanh(x @ W + h @ U + b),
        ),
        as_there(RECURRENT, "LSTMCell", "LSTM step", "both results"),
        Row(
            "word embedding",
            "embedding",
            {"y": "3 4 < 5", "E": "5 6"},
            lambda y, E: E[y],
        ),
        Row(
            "temporal affine",
            "temporal_affine",
            {"x": "2 3 4", "w": "4 5", "b": "5"},
            lambda x, w, b: x @ w + b,
        ),
        Row(
            "temporal softmax loss",
            "temporal_softmax",
            {"x": "2 3 5", "y": "2 3 < 5", "m": "2 3 mask"},
            masked,
        ),
        as_there(ATTENTION, "MultiheadAttention", "attention with heads"),
        as_there(ATTENTION, "TransformerDecoderLayer", "transformer decoder layer"),
        Row(
            "SimCLR loss",
            "simclr",
            {"x": "6 4", "y": lambda x: np.roll(np.arange(6), 3), "tau": "= 0.5"},
            two_views,
        ),
        Row(
            "CLIP loss",
            "contrastive_pairs",
            {"x": "5 4", "z": "5 4", "t": "= 0.5"},
            contrastive,
        ),
        Row(
            "DDPM loss",
            "diffusion_loss",
            {"a": "7 unit", "t": "5 < 7", "x0": "5 4", "e": "5 4", "w": "4 4", "b": "4"},
            denoising,
            "of a linear model",
        ),
    ),
    {
        "RNN, LSTM over time": "a recurrence; no definition is written yet",
    },
)
