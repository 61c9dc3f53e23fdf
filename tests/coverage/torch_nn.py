"""The modules of torch.nn: what each computes, beside PyTorch's own code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.coverage.rows import Lazy, Row, Table

torch, F = Lazy("torch"), Lazy("torch.nn.functional")
SEED = 7  # of the modules that draw: a mask that they drew is an input of the definition


def seeded(function: Any, *arguments: Any, **options: Any) -> Any:
    """What a function that draws returns after the same seed."""
    torch.manual_seed(SEED)
    return function(*arguments, **options)


def kept(function: Any, *shape: int) -> Any:
    """Which of the entries, or channels, a kind of dropout keeps, as 0 and 1."""

    def mask(**_: Any) -> Any:
        ones = torch.ones(shape, dtype=torch.float64)
        kept = 1.0 * (seeded(function, ones, 0.5, True) > 0).numpy()
        return kept.reshape(*kept.shape[:2], -1)[..., 0] if len(shape) > 2 else kept

    return mask


def of(name: str, *options: Any) -> Any:
    """A module without parameters, as a reference."""
    return lambda **tensors: getattr(torch.nn, name)(*options)(*tensors.values())


def entries(name: str, definition: str, reference: Any, **numbers: str) -> Row:
    """A function of single numbers."""
    return Row(name, definition, {"u": "3 4 5", **numbers}, reference)


def classes_of(mask: Any) -> Any:
    """The classes at which a mask is 1, in front, and -1 behind them."""
    found = torch.full(mask.shape, -1)
    for row, line in enumerate(mask):
        places = line.nonzero()[:, 0]
        found[row, : len(places)] = places
    return found


ACTIVATIONS = (
    entries("ELU", "elu", lambda u, alpha: F.elu(u, alpha.item()), alpha="= 1.3"),
    entries(
        "Hardshrink", "hardshrink", lambda u, lamda: F.hardshrink(u, lamda.item()), lamda="= 0.5"
    ),
    Row(
        "Hardsigmoid",
        "hardsigmoid",
        {"u": "3 4 5"},
        lambda u: F.relu6(u + 3) / 6,
        "beside ReLU6, as that of PyTorch has 1/6 in float32",
    ),
    entries("Hardtanh", "hardtanh", lambda u: F.hardtanh(u)),
    entries("Hardswish", "hardswish", lambda u: F.hardswish(u)),
    entries(
        "LeakyReLU", "leaky_relu", lambda u, alpha: F.leaky_relu(u, alpha.item()), alpha="= 0.1"
    ),
    entries("LogSigmoid", "log_sigmoid", lambda u: F.logsigmoid(u)),
    Row("PReLU", "prelu", {"u": "2 3 4", "a": "3"}, lambda u, a: F.prelu(u, a)),
    entries("ReLU", "relu", lambda u: F.relu(u)),
    entries("ReLU6", "relu6", lambda u: F.relu6(u)),
    Row(
        "RReLU",
        "rrelu",
        {"u": "3 4", "a": lambda u: slopes_of(u)},
        lambda u, a: seeded(F.rrelu, u, training=True),
        "with the slopes that it drew",
    ),
    entries("SELU", "selu", lambda u: F.selu(u)),
    entries("CELU", "celu", lambda u, alpha: F.celu(u, alpha.item()), alpha="= 2"),
    entries("GELU", "gelu", lambda u: F.gelu(u)),
    Row("GELU", "gelu_tanh", {"u": "3 4"}, lambda u: F.gelu(u, approximate="tanh"), "by tanh"),
    entries("Sigmoid", "sigmoid", lambda u: torch.sigmoid(u)),
    entries("SiLU", "silu", lambda u: F.silu(u)),
    entries("Mish", "mish", lambda u: F.mish(u)),
    entries("Softplus", "softplus_beta", lambda u, beta: F.softplus(u, beta.item()), beta="= 2"),
    entries(
        "Softshrink", "softshrink", lambda u, lamda: F.softshrink(u, lamda.item()), lamda="= 0.5"
    ),
    entries("Softsign", "softsign", lambda u: F.softsign(u)),
    entries("Tanh", "tanh", lambda u: torch.tanh(u)),
    entries("Tanhshrink", "tanhshrink", lambda u: F.tanhshrink(u)),
    entries(
        "Threshold",
        "threshold",
        lambda u, t, v: F.threshold(u, t.item(), v.item()),
        t="= 0.3",
        v="= -2",
    ),
    Row("GLU", "glu", {"u": "3 8"}, lambda u: F.glu(u)),
    Row("Softmin", "softmin", {"z": "3 4"}, lambda z: F.softmin(z, 1)),
    Row("Softmax", "softmax", {"z": "2 3 4"}, lambda z: F.softmax(z, -1)),
    Row("Softmax2d", "softmax_of_channels", {"z": "2 3 4 5"}, of("Softmax2d")),
    Row("LogSoftmax", "log_softmax", {"z": "2 3 4"}, lambda z: F.log_softmax(z, -1)),
)


def slopes_of(u: Any) -> Any:
    """The slopes that a randomized ReLU draws."""
    u = torch.tensor(u)
    return torch.where(u < 0, seeded(F.rrelu, u, training=True) / u, 1.0).numpy()


LINEAR = (
    entries("Identity", "identity", of("Identity")),
    Row(
        "Linear",
        "torch_linear",
        {"x": "3 2 4", "W": "5 4", "b": "5"},
        lambda x, W, b: F.linear(x, W, b),
    ),
    Row(
        "LazyLinear",
        "torch_linear",
        {"x": "3 4", "W": "5 4", "b": "5"},
        lambda x, W, b: F.linear(x, W, b),
    ),
    Row(
        "Bilinear",
        "torch_bilinear",
        {"x": "6 3", "z": "6 4", "W": "5 3 4", "b": "5"},
        lambda x, z, W, b: F.bilinear(x, z, W, b),
    ),
    Row("Embedding", "embedding", {"y": "3 4 < 5", "E": "5 6"}, lambda y, E: F.embedding(y, E)),
    Row(
        "EmbeddingBag",
        "embedding_bag",
        {"y": "3 4 < 5", "E": "5 6"},
        lambda y, E: F.embedding_bag(y, E, mode="mean"),
        "means of bags of one length",
    ),
    Row(
        "EmbeddingBag",
        "embedding_bag_weighted",
        {"y": "3 4 < 5", "E": "5 6", "w": "3 4"},
        lambda y, E, w: F.embedding_bag(y, E, mode="sum", per_sample_weights=w),
        "weighted sums",
    ),
    Row(
        "CosineSimilarity",
        "cosine_similarity",
        {"x": "4 3", "y": "4 3"},
        lambda x, y: F.cosine_similarity(x, y),
    ),
    Row(
        "PairwiseDistance",
        "pairwise_distance",
        {"x": "4 3", "y": "4 3"},
        lambda x, y: F.pairwise_distance(x, y),
    ),
)


def dropout(name: str, definition: str, function: Any, *shape: int) -> Row:
    """A kind of dropout, with the mask that it drew as an input."""
    inputs = {"m": kept(function, *shape), "x": " ".join(map(str, shape)), "p": "= 0.5"}
    return Row(
        name,
        definition,
        inputs,
        lambda x, m, p: seeded(function, x, 0.5, True),
        "with the mask that it drew",
    )


DROPOUT = (
    dropout("Dropout", "dropout", lambda *a: F.dropout(*a), 4, 5),
    dropout("Dropout1d", "dropout_of_channels", lambda *a: F.dropout1d(*a), 3, 4, 5),
    dropout("Dropout2d", "dropout_of_channels2d", lambda *a: F.dropout2d(*a), 3, 4, 2, 5),
    dropout("Dropout3d", "dropout_of_channels3d", lambda *a: F.dropout3d(*a), 3, 4, 2, 2, 5),
    dropout("AlphaDropout", "alpha_dropout", lambda *a: F.alpha_dropout(*a), 4, 5),
    dropout(
        "FeatureAlphaDropout",
        "alpha_dropout_of_channels",
        lambda *a: F.feature_alpha_dropout(*a),
        3,
        4,
        5,
    ),
)

PAIR = {"x": "3 4", "t": "3 4"}
LOSSES = (
    Row("L1Loss", "l1_loss", PAIR, lambda x, t: F.l1_loss(x, t)),
    Row("MSELoss", "mse_loss", PAIR, lambda x, t: F.mse_loss(x, t)),
    Row(
        "CrossEntropyLoss",
        "cross_entropy_mean",
        {"z": "6 4", "y": "6 < 4", "weight": "4 positive"},
        lambda z, y, weight: F.cross_entropy(z, y, weight),
        "class weights",
    ),
    Row(
        "CrossEntropyLoss",
        "cross_entropy_smoothed",
        {"z": "6 4", "y": "6 < 4", "a": "= 0.1"},
        lambda z, y, a: F.cross_entropy(z, y, label_smoothing=a.item()),
        "label smoothing",
    ),
    Row(
        "CrossEntropyLoss",
        "cross_entropy",
        {"z": "6 4", "t": "6 4 distributions"},
        lambda z, t: F.cross_entropy(z, t, reduction="none"),
        "distributions as targets",
    ),
    Row(
        "LinearCrossEntropyLoss",
        "linear_cross_entropy",
        {"x": "6 3", "W": "4 3", "b": "4", "y": "6 < 4"},
        lambda x, W, b, y: F.linear_cross_entropy(x, W, y, linear_bias=b),
    ),
    Row(
        "NLLLoss",
        "nll_loss",
        {"s": "6 4", "y": "6 < 4", "weight": "4 positive"},
        lambda s, y, weight: F.nll_loss(s, y, weight),
    ),
    Row("PoissonNLLLoss", "poisson_nll", PAIR, lambda x, t: F.poisson_nll_loss(x, t)),
    Row(
        "GaussianNLLLoss",
        "gaussian_nll",
        {**PAIR, "v": "3 4 positive"},
        lambda x, t, v: F.gaussian_nll_loss(x, t, v),
    ),
    Row(
        "KLDivLoss",
        "kl_div",
        {"s": "3 4", "t": "3 4 distributions"},
        lambda s, t: F.kl_div(s, t, reduction="batchmean"),
    ),
    Row(
        "BCELoss",
        "bce_loss",
        {"p": "3 4 unit", "t": "3 4 unit"},
        lambda p, t: F.binary_cross_entropy(p, t),
    ),
    Row(
        "BCEWithLogitsLoss",
        "bce_with_logits",
        {"z": "3 4", "t": "3 4 unit", "a": "4 positive"},
        lambda z, t, a: F.binary_cross_entropy_with_logits(z, t, pos_weight=a),
    ),
    Row(
        "MarginRankingLoss",
        "margin_ranking",
        {"a": "5", "b": "5", "y": "5 signs", "m": "= 0.5"},
        lambda a, b, y, m: F.margin_ranking_loss(a, b, y, m.item()),
    ),
    Row(
        "HingeEmbeddingLoss",
        "hinge_embedding",
        {"x": "3 4", "y": "3 4 signs", "m": "= 1"},
        lambda x, y, m: F.hinge_embedding_loss(x, y, m.item()),
    ),
    Row(
        "MultiLabelMarginLoss",
        "multi_label_margin",
        {"x": "3 5", "t": "3 5 mask"},
        lambda x, t: F.multilabel_margin_loss(x, classes_of(t)),
        "classes as a mask",
    ),
    Row(
        "HuberLoss",
        "huber_mean",
        {**PAIR, "delta": "= 0.7"},
        lambda x, t, delta: F.huber_loss(x, t, delta=delta.item()),
    ),
    Row(
        "SmoothL1Loss",
        "smooth_l1",
        {**PAIR, "beta": "= 0.7"},
        lambda x, t, beta: F.smooth_l1_loss(x, t, beta=beta.item()),
    ),
    Row(
        "SoftMarginLoss",
        "soft_margin",
        {"x": "3 4", "y": "3 4 signs"},
        lambda x, y: F.soft_margin_loss(x, y),
    ),
    Row(
        "MultiLabelSoftMarginLoss",
        "multi_label_soft_margin",
        {"x": "3 4", "t": "3 4 mask"},
        lambda x, t: F.multilabel_soft_margin_loss(x, t),
    ),
    Row(
        "CosineEmbeddingLoss",
        "cosine_embedding",
        {"a": "5 3", "b": "5 3", "y": "5 signs", "m": "= 0.1"},
        lambda a, b, y, m: F.cosine_embedding_loss(a, b, y, m.item()),
    ),
    Row(
        "MultiMarginLoss",
        "multi_margin",
        {"x": "5 4", "y": "5 < 4", "m": "= 1"},
        lambda x, y, m: F.multi_margin_loss(x, y, margin=m.item()),
    ),
    Row(
        "TripletMarginLoss",
        "triplet_margin",
        {"a": "5 3", "x": "5 3", "y": "5 3", "m": "= 1"},
        lambda a, x, y, m: F.triplet_margin_loss(a, x, y, margin=m.item()),
    ),
    Row(
        "TripletMarginWithDistanceLoss",
        "triplet_of_cosines",
        {"a": "5 3", "x": "5 3", "y": "5 3", "m": "= 1"},
        lambda a, x, y, m: F.triplet_margin_with_distance_loss(
            a, x, y, distance_function=lambda p, q: 1 - F.cosine_similarity(p, q), margin=m.item()
        ),
        "of cosines",
    ),
)

WEIGHTS = {"gain": "4", "bias": "4"}


def norm(name: str, definition: str, shape: str, reference: Any, **more: str) -> Row:
    """A normalization, with the statistics of what it is given."""
    return Row(name, definition, {"x": shape, **more}, reference)


def batch_norm(x: Any, gain: Any, bias: Any) -> Any:
    """With the statistics of the batch."""
    return F.batch_norm(x, None, None, gain, bias, training=True)


def in_groups(x: Any, gain: Any, bias: Any) -> Any:
    """Two groups of two channels, the groups an axis of their own."""
    return F.group_norm(x, 2, gain, bias).unflatten(1, (2, 2))


NORMS = (
    norm("BatchNorm1d", "batch_norm1d", "5 4 3", batch_norm, **WEIGHTS),
    norm("BatchNorm2d", "batch_norm2d", "3 4 3 2", batch_norm, **WEIGHTS),
    norm("BatchNorm3d", "batch_norm3d", "2 4 2 3 2", batch_norm, **WEIGHTS),
    norm("SyncBatchNorm", "batch_norm2d", "3 4 3 2", batch_norm, **WEIGHTS),
    norm("LazyBatchNorm1d", "batch_norm1d", "5 4 3", batch_norm, **WEIGHTS),
    norm("LazyBatchNorm2d", "batch_norm2d", "3 4 3 2", batch_norm, **WEIGHTS),
    norm("LazyBatchNorm3d", "batch_norm3d", "2 4 2 3 2", batch_norm, **WEIGHTS),
    norm("InstanceNorm1d", "instance_norm1d", "2 4 5", lambda x: F.instance_norm(x)),
    norm(
        "InstanceNorm2d",
        "instance_norm2d",
        "2 4 3 3",
        lambda x, gain, bias: F.instance_norm(x, weight=gain, bias=bias),
        **WEIGHTS,
    ),
    norm("InstanceNorm3d", "instance_norm3d", "2 4 2 3 2", lambda x: F.instance_norm(x)),
    norm("LazyInstanceNorm1d", "instance_norm1d", "2 4 5", lambda x: F.instance_norm(x)),
    norm(
        "LazyInstanceNorm2d",
        "instance_norm2d",
        "2 4 3 3",
        lambda x, gain, bias: F.instance_norm(x, weight=gain, bias=bias),
        **WEIGHTS,
    ),
    norm("LazyInstanceNorm3d", "instance_norm3d", "2 4 2 3 2", lambda x: F.instance_norm(x)),
    norm("GroupNorm", "group_norm", "3 4 2 3", in_groups, **WEIGHTS),
    norm(
        "LayerNorm",
        "layer_norm",
        "2 3 4",
        lambda x, gain, bias: F.layer_norm(x, (4,), gain, bias),
        **WEIGHTS,
    ),
    norm(
        "RMSNorm",
        "rms_norm",
        "2 3 4",
        lambda x, gain, bias: F.rms_norm(x, (4,), gain, 1e-6) + bias,
        **WEIGHTS,
    ),
    norm(
        "LocalResponseNorm",
        "local_response_norm",
        "2 5 3 3",
        lambda x, k, alpha: F.local_response_norm(x, 3, alpha.item(), 0.75, k.item()),
        k="= 2",
        alpha="= 0.3",
    ),
)

X1, X2, X3 = "2 4 6", "2 4 6 5", "2 4 4 6 5"  # examples, channels, places

CONVOLUTIONS = (
    Row(
        "Conv1d",
        "conv1d",
        {"x": "2 3 7", "w": "4 3 3", "b": "4"},
        lambda x, w, b: F.conv1d(x, w, b),
    ),
    Row(
        "Conv1d",
        "conv1d_strided",
        {"x": "2 3 7", "w": "4 3 3", "b": "4"},
        lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1),
        "stride, frame",
    ),
    Row(
        "Conv1d",
        "depthwise_conv1d",
        {"x": "2 3 7", "w": "3 3"},
        lambda x, w: F.conv1d(F.pad(x, (2, 0)), w.flip(1)[:, None], groups=3),
        "depthwise",
    ),
    Row(
        "Conv2d",
        "conv2d",
        {"x": "2 3 5 6", "w": "4 3 3 3", "bias": "4"},
        lambda x, w, bias: F.conv2d(x, w, bias, padding=1),
        "frame",
    ),
    Row(
        "Conv2d",
        "conv2d_grouped",
        {"x": "2 4 6 5", "w": "6 2 3 2", "bias": "6"},
        lambda x, w, bias: F.conv2d(x, w, bias, dilation=(2, 1), groups=2).unflatten(1, (2, 3)),
        "groups, dilation",
    ),
    Row(
        "Conv3d",
        "conv3d",
        {"x": "2 2 4 5 4", "w": "3 2 2 3 2", "bias": "3"},
        lambda x, w, bias: F.conv3d(x, w, bias),
    ),
    Row(
        "ConvTranspose1d",
        "conv_transposed1d",
        {"x": "2 3 4", "w": "3 2 3", "bias": "2"},
        lambda x, w, bias: F.conv_transpose1d(x, w, bias, stride=2),
        "stride",
    ),
    Row(
        "ConvTranspose2d",
        "conv_transposed2d",
        {"x": "2 3 4 3", "w": "3 2 3 2", "bias": "2"},
        lambda x, w, bias: F.conv_transpose2d(x, w, bias, stride=2),
        "stride",
    ),
    Row(
        "ConvTranspose3d",
        "conv_transposed3d",
        {"x": "2 2 3 2 3", "w": "2 2 2 3 2"},
        lambda x, w: F.conv_transpose3d(x, w),
    ),
    Row(
        "Unfold",
        "unfold",
        {"x": "2 3 4 5"},
        lambda x: F.unfold(x, 2, dilation=(1, 2)).reshape(2, 3, 2, 2, 3, 3),
        "axes apart",
    ),
    Row("Fold", "fold", {"x": "2 12 12"}, lambda x: F.fold(x, (4, 5), 2)),
)


def lazy(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The modules that find sizes at their first call, and are then what the others are."""
    convolutions = [row for row in rows if row.name.startswith("Conv")]
    last = {row.name: row for row in convolutions}
    return tuple(replace(row, name=f"Lazy{name}") for name, row in last.items())


