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
alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl
concept const const_cast constexpr continue decltype default delete do double dynamic_cast
else enum explicit export extern false float for friend goto if inline int long mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public register
reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast
struct switch template this thread_local throw true try typedef typeid typename typeof
typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
"""  # of C and of C++, which may read the header
MACROS = """
assert bsd BUFSIZ complex EOF errno far FILENAME_MAX FOPEN_MAX HUGE_VAL HUGE_VALF HUGE_VALL I
i386 imaginary INFINITY isfinite isinf isnan isnormal kill_dependency linux main
math_errhandling max MB_CUR_MAX min mips NAN near noreturn NULL offsetof RAND_MAX setjmp
signbit stderr stdin stdout sun TMP_MAX unix va_arg va_copy va_end va_start vax
"""  # of C's headers, of compilers and of systems
TYPES = """
int16_t int32_t int64_t int8_t intptr_t ptrdiff_t size_t uint64_t uint8_t uintptr_t
"""  # of the headers that are read
MATH = """
acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf erfc exp expm1 fabs floor hypot
lgamma log log1p memcpy memset pow rint sin sinh sqrt tan tanh tgamma
"""  # functions that the text calls
OWN = """
COLUMNS DEPTH PIECES ROWS TALL WIDE add axis backward begins blas block bytes code count
determinant eliminated end erfcx floored forward kept larger layout least lifted
log_determinant memory merged messages most offset offsets product real refused_labels
refused_sizes room scaled_erfc sigmoid sign smaller solved sum_of total triangular wrong
"""  # functions, types and variables of the text's own
GEMM = {False: "cblas_dgemm", True: "cblas_sgemm"}
CALLED = {"abs": "fabs", "round": "rint", "max": "larger", "min": "smaller", "power": "pow"}
RESERVED = frozenset(" ".join((KEYWORDS, MACROS, TYPES, MATH, OWN)).split())
RESERVED |= {"REAL"}
RESERVED |= {f"{name}f" for name in (MATH + OWN).split()}


class Words:
    """Names in C for those of a definition, and free ones beside them.

    A name that C has for itself ends in `_`. A name of the definition is free for what has it,
    until it is `taken`.
    """

    def __init__(self, layer: Layer) -> None:
        self.taken: set[str] = set()
        self.used = {*RESERVED, "cache", layer.name}
        own = sorted(layer_names(layer) - {str(BATCH_SIZE)}, key=lambda n: (n in RESERVED, n))
        self.of: Mapping[str, str] = {name: self.free(name) for name in own}
        self.own = frozenset(self.of.values())
        self.base = {*self.used}

    def begin(self, taken: Iterable[str]) -> None:
        """Names of another function, in which some of the definition's are taken."""
        self.used, self.taken = {*self.base}, {*taken}

    def always(self, name: str) -> str:
        """A name that is used in every function."""
        self.taken |= self.own
        found = self.free(name)
        self.base.add(found)
        return found

    def is_free(self, name: str) -> bool:
        """May a variable be called so?"""
        return name not in self.taken if name in self.own else name not in self.used

    def free(self, name: str) -> str:
        """A name that is used nowhere: this one, with `_` behind it, or with a number."""
        if name in getattr(self, "own", ()) and name not in self.taken:
            self.taken.add(name)
            return name
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
    """The text for double, or for float; `F(name)` is a function, `R(1.0)` a number, `D(x)`
    is in double, REAL the type.

    As in C's own library, the functions for float end in f. Comments stay as they are.
    """
    parts = re.split(r"(/\*.*?\*/)", text, flags=re.DOTALL)
    return "".join(p if p.startswith("/*") else of_type(p, single) for p in parts)


def of_type(text: str, single: bool) -> str:
    """The same of text without comments."""
    end = "f" if single else ""
    text = text.replace("F(gemm)", GEMM[single])
    text = re.sub(r"\bF\((\w+)\)", lambda m: CALLED.get(m[1], m[1]) + end, text)
    text = re.sub(r"-?\bR\(([^()]*)\)", lambda m: number(m, single), text)
    text = re.sub(r"\bD\((\w+)\)", r"(double)\1" if single else r"\1", text)
    text = text if single else text.replace("(REAL)sum_of", "sum_of")
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


def wrapped(line: str) -> list[str]:
    """A line of code, broken where it is too long."""
    if len(line) <= WIDTH or line.lstrip().startswith(("/*", "//")) or "*/" in line:
        return [line]
    inside = line[: len(line) - len(line.lstrip())] + INDENT
    found = [line]
    while len(found[-1]) > WIDTH:
        last, places = found[-1], list[int]()
        for sign in (" ? ", " : ", " || ", " & ", " + ", " * "):
            at = last.rfind(sign, len(inside) + 8, WIDTH)
            places += [at] if at > 0 else []
            if at > WIDTH // 2:
                break
        comma = last.rfind(", ", len(inside) + 8, WIDTH) + 1
        places += [comma] if comma > 0 else []
        if not places:
            break
        cut = max(places[-1:] if places[-1] > WIDTH // 2 else places)
        found[-1:] = [last[:cut], inside + last[cut + 1 :]]
    return found


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
