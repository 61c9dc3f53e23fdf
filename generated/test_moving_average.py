"""Checks moving_average.py against its equations, with NumPy and pytest alone: pytest test_moving_average.py

Moving average

The equations of moving_average.toml stand below as plain loops, and are given dual numbers: a value and its
slopes by the rules of calculus, in decimals of 30 digits, so that it is the same on every machine.
forward is compared with these values, and its gradients with these slopes.
Written by pullback 0.1.0; to change it, change the definition.
"""

import copy
import importlib.util
import re
from contextlib import suppress
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Underflow,
    localcontext,
)
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).with_name("moving_average.py")
SPEC = importlib.util.spec_from_file_location(FILE.stem, FILE)
module = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(module)

# inputs and the sizes of their axes; integer inputs and the size of the axis they point into
INPUTS = {"x": "N M"}
LABELS = {}
WANTED = ("x",)
ARGUMENTS = ["A"]
AXES = ["N"]
FLOATS = ["x"]
SIZES = [
    {"N": 2, "A": 2, "M": 3},
    {"N": 3, "A": 1, "M": 1},
    {"N": 1, "A": 3, "M": 3},
]
# long axes, past the blocks that helpers of the module work in
LONG = [
    {"N": 4100, "A": 2, "M": 2},
    {"N": 2, "A": 2, "M": 4100},
    {"N": 2, "A": 16500, "M": 16500},
]
WIDE = [  # too many entries for loops
    {"N": 526339, "A": 2, "M": 2},
    {"N": 2, "A": 2, "M": 66000},
    {"N": 2, "A": 66000, "M": 66000},
]
COTANGENT = r"\bdy\b"
# how the loops compute: exactly; in the range of 80 bits, where too small is an error; without
# dividing by 0; and in the digits and the range that floats have
FAR = {"Emax": 10**8, "Emin": -(10**8)}
EXACT = Context(prec=30, **FAR, traps=[])
STEEP = Context(prec=30, Emax=4932, Emin=-4931, traps=[Underflow])
STRICT = Context(prec=30, **FAR, traps=[DivisionByZero, InvalidOperation])
SHORT = {
    "float64": Context(prec=16, Emax=308, Emin=-307, traps=[]),
    "float32": Context(prec=7, Emax=38, Emin=-37, traps=[]),
}
# relative to the largest entry, or to 1, which is the size of what is drawn: some 4,500 roundings
# in float64 and 84 in float32, where these small sums and products take a few dozen
LIMITS = {"float64": 1e-12, "float32": 1e-5}
# how many times that the equations may lose in the digits of floats, where they are asked about
LOST = 2**11
# the seeds of draws: of all kinds of sizes, 0 to 2 are plain, 3 to 5 plain too,
# 6 to 8 as large as the equations bear as they stand, where exp of more than 709 overflows
# 9 to 11 larger: with more range than float64 has the equations have values there, as the module has
SEEDS = range(12)
LARGEST = {"float64": 1e4, "float32": 80}


def equations(x, A):
    """y, one equation after the other, on floats or dual numbers."""
    N, M = x.shape
    I = M - A + 1
    y = np.empty((N, I), object)  # y[n, i] = mean(a, x[n, i + a])
    for n, i in np.ndindex(N, I):
        y[n, i] = sum(x[n, i + a] for a in range(A)) / A
    return y


class _Dual:
    """a + b ε with ε² = 0: b is the slope of a, an array of slopes, or None for no slope.

    a is a decimal; for second slopes both are made of dual numbers themselves.
    """

    __slots__ = ("a", "b")

    def __init__(self, a, b=None):
        self.a, self.b = a, b

    @property
    def real(self):
        return self.a.real

    def becomes(self, value, slope):
        """This value of a function of the number, whose slope there is given."""
        return _Dual(value, None if self.b is None else self.b * slope)

    def __add__(self, other):
        other = _dual(other)
        return _Dual(self.a + other.a, _both(self.b, other.b))

    def __mul__(self, other):
        other = _dual(other)
        one, two = self.becomes(None, other.a), other.becomes(None, self.a)
        return _Dual(self.a * other.a, _both(one.b, two.b))

    def __pow__(self, other):
        other = _dual(other)
        value = _power(self.a, other.a)
        one = self.becomes(value, other.a * _power(self.a, other.a - 1))
        if other.b is None:
            return one
        return _Dual(value, _both(one.b, other.becomes(value, value * _of("log", self.a)).b))

    def inverse(self):
        inverse = 1 / self.a
        return self.becomes(inverse, -inverse * inverse)

    __radd__, __rmul__ = __add__, __mul__
    __neg__ = lambda self: self * -1
    __sub__ = lambda self, other: self + -_dual(other)
    __rsub__ = lambda self, other: -self + other
    __truediv__ = lambda self, other: self * _dual(other).inverse()
    __rtruediv__ = lambda self, other: self.inverse() * other
    __rpow__ = lambda self, other: _dual(other) ** self

    def log(self):
        value = _of("log", self.a)
        return self.becomes(value, 1 / self.a)