def places(x: Any, dims: int) -> Any:
    """Where a max pool by 2 finds the largest entries, of which there are as many as here."""
    sizes = [2 * n if k > 1 else n for k, n in enumerate(x.shape)]
    return getattr(F, f"max_pool{dims}d")(torch.rand(sizes), 2, return_indices=True)[1]


def unpool(dims: int, shape: str) -> Row:
    """A pool's opposite, with the places that the pool found."""
    return Row(
        f"MaxUnpool{dims}d",
        f"max_unpool{dims}d",
        {"x": shape, "t": lambda x: seeded(places, x, dims).numpy()},
        lambda x, t: getattr(F, f"max_unpool{dims}d")(x, t, 2).flatten(2),
        "places in one axis" if dims > 1 else "",
    )


def fractional(dims: int, shape: str, out: int) -> Row:
    """A pool of windows that begin where numbers drawn say, with these places as labels."""
    names = "stu"[:dims]

    def starts(x: Any, axis: int) -> Any:
        place = 1 - axis if dims == 2 else axis  # of two samples the first is that of columns
        size, samples = x.shape[2 + axis], samples_of(x, dims)[..., place].numpy()
        alpha = (size - 2) / (out - 1)
        steps = [np.floor((i + samples) * alpha) - np.floor(samples * alpha) for i in range(out)]
        return np.stack([*steps[:-1], np.full_like(samples, size - 2)], -1).astype(int)

    def along(axis: int) -> Any:
        return lambda x, **_: starts(x, axis)

    return Row(
        f"FractionalMaxPool{dims}d",
        f"fractional_max_pool{dims}d",
        {"x": shape, **{name: along(axis) for axis, name in enumerate(names)}},
        lambda x, **_: getattr(F, f"fractional_max_pool{dims}d")(
            x, 2, out, _random_samples=samples_of(x, dims)
        ),
        "with the places that it drew",
    )


