"""All tables of coverage."""

from tests.coverage.torch_nn import TORCH_NN

TABLES = (TORCH_NN,)