def _dual(value):
    """A number as a dual one."""
    return value if isinstance(value, _Dual) else _Dual(_number(value))


def _number(value):
    """A number that is no decimal as one, to its last digit."""
    if isinstance(value, (Decimal, _Dual)):
        return value
    return Decimal(value) if isinstance(value, int) else Decimal(float(value))


def _both(one, other):
    """The sum of two slopes, if there are any."""
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _power(value, other):
    """value ** other, which is 1 where other is 0."""
    if isinstance(value, _Dual) or isinstance(other, _Dual):
        return _dual(value) ** other
    return value**other if other else Decimal(1)


def _of(name, value):
    """A function of a decimal or a dual number."""
    return getattr(value, name)() if isinstance(value, _Dual) else FUNCTIONS[name](value)


FUNCTIONS = {
    "log": lambda value: value.ln() if value else -1 / abs(value),
}


def draw(seed, dtype="float64"):
    """Inputs at which the equations have finite real values and slopes."""
    return copy.deepcopy(drawn(seed, dtype)[0])


def drawn(seed, dtype):
    """Inputs, the output by the equations, and its slopes, worked out once."""
    found = attempted(seed, dtype)
    return found or pytest.skip("no inputs were found at which the equations have values")


@cache
def attempted(seed, dtype):
    """What is drawn; where the equations have no values there, it is drawn again."""
    rng = np.random.default_rng(seed)
    for attempt in range(200):
        inputs = some(rng, seed, attempt, dtype)
        with suppress(ArithmeticError), np.errstate(all="ignore"):
            for name in (n for n in INPUTS if n not in LABELS):
                inputs[name] = inputs[name].astype(dtype)[()]
            value = floats(duals(inputs, {}, STEEP if seed > 8 else SHORT[dtype]))
            if np.isfinite(value).all():
                output, steep = both(inputs, STEEP if seed > 5 else EXACT)
                every = [output, *steep.values()]
                fits = all(np.isfinite(array.astype(dtype)).all() for array in every)
                fits = fits and (seed > 8 or is_carried(inputs, every, seed, dtype))
                if fits:
                    return inputs, output, steep
    return None


def some(rng, seed, attempt, dtype):
    """Inputs of either sign, with a gap around 0, where slopes may be steep.

    Where these do not do, some tensors are positive, or lie between 0 and 1.
    """
    sizes = SIZES[seed % 3]
    inputs = {}
    for name, axes in INPUTS.items():
        shape = shape_of(axes, sizes)
        drawn, kind = rng.normal(size=shape), rng.integers(3) if attempt else 0
        value = np.where(kind or drawn > 0, 1, -1) * (np.abs(drawn) + 0.5)
        value = 1 / (1 + value) if kind == 2 else value
        if seed > 5 and attempt < 25:
            sign = (1, -1, np.where(drawn > 0, 1, -1))[seed % 3]
            largest = 1e4 if seed > 8 else LARGEST[dtype]
            value = largest * 0.75**attempt * sign * rng.uniform(0.1, 1, shape)
        value = rng.integers(sizes[LABELS[name]], size=shape) if name in LABELS else value
        inputs[name] = np.asarray(value)
    return inputs | sizes_given(sizes)


def sizes_given(sizes):
    """The sizes that are arguments."""
    return {name: np.int64(sizes[name]) for name in ARGUMENTS}


def shape_of(axes, sizes):
    """The shape of an input with these axes."""
    return tuple(sizes[axis] for axis in axes.split())


