"""NumPy's and SciPy's functions of numbers and of truth values, reductions, norms."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pullback.derive.read.from_arrays import algebra as al
from pullback.derive.read.from_arrays.functions import absent, flag, known, whole, wholes
from pullback.derive.read.from_arrays.values import (
    NOWHERE,
    Array,
    Constant,
    Kind,
    Unreadable,
    Value,
    array,
    literal,
    number,
)
from pullback.derive.read.trees import Apply

WORDS = {
    **{f"numpy.{w}": w for w in ("exp", "expm1", "log", "log1p", "sqrt", "tanh", "sin", "cos")},
    **{f"numpy.{w}": w for w in ("tan", "sinh", "cosh", "cbrt", "floor", "ceil")},
    **{f"numpy.arc{w}": f"a{w}" for w in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "numpy.rint": "round",
    "numpy.sinc": "sinc",
    "scipy.special.gammaln": "lgamma",
    **{f"scipy.special.{name}": "digamma" for name in ("digamma", "psi")},
    "scipy.special.erfinv": "erfinv",
    "scipy.special.erf": "erf",
    "scipy.special.erfc": "erfc",
    "scipy.special.expit": "sigmoid",
}
OPERATIONS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
OPERATIONS |= {"true_divide": "/"}
COMPARED = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<="}
COMPARED |= {"equal": "==", "not_equal": "!="}
TRUTH = {"logical_and": al.both, "logical_or": al.either}
TRUTH |= {"bitwise_and": al.both, "bitwise_or": al.either, "logical_xor": al.differing}


def take_up() -> None:
    """The functions that are one word or one sign of index notation."""
    for name, word in WORDS.items():
        known(name, "x")(partial(al.function, word))
    for name, sign in OPERATIONS.items():
        known(f"numpy.{name}", "a, b")(partial(al.operation, sign))
    for name, sign in COMPARED.items():
        known(f"numpy.{name}", "a, b")(partial(al.compare, sign))
    for name, run in TRUTH.items():
        known(f"numpy.{name}", "a, b")(run)
    for name, word in (("maximum", "max"), ("minimum", "min")):
        known(f"numpy.{name}", "a, b")(partial(al.extreme, word))
    for name, word in REDUCTIONS.items():
        known(f"numpy.{name}", "a, axis=None, *, keepdims=False")(partial(reduced, word))


REDUCTIONS = {"sum": "sum", "mean": "mean", "max": "max", "amax": "max", "min": "min"}
REDUCTIONS |= {"amin": "min", "average": "mean"}


def places_of(value: Array, axis: Value) -> tuple[int, ...]:
    """The places of the axes that an argument `axis` names."""
    if absent(axis):
        return al.every(value)
    found = [al.position(value, p) for p in wholes(axis, "axis")]
    if len(set(found)) < len(found):
        raise Unreadable("an axis stands twice")
    return tuple(sorted(found))


def reduced(word: str, a: Value, axis: Value, keepdims: Value) -> Array:
    """sum, mean, max, min."""
    value = array(a)
    made = al.reduce(word, value, places_of(value, axis), flag(keepdims, "keepdims"))
    if value.kind is Kind.MASK and word in ("max", "min"):
        raise Unreadable("the largest of truth values; write a.astype(float) first")
    return made


take_up()


@known("numpy.abs numpy.absolute numpy.fabs builtins.abs", "x")
def absolute(x: Value) -> Array:
    """|x|, of whole numbers too."""
    value = array(x)
    if value.kind is Kind.MASK:
        return al.function("abs", value)
    return al.elementwise(lambda e: Apply("abs", (e,), NOWHERE), value, whole=True)


@known("numpy.square", "x")
def square(x: Value) -> Array:
    """x², written as a power."""
    return al.power(number(x), 2)


@known("numpy.negative", "x")
def negative(x: Value) -> Array:
    """A sign in front."""
    return al.negative(x)


@known("numpy.positive", "x")
def positive(x: Value) -> Array:
    """The same numbers in memory of their own."""
    return al.elementwise(lambda e: e, x, whole=True)


@known("numpy.reciprocal", "x")
def reciprocal(x: Value) -> Array:
    """1 / x."""
    if number(x).whole:
        raise Unreadable("np.reciprocal of whole numbers cuts fractions off; write 1 / x")
    return al.operation("/", literal(1), x)


@known("numpy.sign", "x")
def sign(x: Value) -> Array:
    """-1, 0 or 1."""
    above, below = al.compare(">", x, literal(0)), al.compare("<", x, literal(0))
    made = al.operation("-", number(above), number(below))
    return replace(made, whole=number(x).whole)


@known("numpy.log2", "x")
def log2(x: Value) -> Array:
    """The logarithm to base 2."""
    return al.operation("/", al.function("log", x), al.function("log", literal(2)))


@known("numpy.log10", "x")
def log10(x: Value) -> Array:
    """The logarithm to base 10."""
    return al.operation("/", al.function("log", x), al.function("log", literal(10)))


@known("numpy.exp2", "x")
def exp2(x: Value) -> Array:
    """2 to the power x."""
    return al.operation("**", literal(2), al.elementwise(lambda e: e, x))


@known("numpy.logaddexp", "a, b")
def logaddexp(a: Value, b: Value) -> Array:
    """log(exp(a) + exp(b))."""
    return al.function("log", al.operation("+", al.function("exp", a), al.function("exp", b)))


@known("numpy.arctan2", "y, x")
def arctan2(y: Value, x: Value) -> Array:
    """The angle of a point."""
    return al.elementwise(lambda a, b: Apply("atan2", (a, b), NOWHERE), y, x)


@known("numpy.hypot", "a, b")
def hypot(a: Value, b: Value) -> Array:
    """The length of a point."""
    squares = al.operation("+", al.power(number(a), 2), al.power(number(b), 2))
    return al.function("sqrt", squares)


@known("numpy.mod numpy.remainder", "a, b")
def mod(a: Value, b: Value) -> Array:
    """What is left of a when b is taken away, by floor."""
    times = al.function("floor", al.operation("/", a, b))
    return al.operation("-", a, al.operation("*", b, times))


@known("numpy.clip", "a, a_min, a_max")
def clip(a: Value, a_min: Value, a_max: Value) -> Array:
    """Between two values; a bound that is None is none."""
    value = number(a)
    value = value if absent(a_min) else al.extreme("max", value, a_min)
    return value if absent(a_max) else al.extreme("min", value, a_max)


@known("numpy.where", "condition, x=None, y=None")
def where(condition: Value, x: Value, y: Value) -> Array:
    """One of two values."""
    if absent(x) or absent(y):
        raise Unreadable("np.where with one argument has a size that depends on values")
    return al.choose(condition, x, y)


@known("numpy.logical_not numpy.invert", "x")
def opposite(x: Value) -> Array:
    """Not."""
    return al.opposite(x)


@known("numpy.count_nonzero", "a, axis=None, *, keepdims=False")
def count(a: Value, axis: Value, keepdims: Value) -> Array:
    """How many are true."""
    return reduced("sum", al.truth(a), axis, keepdims)


@known("numpy.var", "a, axis=None, *, ddof=0, keepdims=False")
def var(a: Value, axis: Value, ddof: Value, keepdims: Value) -> Array:
    """The variance."""
    value = array(a)
    keep = flag(keepdims, "keepdims")
    return al.variance(value, places_of(value, axis), keep, whole(ddof, "ddof"))


@known("numpy.std", "a, axis=None, *, ddof=0, keepdims=False")
def std(a: Value, axis: Value, ddof: Value, keepdims: Value) -> Array:
    """The standard deviation."""
    return al.function("sqrt", var(a, axis, ddof, keepdims))


@known("numpy.linalg.norm", "x, ord=None, axis=None, keepdims=False")
def norm(x: Value, ord: Value, axis: Value, keepdims: Value) -> Array:
    """A norm of vectors, or the Frobenius norm."""
    value = number(x)
    places, keep = places_of(value, axis), flag(keepdims, "keepdims")
    vectors = len(places) == 1
    name = ord.value if isinstance(ord, Constant) else array(ord).literal
    if name is None or (name == "fro" and len(places) == 2) or (name == 2 and vectors):
        squares = al.power(value, 2)
        return al.function("sqrt", al.reduce("sum", squares, places, keep))
    if vectors and name in (1, "inf"):
        return al.reduce("sum" if name == 1 else "max", absolute(value), places, keep)
    raise Unreadable(
        "np.linalg.norm is read for vectors (ord None, 1, 2, np.inf) and as Frobenius norm; "
        "others are not part of index notation"
    )


@known("scipy.special.logsumexp", "a, axis=None, *, keepdims=False")
def logsumexp(a: Value, axis: Value, keepdims: Value) -> Array:
    """The log of the sum of exponentials, which the engine keeps safe."""
    return al.function("log", reduced("sum", al.function("exp", a), axis, keepdims))


@known("scipy.special.softmax", "x, axis=None")
def softmax(x: Value, axis: Value) -> Array:
    """exp(x) over its sum."""
    exponentials = al.function("exp", x)
    return al.operation("/", exponentials, reduced("sum", exponentials, axis, Constant(True)))


@known("scipy.special.log_softmax", "x, axis=None")
def log_softmax(x: Value, axis: Value) -> Array:
    """The log of the softmax."""
    return al.operation("-", x, logsumexp(x, axis, Constant(True)))


@known("builtins.max", "*")
def python_max(*values: Value) -> Array:
    """The largest of Python's numbers."""
    return of_numbers("max", values)


@known("builtins.min", "*")
def python_min(*values: Value) -> Array:
    """The smallest of Python's numbers."""
    return of_numbers("min", values)


def of_numbers(word: str, values: tuple[Value, ...]) -> Array:
    """Python's max or min of several numbers."""
    numbers = [number(v) for v in values]
    if len(numbers) < 2 or any(v.axes for v in numbers):
        raise Unreadable(f"Python's {word} takes single numbers; write np.{word} or np.{word}imum")
    found = numbers[0]
    for value in numbers[1:]:
        found = al.extreme(word, found, value)
    return found
