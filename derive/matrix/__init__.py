"""Matrix notation of an index expression, where one exists: Σ_n h[n,k] ∂L/∂z[n,j] is hᵀ ∂L/∂z.

An expression becomes a small tree of matrices, each of which knows its row and column index; a
vector is a column, a scalar has neither index. What needs three indices at once, an entry at a
label, or the place of an extreme value has no matrix form here. The way back, from a tree to what
stands at each place, goes by the definitions of matrix algebra alone, so that it can say whether a
form is right.

| file | what it is about |
| --- | --- |
| tree | what a form is made of |
| making | products, transposes, diagonals and repeated vectors that fit together |
| reader | an index expression as a tree |
| batches | the same for each place of leading axes, where a result has more than two |
| meaning | a tree as an index expression: what a matrix has at a place |
"""