def lifted(inputs, moves, aside, along):
    """Inputs as dual numbers whose slopes are moves; each is a step aside, no two the same one."""
    found, count = dict(inputs), 0
    for name in (n for n in INPUTS if n not in LABELS):
        values, array = np.empty(np.shape(inputs[name]), object), np.asarray(inputs[name])
        for at in np.ndindex(values.shape):
            count += 1
            value = _number(array[at]) + aside * count
            value = _Dual(value, _number(np.asarray(along[name])[at])) if name in along else value
            values[at] = _Dual(value, moves[name][at] if name in moves else None)
        found[name] = values[()]
    found |= {name: int(inputs[name]) for name in ARGUMENTS}
    return found


def duals(inputs, moves, digits=EXACT, aside=0, along=()):
    """The output by the equations, with its slopes where inputs move."""
    with localcontext(digits):
        numbers = lifted(inputs, moves, aside, along)
        return np.asarray(equations(**numbers), object)


def floats(found):
    """The values of dual numbers."""
    return np.array([float(_dual(dual).a) for dual in found.flat]).reshape(found.shape)


def units(inputs):
    """For each entry of each input wanted a direction along which it alone moves."""
    count = sum(np.size(inputs[name]) for name in WANTED)
    return {n: np.moveaxis(p, 0, -1) for n, p in apart(inputs, np.eye(count, dtype=object)).items()}


def apart(inputs, rows):
    """Of rows that have an entry for each of all inputs wanted, the part of each, in its shape."""
    shapes = [np.shape(inputs[name]) for name in WANTED]
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
    parts = zip(WANTED, shapes, np.split(rows, ends[:-1], axis=-1), strict=True)
    return {name: part.reshape((*rows.shape[:-1], *shape)) for name, shape, part in parts}


def both(inputs, digits=EXACT, aside=0):
    """The output, and the slope of its every entry by every entry of each input wanted."""
    moves = units(inputs)
    found = duals(inputs, moves, digits, aside)
    still = np.zeros(next(iter(moves.values())).shape[-1])
    rows = [_dual(dual).b for dual in found.flat]
    rows = [still if row is None else row.astype(float) for row in rows]
    return floats(found), apart(inputs, np.array(rows).reshape(*found.shape, still.size))


def is_carried(inputs, every, seed, dtype):
    """Do the loops tell the output and its slopes in the digits and the range of floats?

    They lose them next to 0 of a difference, as log(1 - x) does next to 1, and lose more where a
    slope ends, or where something is what is left of terms that are much larger.
    """
    output, steep = both(inputs, SHORT[dtype])
    for found, wanted in zip([output, *steep.values()], every, strict=True):
        if not (np.abs(found - wanted) <= LOST * limit(wanted, dtype, roundings(seed))).all():
            return False
    return True


def random(seed, shape, dtype):
    """Numbers from -2 to 2."""
    return np.asarray(np.random.default_rng(seed).uniform(-2, 2, shape)).astype(dtype)[()]


def directions(seed, inputs, dtype):
    """A random tangent for each input wanted."""
    shapes = [np.shape(inputs[name]) for name in WANTED]
    return tuple(random(seed + 20 + i, shape, dtype) for i, shape in enumerate(shapes))


def check(found, wanted, dtype, times=1):
    """Is it the same, in dtype and shape, and up to rounding?"""
    assert (found.dtype, found.shape) == (np.dtype(dtype), np.shape(wanted))
    most = limit(wanted, dtype, times)
    if not (np.abs(found - wanted) <= most).all():
        np.testing.assert_allclose(found, wanted, rtol=0, atol=most)


def limit(wanted, dtype, times):
    """How far off an entry may be."""
    return LIMITS[dtype] * np.max(np.abs(wanted), initial=1) * times


def roundings(seed):
    """How many times the limit, as what is drawn is larger."""
    return 1000 if seed > 5 else 1


def pulled(cotangent, steep):
    """The gradients, from slopes."""
    return [np.tensordot(cotangent, steep[name], np.ndim(cotangent)) for name in WANTED]


def pushed(tangents, steep):
    """The tangent of the output, from slopes."""
    pairs = zip(steep.values(), tangents, strict=True)
    return sum(np.tensordot(slope, v, np.ndim(v)) for slope, v in pairs)


on_all = pytest.mark.parametrize(("seed", "dtype"), [(s, d) for s in SEEDS for d in LIMITS])


@on_all
def test_forward(seed, dtype):
    _, output, _ = drawn(seed, dtype)
    check(module.forward(**draw(seed, dtype))[0], output, dtype, roundings(seed))


