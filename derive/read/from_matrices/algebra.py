"""What is done with numbers, vectors and matrices: products, and what goes entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pullback.derive.read.from_arrays import algebra as al
from pullback.derive.read.from_arrays import products, shaping
from pullback.derive.read.from_arrays.values import ONE, Array, Meet, Unreadable, literal
from pullback.derive.read.from_matrices.values import OPEN, Matrix, Way, number

Join = Callable[[Array, Array], Array]
ROWS = (Way.ROW, Way.LAID)
VECTORS = "for two vectors write xᵀ y, a number, x yᵀ, a matrix, or x ⊙ y, entry by entry"
LENGTH = "the length of the vector of ones does not follow from this product"


def fits(a: str, b: str) -> bool:
    """Can two sizes be one?"""
    return a == b or OPEN in (a, b)


# -- entry by entry --------------------------------------------------------------------------------


def each(run: Callable[[Array], Array], value: Matrix) -> Matrix:
    """A function of single entries."""
    return replace(value, array=run(number(value)))


def joined(run: Join, a: Matrix, b: Matrix) -> Matrix:
    """A function of pairs of entries; a number meets each entry, a vector each row or column."""
    if a.rank == b.rank == 1 and clash(a, b):
        raise Unreadable(f"{a.words} and {b.words} meet; transpose one of them")
    left = laid(a, b) if a.rank == 1 and b.rank == 2 else a
    right = laid(b, a) if b.rank == 1 and a.rank == 2 else b
    made = run(number(left), number(right))
    rank = len(made.axes)
    marks = [{p + rank - v.rank: axis for p, axis in enumerate(v.axes)} for v in (left, right)]
    unknown = (p for p in range(rank) if {own[p] for own in marks if p in own} == {OPEN})
    if all(any(own.get(p, ONE) == ONE != made.axes[p] for p in range(rank)) for own in marks):
        raise Unreadable(
            f"{a.words} and {b.words} meet; neither is as large as what they would make"
        )
    ways = [v.way for v in (a, b) if v.rank == 1 and v.way is not Way.EITHER]
    return Matrix(made, ways[0] if ways and rank == 1 else Way.EITHER, frozenset(unknown))


def clash(a: Matrix, b: Matrix) -> bool:
    """Does one vector lie, and the other not? One that lies by its place alone meets any."""
    for one, other in ((a.way, b.way), (b.way, a.way)):
        if one is Way.ROW and other not in ROWS:
            return True
        if one is Way.LAID and other is Way.COLUMN:
            return True
    return False


def laid(vector: Matrix, matrix: Matrix) -> Matrix:
    """A vector as what meets each row, or as what meets each column, of a matrix."""
    (size,) = vector.axes
    above, beside = (fits(size, axis) for axis in reversed(matrix.axes))
    if vector.way is Way.EITHER and size != OPEN:
        if above and beside:
            raise Unreadable(
                f"{vector.words} meets {matrix.words}: each row or each column? write cᵀ, which "
                "meets each row, or c 𝟏ᵀ"
            )
        if not above and not beside:
            raise Meet(
                f"{vector.words} meets {matrix.words}, and is as long as neither its rows nor its "
                "columns",
                size,
                matrix.axes[1],
            )
    stands = vector.way is Way.COLUMN or (vector.way is Way.EITHER and not above)
    if not stands:
        return vector
    return replace(vector, array=shaping.expand(vector.array, [1]))


def operation(op: str, a: Matrix, b: Matrix) -> Matrix:
    """Arithmetic, entry by entry."""
    return joined(lambda x, y: al.operation(op, x, y), a, b)


def divided(a: Matrix, b: Matrix) -> Matrix:
    """a / b, where one of both is a number."""
    if a.rank and b.rank:
        raise Unreadable("inverses are not read; a ./ b divides entry by entry")
    return operation("/", a, b)


def power(a: Matrix, b: Matrix, entries: bool) -> Matrix:
    """A power of a number, or of entries where no product of matrices could be meant."""
    if b.rank:
        raise Unreadable(f"an exponent is a number; this is {b.words}")
    negative = isinstance(b.array.literal, int | float) and b.array.literal < 0
    if a.rank == 2 and not entries and negative:
        raise Unreadable("inverses are not read; of entries write .^")
    if a.rank == 2 and not entries and fits(*a.axes):
        raise Unreadable("a power of a square matrix: write A A for the product, A .^ 2 of entries")
    return operation("**", a, b)


# -- products --------------------------------------------------------------------------------------


def letters(a: Matrix, b: Matrix) -> tuple[str, str]:
    """What stands for the axes of two factors: j for what is summed over."""
    stands = b.rank == 1 or (b.axes[0] == ONE and a.axes != (ONE,))
    lies = a.way in ROWS or (a.way is Way.EITHER and not stands)
    left = "ij" if a.rank == 2 else "j" if lies else "i"
    right = "jk" if b.rank == 2 else "k" if b.way in ROWS else "j"
    return left, right


def inner(a: Matrix, b: Matrix) -> tuple[str, str]:
    """The sizes that a product sums over; a vector that is crossed by the sum has 1."""
    left, right = letters(a, b)
    return (
        a.axes[left.index("j")] if "j" in left else ONE,
        b.axes[right.index("j")] if "j" in right else ONE,
    )


def multiplies(a: Matrix, b: Matrix) -> bool:
    """Do the shapes of two factors allow their matrix product?"""
    return fits(*inner(a, b)) and (OPEN not in inner(a, b) or all("j" in w for w in letters(a, b)))


def product(a: Matrix, b: Matrix) -> Matrix:
    """The product of matrices; a number scales."""
    if not a.rank or not b.rank:
        return operation("*", a, b)
    left, right = letters(a, b)
    if multiplies(a, b):
        return contracted(a, b, left, right)
    if ("j" in left) == ("j" in right):
        sizes = inner(a, b)
        raise Meet(
            f"'{sizes[0]}' and '{sizes[1]}' meet in the product of {a.words} and {b.words}; "
            "entry by entry write ⊙",
            *sizes,
        )
    instead = VECTORS if a.rank == b.rank else "transpose the vector"
    raise Unreadable(f"no product of {a.words} and {b.words}: {instead}")


def contracted(a: Matrix, b: Matrix, left: str, right: str) -> Matrix:
    """The sum over j."""
    marks: dict[str, set[str]] = {}
    for letter, axis in (*zip(left, a.axes, strict=True), *zip(right, b.axes, strict=True)):
        marks.setdefault(letter, set()).add(axis)
    if marks.get("j") == {OPEN}:
        raise Unreadable(LENGTH)
    out = [c for c in "ik" if c in marks]
    made = products.contract((number(a), number(b)), (left, right), out)
    unknown = frozenset(p for p, c in enumerate(out) if marks[c] == {OPEN})
    way = Way.EITHER
    if len(out) == 1:
        way = (
            Way.COLUMN if out == ["i"] else Way.ROW if a.way is Way.ROW or a.rank == 2 else Way.LAID
        )
    return Matrix(made, way, unknown)


def star(a: Matrix, b: Matrix) -> Matrix:
    """a * b: the matrix product where it fits, of equal shapes entry by entry; asks at both."""
    if not a.rank or not b.rank:
        return operation("*", a, b)
    by_product = multiplies(a, b)
    same = a.rank == b.rank and all(map(fits, a.axes, b.axes)) and not clash(a, b)
    if by_product and same:
        raise Unreadable(
            f"{a.words} * {b.words}: both products fit; write A B for that of matrices, A ⊙ B or "
            "A .* B for that of entries"
        )
    vectors = a.rank == b.rank == 1 and not by_product and not clash(a, b)
    return operation("*", a, b) if same or vectors else product(a, b)


def dot(a: Matrix, b: Matrix) -> Matrix:
    """a · b: of two vectors the sum of the products of their entries."""
    if a.rank == b.rank == 1 and not clash(a, b):
        return contracted(a, b, "j", "j")
    return product(a, b)


def transpose(value: Matrix) -> Matrix:
    """Rows for columns."""
    if value.rank < 2:
        lies = value.way in ROWS
        return replace(value, way=Way.COLUMN if lies else Way.ROW) if value.rank else value
    turned = shaping.transpose(value.array)
    return Matrix(turned, open=frozenset(1 - p for p in value.open))


def trace(value: Matrix) -> Matrix:
    """The sum of the diagonal."""
    own = value.closed("tr")
    if not value.rank:
        return value
    if value.rank != 2 or value.axes[0] != value.axes[1]:
        message = f"tr takes a square matrix, and this is {value.words}"
        raise Meet(message, *value.axes) if value.rank == 2 else Unreadable(message)
    return Matrix(products.contract((own,), ("ii",), ""))


# -- reductions ------------------------------------------------------------------------------------


def reduced(word: str, value: Matrix) -> Matrix:
    """sum, mean, max or min of all entries."""
    own = value.closed(word)
    return Matrix(al.reduce(word, own, al.every(own), False)) if value.rank else value


def squares(value: Matrix, kind: str = "") -> Matrix:
    """The square of a norm."""
    own = value.closed("the norm")
    if kind == "F" and value.rank < 2:
        raise Unreadable("‖·‖_F is a norm of matrices")
    if kind == "2" and value.rank == 2:
        raise Unreadable("‖A‖_2 of a matrix is its largest singular value, which is not read")
    return Matrix(al.reduce("sum", al.power(own, 2), al.every(own), False))


def norm(value: Matrix, kind: str = "") -> Matrix:
    """The Euclidean norm of a vector, that of Frobenius of a matrix; ‖x‖_1 of a vector."""
    if kind == "1":
        if value.rank == 2:
            raise Unreadable("‖A‖_1 of a matrix is not read; write sum(abs(A)) for that of entries")
        return reduced("sum", each(lambda x: al.function("abs", x), value))
    if kind not in ("", "2", "F"):
        raise Unreadable(f"the norm ‖·‖_{kind} is not read; there are ‖·‖, ‖x‖_2, ‖A‖_F, ‖x‖_1")
    return each(lambda x: al.function("sqrt", x), squares(value, kind))


def larger(word: str, a: Matrix, b: Matrix) -> Matrix:
    """max or min, entry by entry."""
    return joined(lambda x, y: al.extreme(word, x, y), a, b)


def relu(value: Matrix) -> Matrix:
    """max(x, 0)."""
    return each(lambda x: al.extreme("max", x, literal(0)), value)