def samples_of(x: Any, dims: int) -> Any:
    """What a fractional pool draws."""
    return seeded(torch.rand, *x.shape[:2], dims, dtype=torch.float64)


def pool(name: str, dims: int, shape: str, definition: str, *options: Any, says: str = "") -> Row:
    """A pool of one input."""
    return Row(f"{name}{dims}d", definition, {"x": shape}, of(f"{name}{dims}d", *options), says)


POOLS = (
    pool("MaxPool", 1, X1, "max_pool1d", 3, 2, 1, says="frame"),
    pool("MaxPool", 2, X2, "max_pool2d", 2),
    pool("MaxPool", 3, X3, "max_pool3d", 2),
    unpool(1, "2 3 4"),
    unpool(2, "2 3 2 3"),
    unpool(3, "2 3 2 2 2"),
    pool("AvgPool", 1, X1, "avg_pool1d", 3, 2, 1, says="frame"),
    pool("AvgPool", 2, X2, "average_pool2d", 2),
    pool("AvgPool", 3, X3, "avg_pool3d", 2),
    fractional(2, "2 3 7 6", 3),
    fractional(3, "2 3 5 6 7", 2),
    pool("LPPool", 1, X1, "lp_pool1d", 2, 3, 2),
    pool("LPPool", 2, X2, "lp_pool2d", 2, 2),
    pool("LPPool", 3, X3, "lp_pool3d", 2, 2),
    pool("AdaptiveMaxPool", 1, X1, "adaptive_max_pool1d", 3, says="parts of one size"),
    pool("AdaptiveMaxPool", 2, "2 4 6 4", "adaptive_max_pool2d", (3, 2), says="parts of one size"),
    pool("AdaptiveMaxPool", 3, "2 4 4 6 4", "adaptive_max_pool3d", 2, says="parts of one size"),
    pool("AdaptiveAvgPool", 1, X1, "adaptive_avg_pool1d", 3, says="parts of one size"),
    pool("AdaptiveAvgPool", 2, "2 4 6 4", "adaptive_avg_pool2d", (3, 2), says="parts of one size"),
    pool("AdaptiveAvgPool", 3, "2 4 4 6 4", "adaptive_avg_pool3d", 2, says="parts of one size"),
)

