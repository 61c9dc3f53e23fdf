"""NumPy modules written by pullback, one a layer.

    from generated import affine
    from generated import attention
    from generated import average_pool2d
    from generated import batch_norm
    from generated import batch_norm2d
    from generated import bilinear
    from generated import binary_cross_entropy
    from generated import contrastive
    from generated import conv1d
    from generated import conv2d
    from generated import conv_net
    from generated import cosine_similarity
    from generated import cross_entropy
    from generated import deep_mlp
    from generated import depthwise_conv1d
    from generated import dice
    from generated import dropout
    from generated import elu
    from generated import embedding
    from generated import focal
    from generated import gaussian_nll
    from generated import gelu
    from generated import gelu_tanh
    from generated import group_norm
    from generated import hardtanh
    from generated import hinge
    from generated import huber
    from generated import instance_norm
    from generated import l2
    from generated import layer_norm
    from generated import leaky_relu
    from generated import linear
    from generated import log_softmax
    from generated import log_sum_exp
    from generated import masked_attention
    from generated import max_pool
    from generated import max_pool2d
    from generated import mean_pool
    from generated import mean_squared_error
    from generated import mlp
    from generated import multi_head_attention
    from generated import poisson_nll
    from generated import relu
    from generated import rms_norm
    from generated import rotary_embedding
    from generated import sigmoid
    from generated import silu
    from generated import smoothed_cross_entropy
    from generated import softmax
    from generated import softmax_cross_entropy
    from generated import softplus
    from generated import tanh
    from generated import transformer_block
    from generated import transposed_conv1d
    from generated import triplet
    from generated import weighted_cross_entropy
"""


# Written by pullback from its own layers; digest of what stands above: 4c65340640f7c5bd
