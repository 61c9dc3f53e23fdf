"""Matrix notation of an index expression, where one exists: Σ_n h[n,k] ∂L/∂z[n,j] is hᵀ ∂L/∂z.

An expression becomes a small tree of matrices, each of which knows its row and column index; a
vector is a column, a scalar has neither index. Only then is it spelled. What needs three indices at
once, an entry at a label, or the place of an extreme value has no matrix form here.

| file | what it is about |
| --- | --- |
| tree | what a form is made of |
| making | products, transposes, diagonals and repeated vectors that fit together |
| reader | an index expression as a tree |
| printer | a tree as text: `matrix_form` |
"""
