"""The text of a kernel in C: a function that goes over the rows in one of two ways.

Long rows are gone over one by one, with sums in 32 lanes along them; of short ones 32 lie side by
side, a lane each. Which way is taken hangs on the length of a row alone, so results are the same
everywhere.
"""

from __future__ import annotations

from pullback.codegen.targets.c.rows import FLUSHED, Rows, inside, loop

SHORT = 48  # entries of a row, up to which rows lie side by side


class Loops(Rows):
    """The text of one kernel."""

    def lines(self) -> list[str]:
        """All of it."""
        both = self.may_lie_side_by_side()
        found = self.part("row", False)
        if both:
            found += ["", *self.part("rows", True)]
        last = len(self.kernel.groups) - 1
        head = [f"const int64_t C = a[{self.slots.size(last)}].size;"]
        sizes = [f"a[{self.slots.size(g)}].size" for g in self.kernel.rows]
        head += [f"const int64_t N = {' * '.join(sizes) or '1'};", "(void)C, (void)N;"]
        unit = "1"
        if self.columns:
            unit = str(FLUSHED)
        elif both:
            unit = f"(C <= {SHORT} ? {FLUSHED} : 1)"
        head += (
            ["const int64_t from = 0, to = 1;"]
            if self.is_one_row()
            else [
                f"const int64_t from = begin(a, a[1].size, N, {unit});",
                f"const int64_t to = begin(a, a[1].size + 1, N, {unit});",
            ]
        )
        kept = len(self.kernel.scratch)
        wide = f"(C <= {SHORT} ? LANES : 1)" if both else "1"
        terms = [f"{kept} * C * {wide}"] if kept else []
        terms += [f"{len(self.columns)} * C"] if self.columns else []
        body = [*head]
        scratch = "NULL"
        if terms:
            body += [
                f"REAL *scratch = malloc(sizeof(REAL) * (size_t)({' + '.join(terms)} + 1));",
                "if (!scratch) return 1;",
            ]
            scratch = "scratch"
        sums = "NULL"
        if self.columns:
            count = len(self.columns)
            body += [
                f"double *sums = calloc((size_t)({2 * count} * C + 1), sizeof(double));",
                "if (!sums) { free(scratch); return 1; }",
                f"REAL *part = scratch + ({' + '.join(terms[:-1]) or '0'});",
                f"for (int64_t i = 0; i < {count} * C; i++) part[i] = 0;",
            ]
            sums = "part"
        flush = [f"F(flush)({len(self.columns)} * C, part, sums);"] if self.columns else []
        each = [f"F({self.name}_row)(a, n, {scratch}, {sums});"]
        if flush:
            each.append(f"if (n % {FLUSHED} == {FLUSHED - 1}) {flush[0]}")
        one_by_one = loop("int64_t n = from; n < to; n++", each, False)
        if both:
            whole = [f"F({self.name}_rows)(a, n, LANES, {scratch}, {sums});"]
            if flush:
                whole.append(f"if (n % {FLUSHED}) {flush[0]}")
            rest = f"if (n < to) F({self.name}_rows)(a, n, to - n, {scratch}, {sums});"
            body += [
                f"if (C <= {SHORT}) {{",
                *inside(
                    [
                        "int64_t n = from;",
                        *loop("; n + LANES <= to; n += LANES", whole, False),
                        rest,
                    ]
                ),
                "} else {",
                *inside(one_by_one),
                "}",
            ]
        else:
            body += one_by_one
        body += [*flush, *self.columns_stored()]
        if terms:
            body.append("free(scratch);")
        return [
            *found,
            "",
            f"int F({self.name})(const word *a)",
            "{",
            *inside([*body, "return 0;"]),
            "}",
        ]

    def columns_stored(self) -> list[str]:
        """What sums over rows come to: those of a piece are left, the call behind adds them up."""
        if not self.columns:
            return []
        count, found = f"{len(self.columns)} * C", []
        for which, node in enumerate(self.columns):
            at = f"i + {which} * C" if which else "i"
            value = f"sum_of(&(total){{sums[{at}], sums[{at} + {count}]}})"
            place = self.slots.array(self.home[node.number])
            found += [
                f"REAL *o{which} = at(a, {place});",
                f"for (int64_t i = 0; i < C; i++) o{which}[i] = (REAL){value};",
            ]
        return [
            "double *all = a[3].array;",
            "if (a[1].size == a[2].size) {",
            f"    for (int64_t p = 0; p < a[2].size; p++) F(gather)({count}, all, p, sums);",
            "}",
            "if (a[1].size < a[2].size && a[2].size > 1) {",
            f"    const size_t bytes = sizeof(double) * (size_t)(2 * {count});",
            f"    memcpy(all + a[1].size * 2 * {count}, sums, bytes);",
            "} else {",
            *inside(found),
            "}",
            "free(sums);",
        ]
