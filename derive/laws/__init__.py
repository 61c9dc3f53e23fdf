"""The laws: each rewrites an expression into an equal one, and says why in a few lines.

A law's docstring is its statement, an example in the language of definitions, and the reason why
it holds. `apply` returns the rewritten expression; where nothing changes the law did not apply.
None is trusted: every use is a step, and every step is proved.
"""

from pullback.derive.laws.algebra import (
    cancel,
    common_factor,
    distribute,
    factor_of_cases,
    linearity,
    one_power,
    sum_of_constant,
    sum_over_delta,
    tie_to_label,
)
from pullback.derive.laws.definitions import assumption, fold, mask_from_output, put_in
from pullback.derive.laws.derivatives import (
    slope_of_case,
    slope_of_entry,
    slope_of_function,
    slope_of_power,
    slope_of_product,
    slope_of_quotient,
    slope_of_sum,
)
from pullback.derive.laws.domains import declared_domain
from pullback.derive.laws.exponential_products import (
    common_exponential,
    exponentials_into_quotients,
    product_of_exponentials,
)
from pullback.derive.laws.exponentials import log_of_quotient, log_of_sigmoid, sigmoid
from pullback.derive.laws.gaussian_tails import log_of_erfc, scaled_erfc
from pullback.derive.laws.matrices import as_matrices
from pullback.derive.laws.matrix_slopes import slope_of_determinant, slope_of_inverse
from pullback.derive.laws.means import centred
from pullback.derive.laws.near_one import (
    from_label,
    less_one,
    log_cosh,
    log_of_one_less,
    others,
    over_one_less,
    tanh_of_exponentials,
)
from pullback.derive.laws.numerics import complement, complement_of_erf, split_largest
from pullback.derive.laws.parts import parts_of_sum, rows_apart
from pullback.derive.laws.shifted_logs import shift_log, shift_log_sum_exp, shift_softplus
from pullback.derive.laws.shifted_quotients import shift_softmax
from pullback.derive.laws.tails import (
    complement_of_sigmoid,
    exponential_beside_sigmoid,
    sigmoid_less,
    tanh_as_sigmoid,
)
from pullback.derive.laws.weights import log_of_sigmoid_in_exponent, weights_as_exponentials
from pullback.derive.laws.zero_sums import zero_sum

__all__ = [
    "as_matrices",
    "assumption",
    "cancel",
    "centred",
    "common_exponential",
    "common_factor",
    "complement",
    "complement_of_erf",
    "complement_of_sigmoid",
    "declared_domain",
    "distribute",
    "exponential_beside_sigmoid",
    "exponentials_into_quotients",
    "factor_of_cases",
    "fold",
    "from_label",
    "less_one",
    "linearity",
    "log_cosh",
    "log_of_erfc",
    "log_of_one_less",
    "log_of_quotient",
    "log_of_sigmoid",
    "log_of_sigmoid_in_exponent",
    "mask_from_output",
    "one_power",
    "others",
    "over_one_less",
    "parts_of_sum",
    "product_of_exponentials",
    "put_in",
    "rows_apart",
    "scaled_erfc",
    "shift_log",
    "shift_log_sum_exp",
    "shift_softmax",
    "shift_softplus",
    "sigmoid",
    "sigmoid_less",
    "slope_of_case",
    "slope_of_determinant",
    "slope_of_entry",
    "slope_of_function",
    "slope_of_inverse",
    "slope_of_power",
    "slope_of_product",
    "slope_of_quotient",
    "slope_of_sum",
    "split_largest",
    "sum_of_constant",
    "sum_over_delta",
    "tanh_as_sigmoid",
    "tanh_of_exponentials",
    "tie_to_label",
    "weights_as_exponentials",
    "zero_sum",
]
