"""The modules of torch.nn: what each computes, beside PyTorch's own code."""

from __future__ import annotations

from typing import Any

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
    Row("Softmax2d", "softmax_of_channels", {"z": "2 3 4 5"}, lambda z: torch.nn.Softmax2d()(z)),
    Row("LogSoftmax", "log_softmax", {"z": "2 3 4"}, lambda z: F.log_softmax(z, -1)),
)


def slopes_of(u: Any) -> Any:
    """The slopes that a randomized ReLU draws."""
    u = torch.tensor(u)
    return torch.where(u < 0, seeded(F.rrelu, u, training=True) / u, 1.0).numpy()


LINEAR = (
    entries("Identity", "identity", lambda u: torch.nn.Identity()(u)),
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

TORCH_NN = Table(
    "torch.nn",
    "",
    (*ACTIVATIONS, *LINEAR, *DROPOUT, *LOSSES, *NORMS),
    {},
)