SHAPES_ = ("2 3 5", "2 3 5 4", "2 2 4 4 3")
PADS = tuple(
    Row(
        f"{kind}Pad{dims}d",
        f"{kind.lower()}_pad{dims}d",
        {"x": SHAPES_[dims - 1]},
        of(f"{kind}Pad{dims}d", (1, 2) * dims, *([2.5] if kind == "Constant" else [])),
    )
    for kind in ("Reflection", "Replication", "Zero", "Constant", "Circular")
    for dims in (1, 2, 3)
)

VISION = (
    Row("Flatten", "flatten", {"x": "2 3 4"}, of("Flatten")),
    Row("Unflatten", "unflatten", {"x": "2 6 4"}, of("Unflatten", 1, (2, 3))),
    Row("PixelShuffle", "pixel_shuffle", {"x": "2 8 2 3"}, of("PixelShuffle", 2)),
    Row(
        "PixelUnshuffle",
        "pixel_unshuffle",
        {"x": "2 3 4 6"},
        lambda x: F.pixel_unshuffle(x, 2).unflatten(1, (3, 2, 2)),
        "axes apart",
    ),
    Row(
        "ChannelShuffle",
        "channel_shuffle",
        {"x": "2 6 2 3"},
        lambda x: F.channel_shuffle(x, 2).unflatten(1, (3, 2)),
        "axes apart",
    ),
    Row("Upsample", "upsample_nearest1d", {"x": "2 3 4"}, of("Upsample", None, 2), "nearest"),
    Row(
        "Upsample", "upsample_linear1d", {"x": "2 3 4"}, of("Upsample", None, 2, "linear"), "linear"
    ),
    Row("UpsamplingNearest2d", "upsample_nearest2d", {"x": X2}, of("UpsamplingNearest2d", None, 2)),
    Row(
        "UpsamplingBilinear2d",
        "upsample_bilinear2d",
        {"x": X2},
        of("UpsamplingBilinear2d", None, 2),
    ),
)

