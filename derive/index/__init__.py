"""Index notation as SymPy objects.

| object | meaning | file |
| --- | --- | --- |
| `Index(name, size)` | an index that runs over an axis of that size | objects |
| `entry(tensor, indices)` | `x[n, d]`; a tensor without axes is a plain symbol | objects |
| `Sum(body, i, …)`, `Largest(body, i)`, `Smallest(body, i)` | reductions | binders |
| `ArgLargest(body, i)`, `ArgSmallest(body, i)` | the first index of the extreme value | binders |
| `Bracket(condition)` | 1 where the condition holds, else 0 | kinks |
| `KroneckerDelta(i, j)` | 1 where two indices are equal, else 0 | objects |
| `Maximum(a, b)`, `Minimum(a, b)`, `Where(condition, a, b)` | values at kinks declared | kinks |
| `FUNCTIONS`, by their names in definitions | functions of one variable | functions |

`rewriting` applies rules to expressions, and `canonical` orders the indices of a binder.
"""