@on_all
def test_gradients(seed, dtype):
    _, wanted, steep = drawn(seed, dtype)
    inputs = draw(seed, dtype)
    output, cache = module.forward(**inputs)
    cotangent = random(seed + 10, np.shape(output), dtype)
    for _ in range(2):  # the cache may be used again
        gradients = module.backward(cotangent, cache)
        for gradient, exactly in zip(gradients, pulled(cotangent, steep), strict=True):
            check(gradient, exactly, dtype, roundings(seed))
        check(output, wanted, dtype, roundings(seed))
    same = random(seed + 10, np.shape(output), dtype)
    np.testing.assert_equal(cotangent, same, "the cotangent was changed")
    np.testing.assert_equal(inputs, draw(seed, dtype), "an input was changed")
    for array in (*inputs.values(), cotangent):
        apart = (not np.shares_memory(array, result) for result in (output, *gradients))
        assert all(apart), "a result lies in an argument's memory"


@on_all
def test_workspace(seed, dtype):
    """Written into a workspace, again and again, results are what they are without one."""
    _, wanted, steep = drawn(seed, dtype)
    inputs = draw(seed, dtype)
    cotangent = random(seed + 10, np.shape(wanted), dtype)
    work = module.workspace(**inputs)
    for _ in range(2):
        output, cache = module.forward(**inputs, work=work)
        check(output, wanted, dtype, roundings(seed))
        for _ in range(2):
            gradients = module.backward(cotangent, cache)
            for gradient, exactly in zip(gradients, pulled(cotangent, steep), strict=True):
                check(gradient, exactly, dtype, roundings(seed))
        for name, result in {"y": output, **gradients._asdict()}.items():
            inside = any(np.shares_memory(result, part) for part in work[3:])
            assert inside or not np.ndim(result), name


def test_workspace_is_used():
    """Every array of a workspace is written into, but for those that hold places in order."""
    works = {seed: module.workspace(**draw(seed)) for seed in SEEDS}
    names, every = works[0]._fields[3:], works.values()
    idle = {n for n in names if not all(is_range(getattr(work, n)) for work in every)}
    marks = {"f": 1.2345e30, "i": -99, "b": 2}  # a bool that is neither of the two
    for seed, work in works.items():
        parts = {n: getattr(work, n) for n in idle}
        parts = {n: p.view(np.uint8) if p.dtype.kind == "b" else p for n, p in parts.items()}
        kinds = {n: getattr(work, n).dtype.kind for n in idle}
        for name, part in parts.items():
            part.fill(marks[kinds[name]])
        output, cache = module.forward(**draw(seed), work=work)
        module.backward(np.ones_like(output), cache)
        mark = {n: np.asarray(marks[kinds[n]], p.dtype) for n, p in parts.items()}
        idle = {n for n, p in parts.items() if p.size and (p == mark[n]).all()}
    assert not idle


def is_range(part):
    """Does it hold 0, 1, 2, …?"""
    return np.array_equal(part, np.arange(part.size))


@on_all
def test_quiet(seed, dtype):
    """Nothing overflows, nor is made up, on the way to finite results."""
    inputs = draw(seed, dtype)
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        output, cache = module.forward(**inputs)
        module.backward(np.ones_like(output), cache)


@on_all
def test_value(seed, dtype):
    _, output, _ = drawn(seed, dtype)
    check(module.value(**draw(seed, dtype)), output, dtype, roundings(seed))


@on_all
def test_jvp(seed, dtype):
    _, wanted, steep = drawn(seed, dtype)
    inputs = draw(seed, dtype)
    tangents = directions(seed, inputs, dtype)
    output, tangent = module.jvp(tuple(inputs.values()), tangents)
    check(output, wanted, dtype, roundings(seed))
    check(tangent, pushed(tangents, steep), dtype, roundings(seed))
    np.testing.assert_equal(inputs, draw(seed, dtype), "an input was changed")
    np.testing.assert_equal(tangents, directions(seed, inputs, dtype), "a tangent was changed")


@on_all
def test_jacobian(seed, dtype):
    _, _, steep = drawn(seed, dtype)
    found = module.jacobian(*draw(seed, dtype).values())
    for array, slope in zip(found, steep.values(), strict=True):
        check(array, slope, dtype, roundings(seed))