CELL = {"x": "3 4", "h": "3 5"}
RECURRENT = (
    Row(
        "RNNCell",
        "rnn_cell",
        {**CELL, "W": "5 4", "b": "5", "U": "5 5", "c": "5"},
        lambda x, h, W, b, U, c: torch.rnn_tanh_cell(x, h, W, U, b, c),
    ),
    Row(
        "RNNCell",
        "rnn_cell_relu",
        {**CELL, "W": "5 4", "b": "5", "U": "5 5", "c": "5"},
        lambda x, h, W, b, U, c: torch.rnn_relu_cell(x, h, W, U, b, c),
        "ReLU",
    ),
    Row(
        "LSTMCell",
        "lstm_cell",
        {**CELL, "c0": "3 5", "W": "20 4", "b": "20", "U": "20 5", "r": "20"},
        lambda x, h, c0, W, b, U, r: torch.stack(torch.lstm_cell(x, (h, c0), W, U, b, r)),
        "both results",
    ),
    Row(
        "GRUCell",
        "gru_cell",
        {**CELL, "W": "15 4", "b": "15", "U": "15 5", "c": "15"},
        lambda x, h, W, b, U, c: torch.gru_cell(x, h, W, U, b, c),
    ),
)


def attention(prefix: str, *names: str) -> dict[str, str]:
    """The parameters of an attention, by the names that a definition has for them."""
    of_torch = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    return {name: prefix + word for name, word in zip(names, of_torch, strict=True)}


