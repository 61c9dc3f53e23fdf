"""The text of one row of a kernel in C, or of some that lie side by side: pass by pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pullback.codegen.targets.c.entries import Entries
from pullback.codegen.targets.c.kernel import BEFORE, REDUCTIONS
from pullback.codegen.targets.c.nodes import Node
from pullback.codegen.targets.c.text import STORED, TYPES

FLUSHED = 64  # rows, behind which sums over rows go from floats to doubles; pieces end there
STARTS = {"sum": "0", "max": "-(REAL)INFINITY", "min": "(REAL)INFINITY"}
STARTS |= {"argmax": STARTS["max"], "argmin": STARTS["min"]}
INDENT = "    "


def inside(lines: Iterable[str]) -> list[str]:
    """Lines that stand further in."""
    return [INDENT + line for line in lines]


def loop(head: str, body: Iterable[str], vectors: bool = True) -> list[str]:
    """A loop; are its rounds independent?"""
    return [*(["VECTORS"] if vectors else []), f"for ({head}) {{", *inside(body), "}"]


class Rows(Entries):
    """The functions of rows."""

    def is_one_row(self) -> bool:
        """Are there entries alone, each by itself? Then pieces are of these."""
        own = (*REDUCTIONS, "pick")
        return not self.kernel.rows and not any(n.op in own for n in self.kernel.nodes)

    def may_lie_side_by_side(self) -> bool:
        """Are there rows, and sums along them, and has every array all of them or none?"""
        kernel = self.kernel
        sums = any(n.op in REDUCTIONS and kernel.forms[n.number] == "rows" for n in kernel.nodes)
        return bool(kernel.rows) and sums and kernel.is_flat()

    def part(self, name: str, side_by_side: bool) -> list[str]:
        """The function of one row, or of some that lie side by side."""
        self.side_by_side = side_by_side
        kernel, count = self.kernel, len(self.kernel.groups)
        width = "int64_t w, " if side_by_side else ""
        body = [f"const int64_t C = a[{self.slots.size(count - 1)}].size;"]
        for value in self.slots.arrays:
            kind = STORED[self.kinds[value]]
            const = "" if value in self.written else "const "
            place = self.slots.array(value)
            body.append(f"{const}{kind} *restrict p{place} = at(a, {place});")
        for value in self.slots.numbers:
            place = self.slots.number(value)
            body.append(f"const REAL s{place} = (REAL)a[{place}].number;")
        body += [f"REAL *restrict m{n} = scratch + {self.scratch_at(n)};" for n in kernel.scratch]
        if not kernel.is_flat():
            body += self.row_places()
        for which in range(BEFORE, kernel.last + 1):
            if which > BEFORE:
                body += self.passed(which)
            body += self.between(which)
        body += self.stored_rows()
        used = [f"(void)p{self.slots.array(v)}" for v in self.slots.arrays]
        body.append(", ".join(["(void)C", "(void)n", "(void)scratch", "(void)part", *used]) + ";")
        given = f"const word *a, int64_t n, {width}REAL *scratch, REAL *part"
        return [f"INLINE void F({self.name}_{name})({given})", "{", *inside(body), "}"]

    def row_places(self) -> list[str]:
        """The places of a row on each group of axes."""
        found, rest = [], "n"
        for group in reversed(self.kernel.rows):
            size = f"a[{self.slots.size(group)}].size"
            found.append(
                f"const int64_t n{group} = {rest} % {size};"
                if group
                else f"const int64_t n0 = {rest};"
            )
            rest = f"{rest} / {size}"
        used = ", ".join(f"(void)n{g}" for g in self.kernel.rows)
        return [*found, f"{used};"] if used else []

    # -- one pass ----------------------------------------------------------------------------------

    def passed(self, which: int) -> list[str]:
        """The loop over the entries of a row."""
        kernel = self.kernel
        roots = kernel.roots(which)
        sums = [r for r in roots if r.op in REDUCTIONS and kernel.forms[r.number] == "rows"]
        if not roots:
            return []
        if self.side_by_side:
            return self.passed_side_by_side(which, sums)
        body = self.body(which)
        if not sums and self.is_one_row():
            ends = [f"(PLACE)begin(a, a[1].size{more}, C, {FLUSHED})" for more in ("", " + 1")]
            ends = [f"const PLACE from = {ends[0]}, to = {ends[1]};"]
            return ["{", *inside([*ends, *loop("PLACE c = from; c < to; c++", body)]), "}"]
        if not sums:
            return loop("PLACE c = 0; c < (PLACE)C; c++", body)
        added = [line for node in sums for line in self.into_lane(node, "k")]
        plain = [n for n in sums if n.op == "sum"]
        extremes = [n for n in sums if n.op != "sum"]
        found = [line for node in extremes for line in self.lane(node)]
        found += [f"total t{n.number} = {{0, 0}};" for n in plain]
        block = [line for node in plain for line in self.lane(node)]
        block += ["const int64_t end = b + 1024 < C ? b + 1024 : C;", "int64_t i = b;"]
        inner = ["const PLACE c = (PLACE)i + k;", *body, *added]
        block += loop(
            "; i + LANES <= end; i += LANES", loop("PLACE k = 0; k < LANES; k++", inner), False
        )
        tail = ["const PLACE c = (PLACE)i + k;", *body, *added]
        block += loop("PLACE k = 0; k < (PLACE)(end - i); k++", tail)
        block += [f"add_to(&t{n.number}, (double)F(tree)(l{n.number}));" for n in plain]
        found += loop("int64_t b = 0; b < C; b += 1024", block, False)
        for node in sums:
            found.append(self.declared(node, self.whole(node)))
        return found

    def whole(self, node: Node) -> str:
        """What the lanes of a sum or an extreme come to."""
        n = node.number
        if node.op == "sum":
            return f"(REAL)sum_of(&t{n})"
        if node.op in ("max", "min"):
            return f"F(tree_{node.op})(l{n})"
        return f"(PLACE)F(tree_{node.op})(l{n}, i{n}, F(NOWHERE))"

    def lane(self, node: Node) -> list[str]:
        """The lanes of a sum or an extreme."""
        n = node.number
        if node.op == "sum":
            return [f"REAL l{n}[LANES] = {{0}};"]
        found = [f"REAL l{n}[LANES];"]
        found += [f"PLACE i{n}[LANES];"] if node.op.startswith("arg") else []
        start = [f"l{n}[k] = {STARTS[node.op]};"]
        start += [f"i{n}[k] = F(NOWHERE);"] if node.op.startswith("arg") else []
        return [*found, f"for (int k = 0; k < LANES; k++) {{ {' '.join(start)} }}"]

    def into_lane(self, node: Node, k: str) -> list[str]:
        """An entry taken into its lane."""
        n, value = node.number, self.name_of(node.args[0])
        if node.op == "sum":
            return [f"l{n}[{k}] += {self.real(node.args[0])};"]
        if node.op in ("max", "min"):
            return [f"l{n}[{k}] = F({node.op})(l{n}[{k}], {value});"]
        worse = f"{value} {'<=' if node.op == 'argmax' else '>='} l{n}[{k}]"
        better = f"b{n}"
        return [
            f"const PLACE {better} = (l{n}[{k}] == l{n}[{k}]) & !({worse});",
            f"i{n}[{k}] = {better} ? (PLACE)c : i{n}[{k}];",
            f"l{n}[{k}] = {better} ? {value} : l{n}[{k}];",
        ]

    def passed_side_by_side(self, which: int, sums: Sequence[Node]) -> list[str]:
        """The loop over entries, and in it the one over rows."""
        found = [line for node in sums for line in self.lane(node)]
        body = self.body(which)
        inner = [*body, *(line for node in sums for line in self.into_lane(node, "k"))]
        columns = [n for n in self.columns if self.kernel.added_in(n) == which]
        before = [f"REAL c{n.number}[LANES] = {{0}};" for n in columns]
        after = [f"part[c + {self.columns.index(n)} * C] += F(tree)(c{n.number});" for n in columns]
        within = [*before, *loop("int64_t k = 0; k < w; k++", inner), *after]
        found += loop("int64_t c = 0; c < C; c++", within, False)
        for node in sums:
            n = node.number
            if node.op.startswith("arg"):
                place = f"v{n}[k] = i{n}[k] == F(NOWHERE) ? 0 : i{n}[k];"
                found += [f"PLACE v{n}[LANES];", f"for (int k = 0; k < LANES; k++) {place}"]
            else:
                found.append(f"REAL *v{n} = l{n};")
        return found

    def body(self, which: int) -> list[str]:
        """What is worked out of an entry."""
        kernel, found = self.kernel, []
        for node in kernel.needed(which):
            if node.op in ("number", "constant", "index"):
                continue
            found.append(f"const {TYPES[node.kind]} v{node.number} = {self.entry(node, which)};")
        for root in kernel.roots(which):
            n = root.number
            if root.op in REDUCTIONS:
                if kernel.forms[n] == "columns":
                    value = self.real(root.args[0])
                    place = f"part[c + {self.columns.index(root)} * C]"
                    found.append(
                        f"c{n}[k] = {value};" if self.side_by_side else f"{place} += {value};"
                    )
            else:
                found.append(f"{self.memory(n)} = {self.to_memory(n, f'v{n}')};")
        return found

    # -- rows --------------------------------------------------------------------------------------

    def declared(self, node: Node, text: str) -> str:
        """A value of a row."""
        return f"const {TYPES[node.kind]} v{node.number} = {text};"

    def between(self, which: int) -> list[str]:
        """What is worked out of each row after a pass."""
        found, arrays = [], []
        for node in self.kernel.between(which):
            if node.op == "index":
                continue
            if node.op == "load":
                text = f"p{self.slots.array(node.value)}[{self.load_at(node)}]"
                text = text if node.kind == "real" else f"(PLACE){text}"
            elif node.op == "pick":
                text = self.picked(node)
            else:
                text = self.formula(node)
            if self.side_by_side:
                arrays.append(f"{TYPES[node.kind]} v{node.number}[LANES];")
                found.append(f"v{node.number}[k] = {text};")
            else:
                found.append(self.declared(node, text))
        if self.side_by_side and found:
            return [*arrays, *loop("int64_t k = 0; k < w; k++", found)]
        return found

    def stored_rows(self) -> list[str]:
        """Values of rows that are read after the run."""
        found = []
        for output in self.kernel.outputs:
            if self.kernel.forms[output.node] == "rows":
                value = self.to_memory(output.node, self.name_of(output.node))
                place = self.slots.array(self.home[output.node])
                found.append(f"p{place}[{self.row()}] = {value};")
        if self.side_by_side and found:
            return loop("int64_t k = 0; k < w; k++", found)
        return found