# -- arrays of other makes -------------------------------------------------------------------------
LAYOUTS = {
    "columns first": np.asfortranarray,
    "every second": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "backwards": lambda array: array[::-1].copy()[::-1],
    "bytes turned": lambda array: array.astype(array.dtype.newbyteorder()),
    "a list": lambda array: array.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    """Arrays that lie in memory in other ways, and lists, give the same."""
    _, output, steep = drawn(0, "float64")

    def made(value):
        return LAYOUTS[layout](value) if np.ndim(value) or layout == "a list" else value

    everything(lambda: {n: made(v) for n, v in draw(0).items()}, output, steep, made)


def everything(make, output, steep, made=lambda value: value):
    """Every function gives what the equations give, at inputs that are made anew for each."""
    cotangent = random(10, np.shape(output), "float64")
    gradients = pulled(cotangent, steep)
    for work in ({}, {"work": module.workspace(**make())}):
        found, cache = module.forward(**make(), **work)
        check(found, output, "float64")
        pairs = zip(module.backward(made(cotangent), cache), gradients, strict=True)
        for gradient, wanted in pairs:
            check(gradient, wanted, "float64")
    check(module.value(**make()), output, "float64")
    tangents = directions(0, make(), "float64")
    found, tangent = module.jvp(tuple(make().values()), tuple(map(made, tangents)))
    check(found, output, "float64")
    check(tangent, pushed(tangents, steep), "float64")


@pytest.mark.parametrize("axis", AXES)
def test_empty(axis):
    """An axis without entries: what the equations give, unless forward says that there must be one."""
    sizes = SIZES[0] | {axis: 0}
    rng, inputs = np.random.default_rng(0), {}
    for name, axes in INPUTS.items():
        shape = shape_of(axes, sizes)
        kind = rng.integers(max(1, sizes[LABELS[name]]), size=shape) if name in LABELS else None
        inputs[name] = rng.uniform(0.2, 0.9, shape)[()] if kind is None else kind
    inputs |= sizes_given(sizes)
    said = re.search(r"(.*) must be at least 1", module.forward.__doc__)
    if said and re.search(rf"(?<!\w){re.escape(axis)}(?!\w)", said[1]):
        words = "leading axes" if axis == "..." else rf"\b{axis}\b"
        with pytest.raises(ValueError, match=rf"{words} is 0"):
            module.forward(**inputs)
    elif all(np.size(inputs[name]) == 0 for name in LABELS if LABELS[name] == axis):
        output, steep = np.nan, {}  # where the equations divide by 0 they have none
        with suppress(ArithmeticError, ValueError), np.errstate(divide="raise", invalid="raise"):
            output, steep = both(inputs, STRICT)
        if all(np.isfinite(array).all() for array in (output, *steep.values())):
            everything(lambda: dict(inputs), output, steep)


@pytest.mark.parametrize("seeds", [(0, 1, 2), (9,)])
@pytest.mark.parametrize("number", range(len(LONG)))
def test_long(number, seeds):
    """Long axes: the output, and its slope along a random direction."""
    for inputs in tiled(LONG[number], seeds):
        tangents = directions(0, inputs, "float64")
        moving = dict(zip(WANTED, tangents, strict=True))
        moves = {n: np.vectorize(_number, [object])(v) for n, v in moving.items()}
        output = slope = np.array(np.nan)
        with suppress(ArithmeticError), np.errstate(all="ignore"):
            found = duals(inputs, moves)
            moved = np.asarray(np.frompyfunc(slope_of, 1, 1)(found), object)
            output, slope = floats(found), floats(moved)
        if np.isfinite(output).all() and np.isfinite(slope).all():
            agree(inputs, tangents, output, slope)
            if seeds[0] == 0:
                agree_in_float32(inputs)
            found, tangent = module.jvp(tuple(inputs.values()), tangents)
            check(found, output, "float64", 100)
            check(tangent, slope, "float64", 100)
            return
    pytest.skip("the equations have no values at inputs so long")


PLAIN = [(number, (0, 1, 2)) for number in range(len(WIDE))]
LARGE = [(number, (9,)) for number in range(2)]


@pytest.mark.parametrize(("number", "seeds"), PLAIN + LARGE)
def test_long_and_wide(number, seeds):
    """Too many entries for the equations: what each function gives agrees with the others."""
    for inputs in tiled(WIDE[number], seeds):
        tangents = directions(0, inputs, "float64")
        with np.errstate(all="ignore"):
            output, slope = module.jvp(tuple(inputs.values()), tangents)
        if np.isfinite(output).all() and np.isfinite(slope).all():
            agree(inputs, tangents, output, slope)
            if seeds[0] == 0:
                agree_in_float32(inputs)
                agree_at_infinities(inputs)
            return
    pytest.skip("the module has no values at inputs so long")


def slope_of(number):
    """The slope of what moves along one direction."""
    return _dual(number).b or Decimal(0)


def tiled(sizes, seeds):
    """Inputs of these sizes, of entries that small draws have, and every label.

    Smaller ones come next, as long sums may be too large for functions of them; then positive ones.
    """
    for positive, some_seeds, scale in product((False, True), (seeds, (0,)), (1, 0.1, 0.01)):
        rng, inputs = np.random.default_rng(1), {}
        for name, axes in INPUTS.items():
            shape = shape_of(axes, sizes)
            entries = scale * np.concatenate([np.ravel(draw(seed)[name]) for seed in some_seeds])
            entries = np.abs(entries) if positive else entries
            mixed = rng.choice(entries, shape) * rng.uniform(0.9, 1, shape)  # without ties
            inputs[name] = mixed if axes else entries[0]
            if name in LABELS:
                inputs[name] = np.resize(rng.permutation(sizes[LABELS[name]]), shape)
        inputs |= sizes_given(sizes)
        yield inputs


def agree(inputs, tangents, output, slope):
    """Every function agrees with this output and this slope along tangents.

    The slope and the cotangent have the product that the tangents and the gradients have.
    """
    check(module.value(**inputs), output, "float64", 100)
    cotangent = random(1, np.shape(output), "float64")
    product = np.vdot(cotangent, slope)
    for work in ({}, {"work": module.workspace(**inputs)}):
        found, cache = module.forward(**inputs, **work)
        check(found, output, "float64", 100)
        pairs = list(zip(module.backward(cotangent, cache), tangents, strict=True))
        size = 1 + sum(np.linalg.norm(a) * np.linalg.norm(b) for a, b in pairs)
        assert abs(sum(np.vdot(*pair) for pair in pairs) - product) <= 1e-8 * size


def agree_in_float32(inputs):
    """float32 gives what float64 gives, but for a few entries that it takes over a kink."""
    results = []
    for dtype in ("float32", "float64"):
        given = {n: v if n not in FLOATS else np.float32(v).astype(dtype) for n, v in inputs.items()}
        output, cache = module.forward(**given, work=module.workspace(**given))
        cotangent = np.asarray(random(1, np.shape(output), "float32"), output.dtype)
        results.append([output, *module.backward(cotangent, cache)])
    for found, wanted in zip(*results, strict=True):
        off = np.abs(found - wanted) > 1e-3 * np.max(np.abs(wanted), initial=1)
        assert np.count_nonzero(off) <= np.size(off) / 1000


def agree_at_infinities(inputs):
    """Where some entries are infinite, a workspace makes no difference."""
    rows = {n: np.array(v) for n, v in inputs.items()}
    for name in (n for n in INPUTS if n not in LABELS and rows[n].ndim):
        rows[name].reshape(-1)[::7] = np.inf
        rows[name].reshape(-1)[3::5] = -np.inf
    with np.errstate(all="ignore"):
        wanted = module.forward(**rows)[0]
        found = module.forward(**rows, work=module.workspace(**rows))[0]
    limit = 1e-9 * np.max(np.abs(wanted), initial=1, where=np.isfinite(wanted))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=limit)


