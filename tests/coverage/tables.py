"""All tables of coverage but that of ONNX, whose definitions are made of its nodes."""

from tests.coverage.cs231n import CS231N
from tests.coverage.matrix_calculus import MATRIX_CALCULUS
from tests.coverage.torch_nn import TORCH_NN

TABLES = (TORCH_NN, CS231N, MATRIX_CALCULUS)