def pairs(prefix: str, layers: str, *names: str) -> dict[str, str]:
    """Weights and biases of some layers, by the names that a definition has for them."""
    words = [f"{layer}.{word}" for layer in layers.split() for word in ("weight", "bias")]
    return {name: prefix + word for name, word in zip(names, words, strict=True)}


FEED = ("linear1 linear2", "A1", "a1", "B1", "v1")
ENCODER = attention("self_attn.", "W", "b", "V", "c") | pairs(
    "", "norm1 linear1 linear2 norm2", "gain1", "bias1", "A", "a", "B", "v", "gain2", "bias2"
)


def encoder(prefix: str, k: str) -> dict[str, str]:
    """A layer of an encoder, its parameters numbered."""
    names = (f"ga{k}", f"gb{k}", f"A{k}", f"a{k}", f"B{k}", f"v{k}", f"gc{k}", f"gd{k}")
    own = attention(f"{prefix}self_attn.", *(letter + k for letter in "WbVc"))
    return own | pairs(prefix, "norm1 linear1 linear2 norm2", *names)


def decoder(prefix: str) -> dict[str, str]:
    """A layer of a decoder."""
    return (
        attention(f"{prefix}self_attn.", "W1", "b1", "V1", "c1")
        | attention(f"{prefix}multihead_attn.", "W2", "b2", "V2", "c2")
        | pairs(prefix, "norm1 norm2 norm3", "ga1", "gb1", "ga2", "gb2", "ga3", "gb3")
        | pairs(prefix, *FEED)
    )