# -- what is refused -------------------------------------------------------------------------------
def refused(error, words, function, *args, **named):
    """It must raise this error, with these words."""
    with pytest.raises(error, match=words):
        function(*args, **named)


@pytest.mark.parametrize("name", INPUTS)
def test_wrong_input(name):
    inputs = draw(0)
    value, axes = np.asarray(inputs[name]), INPUTS[name].split()
    word = rf"\b{name}\b"
    wrong = [(TypeError, value.astype(kind)) for kind in (complex, bool, "U1", object)]
    if name in LABELS:
        size = (SIZES[0] | sizes_of(inputs))[LABELS[name]]
        wrong += [(ValueError, value * 0 + label) for label in (-1, size, size + 99)]
        wrong += [(TypeError, value.astype(float))]
    elif axes:
        wrong += [(TypeError, value.astype(kind)) for kind in (int, "float16")]
    wrong += [(ValueError, [[1.0], [1.0, 2.0]] if axes else np.ones(2, value.dtype))]
    least = len([axis for axis in axes if axis != "..."])
    fewer = range(value.ndim - least + 1, value.ndim + 1)
    wrong += [(ValueError, value[(0,) * dropped]) for dropped in fewer]
    wrong += [(ValueError, value[None])] if axes and axes[0] != "..." else []
    for error, bad in wrong:
        refused(error, word, module.forward, **inputs | {name: bad})


