"""NumPy modules written by pullback, one a layer.

    from generated import affine
    from generated import cross_entropy
    from generated import l2
    from generated import mlp
    from generated import relu
    from generated import softmax
    from generated import softmax_cross_entropy
"""