SHAPES = {"W": "12 4", "b": "12", "V": "4 4", "A": "6 4", "a": "6", "B": "4 6"}


def with_parameters(
    name: str, definition: str, inputs: str, make: Any, names: dict[str, str], says: str = ""
) -> Row:
    """A module of PyTorch that takes sequences, with its parameters as inputs."""

    def reference(**tensors: Any) -> Any:
        module = make().double()
        own = {names[n]: t for n, t in tensors.items() if n in names}
        given = [tensors[n] for n in inputs.split()]
        found = torch.func.functional_call(module, own, tuple(given))
        return found[0] if isinstance(found, tuple) else found

    shapes = {"x": "2 3 4", "z": "2 5 4"}
    drawn = {n: shapes[n] for n in dict.fromkeys(inputs.split())}
    drawn |= {n: SHAPES.get(n.rstrip("0123456789"), "4") for n in names}
    return Row(name, definition, drawn, reference, says)


def transformer(name: str, layers: int = 1) -> Any:
    """A module of width 4, with two heads."""
    made = getattr(torch.nn, f"Transformer{name}Layer")(4, 2, 6, 0.0, batch_first=True)
    if not layers:
        return made
    whole = getattr(torch.nn, f"Transformer{name}")
    return whole(made, layers, torch.nn.LayerNorm(4))