@pytest.mark.parametrize("kind", [complex, bool, "U1", object, "float16"])
def test_wrong_inputs(kind):
    """All arrays of floats are of a wrong kind."""
    inputs = draw(0)
    bad = {n: np.asarray(inputs[n]).astype(kind) for n in FLOATS}
    words = rf"^{FLOATS[0]} has dtype .*; it must be float32 or float64$"
    refused(TypeError, words, module.forward, **inputs | bad)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_wrong_argument(name):
    """A size that is an argument is one integer, of Python or NumPy, at least 1."""
    inputs, functions = draw(0), (module.forward, module.value, module.workspace)
    size = int(inputs[name])
    wanted, _ = module.forward(**inputs)
    for right in (size, np.int8(size), np.uint64(size), np.array(size)):
        np.testing.assert_equal(module.value(**inputs | {name: right}), wanted)
    bad = [(TypeError, v) for v in (True, np.True_, float(size), np.float64(size), str(size))]
    bad += [(TypeError, v) for v in (None, [size], np.array([size, size]), int)]
    bad += [(ValueError, v) for v in (0, -1, np.int64(0), np.int16(-1), np.array(0))]
    for (error, value), function in product(bad, functions):
        refused(error, rf"^{name} is ", function, **inputs | {name: value})


def sizes_of(inputs):
    """The size of each axis."""
    found = {}
    for name, axes in INPUTS.items():
        found |= dict(zip(reversed(axes.split()), reversed(np.shape(inputs[name])), strict=False))
    return found


def test_wrong_sizes():
    """Wherever an axis stands it must have one size."""
    inputs = draw(0)
    split = {name: axes.split() for name, axes in INPUTS.items()}
    places = [(n, i - len(axes), axis) for n, axes in split.items() for i, axis in enumerate(axes)]
    for name, place, axis in places:
        if [other for *_, other in places].count(axis) > 1:
            bad = [np.repeat(inputs[name], 2, axis=place)]
            bad += [inputs[name][0], inputs[name][0, 0]] if axis == "..." else []
            for given in (inputs | {name: array} for array in bad):
                for function in (module.forward, module.value, module.workspace):
                    refused(ValueError, odd_size(given), function, **given)


def odd_size(inputs):
    """The error that says who has another size for an axis than most, or than the first one."""
    shown = []
    for name, axes in INPUTS.items():
        words, sizes = axes.split(), np.shape(inputs[name])
        if "..." in words:
            lead = len(sizes) - len(words) + 1
            sizes = (sizes[:lead], *sizes[lead:])
        shown += [(name, axis, size) for axis, size in zip(words, sizes, strict=True)]
    for name, axis, size in shown:
        every = [s for _, a, s in shown if a == axis]
        usual = max(every, key=every.count)
        if size != usual:
            model = next(n for n, a, s in shown if (a, s) == (axis, usual))
            asked = f"({INPUTS[name].replace(' ', ', ')}) with {axis} = {usual}, as {model} has"
            return exact_words(f"{name} has shape {np.shape(inputs[name])}; it must be {asked}")
    return None


def exact_words(text):
    """A pattern of these words and no others."""
    return f"^{re.escape(text)}$"


def test_wrong_cotangent():
    output, cache = module.forward(**draw(0))
    shape = np.shape(output)
    for bad in (np.zeros(shape, complex), np.zeros(shape, bool), np.zeros(shape, "U1")):
        refused(TypeError, COTANGENT, module.backward, bad, cache)
    for bad in (np.zeros((*shape, 2)), [[1.0], [1.0, 2.0]]):
        refused(ValueError, COTANGENT, module.backward, bad, cache)
    bad = np.zeros(shape, "float32")
    refused(TypeError, COTANGENT, module.backward, bad, cache)


def test_wrong_cache():
    """A cache of another kind, and one whose arrays have been written over."""
    inputs, work = draw(0), module.workspace(**draw(0))
    output, cache = module.forward(**inputs, work=work)
    refused(TypeError, r"\bcache\b", module.backward, np.ones_like(output), tuple(cache))
    module.forward(**inputs, work=work)
    refused(ValueError, r"\bcache\b", module.backward, np.ones_like(output), cache)


