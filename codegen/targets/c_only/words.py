"""Names and comments in C, and the text of both types of floats from one."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from pullback.codegen.interface.words import comment
from pullback.codegen.program.plan.names import layer_names
from pullback.derive.layer import Layer
from pullback.derive.read.symbols import BATCH_SIZE

INDENT = "    "
WIDTH = 98
KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const
constexpr const_cast continue decltype default delete do double dynamic_cast else enum explicit export
extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
operator or or_eq private protected public register reinterpret_cast requires restrict return short
signed sizeof static static_assert static_cast struct switch template this thread_local throw true try
typedef typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while
xor xor_eq
"""  # of C and of C++, which may read the header
MACROS = """
EOF I INFINITY MB_CUR_MAX NAN NULL BUFSIZ FILENAME_MAX FOPEN_MAX HUGE_VAL HUGE_VALF HUGE_VALL RAND_MAX
TMP_MAX assert bsd complex errno i386 imaginary isnan isinf isfinite isnormal kill_dependency linux
main math_errhandling mips near far noreturn offsetof setjmp signbit sun stderr stdin stdout unix va_arg
va_copy va_end va_start vax
"""  # of C's headers, of compilers and of systems, and a name that is the program's own
TYPES = "int8_t int16_t int32_t int64_t uint8_t uint64_t uintptr_t ptrdiff_t size_t intptr_t"
MATH = """
acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf erfc exp expm1 fabs floor hypot lgamma log
log1p memcpy memset pow rint sin sinh sqrt tan tanh tgamma
"""  # functions that the text calls
OWN = """
add axis block count larger memory merged offsets product refused_sizes room smaller solved sum_of total sigmoid least most floored bytes begins wrong end kept forward backward real code
layout lifted triangular determinant log_determinant blas sign refused_labels messages offset PIECES
ROWS COLUMNS DEPTH TALL WIDE
"""  # functions and types of the text's own
CALLED = {"abs": "fabs", "round": "rint", "max": "larger", "min": "smaller", "power": "pow"}
RESERVED = frozenset(" ".join((KEYWORDS, MACROS, TYPES, MATH, OWN)).split())
RESERVED |= {"REAL"}
RESERVED |= {f"{name}f" for name in (MATH + OWN).split()}


class Words:
    """Names in C for those of a definition, and free ones beside them.

    A name that C has for itself ends in `_`.
    """

    def __init__(self, layer: Layer) -> None:
        self.used = {*RESERVED, "cache", layer.name}
        own = sorted(layer_names(layer) - {str(BATCH_SIZE)}, key=lambda n: (n in RESERVED, n))
        self.of: Mapping[str, str] = {name: self.free(name) for name in own}

    def free(self, name: str) -> str:
        """A name that is used nowhere: this one, with `_` behind it, or with a number."""
        tries = [name, f"{name}_"] if name in RESERVED else [name]
        found = next((t for t in tries if t not in self.used and fits(t)), "")
        number = 2
        while not found:
            tried = f"{name.strip('_') or 'v'}_{number}"
            found = tried if tried not in self.used else ""
            number += 1
        self.used.add(found)
        return found


def fits(name: str) -> bool:
    """Is it no name that C keeps for itself, and one that any compiler reads?"""
    return name.isascii() and not name.startswith("_") and name not in RESERVED


def harmless(text: str) -> str:
    """Text of a definition on one line, made harmless in a comment of C."""
    plain = comment(text).replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")
    return plain.rstrip("\\")


def remark(lines: Iterable[str], depth: int = 0) -> list[str]:
    """A comment of these lines."""
    found: list[str] = []
    for line in lines:
        found += textwrap.wrap(
            harmless(line), WIDTH - 4 * depth - 6, subsequent_indent=INDENT, break_on_hyphens=False
        )
    if not found:
        return []
    first, *rest = found
    return indented([f"/* {first}", *(f"   {line}" for line in rest)], depth, " */")


def indented(lines: Iterable[str], depth: int = 1, end: str = "") -> list[str]:
    """Lines further to the right; the last one has an end."""
    found = [INDENT * depth + line if line else line for line in lines]
    if found and end:
        found[-1] += end
    return found


def literal(number: float) -> str:
    """A number in the type of the floats: R(0.5)."""
    if math.isinf(number):
        return "(REAL)-INFINITY" if number < 0 else "(REAL)INFINITY"
    text = repr(abs(float(number))).replace("e+", "e")
    return f"-R({text})" if math.copysign(1, number) < 0 else f"R({text})"


def typed(text: str, single: bool) -> str:
    """The text for double, or for float; `F(name)` is a function, `R(1.0)` a number, REAL the type.

    As in C's own library, the functions for float end in f. Comments stay as they are.
    """
    parts = re.split(r"(/\*.*?\*/)", text, flags=re.DOTALL)
    return "".join(p if p.startswith("/*") else of_type(p, single) for p in parts)


def of_type(text: str, single: bool) -> str:
    """The same of text without comments."""
    end = "f" if single else ""
    text = re.sub(r"\bF\((\w+)\)", lambda m: CALLED.get(m[1], m[1]) + end, text)
    text = re.sub(r"-?\bR\(([^()]*)\)", lambda m: number(m, single), text)
    return re.sub(r"\bREAL\b", "float" if single else "double", text)


LARGEST, SMALLEST = 3.4028234663852886e38, 1e-45  # of float


def number(found: re.Match[str], single: bool) -> str:
    """A number in a type; beyond that of float it is infinite, or 0."""
    sign, text = "-" if found[0].startswith("-") else "", found[1]
    if not single:
        return sign + text
    if float(text) > LARGEST:
        return f"{sign}INFINITY"
    return f"{sign}0.0f" if float(text) < SMALLEST else f"{sign}{text}f"


def looped(lines: Sequence[str], loops: Sequence[tuple[str, str]]) -> list[str]:
    """Lines within loops, each a variable and a size."""
    found = [*lines]
    for name, size in reversed(loops):
        head = f"for (ptrdiff_t {name} = 0; {name} < {size}; {name}++)"
        alone = len(found) == 1 or (found[0].startswith("for (") and is_one(found))
        found = [head, *indented(found)] if alone else [f"{head} {{", *indented(found), "}"]
    return found


def is_one(lines: Sequence[str]) -> bool:
    """Are the lines one loop?"""
    return all(line.startswith((" ", "}")) for line in lines[1:])


def uncommented(text: str) -> str:
    """Text without comments and strings."""
    return re.sub(r'/\*.*?\*/|"[^"]*"', "", text, flags=re.DOTALL)
