"""From index notation to array operations.

Each rule looks at the shape of an expression: a sum of a product is a contraction, a factor
1 − δ(i, label) is a hole in an array, an entry at a label is a gather. No rule knows a layer.

| file | what it is about |
| --- | --- |
| assembly | the program of a derivation, with its derivatives along tangents: `lower` |
| rules | which rule lowers which kind of expression |
| sums, products, additions | sums over axes, products, sums of terms |
| contractions, contraction_order, multiplied_out | sums of products, two operands at a time |
| guards | what in a product may not be finite, and what stands before it |
| matrices, systems | inverses, determinants, systems that are solved |
| scatters, extremes | sums by label, extreme values and their places |
| deltas, entries | entries put in at labels, entries of tensors |
| functions, sigmoids, choices | functions and powers entry by entry, conditions |
| tensors, nonempty | what names stand for, sizes that must not be 0 |
| places, arrays, context | axes as integers, operations on terms, and what every rule is given |
"""