ATTENTION = (
    with_parameters(
        "MultiheadAttention",
        "multi_head_attention",
        "x z z",
        lambda: torch.nn.MultiheadAttention(4, 2, batch_first=True),
        attention("", "W", "b", "V", "c"),
    ),
    with_parameters(
        "TransformerEncoderLayer",
        "transformer_encoder_layer",
        "x",
        lambda: transformer("Encoder", 0),
        ENCODER,
    ),
    with_parameters(
        "TransformerEncoder",
        "transformer_encoder",
        "x",
        lambda: transformer("Encoder", 2),
        encoder("layers.0.", "1") | encoder("layers.1.", "2") | pairs("", "norm", "gain", "bias"),
        "two layers",
    ),
    with_parameters(
        "TransformerDecoderLayer",
        "transformer_decoder_layer",
        "x z",
        lambda: transformer("Decoder", 0),
        decoder(""),
    ),
    with_parameters(
        "TransformerDecoder",
        "transformer_decoder",
        "x z",
        lambda: transformer("Decoder"),
        decoder("layers.0.") | pairs("", "norm", "gain", "bias"),
        "one layer",
    ),
    with_parameters(
        "Transformer",
        "transformer",
        "z x",
        lambda: torch.nn.Transformer(4, 2, 1, 1, 6, 0.0, batch_first=True),
        attention("encoder.layers.0.self_attn.", "W3", "b3", "V3", "c3")
        | pairs("encoder.layers.0.", "norm1 norm2", "ga4", "gb4", "ga5", "gb5")
        | pairs("encoder.layers.0.", "linear1 linear2", "A2", "a2", "B2", "v2")
        | pairs("encoder.", "norm", "gain1", "bias1")
        | decoder("decoder.layers.0.")
        | pairs("decoder.", "norm", "gain2", "bias2"),
        "a layer on each side",
    ),
    Row(
        "AdaptiveLogSoftmaxWithLoss",
        "adaptive_log_softmax",
        {"x": "6 4", "W": "4 4", "P": "2 4", "Q": "5 2", "y": "6 < 8"},
        lambda x, W, P, Q, y: (
            torch.func.functional_call(
                torch.nn.AdaptiveLogSoftmaxWithLoss(4, 8, [3], 2.0),
                {"head.weight": W, "tail.0.0.weight": P, "tail.0.1.weight": Q},
                (x, y),
            ).loss
        ),
        "one cluster",
    ),
)

LEFT = {
    "CTCLoss": "a recurrence; no definition is written yet",
    "GRU": "a recurrence; no definition is written yet",
    "LSTM": "a recurrence; no definition is written yet",
    "RNN": "a recurrence; no definition is written yet",
}
# what torch.nn has beside modules that compute something: containers, what runs a module on many
# devices, what others are derived from, and two that are there under another name
BESIDE = {
    *("Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"),
    *("Container", "DataParallel", "RNNBase", "RNNCellBase", "NLLLoss2d", "CrossMapLRN2d"),
}

TORCH_NN = Table(
    "torch.nn",
    "The modules that torch.nn has, without containers, what others are derived from and what "
    "runs a module on many devices, are 151. A row holds one of a module's forms; what is drawn at "
    "random is an input, as PyTorch drew it.",
    (
        *ACTIVATIONS,
        *LINEAR,
        *DROPOUT,
        *LOSSES,
        *NORMS,
        *CONVOLUTIONS,
        *lazy(CONVOLUTIONS),
        *POOLS,
        *PADS,
        *VISION,
        *RECURRENT,
        *ATTENTION,
    ),
    LEFT,
)