def test_wrong_workspace():
    inputs, work = draw(0), module.workspace(**draw(0))
    refused(TypeError, r"\bwork\b", module.forward, **inputs, work=tuple(work))
    for seed, dtype in ((seed, dtype) for seed in SEEDS for dtype in LIMITS):
        other = draw(seed, dtype)
        differs = any(np.shape(other[n]) != np.shape(inputs[n]) for n in INPUTS)
        if differs or dtype != "float64":
            refused(ValueError, r"\bwork\b", module.forward, **other, work=work)
    output, cache = module.forward(**inputs, work=work)
    gradients = module.backward(np.ones_like(output), cache)
    for name, gradient in zip(WANTED, gradients, strict=True):
        for view in (gradient, gradient[...]):
            if np.ndim(view):
                bad = inputs | {name: view}
                refused(ValueError, rf"\b{name}\b", module.forward, **bad, work=work)
    output, cache = module.forward(**inputs, work=work)
    for view in (output, output[...]):
        refused(ValueError, COTANGENT, module.backward, view, cache)


def test_wrong_tangents():
    functions = [module.jvp]
    inputs = draw(0)
    arguments, tangents = tuple(inputs.values()), directions(0, inputs, "float64")
    for function in functions:
        refused(ValueError, r"\binputs\b", function, (*arguments, 1.0), tangents)
        refused(ValueError, r"\btangents\b", function, arguments, (*tangents, 1.0))
        refused(TypeError, r"\btangents\b", function, arguments, 1.0)
        for at, name in enumerate(WANTED):
            shape = np.shape(tangents[at])
            wrong = [(TypeError, np.zeros(shape, complex)), (TypeError, np.zeros(shape, bool))]
            wrong += [(ValueError, np.zeros((*shape, 2)))]
            wrong += [(ValueError, [[1.0], [1.0, 2.0]])]
            for error, bad in wrong:
                others = (*tangents[:at], bad, *tangents[at + 1 :])
                refused(error, rf"\b{name}_dot\b", function, arguments, others)


# -- parts of an axis ------------------------------------------------------------------------------
@pytest.mark.parametrize("axis", ["n"])
@pytest.mark.parametrize("seed", range(3))
def test_parts(seed, axis):
    """What is worked out in parts, one of them without places, comes to what the whole is."""
    _, wanted, steep = drawn(seed, "float64")
    inputs, along = draw(seed), module.PARTS[axis]
    name, place = next(iter(along["inputs"].items()))
    if np.ndim(inputs[name]) < len(INPUTS[name].split()) or not np.shape(inputs[name])[place]:
        pytest.skip("there is no such axis here, or it has no places")
    size = np.shape(inputs[name])[place]
    cotangent = random(seed + 10, np.shape(wanted), "float64")
    for counts in ([1, 0, size - 1], [size // 2, size - size // 2]):
        pairs = in_parts(inputs, cotangent, counts, axis)
        values, gradients = module.combine(pairs, counts, axis)
        check(np.asarray(values["y"])[()], wanted, "float64", roundings(seed))
        for name, exactly in zip(WANTED, pulled(cotangent, steep), strict=True):
            check(np.asarray(gradients[name])[()], exactly, "float64", roundings(seed))
    for counts in ([0, 0], [size, -1], []):
        with pytest.raises(ValueError, match="counts"):
            module.parts(counts, axis)
    with pytest.raises(ValueError, match="results"):
        module.combine([], [size], axis)


def in_parts(inputs, cotangent, counts, axis):
    """The output and the gradients by name of each part, None where it has no places."""
    along, pairs, start = module.PARTS[axis], [], 0
    kind = along["outputs"]["y"]
    weights = module.parts(counts, axis)
    for number, (count, weight) in enumerate(zip([*counts, 0], weights)):
        part = {n: np.split(inputs[n], [start, start + count], a)[1] for n, a in along["inputs"].items()}
        own = cotangent * weight.get("y", 1)
        if not isinstance(kind, str):
            own = np.split(own, [start, start + count], kind)[1]
        needed = count or number == len(counts)
        pairs.append(at_once(inputs | part, own) if needed else None)
        start += count
    return pairs


def at_once(inputs, cotangent):
    """The output and the gradients, by name."""
    output, cache = module.forward(**inputs)
    found = module.backward(cotangent, cache)
    return {"y": output}, dict(zip(WANTED, found, strict=True))


# Written by pullback from its own layers; digest of what stands above: a09ff92daf5d991e
