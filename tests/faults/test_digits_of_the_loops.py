"""A right module is not refused where the loops that it is compared with have lost their digits."""

import pytest

from pullback.codegen.faces.cli import main


@pytest.mark.parametrize(
    "equations",
    [
        "p[n] := sigmoid(z[n])\nL = -mean(n, t[n] * (1 - p[n])**2 * log(p[n])"
        " + (1 - t[n]) * p[n]**2 * log(1 - p[n]))",
        pytest.param(
            "r[n] := sum(t, x[n, t] * y[n, t]) / sum(t, y[n, t]**2)\n"
            "L = mean(n, log(sum(t, (x[n, t] - r[n] * y[n, t])**2)))",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_written(tmp_path, equations):
    definition = tmp_path / "own.toml"
    definition.write_text(f'equations = """\n{equations}\n"""\n')
    assert main(["generate", str(definition), "--out", str(tmp_path / "out")]) == 0
